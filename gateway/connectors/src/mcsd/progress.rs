//! How far a directory was read: kept after every page, so that whoever goes on loses nothing and reads nothing twice but
//! that page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::keys::{self, SourceId};
use super::moments::Millis;
use super::record::Kind;
use super::report::{Refused, Report};
use super::shelf::{Shelf, ShelfFault};

/// What is remembered of one directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// Its base address.
    pub base: String,
    /// Of the organisations that it may speak for: when it changes, everything is read anew.
    #[serde(default)]
    pub registered: u64,
    #[serde(default)]
    pub(super) kinds: BTreeMap<Kind, Progress>,
    /// Whether everything was read once, and what changed meanwhile as well. Before that nothing is answered from it.
    #[serde(default)]
    pub complete: bool,
    /// When it was last read to its end.
    #[serde(default)]
    pub synchronised: Option<Millis>,
    /// When that was last tried, and what went wrong.
    #[serde(default)]
    pub tried: Option<Millis>,
    #[serde(default)]
    pub fault: Option<String>,
    /// How often in a row.
    #[serde(default)]
    pub failures: u32,
    /// It is left alone until then.
    #[serde(default)]
    pub not_before: Option<Millis>,
    /// What the last round changed.
    #[serde(default)]
    pub report: Report,
    /// How much it says now that it may not say, and some of that.
    #[serde(default)]
    pub refused: u64,
    #[serde(default)]
    pub refusals: Vec<Refused>,
}

/// How far one type was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The watermark: what changed before it is known. Nothing when everything must be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Millis>,
    /// How many runs there were.
    #[serde(default)]
    pub runs: u64,
    /// A run that was not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// A run over one type, between two pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    pub number: u64,
    /// Whether it tells everything that there is.
    pub full: bool,
    /// The watermark after it: when its first page was made.
    pub mark: Millis,
    /// The page to read next.
    pub next: String,
}

impl SourceState {
    /// What is remembered of a directory; a new beginning when nothing is, or it cannot be read.
    pub fn load(shelf: &dyn Shelf, source: &SourceId) -> Result<Option<SourceState>, ShelfFault> {
        Ok(shelf.note(&keys::state(source))?.and_then(|note| serde_json::from_slice(&note).ok()))
    }

    pub(super) fn save(&self, shelf: &dyn Shelf, source: &SourceId) -> Result<(), ShelfFault> {
        let note = serde_json::to_vec(self).map_err(|_| ShelfFault::Unusable)?;
        shelf.put_note(&keys::state(source), Some(note))
    }

    /// Takes over what a round changed.
    pub(super) fn take(&mut self, report: Report) {
        self.refused = (self.refused + report.refused).saturating_sub(report.taken_back);
        if self.refused == 0 {
            self.refusals.clear();
        } else if !report.first_refused.is_empty() {
            self.refusals.clone_from(&report.first_refused);
        }
        self.report = report;
    }

    /// From now on everything is read anew; what is known stays until it is.
    pub(super) fn begin_anew(&mut self) {
        for progress in self.kinds.values_mut() {
            (progress.mark, progress.run) = (None, None);
        }
    }
}
