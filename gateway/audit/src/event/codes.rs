//! The codes and canonicals of an AuditEvent (FHIR R4; IHE BALP), and how JSON is put together from them.

use fhir::json::Node;

pub const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
pub const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
pub const ROLE_CLASS: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";
pub const PROVENANCE: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
pub const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
pub const EVENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
pub const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
pub const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
pub const SOURCE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
pub const RESOURCE_TYPES: &str = "http://hl7.org/fhir/resource-types";
pub const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
pub const LIFECYCLE: &str = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle";
pub const BALP_ENTITY_TYPE: &str = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType";
pub const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
pub const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
/// Roles of the UZI register (rolcode).
pub const UZI_ROLE: &str = "urn:oid:2.16.840.1.113883.2.4.15.111";
/// Organisations of the UZI register, as the arc of a URI.
pub const URA_ARC: &str = "urn:oid:2.16.528.1.1007.3.3.";

pub fn object<const N: usize>(members: [(&str, Node); N]) -> Node {
    Node::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub fn coding(system: &str, code: &str, display: &str) -> Node {
    let mut coding = object([("system", Node::text(system)), ("code", Node::text(code))]);
    if !display.is_empty() {
        coding.set("display", Node::text(display));
    }
    coding
}

pub fn concept(coding: Node) -> Node {
    object([("coding", Node::List(vec![coding]))])
}

/// A reference by identifier. An empty value names nothing: that is said.
pub fn logical(kind: &str, system: Option<&str>, value: &str) -> Node {
    let mut reference = object([("type", Node::text(kind))]);
    if value.is_empty() {
        reference.set("display", Node::text("not known"));
        return reference;
    }
    let mut identifier = Node::Object(Vec::new());
    if let Some(system) = system {
        identifier.set("system", Node::text(system));
    }
    identifier.set("value", Node::text(value));
    reference.set("identifier", identifier);
    reference
}

/// A care provider by URA.
pub fn organisation(ura: &str) -> Node {
    logical("Organization", Some(URA), ura)
}

/// Name and value of an entity's details.
pub fn detail(kind: &str, value: impl AsRef<str>) -> Node {
    object([("type", Node::text(kind)), ("valueString", Node::text(value))])
}
