//! A FHIR resource of any version, kept as it was written.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;

use crate::json::{Document, JsonFault, Kind, Limits, Node, Value};

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
    #[error("resourceType is missing or not a type name")]
    NoType,
}

impl Resource {
    /// Reads a text whose root is an object with a `resourceType` of one to 64 letters.
    pub fn parse(text: Bytes, limits: &Limits) -> Result<Self, ResourceFault> {
        let document = Arc::new(Document::parse(text, limits)?);
        check(document.root())?;
        Ok(Resource { document, at: 0 })
    }

    /// A resource that we build ourselves. The node is an object with a `resourceType`; anything else is our
    /// own mistake: it is caught by debug assertions and otherwise becomes an OperationOutcome that says so.
    pub fn from_node(node: &Node) -> Self {
        Resource::parse(node.write().into(), &Limits::OWN).unwrap_or_else(|fault| {
            debug_assert!(false, "a node is no resource: {fault}");
            Resource::not_built()
        })
    }

    /// The stand-in for a resource that could not be built.
    fn not_built() -> Self {
        const TEXT: &str = concat!(
            r#"{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"exception","#,
            r#""diagnostics":"a resource could not be built"}]}"#
        );
        // The text is a constant and read by a test.
        let document = Document::parse(Bytes::from_static(TEXT.as_bytes()), &Limits::OWN);
        Resource { document: Arc::new(document.unwrap_or_else(|_| Document::nothing())), at: 0 }
    }

    /// The resource at a value inside this one (an entry, a contained resource), sharing its memory; nothing
    /// when the value is no resource or belongs to another document.
    pub fn part(&self, value: Value<'_>) -> Option<Resource> {
        let good = value.is_of(&self.document) && check(value).is_ok();
        good.then(|| Resource { document: Arc::clone(&self.document), at: value.place() })
    }

    pub fn resource_type(&self) -> Cow<'_, str> {
        self.text_of("resourceType").unwrap_or_default()
    }

    pub fn id(&self) -> Option<Cow<'_, str>> {
        self.text_of("id")
    }

    /// `meta.versionId`.
    pub fn version_id(&self) -> Option<Cow<'_, str>> {
        self.root().get("meta")?.get("versionId")?.as_text()
    }

    /// `meta.lastUpdated`, as written.
    pub fn last_updated(&self) -> Option<Cow<'_, str>> {
        self.root().get("meta")?.get("lastUpdated")?.as_text()
    }

    pub fn root(&self) -> Value<'_> {
        self.document.value(self.at)
    }

    /// The resource as written.
    pub fn text(&self) -> &str {
        self.root().raw()
    }

    /// The resource as written, sharing the memory of the answer it came in.
    pub fn bytes(&self) -> Bytes {
        self.document.bytes(self.at)
    }

    pub fn to_node(&self) -> Node {
        self.root().to_node()
    }

    fn text_of(&self, name: &str) -> Option<Cow<'_, str>> {
        self.root().get(name)?.as_text()
    }
}

/// Whether a value is a resource: an object whose `resourceType` is a name. Whether that type exists depends
/// on the version and is judged elsewhere; here it only must be safe to repeat in a path or a message.
fn check(value: Value<'_>) -> Result<(), ResourceFault> {
    if value.kind() != Kind::Object {
        return Err(ResourceFault::NotAnObject);
    }
    let name = value.get("resourceType").and_then(|name| name.as_text()).ok_or(ResourceFault::NoType)?;
    let good = (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    if good { Ok(()) } else { Err(ResourceFault::NoType) }
}

impl fmt::Debug for Resource {
    /// Only the type: content and ids stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({})", self.resource_type())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Resource, ResourceFault> {
        Resource::parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::default())
    }

    #[test]
    fn a_resource_is_an_object_with_a_type_name() {
        for bad in [r#""Patient""#, "[]", "null", r#"[{"resourceType":"Patient"}]"#] {
            assert_eq!(parse(bad).unwrap_err(), ResourceFault::NotAnObject, "{bad}");
        }
        for bad in [
            "{}",
            r#"{"resourceType":null}"#,
            r#"{"resourceType":["Patient"]}"#,
            r#"{"resourceType":""}"#,
            r#"{"resourceType":"Patient/../../x"}"#,
            r#"{"resourceType":"Patiënt"}"#,
        ] {
            assert_eq!(parse(bad).unwrap_err(), ResourceFault::NoType, "{bad}");
        }
        assert_eq!(parse(r#"{"resourceType":"\u0050atient"}"#).unwrap().resource_type(), "Patient");
        assert!(matches!(parse("{").unwrap_err(), ResourceFault::Json(_)));
    }

    #[test]
    fn a_resource_tells_its_identity_and_keeps_its_text() {
        let text = r#" { "resourceType":"Patient", "id":"p1", "meta":{"versionId":"3","lastUpdated":"2026-01-01"} } "#;
        let resource = parse(text).unwrap();
        assert_eq!(resource.id().as_deref(), Some("p1"));
        assert_eq!(resource.version_id().as_deref(), Some("3"));
        assert_eq!(resource.last_updated().as_deref(), Some("2026-01-01"));
        assert_eq!(resource.text(), text.trim());
        assert_eq!(resource.bytes(), text.trim());
    }

    #[test]
    fn a_part_shares_the_memory_of_the_whole() {
        let whole = parse(r#"{"resourceType":"Basic","contained":[{"resourceType":"Patient","id":"c"},{"id":"x"}]}"#);
        let whole = whole.unwrap();
        let contained = whole.root().all("contained");
        let part = whole.part(contained[0]).unwrap();
        assert_eq!(part.text(), r#"{"resourceType":"Patient","id":"c"}"#);
        let start = whole.text().find(part.text()).unwrap();
        assert_eq!(part.bytes().as_ptr(), whole.bytes()[start..].as_ptr());
        assert!(whole.part(contained[1]).is_none());
        assert!(part.part(parse(r#"{"resourceType":"Patient"}"#).unwrap().root()).is_none());
    }

    #[test]
    fn what_could_not_be_built_says_so() {
        assert_eq!(Resource::not_built().resource_type(), "OperationOutcome");
    }

    #[test]
    fn debug_shows_the_type_only() {
        assert_eq!(format!("{:?}", parse(r#"{"resourceType":"Patient","id":"secret"}"#).unwrap()), "Resource(Patient)");
    }
}
