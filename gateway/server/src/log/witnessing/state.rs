//! What is known of every witness and neighbour, for the pages, the metrics and whoever asks. Names of nodes and sizes:
//! nothing about anybody.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use store::proof::{Evidence, Misdeed, Standing};

use super::now;

/// A witness says what cannot be, unless this node's own log was rolled back or rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// It cosigned more records than this node ever signed for, as far as this node knows.
    RolledBack { witnessed: u64, own: u64 },
    /// It cosigned another log of this many records.
    Rewritten { witnessed: u64, own: u64 },
}

/// A witness of this node's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WitnessState {
    pub name: String,
    /// The last size that it cosigned, when that was (in seconds since 1970; not known of before the start), and how many
    /// records were signed for since.
    pub cosigned: Option<u64>,
    pub at: Option<u64>,
    pub lag: u64,
    pub trouble: Option<String>,
    /// That our own log is not what it was, it says.
    pub alarm: Option<String>,
}

/// A neighbour's log that this node witnesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NeighbourState {
    pub origin: String,
    pub cosigned: Option<u64>,
    /// The largest that is known to continue all before it, and when its checkpoint was last looked at.
    pub seen: Option<u64>,
    pub at: Option<u64>,
    pub trouble: Option<String>,
    /// What it did, one sentence each.
    pub evidence: Vec<String>,
    /// The same as data: what, of how many records that were known, and that were shown.
    #[serde(skip)]
    pub misdeeds: Vec<(Misdeed, u64, u64)>,
}

/// Everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witnessed {
    pub witnesses: Vec<WitnessState>,
    pub neighbours: Vec<NeighbourState>,
}

/// What is remembered while the node runs.
#[derive(Debug, Default)]
pub(super) struct States {
    witnesses: BTreeMap<String, Last>,
    neighbours: BTreeMap<String, Last>,
}

#[derive(Clone, Debug, Default)]
struct Last {
    at: Option<u64>,
    trouble: Option<String>,
    alarm: Option<Alarm>,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Alarm::RolledBack { witnessed, own } => {
                write!(f, "it cosigned {witnessed} records of this log, which now has {own}: the log was rolled back")
            }
            Alarm::Rewritten { witnessed, own } => write!(
                f,
                "it cosigned {witnessed} records of which the {own} of this log are no continuation: the log was rewritten"
            ),
        }
    }
}

impl States {
    pub(super) fn cosigned(&mut self, name: &str, at: u64) {
        self.witnesses.insert(name.to_owned(), Last { at: Some(at), ..Last::default() });
    }

    pub(super) fn not_cosigned(&mut self, name: &str, trouble: &str) {
        self.witnesses.entry(name.to_owned()).or_default().trouble = Some(trouble.to_owned());
    }

    /// Says whether this is new.
    pub(super) fn alarmed(&mut self, name: &str, alarm: Alarm) -> bool {
        self.witnesses.entry(name.to_owned()).or_default().alarm.replace(alarm) != Some(alarm)
    }

    pub(super) fn looked(&mut self, origin: &str, trouble: Option<String>) {
        let last = self.neighbours.entry(origin.to_owned()).or_default();
        if trouble.is_none() {
            last.at = Some(now());
        }
        last.trouble = trouble;
    }

    pub(super) fn witness(&self, name: &str, cosigned: Option<u64>, given: u64) -> WitnessState {
        let last = self.witnesses.get(name).cloned().unwrap_or_default();
        WitnessState {
            name: name.to_owned(),
            cosigned,
            at: last.at,
            lag: given.saturating_sub(cosigned.unwrap_or(0)),
            trouble: last.trouble,
            alarm: last.alarm.map(|alarm| alarm.to_string()),
        }
    }

    pub(super) fn neighbour(&self, standing: Standing) -> NeighbourState {
        let last = self.neighbours.get(&standing.origin).cloned().unwrap_or_default();
        let sentence = |one: &Evidence| {
            format!("{}: {} records were known, {} were shown", one.misdeed.as_str(), one.known, one.shown)
        };
        NeighbourState {
            evidence: standing.evidence.iter().map(sentence).collect(),
            misdeeds: standing.evidence.iter().map(|one| (one.misdeed, one.known, one.shown)).collect(),
            origin: standing.origin,
            cosigned: standing.cosigned,
            seen: standing.seen,
            at: last.at,
            trouble: standing.unusable.or(last.trouble),
        }
    }
}
