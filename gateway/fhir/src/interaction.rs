//! What a request asks for, read from method, path and parameters alone (FHIR RESTful API).

use std::fmt;

use thiserror::Error;

use crate::search::{SearchFault, SearchQuery};
use crate::version::FhirVersion;

/// HTTP methods of the FHIR RESTful API. `HEAD` decides as `GET`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// A resource type that exists in the version it was read for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType(&'static str);

impl ResourceType {
    /// The type of this exact name (case-sensitive) in this version.
    pub fn parse(version: FhirVersion, name: &str) -> Option<Self> {
        crate::definitions::resource_types(version)
            .iter()
            .find(|known| **known == name)
            .map(|known| ResourceType(known))
    }
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A logical id: 1 to 64 of `A-Z a-z 0-9 - .`, and never `.` or `..`, which would be a path at a source.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LogicalId(String);

impl LogicalId {
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        let good = (1..=64).contains(&text.len()) && text.bytes().all(allowed) && text != "." && text != "..";
        good.then(|| LogicalId(text.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LogicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogicalId(..)")
    }
}

/// Where a search looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchTarget {
    System,
    Type(ResourceType),
    /// `[base]/Patient/[id]/Observation`; no member means `*`.
    Compartment {
        owner: ResourceType,
        id: LogicalId,
        member: Option<ResourceType>,
    },
}

/// Where an operation or a history is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    System,
    Type(ResourceType),
    Instance(ResourceType, LogicalId),
}

/// One FHIR interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interaction {
    Capabilities,
    Read {
        resource_type: ResourceType,
        id: LogicalId,
    },
    Vread {
        resource_type: ResourceType,
        id: LogicalId,
        version: LogicalId,
    },
    Search {
        target: SearchTarget,
        query: SearchQuery,
    },
    History {
        level: Level,
        query: SearchQuery,
    },
    Create {
        resource_type: ResourceType,
    },
    Update {
        resource_type: ResourceType,
        id: LogicalId,
    },
    ConditionalUpdate {
        resource_type: ResourceType,
        query: SearchQuery,
    },
    Patch {
        resource_type: ResourceType,
        id: LogicalId,
    },
    Delete {
        resource_type: ResourceType,
        id: LogicalId,
    },
    ConditionalDelete {
        resource_type: ResourceType,
        query: SearchQuery,
    },
    /// `name` without the dollar sign.
    Operation {
        level: Level,
        name: String,
        query: SearchQuery,
    },
    /// A batch or transaction; which one stands in the body.
    Bundle,
}

/// Why a request is no FHIR interaction.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InteractionFault {
    #[error("this resource type does not exist in this FHIR version")]
    UnknownType,
    #[error("this is not a path of the FHIR RESTful API")]
    Path,
    #[error("this is not a logical id")]
    Id,
    #[error("this method is not used at this path")]
    Method,
    #[error(transparent)]
    Search(#[from] SearchFault),
}

impl Interaction {
    /// Reads the interaction from a request.
    ///
    /// `path` is what follows the FHIR base, still percent-encoded, without a leading slash required; `query`
    /// is the raw query string; `form` the body of a `POST …/_search` (or of an operation) when it was
    /// `application/x-www-form-urlencoded`. Query and form parameters are joined, query first.
    pub fn read(
        _version: FhirVersion,
        _method: Method,
        _path: &str,
        _query: &str,
        _form: Option<&str>,
    ) -> Result<Interaction, InteractionFault> {
        todo!()
    }

    /// The code of this interaction: of <http://hl7.org/fhir/restful-interaction>, or `operation`, `batch`.
    /// `ConditionalUpdate` is `update`, `ConditionalDelete` is `delete`, a compartment search is `search-type`
    /// (or `search-system` without a member).
    pub fn code(&self) -> &'static str {
        todo!()
    }

    /// The type of resource asked for, when there is one.
    pub fn resource_type(&self) -> Option<ResourceType> {
        todo!()
    }

    /// The search parameters, when there are any.
    pub fn query(&self) -> Option<&SearchQuery> {
        todo!()
    }

    /// Whether it changes something at the source.
    pub fn writes(&self) -> bool {
        todo!()
    }
}
