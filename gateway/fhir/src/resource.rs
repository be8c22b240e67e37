//! A FHIR resource of any version, kept as it was written.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;

use crate::json::{Document, JsonFault, Limits, Node, Value};

/// A resource: an object with a `resourceType` inside a checked document. Cloning shares the document.
#[derive(Clone)]
pub struct Resource {
    document: Arc<Document>,
    at: u32,
}

/// Why a text is no resource.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ResourceFault {
    #[error(transparent)]
    Json(#[from] JsonFault),
    #[error("the JSON is not an object")]
    NotAnObject,
    #[error("resourceType is missing or not a text")]
    NoType,
}

impl Resource {
    pub fn parse(_text: Bytes, _limits: &Limits) -> Result<Self, ResourceFault> {
        todo!()
    }
    /// A resource that we build ourselves. The node is an object with a `resourceType`; anything else
    /// is our own mistake and becomes an empty `Basic`-less object caught by debug assertions.
    pub fn from_node(_node: &Node) -> Self {
        todo!()
    }
    pub fn resource_type(&self) -> Cow<'_, str> {
        todo!()
    }
    pub fn id(&self) -> Option<Cow<'_, str>> {
        todo!()
    }
    /// `meta.versionId`.
    pub fn version_id(&self) -> Option<Cow<'_, str>> {
        todo!()
    }
    /// `meta.lastUpdated`, as written.
    pub fn last_updated(&self) -> Option<Cow<'_, str>> {
        todo!()
    }
    pub fn root(&self) -> Value<'_> {
        let _ = (&self.document, self.at);
        todo!()
    }
    /// The resource as written.
    pub fn text(&self) -> &str {
        todo!()
    }
    /// The resource as written, sharing the memory of the answer it came in.
    pub fn bytes(&self) -> Bytes {
        todo!()
    }
    pub fn to_node(&self) -> Node {
        self.root().to_node()
    }
}

impl fmt::Debug for Resource {
    /// Only the type: content and ids stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({})", self.resource_type())
    }
}
