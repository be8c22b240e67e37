//! What a round over a directory changed, for whoever supervises the node. Directories are public; nothing here is about a
//! person.

use fhir::Ura;
use serde::{Deserialize, Serialize};

use super::moments::Millis;
use super::record::RefusedBecause;

/// How many refusals are told one by one; all are counted.
const TOLD: usize = 20;

/// What one round changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub began: Millis,
    pub ended: Millis,
    pub pages: u64,
    pub created: u64,
    pub updated: u64,
    pub deleted: u64,
    /// Told again, and the same.
    pub unchanged: u64,
    /// Was not told any more by a run that tells everything.
    pub gone: u64,
    /// Entries that said nothing that could be used.
    pub passed_over: u64,
    /// What the directory may not say, and did not say before.
    pub refused: u64,
    /// The first of those.
    #[serde(default)]
    pub first_refused: Vec<Refused>,
    /// What it said before that it may not say, and does not say any more.
    #[serde(default)]
    pub taken_back: u64,
    /// Types of which everything was read.
    pub full: u64,
}

/// Something that the directory may not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// `Type/id`.
    pub name: String,
    pub ura: Option<Ura>,
    pub because: RefusedBecause,
}

impl Report {
    pub fn new(began: Millis) -> Self {
        Report { began, ended: began, ..Report::default() }
    }

    /// Whether anything that look-ups rest on is other than before.
    pub fn changed(&self) -> bool {
        self.created + self.updated + self.deleted + self.gone + self.refused > 0
    }

    pub(super) fn refuse(&mut self, refused: Refused) {
        self.refused += 1;
        if self.first_refused.len() < TOLD {
            self.first_refused.push(refused);
        }
    }
}
