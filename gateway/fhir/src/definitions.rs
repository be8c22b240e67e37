//! Facts of the two FHIR versions that the gateway acts on: which types exist and which search parameters they have.

use crate::interaction::ResourceType;
use crate::version::FhirVersion;

/// `SearchParameter.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    Number,
    Date,
    Text,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

/// A search parameter of one resource type.
#[derive(Clone, Copy, Debug)]
pub struct SearchDefinition {
    pub name: &'static str,
    pub kind: SearchKind,
    /// Dotted element paths within the resource, alternatives separated by `|`; empty when only a searching
    /// source can evaluate it.
    pub paths: &'static str,
}

/// All resource types of the version, sorted.
pub fn resource_types(_version: FhirVersion) -> &'static [&'static str] {
    todo!()
}

/// The search parameter of this name for this type (those of `Resource` and `DomainResource` included).
pub fn search_parameter(
    _version: FhirVersion,
    _resource_type: ResourceType,
    _name: &str,
) -> Option<&'static SearchDefinition> {
    todo!()
}
