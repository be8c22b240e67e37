//! How a Bundle of one FHIR version holds what came in another: as a Binary with the resource's own text. Nothing of it is lost,
//! and nobody reads it by the rules of the wrong version.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::json::Node;
use fhir::{FhirVersion, Resource};

/// The resource's text, with the version in its media type (FHIR R4, http.html, 2.21.0.13).
pub(crate) fn held(version: FhirVersion, id: String, resource: &Resource) -> Resource {
    Resource::from_node(&Node::Object(vec![
        ("resourceType".into(), Node::text("Binary")),
        ("id".into(), Node::text(id)),
        ("contentType".into(), Node::text(format!("application/fhir+json; fhirVersion={}", short(version)))),
        ("data".into(), Node::text(STANDARD.encode(resource.text().as_bytes()))),
    ]))
}

/// As the media type names it: `3.0`.
pub(crate) fn short(version: FhirVersion) -> &'static str {
    version.full().rsplit_once('.').map_or(version.full(), |(short, _)| short)
}
