//! Treatment relations that the provider itself knows (behandelrelatie): its lists of patients in care.
//!
//! ```json
//! [{ "patient": "…", "kind": "provider-list", "reference": "opname-2026-17", "persons": ["000012345"],
//!    "valid_from": "2026-03-01", "valid_until": "2026-03-31" }]
//! ```
//! Without `persons`, the relation is that of everyone in the organisation. The data user must enforce and log it
//! (handbook: generic functions, 1.4.3).

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use exchange::ports::{BoxFuture, Clock, Relation, RelationQuestion, TreatmentRelations};
use exchange::record::{EvidenceFacts, EvidenceResult, Shortfall};
use fhir::{Bsn, Ura};
use policy::{Caller, Finding, NotFoundOut, TreatmentRelation};
use serde::Deserialize;
use time::OffsetDateTime;

use super::file::{RecordFault, Register, RegisterHealth, patient, records};
use super::period::Period;
use super::record;

/// The only kind there is so far: the patient is on a list of the provider's.
const PROVIDER_LIST: &str = "provider-list";

/// The provider's lists of patients in care, from a file.
pub struct ProviderList {
    own: Ura,
    register: Register<Lists>,
    clock: Arc<dyn Clock>,
}

type Lists = HashMap<Bsn, Vec<Record>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRecord {
    patient: String,
    kind: String,
    reference: String,
    persons: Option<Vec<String>>,
    valid_from: Option<String>,
    valid_until: Option<String>,
}

struct Record {
    reference: String,
    persons: Option<Vec<String>>,
    period: Period,
}

impl ProviderList {
    /// Opens the register of the organisation with this URA: this node's own.
    pub fn open(path: &Path, own: Ura, clock: Arc<dyn Clock>) -> Self {
        ProviderList { own, register: Register::open(path, build), clock }
    }

    fn find(&self, caller: &Caller, patient: &Bsn) -> Relation {
        let told = |finding, result| Relation {
            finding,
            evidence: vec![EvidenceFacts { kind: PROVIDER_LIST.to_owned(), result }],
        };
        let Some(lists) = self.register.content() else {
            let because = NotFoundOut::Unusable;
            return told(Finding::NotFoundOut(because), EvidenceResult::NotFoundOut { because });
        };
        if caller.organisation.ura != self.own {
            // Another provider's relations are for that provider to know.
            return Finding::Absent.into();
        }
        let now = self.clock.now();
        let records = lists.get(patient).map_or(&[][..], Vec::as_slice);
        let mut because = BTreeSet::new();
        for record in records {
            match record.shortfall(caller, now) {
                Some(shortfall) => {
                    because.insert(shortfall);
                }
                None => {
                    // It holds, so it is as young as can be.
                    let age_days = Some(0);
                    let (kind, reference) = (PROVIDER_LIST.to_owned(), record.reference.clone());
                    let relation = TreatmentRelation { kind, reference, age_days };
                    return told(Finding::Found(relation), EvidenceResult::Counts { age_days });
                }
            }
        }
        let result = match because.is_empty() {
            true => EvidenceResult::Nothing,
            false => EvidenceResult::DoesNotCount { because: because.into_iter().collect() },
        };
        told(Finding::Absent, result)
    }
}

impl RegisterHealth for ProviderList {
    fn refresh(&self) {
        self.register.read_if_changed();
    }

    fn healthy(&self) -> Result<(), String> {
        self.register.fault().map_or(Ok(()), Err)
    }
}

impl TreatmentRelations for ProviderList {
    fn relation<'a>(&'a self, question: RelationQuestion<'a>) -> BoxFuture<'a, Relation> {
        Box::pin(std::future::ready(self.find(question.caller, question.patient)))
    }
}

impl Record {
    /// Why it is not the caller's now; nothing when it is.
    fn shortfall(&self, caller: &Caller, now: OffsetDateTime) -> Option<Shortfall> {
        // Under a mandate the relation is that of the professional for whom the person acts, or the person's own.
        let named = |persons: &Vec<String>| {
            caller.person.iter().chain(&caller.responsible).any(|person| persons.contains(&person.id))
        };
        match () {
            () if self.period.is_over(now) => Some(Shortfall::TooOld),
            () if !self.period.holds(now) => Some(Shortfall::TooFarAhead),
            () if !self.persons.as_ref().is_none_or(named) => Some(Shortfall::OtherProfessional),
            () => None,
        }
    }
}

fn build(text: &[u8]) -> Result<Lists, RecordFault> {
    let mut lists = Lists::new();
    for (patient, record) in records(text, check)? {
        lists.entry(patient).or_default().push(record);
    }
    Ok(lists)
}

fn check(raw: RawRecord) -> Result<(Bsn, Record), &'static str> {
    let patient = patient(&raw.patient)?;
    record::reference(&raw.reference, &patient)?;
    if raw.kind != PROVIDER_LIST {
        return Err("kind must be provider-list");
    }
    if raw.persons.as_ref().is_some_and(|persons| persons.is_empty() || persons.iter().any(String::is_empty)) {
        return Err("persons names none; leave it out to mean the whole organisation");
    }
    let period = Period::parse(raw.valid_from.as_deref(), raw.valid_until.as_deref())?;
    Ok((patient, Record { reference: raw.reference, persons: raw.persons, period }))
}

#[cfg(test)]
mod tests;
