//! The one place where resources are turned into the text of a format, and bodies into resources.

use bytes::Bytes;
use exchange::{BodyKind, Refusal};
use fhir::json::Limits;
use fhir::{FhirVersion, Resource};

use super::media::Format;

/// The text of a resource. JSON is as it was received; XML is made of it, whole or not at all.
///
/// # Errors
/// The resource cannot be written in this format; the refusal tells to ask for JSON.
pub fn write(version: FhirVersion, format: Format, resource: &Resource) -> Result<Bytes, Refusal> {
    match format {
        Format::Json => Ok(resource.bytes()),
        Format::Xml => fhir::xml::write(version, resource).map_err(Refusal::AnswerFormat),
    }
}

/// The resource in a body of this kind; nothing when there is none, or none that can be read.
pub fn read(version: FhirVersion, kind: BodyKind, body: &Bytes, limits: &Limits) -> Option<Resource> {
    match kind {
        BodyKind::Json => Resource::parse(body.clone(), limits).ok(),
        BodyKind::Xml => fhir::xml::read(version, body, limits).ok(),
        BodyKind::None | BodyKind::Form | BodyKind::Other => None,
    }
}
