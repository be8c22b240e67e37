//! What an index of the log is kept by. The index itself is the store's.

use std::fmt;

use aws_lc_rs::hmac;
use exchange::record::AccessRecord;
use fhir::Bsn;
use fhir::identifiers::Reader;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::class::Class;

/// The node's secret under which patients are indexed: there are so few BSNs that a plain digest would hide none.
#[derive(Clone)]
pub struct KeySecret(hmac::Key);

impl KeySecret {
    pub fn new(secret: &[u8; 32]) -> Self {
        KeySecret(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The key of a patient.
    pub fn patient(&self, bsn: &Bsn) -> PatientKey {
        let tag = hmac::sign(&self.0, bsn.reveal_to(Reader::AccessLog).as_bytes());
        let mut key = [0; 16];
        key.iter_mut().zip(tag.as_ref()).for_each(|(place, byte)| *place = *byte);
        PatientKey(key)
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(..)")
    }
}

/// A patient, known again but not known: 128 bits of HMAC-SHA-256 of the BSN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatientKey(pub [u8; 16]);

/// The keys of one record.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    pub patient: Option<PatientKey>,
    /// URA of the care provider that asked.
    pub organisation: Option<String>,
    /// Who asked, as the organisation knows them: unique together with `organisation`.
    pub person: Option<String>,
    pub correlation: String,
    /// The day in UTC on which the record was closed; none for a record that was never closed properly.
    pub day: Option<Date>,
    pub class: Class,
    pub emergency: bool,
    /// The identifier of everyone who took part, as `agent.identifier` finds them: client, organisation, person,
    /// responsible, this node, data holders.
    pub agents: Vec<String>,
}

impl fmt::Debug for Keys {
    /// The day and the class: the rest tells of persons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({:?}, {})", self.day, self.class.code())
    }
}

/// The keys of a record.
pub fn keys(record: &AccessRecord, secret: &KeySecret) -> Keys {
    let caller = record.caller.as_ref();
    let persons = caller.iter().flat_map(|caller| caller.person.iter().chain(&caller.responsible));
    let mut agents: Vec<String> = vec![record.node.clone()];
    agents.extend(caller.iter().flat_map(|caller| [caller.client_id.clone(), caller.organisation.clone()]));
    agents.extend(persons.map(|person| person.id.clone()));
    agents.extend(record.sources.iter().map(|source| source.holder.clone()));
    agents.retain(|agent| !agent.is_empty());
    agents.sort_unstable();
    agents.dedup();
    Keys {
        patient: record.patient.as_ref().map(|bsn| secret.patient(bsn)),
        organisation: caller.map(|caller| caller.organisation.clone()),
        person: caller.and_then(|caller| caller.person.as_ref()).map(|person| person.id.clone()),
        correlation: record.correlation_id.clone(),
        day: moment(&record.recorded).map(OffsetDateTime::date),
        class: Class::of(record),
        emergency: record.emergency.is_some(),
        agents,
    }
}

/// When it was, in UTC.
pub(crate) fn moment(text: &str) -> Option<OffsetDateTime> {
    Some(OffsetDateTime::parse(text, &Rfc3339).ok()?.to_offset(UtcOffset::UTC))
}
