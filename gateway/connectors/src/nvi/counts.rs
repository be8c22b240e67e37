//! What became of our messages to the index, counted for the metrics. Words are fixed: nothing of a message is among them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::national::Failure;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Found,
    Nowhere,
    Registered,
    Removed,
    /// An answer held records about another patient or of another holder; they were dropped.
    Strange,
    TimedOut,
    Unreachable,
    Unusable,
    Rejected,
    Resting,
    NotPut,
}

const ALL: [(Outcome, &str, bool); 11] = [
    (Outcome::Found, "found", false),
    (Outcome::Nowhere, "nowhere", false),
    (Outcome::Registered, "registered", false),
    (Outcome::Removed, "removed", false),
    (Outcome::Strange, "strange", true),
    (Outcome::TimedOut, "timed-out", true),
    (Outcome::Unreachable, "unreachable", true),
    (Outcome::Unusable, "unusable", true),
    (Outcome::Rejected, "rejected", true),
    (Outcome::Resting, "resting", true),
    (Outcome::NotPut, "not-put", true),
];

/// Counters since the start.
#[derive(Debug, Default)]
pub(super) struct Counts([AtomicU64; ALL.len()]);

impl Counts {
    pub(super) fn add(&self, outcome: Outcome) {
        if let Some(counter) = self.0.get(outcome as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn failed(&self, failure: Failure) {
        self.add(match failure {
            Failure::TimedOut => Outcome::TimedOut,
            Failure::Unreachable => Outcome::Unreachable,
            Failure::Unusable(_) => Outcome::Unusable,
            Failure::Rejected(_) => Outcome::Rejected,
            Failure::Resting => Outcome::Resting,
            Failure::NotPut => Outcome::NotPut,
        });
    }

    /// Every outcome by its word: how often, and whether it is one to look at.
    pub(super) fn all(&self) -> Vec<(&'static str, u64, bool)> {
        let counted = ALL.iter().zip(&self.0);
        counted.map(|((_, word, alarming), count)| (*word, count.load(Ordering::Relaxed), *alarming)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_counted_in_its_own_place() {
        let counts = Counts::default();
        for (at, (outcome, word, _)) in ALL.into_iter().enumerate() {
            counts.add(outcome);
            assert_eq!(outcome as usize, at, "{word}");
        }
        assert!(counts.all().iter().all(|(_, count, _)| *count == 1));
    }
}
