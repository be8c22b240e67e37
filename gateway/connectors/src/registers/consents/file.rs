//! Consents as the provider's own table: a JSON array of records.

use std::collections::{HashMap, HashSet};

use fhir::{Bsn, Ura};
use policy::Purpose;
use policy::findings::ConsentDecision;
use serde::Deserialize;

use super::rule::{Rule, Whom};
use crate::registers::file::{RecordFault, patient, records};
use crate::registers::period::Period;
use crate::registers::record;

/// The rules of each patient.
pub type Recorded = HashMap<Bsn, Vec<Rule>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRecord {
    id: String,
    patient: String,
    decision: ConsentDecision,
    organisation: Option<Ura>,
    organisation_kind: Option<String>,
    resource_types: Option<Vec<String>>,
    purpose: Option<Purpose>,
    valid_from: Option<String>,
    valid_until: Option<String>,
}

pub fn build(text: &[u8]) -> Result<Recorded, RecordFault> {
    let all: Vec<(Bsn, Rule)> = records(text, check)?;
    let mut ids = HashSet::with_capacity(all.len());
    for (place, (_, record)) in all.iter().enumerate() {
        if !ids.insert(record.id.as_str()) {
            return Err(RecordFault::Record(place + 1, "its id stands for another record too"));
        }
    }
    let mut recorded = Recorded::new();
    for (patient, record) in all {
        recorded.entry(patient).or_default().push(record);
    }
    Ok(recorded)
}

fn check(raw: RawRecord) -> Result<(Bsn, Rule), &'static str> {
    let patient = patient(&raw.patient)?;
    record::reference(&raw.id, &patient)?;
    let whom = match (raw.organisation, raw.organisation_kind) {
        (None, None) => Whom::Everyone,
        (None, Some(kind)) if !kind.is_empty() => Whom::Kind(kind),
        (Some(ura), None) => Whom::Organisation(ura),
        (Some(_), Some(_)) => return Err("names both an organisation and an organisation_kind"),
        (None, Some(_)) => return Err("organisation_kind is empty"),
    };
    if raw.resource_types.as_ref().is_some_and(|types| types.is_empty() || types.iter().any(String::is_empty)) {
        return Err("resource_types names none; leave it out to mean all");
    }
    let rule = Rule {
        id: raw.id,
        decision: raw.decision,
        whom,
        purposes: raw.purpose.map(|purpose| vec![purpose]),
        resource_types: raw.resource_types,
        part: None,
        periods: vec![Period::parse(raw.valid_from.as_deref(), raw.valid_until.as_deref())?],
        stands: false,
    };
    Ok((patient, rule))
}
