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
//!                              "collects": ["Patient", "Condition", "Observation?category=…"],
//!                              "collects-in": { "stu3": ["Patient", "Condition"] } }
//!       }
//!     }
//!   }
//! }
//! ```
//! `collects-in` is what such an operation collects from a source that is asked in another version; that version must offer it.
//!
//! `"data": "access-log"` makes it a use case about the node's own access log: of AuditEvent only, of any patient or of one,
//! and without findings.
//!
//! `"type": "*"`, `"search": ["*"]` and the code `operation` (any `$operation`) are allowed in development use
//! cases only. `"$lastn"` (Observation), `"$everything"` (Patient), `"$document"` (Composition) and `"$latest-stops"`
//! (MedicationRequest, MedicationDispense; R4) among the codes of their type offer these operations of the standards;
//! `"system": ["transaction"]` beside `interactions` offers transactions whose every entry is offered itself, and
//! `"$latest-stops"` there that operation of both its types at once. A chained search parameter is listed as a whole
//! (`performer.identifier`): it asks about another resource than the one searched, so the plain name does not bring it
//! along.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use fhir::FhirVersion;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::request::{Data, Direction, Purpose};

/// Stands for every type or every search parameter.
pub(crate) const ANY: &str = "*";

/// Which patients a use case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatientBinding {
    /// Exactly one, named by the token or the request.
    One,
    /// None: no patient's data may be in the answer.
    Nobody,
    /// Any: development, or the access log, only.
    Any,
    /// The one whom the answer itself names: for a receiver in a transfer, at its own gate only.
    Told,
    /// One whom nobody may name yet: for a receiver that is asked whether it can take somebody, at its own gate only.
    Unnamed,
}

/// A fact that must be asked for before the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    TreatmentRelation,
    Consent,
}

/// What an exchange rests on in law, as far as the patient's consent (toestemming) goes (handbook: generic functions, 1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// The patient's explicit consent: the national register is asked, where the node knows one.
    #[default]
    ExplicitConsent,
    /// Consent is presumed with the patient's own referral or transfer: only an objection that the provider recorded
    /// itself is looked for. Needs the purpose `COC`.
    PresumedConsent,
    /// An emergency (noodprocedure): nobody's consent is waited for, and only an objection that this provider knows of itself
    /// is looked at.
    Emergency,
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
    /// Codes of <http://hl7.org/fhir/restful-interaction>, and operations of the standard ([`StandardOperation`]).
    ///
    /// [`StandardOperation`]: crate::StandardOperation
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
    /// What it collects instead from a source that is asked in another FHIR version than its own.
    #[serde(default, deserialize_with = "unique_names", skip_serializing_if = "BTreeMap::is_empty")]
    pub collects_in: BTreeMap<FhirVersion, Vec<String>>,
}

/// What one FHIR version offers in the use case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VersionCapability {
    #[serde(default)]
    pub interactions: Vec<TypeCapability>,
    /// What is offered of the system as a whole: `transaction`, `$latest-stops`.
    #[serde(default)]
    pub system: Vec<String>,
    /// Types that may come along by `_include`, besides those of `interactions`; never about a patient.
    #[serde(default)]
    pub included: Vec<String>,
    #[serde(default, deserialize_with = "unique_names")]
    pub operations: BTreeMap<String, OperationCapability>,
}

/// What may be asked in a use case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Capability {
    pub title: String,
    pub purpose: Purpose,
    pub patient: PatientBinding,
    /// What it opens; source systems when nothing is said.
    #[serde(default)]
    pub data: Data,
    #[serde(default)]
    pub findings: FactsNeeded,
    /// What consent it rests on; explicit consent when nothing is said.
    #[serde(default)]
    pub ground: Ground,
    #[serde(deserialize_with = "unique_names")]
    pub versions: BTreeMap<FhirVersion, VersionCapability>,
    /// Only a node in development mode loads it.
    #[serde(default)]
    pub development: bool,
    /// Its searches are a closed list: one by a parameter that is not offered is refused like an interaction that is not, and
    /// not as one that is not supported.
    #[serde(default)]
    pub closed: bool,
    /// What is sent in a transaction is known by its own identifiers, and is taken once however often it is sent.
    #[serde(default)]
    pub taken_once: bool,
}

impl FactsNeeded {
    /// The facts that are asked for at this gate.
    pub fn at(&self, direction: Direction) -> &[Fact] {
        match direction {
            Direction::Holder => &self.holder,
            Direction::User => &self.user,
        }
    }
}

impl VersionCapability {
    /// Whether resources of this type may be in an answer.
    pub(crate) fn may_release(&self, resource_type: &str) -> bool {
        let offered = self.interactions.iter().map(|entry| &entry.resource_type);
        offered.chain(&self.included).any(|known| known == ANY || known == resource_type)
    }
}

/// Reads an object and refuses a name that stands in it twice: the last one would win in silence.
fn unique_names<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    struct Unique<K, V>(PhantomData<(K, V)>);

    impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Unique<K, V> {
        type Value = BTreeMap<K, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((name, value)) = members.next_entry()? {
                if map.insert(name, value).is_some() {
                    return Err(A::Error::custom("a name stands twice in one object"));
                }
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(Unique(PhantomData))
}
