//! Consents that the provider itself recorded (toestemming; the local source of handbook: generic functions, 1.3).
//!
//! ```json
//! [{ "id": "c-1", "patient": "…", "decision": "deny", "organisation": "90000902",
//!    "resource_types": ["Observation"], "purpose": "TREAT", "valid_from": "2026-01-01", "valid_until": "2026-12-31" }]
//! ```
//! A file that cannot be read makes every question `NotFoundOut`; a patient without a record that applies is `Absent`.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use exchange::ports::{BoxFuture, Clock, ConsentQuestion, Consents};
use fhir::{Bsn, Ura};
use policy::findings::ConsentDecision;
use policy::{Consent, DataHolder, Finding, NotFoundOut, Organisation, Purpose};
use serde::Deserialize;
use time::OffsetDateTime;

use super::file::{RecordFault, Register, RegisterHealth, patient, records};
use super::period::Period;
use super::record;
use crate::mitz::LocalWord;

/// The provider's own consents, from a file.
pub struct LocalConsents {
    holder: DataHolder,
    register: Register<Recorded>,
    clock: Arc<dyn Clock>,
}

type Recorded = HashMap<Bsn, Vec<Record>>;

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

struct Record {
    id: String,
    decision: ConsentDecision,
    whom: Whom,
    purpose: Option<Purpose>,
    resource_types: Option<Vec<String>>,
    period: Period,
}

/// Which data users a record is about.
enum Whom {
    Everyone,
    Kind(String),
    Organisation(Ura),
}

/// How specific a record is: a greater one wins. An organisation is above a kind is above everyone; then one for a
/// purpose is above one for all; then one for resource types is above one for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Specificity {
    whom: u8,
    purpose: bool,
    resource_types: bool,
}

impl LocalConsents {
    /// Opens the register of this holder's consents.
    pub fn open(path: &Path, holder: DataHolder, clock: Arc<dyn Clock>) -> Self {
        LocalConsents { holder, register: Register::open(path, build), clock }
    }
}

impl RegisterHealth for LocalConsents {
    fn refresh(&self) {
        self.register.read_if_changed();
    }

    fn healthy(&self) -> Result<(), String> {
        self.register.fault().map_or(Ok(()), Err)
    }
}

impl Consents for LocalConsents {
    fn consent<'a>(&'a self, question: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        let found = match self.word(&question) {
            LocalWord::Objection(consent) | LocalWord::Permission { consent, .. } => Finding::Found(consent),
            LocalWord::Silence => Finding::Absent,
            LocalWord::NotFoundOut(why) => Finding::NotFoundOut(why),
        };
        Box::pin(std::future::ready(found))
    }
}

impl LocalConsents {
    /// What is recorded here, with how specific it is.
    pub(crate) fn word(&self, question: &ConsentQuestion<'_>) -> LocalWord {
        if *question.holder != self.holder {
            // Nobody else's consents are recorded here.
            return LocalWord::NotFoundOut(NotFoundOut::NobodyToAsk);
        }
        match self.register.content() {
            Some(recorded) => {
                let records = recorded.get(question.patient).map_or(&[][..], Vec::as_slice);
                decide(records, question, self.clock.now())
            }
            None => LocalWord::NotFoundOut(NotFoundOut::Unusable),
        }
    }
}

/// The decision over all that would be released: an objection to any of it is an objection, and permission holds
/// only when it is given for everything.
fn decide(records: &[Record], question: &ConsentQuestion<'_>, now: OffsetDateTime) -> LocalWord {
    let applicable: Vec<&Record> = records.iter().filter(|record| record.applies(question, now)).collect();
    let mut permits: Vec<&str> = Vec::new();
    let (mut absent, mut by_name) = (false, true);
    let types = question.resource_types.iter().map(|name| Some(name.as_str()));
    // A release of nothing in particular may turn out to be of anything.
    let anything = question.resource_types.is_empty().then_some(None);
    for resource_type in types.chain(anything) {
        match decisive(&applicable, resource_type) {
            Some(record) if record.decision == ConsentDecision::Deny => {
                return LocalWord::Objection(local(ConsentDecision::Deny, record.id.clone()));
            }
            Some(record) => {
                by_name &= matches!(record.whom, Whom::Organisation(_));
                if !permits.contains(&record.id.as_str()) {
                    permits.push(&record.id);
                }
            }
            None => absent = true,
        }
    }
    if absent {
        return LocalWord::Silence;
    }
    LocalWord::Permission { consent: local(ConsentDecision::Permit, permits.join(",")), by_name }
}

/// The record that decides about one resource type: the most specific one, and among equals an objection.
/// For `None`, any type: an objection to some type counts, a permission for some type does not.
fn decisive<'r>(applicable: &[&'r Record], resource_type: Option<&str>) -> Option<&'r Record> {
    let about = |record: &Record| match (&record.resource_types, resource_type) {
        (None, _) => true,
        (Some(types), Some(asked)) => types.iter().any(|named| named == asked),
        (Some(_), None) => record.decision == ConsentDecision::Deny,
    };
    let rank = |record: &Record| (record.specificity(), record.decision == ConsentDecision::Deny);
    applicable.iter().copied().filter(|record| about(record)).max_by_key(|record| rank(record))
}

fn local(decision: ConsentDecision, reference: String) -> Consent {
    Consent { decision, source: "local".to_owned(), reference }
}

impl Record {
    fn applies(&self, question: &ConsentQuestion<'_>, now: OffsetDateTime) -> bool {
        self.whom.includes(question.user)
            && self.purpose.is_none_or(|purpose| purpose == question.purpose)
            && self.period.holds(now)
    }

    fn specificity(&self) -> Specificity {
        Specificity {
            whom: match self.whom {
                Whom::Everyone => 0,
                Whom::Kind(_) => 1,
                Whom::Organisation(_) => 2,
            },
            purpose: self.purpose.is_some(),
            resource_types: self.resource_types.is_some(),
        }
    }
}

impl Whom {
    fn includes(&self, user: &Organisation) -> bool {
        match self {
            Whom::Everyone => true,
            Whom::Kind(kind) => user.kind.as_ref() == Some(kind),
            Whom::Organisation(ura) => user.ura == *ura,
        }
    }
}

fn build(text: &[u8]) -> Result<Recorded, RecordFault> {
    let all: Vec<(Bsn, Record)> = records(text, check)?;
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

fn check(raw: RawRecord) -> Result<(Bsn, Record), &'static str> {
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
    let record = Record {
        id: raw.id,
        decision: raw.decision,
        whom,
        purpose: raw.purpose,
        resource_types: raw.resource_types,
        period: Period::parse(raw.valid_from.as_deref(), raw.valid_until.as_deref())?,
    };
    Ok((patient, record))
}

#[cfg(test)]
mod tests;
