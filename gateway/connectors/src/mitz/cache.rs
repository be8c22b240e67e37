//! Decisions that are remembered for a short while, where that is configured: per patient, holder, requester and category.
//!
//! What Mitz tells of a patient's change of mind empties it for that patient at once, and what was asked before that moment
//! is not remembered after it. Nothing that could not be found out is ever remembered.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fhir::Bsn;

use super::closed::{ClosedQuestion, Decision};

/// The most decisions that are remembered; when there are more, those of nobody in particular go.
const MOST: usize = 50_000;

/// A decision with the message that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) decision: Decision,
    pub(super) message_id: String,
}

/// Decisions about patients, and how often any patient changed their mind since the start.
pub(super) struct Decisions {
    lasting: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    changes: u64,
    of: HashMap<Bsn, HashMap<ClosedQuestion, (Instant, Known)>>,
    count: usize,
}

impl Decisions {
    /// `lasting` zero remembers nothing.
    pub(super) fn new(lasting: Duration) -> Self {
        Decisions { lasting, kept: Mutex::default() }
    }

    /// How often anybody changed their mind. What is asked now is remembered only if this is still so at the answer.
    pub(super) fn changes(&self) -> u64 {
        self.lock().changes
    }

    /// The decision about a question of one category, if it is fresh.
    pub(super) fn get(&self, question: &ClosedQuestion, now: Instant) -> Option<Known> {
        let kept = self.lock();
        let (at, known) = kept.of.get(&question.patient)?.get(question)?;
        (now.duration_since(*at) < self.lasting).then(|| known.clone())
    }

    /// Remembers a decision about a question of one category, unless somebody changed their mind since `changes`.
    pub(super) fn put(&self, question: ClosedQuestion, known: Known, changes: u64, now: Instant) {
        let mut kept = self.lock();
        if self.lasting.is_zero() || kept.changes != changes {
            return;
        }
        if kept.count >= MOST {
            kept.make_room(now, self.lasting);
        }
        let of_patient = kept.of.entry(question.patient.clone()).or_default();
        if of_patient.insert(question, (now, known)).is_none() {
            kept.count += 1;
        }
    }

    /// Forgets everything about a patient.
    pub(super) fn forget(&self, patient: &Bsn) {
        let mut kept = self.lock();
        kept.changes += 1;
        let gone = kept.of.remove(patient).map_or(0, |decisions| decisions.len());
        kept.count -= gone;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Drops what is stale, and when nothing is, everything: to ask again is always right.
    fn make_room(&mut self, now: Instant, lasting: Duration) {
        self.of.retain(|_, decisions| {
            decisions.retain(|_, (at, _)| now.duration_since(*at) < lasting);
            !decisions.is_empty()
        });
        self.count = self.of.values().map(HashMap::len).sum();
        if self.count >= MOST {
            self.of.clear();
            self.count = 0;
        }
    }
}
