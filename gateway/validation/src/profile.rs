//! What a profile says: a StructureDefinition without its prose, or our own statement of one.
//!
//! Rules are kept as a differential: what the profile adds to its base. The base chain is followed when a resource is
//! validated; the elements of the core types are known to `fhir::elements`.

use fhir::FhirVersion;
use fhir::json::Node;

/// A profile on a resource type or data type (FHIR StructureDefinition, derivation `constraint`), or an extension's
/// definition.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The canonical URL, without version.
    pub canonical: String,
    /// The business version.
    pub version: Option<String>,
    pub fhir: FhirVersion,
    /// The type that is constrained: `Observation`, `Identifier`, `Extension`.
    pub resource_type: String,
    /// The canonical URL of what this profile is based on; none for the core types themselves.
    pub base: Option<String>,
    pub title: String,
    /// The rules say everything (a snapshot): the base chain need not be followed.
    pub complete: bool,
    pub rules: Vec<ElementRule>,
}

/// What a profile says of one element (FHIR ElementDefinition). What is not said is as the base says.
#[derive(Clone, Debug, Default)]
pub struct ElementRule {
    /// As ElementDefinition.id: `Observation.category:laboratory.coding.system`, `Observation.value[x]:valueQuantity`.
    pub id: String,
    pub min: Option<u32>,
    pub max: Option<Most>,
    /// The types that are allowed; empty: as the base says.
    pub types: Vec<TypeRule>,
    /// The value is exactly this.
    pub fixed: Option<Node>,
    /// The value holds at least this.
    pub pattern: Option<Node>,
    pub min_value: Option<Node>,
    pub max_value: Option<Node>,
    /// Most characters of a text.
    pub max_length: Option<u32>,
    pub binding: Option<Binding>,
    pub slicing: Option<Slicing>,
    pub constraints: Vec<Constraint>,
    /// The element has the rules of another one: `#Questionnaire.item`.
    pub content_reference: Option<String>,
    pub must_support: bool,
}

impl ElementRule {
    /// A rule that says nothing yet.
    pub fn of(id: impl Into<String>) -> Self {
        ElementRule { id: id.into(), ..ElementRule::default() }
    }
}

/// How often an element may occur at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    Times(u32),
    Unbounded,
}

/// One allowed type of an element, with the profiles its value or its target keeps to (one of them).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeRule {
    /// `CodeableConcept`, `Reference`, `string`.
    pub code: String,
    /// Profiles on the type itself: of an extension, a data type or a resource.
    pub profiles: Vec<String>,
    /// Profiles or types that a reference may point at.
    pub targets: Vec<String>,
}

/// Codes come from a value set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The canonical URL, with `|version` where the profile names one.
    pub value_set: String,
    pub strength: BindingStrength,
}

/// How much a binding asks (FHIR binding-strength).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BindingStrength {
    Example,
    Preferred,
    Extensible,
    Required,
}

/// How a list of elements is told apart into slices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slicing {
    pub discriminators: Vec<Discriminator>,
    pub rules: SlicingRules,
    pub ordered: bool,
}

/// Whether elements outside every slice are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlicingRules {
    Closed,
    Open,
    OpenAtEnd,
}

/// One feature that tells slices apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discriminator {
    pub kind: DiscriminatorKind,
    /// A restricted FHIRPath: element names, `$this`, `resolve()`, `extension('url')`, `ofType(T)`.
    pub path: String,
}

/// What of the element at the discriminator's path is looked at (FHIR discriminator-type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscriminatorKind {
    Value,
    Exists,
    Pattern,
    Type,
    Profile,
}

/// An invariant, in FHIRPath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    pub key: String,
    pub severity: crate::Severity,
    pub human: String,
    /// None: the definition gives words only.
    pub expression: Option<String>,
}
