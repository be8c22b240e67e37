//! What is due, in ranges, within bounds: what does not fit is left for another time.

use std::ops::Range;

use time::OffsetDateTime;

use super::announcement::{Announcement, ErasedRange};
use super::retention::{Retained, Retention, years_later};
use super::watch::SLACK;

/// Records that may be erased now.
#[derive(Clone, Debug)]
pub struct Plan {
    rules: Retention,
    now: OffsetDateTime,
    most: usize,
    ranges: Vec<ErasedRange>,
    full: bool,
    /// A record was met that is young enough for nothing behind it to be due.
    young: bool,
}

impl Plan {
    /// Most ranges of one announcement, so that it is no longer than the shortest bound on records that is in use.
    const RANGES: usize = 200;

    /// An empty plan for this moment, for at most so many announcements.
    pub fn new(rules: Retention, now: OffsetDateTime, announcements: usize) -> Self {
        Plan {
            rules,
            now,
            most: announcements.saturating_mul(Self::RANGES),
            ranges: Vec::new(),
            full: false,
            young: false,
        }
    }

    /// Takes the next record of the log into the plan, if its retention is over.
    pub fn consider(&mut self, index: u64, retained: Retained) {
        self.young |= years_later(retained.recorded, self.rules.shortest())
            .is_some_and(|earliest| earliest > self.now.saturating_add(SLACK));
        if !self.rules.is_over(retained, self.now) || self.full {
            return;
        }
        let (rules, now) = (self.rules, self.now);
        if self.ranges.last_mut().is_some_and(|last| last.take_in(index, retained, &rules, now)) {
            return;
        }
        if self.ranges.len() == self.most {
            self.full = true;
        } else {
            self.ranges.push(ErasedRange::one(index, retained));
        }
    }

    /// Whether nothing more need be looked at: the rest is too young, or would not fit.
    pub fn is_settled(&self) -> bool {
        self.full || self.young
    }

    /// Whether more is due than fits.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// How many records are due.
    pub fn records(&self) -> u64 {
        self.ranges.iter().map(|range| range.until - range.from).sum()
    }

    pub fn ranges(&self) -> Vec<Range<u64>> {
        self.ranges.iter().map(|range| range.from..range.until).collect()
    }

    /// What has to stand in the log before anything is erased.
    pub fn announcements(&self, node: &str) -> impl Iterator<Item = Announcement> {
        let announce = |ranges: &[ErasedRange]| Announcement::new(self.now, node, self.rules, ranges.to_vec());
        self.ranges.chunks(Self::RANGES).map(announce)
    }
}
