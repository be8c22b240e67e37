//! The two ways of writing down that a provider has data of a patient: the `List` of the ministry's guide as its running code
//! takes it (3.3.1), and the `DocumentReference` of the older guide (3.4). One record in between.

use fhir::Ura;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::categories::IndexCategory;
use crate::prs::PatientToken;

const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
const LIST_PATIENT: &str = "http://minvws.github.io/generiekefuncties-docs/NamingSystem/nvi-identifier";
const CUSTODIAN: &str =
    "http://minvws.github.io/generiekefuncties-docs/StructureDefinition/nl-gf-localization-custodian";
const CATEGORIES: &str = "http://minvws.github.io/generiekefuncties-docs/CodeSystem/nl-gf-data-categories-cs";
const EMPTY_REASON: &str = "http://terminology.hl7.org/CodeSystem/list-empty-reason";
/// The guide names another system; the running code takes only this one.
const SOURCE: &str = "urn:ietf:rfc:3986";
const PSEUDO_BSN: &str = "http://fhir.nl/fhir/NamingSystem/pseudo-bsn";
const LOINC: &str = "http://loinc.org";
/// Patient data Document.
const PATIENT_DATA: &str = "55188-7";

/// How the configured index writes its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    #[default]
    List,
    DocumentReference,
}

/// What is registered.
pub(super) struct NewRecord<'a> {
    pub(super) holder: &'a Ura,
    pub(super) patient: &'a PatientToken,
    pub(super) category: &'a IndexCategory,
    pub(super) source_id: &'a str,
    /// Where the holder's FHIR is, for the dialect that wants it.
    pub(super) address: &'a str,
}

/// What the index holds, as far as it told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) id: Option<String>,
    pub(super) holder: Ura,
    /// None when it tells no category: the running code does not keep them.
    pub(super) category: Option<IndexCategory>,
    /// Whom it says it is about. The running code leaves that out of its answers.
    pub(super) patient: Option<String>,
}

/// What an element of an answer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Record(Found),
    /// A record that does not count any more.
    Retired,
    /// Not of this kind, or of nobody that can be known.
    Strange,
}

impl Dialect {
    pub(super) const fn resource_type(self) -> &'static str {
        match self {
            Dialect::List => "List",
            Dialect::DocumentReference => "DocumentReference",
        }
    }

    /// The parameters of a search by patient. Never `code`: the running code answers 422 to it.
    pub(super) fn by_patient(self, patient: &PatientToken) -> Vec<(&'static str, String)> {
        let named = |system: &str| format!("{system}|{}", patient.reveal());
        match self {
            Dialect::List => vec![("subject:identifier", named(LIST_PATIENT))],
            Dialect::DocumentReference => {
                vec![("patient.identifier", named(PSEUDO_BSN)), ("type", format!("{LOINC}|{PATIENT_DATA}"))]
            }
        }
    }

    /// The parameters of a search for what one source system registered, where there is such a search.
    pub(super) fn by_source(self, source_id: &str) -> Option<Vec<(&'static str, String)>> {
        match self {
            Dialect::List => Some(vec![("source:identifier", format!("{SOURCE}|{source_id}"))]),
            Dialect::DocumentReference => None,
        }
    }

    /// Whether records tell categories apart. When not, one record stands for all data of a patient.
    pub(super) const fn has_categories(self) -> bool {
        matches!(self, Dialect::List)
    }

    pub(super) fn write(self, record: &NewRecord<'_>) -> Value {
        let identifier = |system: &str, value: &str| json!({"identifier": {"system": system, "value": value}});
        let holder = identifier(URA, record.holder.as_str());
        match self {
            Dialect::List => {
                let mut source = identifier(SOURCE, record.source_id);
                source["type"] = "Device".into();
                json!({
                    "resourceType": "List",
                    "extension": [{"url": CUSTODIAN, "valueReference": holder}],
                    "status": "current",
                    "mode": "working",
                    "code": {"coding": [{"system": CATEGORIES, "code": record.category.as_str()}]},
                    "subject": identifier(LIST_PATIENT, record.patient.reveal()),
                    "source": source,
                    "emptyReason": {"coding": [{"system": EMPTY_REASON, "code": "withheld"}]},
                })
            }
            Dialect::DocumentReference => json!({
                "resourceType": "DocumentReference",
                "status": "current",
                "type": {"coding": [{"system": LOINC, "code": PATIENT_DATA}]},
                "subject": identifier(PSEUDO_BSN, record.patient.reveal()),
                "custodian": holder,
                "content": [{"attachment": {"contentType": "application/fhir+json", "url": record.address}}],
            }),
        }
    }

    /// Reads one record. An address that stands in it is not looked at.
    pub(super) fn read(self, resource: &Value) -> Read {
        if resource_type(resource) != Some(self.resource_type()) {
            return Read::Strange;
        }
        match resource["status"].as_str() {
            Some("current") => {}
            Some(_) => return Read::Retired,
            None => return Read::Strange,
        }
        let holder = match self {
            Dialect::List => {
                let mut custodians = resource["extension"].as_array().into_iter().flatten();
                let mut all = custodians.by_ref().filter(|extension| extension["url"] == CUSTODIAN);
                match (all.next(), all.next()) {
                    (Some(one), None) => identifier(&one["valueReference"], URA),
                    _ => None,
                }
            }
            Dialect::DocumentReference => identifier(&resource["custodian"], URA),
        };
        let Some(holder) = holder.and_then(|text| Ura::parse(text).ok()) else { return Read::Strange };
        let system = match self {
            Dialect::List => LIST_PATIENT,
            Dialect::DocumentReference => PSEUDO_BSN,
        };
        let patient = match &resource["subject"] {
            Value::Null => None,
            subject => match identifier(subject, system) {
                Some(patient) => Some(patient.to_owned()),
                None => return Read::Strange,
            },
        };
        let codings = resource["code"]["coding"].as_array().into_iter().flatten();
        let category = codings
            .filter(|coding| self.has_categories() && coding["system"] == CATEGORIES)
            .find_map(|coding| IndexCategory::parse(coding["code"].as_str()?));
        Read::Record(Found { id: resource["id"].as_str().and_then(plain_id), holder, category, patient })
    }
}

/// The type of a resource. Outcomes of the running code have another key.
pub(super) fn resource_type(resource: &Value) -> Option<&str> {
    resource.get("resourceType").or_else(|| resource.get("resource_type"))?.as_str()
}

fn identifier<'v>(reference: &'v Value, system: &str) -> Option<&'v str> {
    let identifier = &reference["identifier"];
    (identifier["system"] == system).then(|| identifier["value"].as_str()).flatten()
}

/// An id of FHIR.
fn plain_id(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}
