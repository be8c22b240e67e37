//! What an index of the log is kept by: terms, made of what a record is as an AuditEvent, so that they cannot differ from
//! what a search looks at. The index itself is the store's.

use std::fmt;

use aws_lc_rs::hmac;
use exchange::record::AccessRecord;
use fhir::Bsn;
use fhir::identifiers::Reader;
use fhir::json::Node;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::event;

/// Most terms of one record: of more references than these, the last are found only by what else is asked.
const MOST: usize = 8_192;

/// The node's secret under which terms are made: there are so few BSNs that a plain digest would hide none.
#[derive(Clone)]
pub struct KeySecret(hmac::Key);

/// What a term is about. The number goes into the term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Patient = 1,
    Agent = 2,
    Entity = 3,
    Reference = 4,
    Outcome = 5,
    Purpose = 6,
    Subtype = 7,
    Type = 8,
    Action = 9,
}

/// Which elements of an AuditEvent a field is made of.
const ELEMENTS: [(Field, &str); 8] = [
    (Field::Agent, "agent.who.identifier.value"),
    (Field::Entity, "entity.what.identifier.value"),
    (Field::Outcome, "outcome"),
    (Field::Purpose, "purposeOfEvent.coding.code"),
    (Field::Subtype, "subtype.code"),
    (Field::Type, "type.code"),
    (Field::Action, "action"),
    // Last: there can be very many.
    (Field::Reference, "entity.what.reference"),
];

impl KeySecret {
    /// Changes whenever the same record would get other terms.
    pub const LAYOUT: u64 = 1;

    pub fn new(secret: &[u8; 32]) -> Self {
        KeySecret(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// A term: 64 bits of HMAC-SHA-256, which tell nobody what it is about.
    pub(crate) fn term(&self, field: Field, value: &str) -> u64 {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[field as u8]);
        context.update(value.as_bytes());
        let tag = context.sign();
        tag.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    pub(crate) fn patient(&self, bsn: &Bsn) -> u64 {
        self.term(Field::Patient, bsn.reveal_to(Reader::AccessLog))
    }

    /// Tells two secrets apart without telling either.
    pub fn stamp(&self) -> u64 {
        self.term(Field::Type, "stamp").wrapping_add(KeySecret::LAYOUT)
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(..)")
    }
}

/// The keys of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// When it was closed, in seconds since 1970; none for a record that was never closed properly.
    pub second: Option<i64>,
    /// Each once, in no order that means anything.
    pub terms: Vec<u64>,
}

/// The keys of a record.
pub fn keys(record: &AccessRecord, secret: &KeySecret) -> Keys {
    let event = event::node(record, 0);
    let mut terms: Vec<u64> = record.patient.iter().map(|bsn| secret.patient(bsn)).collect();
    for (field, path) in ELEMENTS {
        let mut values = Vec::new();
        texts(&event, path, &mut values);
        terms.extend(values.into_iter().take(MOST).map(|value| match field {
            Field::Reference => secret.term(field, without_version(value)),
            _ => secret.term(field, value),
        }));
    }
    terms.truncate(MOST);
    terms.sort_unstable();
    terms.dedup();
    Keys { second: moment(&record.recorded).map(OffsetDateTime::unix_timestamp), terms }
}

/// The texts at a path, through all lists on the way, as a search finds them in the event once it is written.
fn texts<'n>(value: &'n Node, path: &str, into: &mut Vec<&'n str>) {
    match value {
        Node::List(items) => items.iter().for_each(|item| texts(item, path, into)),
        Node::Text(text) if path.is_empty() => into.push(text),
        Node::Object(_) => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            value.get(name).into_iter().for_each(|value| texts(value, rest, into));
        }
        Node::Text(_) | Node::Number(_) | Node::Bool(_) | Node::Null => {}
    }
}

/// `Type/id` of a reference that may name a version.
pub(crate) fn without_version(reference: &str) -> &str {
    reference.split("/_history/").next().unwrap_or_default()
}

/// When it was, in UTC.
pub(crate) fn moment(text: &str) -> Option<OffsetDateTime> {
    Some(OffsetDateTime::parse(text, &Rfc3339).ok()?.to_offset(UtcOffset::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at_the_user, record, refused};

    #[test]
    fn what_terms_are_made_of_is_what_a_search_finds_in_the_event() {
        let emergency = [("emergency", r#"{"reason":"Unconscious \"and\" alone.\u00e9"}"#)];
        let records =
            ["read", "vread", "search-type", "create", "$document", "$everything", "$review", "transaction", "page"];
        let records = records.into_iter().map(|interaction| record(interaction, &[])).chain([
            refused("search-type", 403, "denied: policy"),
            at_the_user(record("$health-overview", &[])),
            record("read", &emergency),
            record("read", &[("patient", "null"), ("caller", "null"), ("asked", "null"), ("sources", "[]")]),
        ]);
        for (nth, record) in records.enumerate() {
            let (node, written) = (event::node(&record, 0), event(&record, 0));
            let root = written.root();
            for (_, path) in ELEMENTS {
                let mut own = Vec::new();
                texts(&node, path, &mut own);
                let found: Vec<_> = root.all(path).into_iter().filter_map(|value| value.as_text()).collect();
                assert_eq!(own, found, "{path} of record {nth}");
            }
        }
    }
}
