//! Code systems and value sets, as far as a package lists them. There is no terminology server behind this: what
//! cannot be told from the lists is "not known", never "not in it".

use fhir::FhirVersion;

/// The codes of a system, as far as published with it.
#[derive(Clone, Debug)]
pub struct CodeSystem {
    pub canonical: String,
    pub version: Option<String>,
    pub fhir: FhirVersion,
    /// `content = complete`: a code that is not listed does not exist.
    pub complete: bool,
    pub case_sensitive: bool,
    pub concepts: Vec<Concept>,
}

/// One code of a system.
#[derive(Clone, Debug)]
pub struct Concept {
    pub code: String,
    /// The places of its parents in the system's list; a parent stands before its children.
    pub parents: Vec<usize>,
}

/// A value set's definition, and its expansion where it came with one.
#[derive(Clone, Debug)]
pub struct ValueSet {
    pub canonical: String,
    pub version: Option<String>,
    pub fhir: FhirVersion,
    pub include: Vec<Include>,
    pub exclude: Vec<Include>,
    /// A complete expansion: system and code.
    pub expansion: Option<Vec<(String, String)>>,
}

/// One part of a value set: codes of a system, or other value sets; where both are named, what is in all of them.
#[derive(Clone, Debug, Default)]
pub struct Include {
    pub system: Option<String>,
    /// The enumerated codes; empty with no filters: the whole system.
    pub codes: Vec<String>,
    pub filters: Vec<Filter>,
    pub value_sets: Vec<String>,
}

/// A condition on the concepts of a system (FHIR filter-operator).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub property: String,
    pub operator: String,
    pub value: String,
}
