//! What became of the questions to Mitz, counted for the metrics. Words are fixed: nothing of a question is among them.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Permit,
    Deny,
    Remembered,
    /// An open question was answered.
    Located,
    Incomplete,
    TimedOut,
    Unreachable,
    Unusable,
    /// Not asked, because Mitz was ill a moment ago.
    Resting,
}

impl Outcome {
    const ALL: [Outcome; 9] = [
        Outcome::Permit,
        Outcome::Deny,
        Outcome::Remembered,
        Outcome::Located,
        Outcome::Incomplete,
        Outcome::TimedOut,
        Outcome::Unreachable,
        Outcome::Unusable,
        Outcome::Resting,
    ];

    const fn word(self) -> &'static str {
        match self {
            Outcome::Permit => "permit",
            Outcome::Deny => "deny",
            Outcome::Remembered => "remembered",
            Outcome::Located => "located",
            Outcome::Incomplete => "incomplete",
            Outcome::TimedOut => "timed-out",
            Outcome::Unreachable => "unreachable",
            Outcome::Unusable => "unusable",
            Outcome::Resting => "resting",
        }
    }

    /// Whether somebody should look at it (C2).
    const fn is_alarming(self) -> bool {
        !matches!(self, Outcome::Permit | Outcome::Deny | Outcome::Remembered | Outcome::Located)
    }
}

/// Counters since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    outcomes: [AtomicU64; Outcome::ALL.len()],
}

impl Counts {
    pub(super) fn add(&self, outcome: Outcome) {
        if let Some(counter) = self.outcomes.get(outcome as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every outcome by its word: how often, and whether it is one to look at.
    pub(super) fn all(&self) -> Vec<(&'static str, u64, bool)> {
        let counted = Outcome::ALL.iter().zip(&self.outcomes);
        counted.map(|(outcome, count)| (outcome.word(), count.load(Ordering::Relaxed), outcome.is_alarming())).collect()
    }
}
