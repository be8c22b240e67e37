//! The counts: per source and profile how many were looked at, how many kept to it, and which elements did not.
//! Bounded in rows and in elements per row; what finds no place is counted as such.

use std::collections::BTreeMap;
use std::sync::Arc;

use fhir::FhirVersion;
use validation::{FindingCode, Severity};

/// Most rows: sources times profiles.
const MOST_ROWS: usize = 2_000;

/// Most elements of one row.
const MOST_FIELDS: usize = 100;

/// What resources of a source were held against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// What is asked of every answer, whatever the profile.
    Answers,
    /// A profile that they claim, by canonical URL and title.
    Profile { canonical: String, title: String },
    /// Nothing: resources of this type claim no profile.
    NoClaim { kind: &'static str },
    /// Nothing: they claim profiles that are not known here.
    Unknown { kind: &'static str },
}

/// One line of the counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub source: Arc<str>,
    pub version: FhirVersion,
    pub subject: Subject,
    pub tally: Tally,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Resources that were looked at.
    pub checked: u64,
    /// Of these, the ones without an error.
    pub clean: u64,
    /// In how many resources an element falls short in one way.
    pub fields: BTreeMap<Field, u64>,
    /// Shortcomings that found no place among the fields.
    pub others: u64,
}

/// One element and how it falls short.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    pub element: String,
    pub code: FindingCode,
    pub severity: Severity,
}

type Key = (Arc<str>, FhirVersion, Subject);

#[derive(Default)]
pub(super) struct Table {
    rows: BTreeMap<Key, Tally>,
    uncounted: u64,
}

impl Table {
    /// Counts one resource. Says whether it found a place.
    pub(super) fn count(&mut self, key: Key, fields: impl IntoIterator<Item = Field>, clean: bool) -> bool {
        if !self.rows.contains_key(&key) && self.rows.len() >= MOST_ROWS {
            self.uncounted += 1;
            return false;
        }
        let tally = self.rows.entry(key).or_default();
        tally.checked += 1;
        tally.clean += u64::from(clean);
        for field in fields {
            if let Some(times) = tally.fields.get_mut(&field) {
                *times += 1;
            } else if tally.fields.len() < MOST_FIELDS {
                tally.fields.insert(field, 1);
            } else {
                tally.others += 1;
            }
        }
        true
    }

    pub(super) fn uncounted(&self) -> u64 {
        self.uncounted
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let row = |((source, version, subject), tally): (&Key, &Tally)| Row {
            source: source.clone(),
            version: *version,
            subject: subject.clone(),
            tally: tally.clone(),
        };
        self.rows.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: usize) -> Field {
        Field { element: format!("Observation.x{number}"), code: FindingCode::Missing, severity: Severity::Error }
    }

    #[test]
    fn rows_and_elements_are_bounded_and_what_finds_no_place_is_counted() {
        let mut table = Table::default();
        let key = |number: usize| {
            let canonical = format!("http://example.org/{number}");
            ("bron".into(), FhirVersion::R4, Subject::Profile { canonical, title: "Proef".into() })
        };
        for number in 0..MOST_ROWS + 10 {
            assert_eq!(table.count(key(number), [], true), number < MOST_ROWS);
        }
        assert_eq!((table.rows().len(), table.uncounted()), (MOST_ROWS, 10));
        assert!(table.count(key(0), (0..MOST_FIELDS + 7).map(field), false), "a row that is there is counted on");
        assert!(table.count(key(0), [field(0)], false));
        let tally = table.rows().into_iter().map(|row| row.tally).find(|tally| tally.checked == 3).unwrap();
        assert_eq!((tally.clean, tally.fields.len(), tally.others), (1, MOST_FIELDS, 7));
        assert_eq!(tally.fields.get(&field(0)), Some(&2));
    }
}
