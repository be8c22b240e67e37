//! `capability.json`: what may be asked in a use case at all, as data.
//!
//! ```json
//! {
//!   "title": "Integrated health overview",
//!   "purpose": "TREAT",
//!   "patient": "one",
//!   "findings": { "holder": ["treatment-relation", "consent"], "user": ["treatment-relation"] },
//!   "versions": {
//!     "r4": {
//!       "interactions": [
//!         { "type": "Condition", "codes": ["search-type"], "search": ["category", "clinical-status", "_count"] }
//!       ],
//!       "operations": {
//!         "health-overview": { "level": "type", "type": "Patient", "directions": ["user"],
//!                              "collects": ["Patient", "Condition", "Observation?category=…"] }
//!       }
//!     }
//!   }
//! }
//! ```
//! `"type": "*"` and `"search": ["*"]` are allowed in development use cases only.

use std::collections::BTreeMap;

use fhir::FhirVersion;
use serde::{Deserialize, Serialize};

use crate::request::{Direction, Purpose};

/// Which patients a use case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatientBinding {
    /// Exactly one, named by the token or the request.
    One,
    /// None: no patient's data may be in the answer.
    Nobody,
    /// Any: development only.
    Any,
}

/// A fact that must be asked for before the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    TreatmentRelation,
    Consent,
}

/// Which facts are asked for, per gate. A fact that is not listed is found `NotAsked`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FactsNeeded {
    #[serde(default)]
    pub holder: Vec<Fact>,
    #[serde(default)]
    pub user: Vec<Fact>,
}

/// The interactions of one resource type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TypeCapability {
    /// A resource type, or `*` (development).
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Codes of <http://hl7.org/fhir/restful-interaction>.
    pub codes: Vec<String>,
    /// Search parameters (names without modifier), or `*` (development). Patient parameters need not be listed.
    #[serde(default)]
    pub search: Vec<String>,
}

/// An operation that expands to searches at every source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OperationCapability {
    /// `type` or `instance`.
    pub level: String,
    #[serde(rename = "type")]
    pub resource_type: String,
    pub directions: Vec<Direction>,
    /// The searches that it collects, as relative URLs without the patient.
    pub collects: Vec<String>,
}

/// What one FHIR version offers in the use case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VersionCapability {
    #[serde(default)]
    pub interactions: Vec<TypeCapability>,
    /// Types that may come along by `_include`, besides those of `interactions`; never about a patient.
    #[serde(default)]
    pub included: Vec<String>,
    #[serde(default)]
    pub operations: BTreeMap<String, OperationCapability>,
}

/// What may be asked in a use case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Capability {
    pub title: String,
    pub purpose: Purpose,
    pub patient: PatientBinding,
    #[serde(default)]
    pub findings: FactsNeeded,
    pub versions: BTreeMap<FhirVersion, VersionCapability>,
    /// Only a node in development mode loads it.
    #[serde(default)]
    pub development: bool,
}
