//! The counts as the page shows them: by source, the profiles with most trouble first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use portal::{DataQuality, Shortcoming, SourceQuality, SubjectQuality};

use super::{Measured, Row, Subject};

pub fn of(measured: Measured) -> DataQuality {
    let mut sources: BTreeMap<String, Vec<SubjectQuality>> = BTreeMap::new();
    for row in measured.rows {
        sources.entry(row.source.to_string()).or_default().push(subject(row));
    }
    let sources = sources.into_iter().map(|(name, mut subjects)| {
        subjects.sort_by_key(|subject| Reverse(subject.checked.saturating_sub(subject.clean)));
        SourceQuality { name, subjects }
    });
    DataQuality {
        one_in: measured.one_in,
        profiles: measured.statements,
        passed_over: measured.passed_over + measured.uncounted,
        sources: sources.collect(),
    }
}

fn subject(row: Row) -> SubjectQuality {
    let subject = match row.subject {
        Subject::Answers => portal::Subject::Answers,
        Subject::Profile { canonical, title } => portal::Subject::Profile { title, canonical },
        Subject::NoClaim { kind } => portal::Subject::NoClaim(kind),
        Subject::Unknown { kind } => portal::Subject::Unknown(kind),
    };
    let mut shortcomings: Vec<_> = row
        .tally
        .fields
        .into_iter()
        .map(|(field, times)| Shortcoming { element: field.element, code: field.code, severity: field.severity, times })
        .collect();
    shortcomings.sort_by_key(|shortcoming| (Reverse(shortcoming.severity), Reverse(shortcoming.times)));
    let tally = (row.tally.checked, row.tally.clean, row.tally.others);
    SubjectQuality { subject, checked: tally.0, clean: tally.1, shortcomings, others: tally.2 }
}
