//! Records that are indexed in memory until they fill a run.

use std::collections::HashMap;

use super::format::{self, Content};
use super::ordinals::Ordinals;
use super::search::Wanted;
use crate::access_log::Place;

/// Where a record's header stands in its segment, and the second since 1970 in which it was closed; 0 when not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub offset: u32,
    pub second: u32,
}

/// Consecutive records, in the making.
#[derive(Debug)]
pub struct Tail {
    first: u64,
    entries: Vec<Entry>,
    /// First index of each segment that they stand in.
    segments: Vec<u64>,
    /// For each term its last posting.
    last: HashMap<u64, u32>,
    postings: Vec<Posting>,
}

/// A record that carries a term, and the one before it that does.
#[derive(Debug, Clone, Copy)]
struct Posting {
    before: u32,
    ordinal: u16,
}

const NONE: u32 = u32::MAX;

impl Tail {
    pub fn new(first: u64) -> Self {
        Tail { first, entries: Vec::new(), segments: Vec::new(), last: HashMap::new(), postings: Vec::new() }
    }

    pub fn first(&self) -> u64 {
        self.first
    }

    /// The index behind its last record.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Takes the next record. There must be room: a run has no more than 65,536.
    pub fn add(&mut self, place: Place, second: Option<i64>, terms: &[u64]) {
        let ordinal = self.entries.len() as u16;
        let second = second.and_then(|second| u32::try_from(second).ok()).unwrap_or(0);
        self.entries.push(Entry { offset: place.offset, second });
        if self.segments.last() != Some(&place.segment) {
            self.segments.push(place.segment);
        }
        for term in terms {
            let before = self.last.get(term).copied().unwrap_or(NONE);
            // A term that a record carries twice is posted once.
            if self.postings.get(before as usize).is_some_and(|posting| posting.ordinal == ordinal) {
                continue;
            }
            self.last.insert(*term, self.postings.len() as u32);
            self.postings.push(Posting { before, ordinal });
        }
    }

    /// The place of its last record.
    pub fn last_place(&self) -> Option<Place> {
        self.place(self.entries.len().checked_sub(1)?)
    }

    pub fn place(&self, ordinal: usize) -> Option<Place> {
        place(&self.segments, self.first + ordinal as u64, self.entries.get(ordinal)?)
    }

    pub fn entry(&self, ordinal: usize) -> Option<Entry> {
        self.entries.get(ordinal).copied()
    }

    /// Those of its records that carry a term of every group.
    pub fn matching(&self, wanted: &Wanted) -> Ordinals {
        let mut found = Ordinals::all(self.entries.len());
        for group in &wanted.groups {
            let mut any = Ordinals::none(self.entries.len());
            group.iter().flat_map(|term| self.backwards(*term)).for_each(|ordinal| any.add(ordinal));
            found.keep(&any);
            if found.is_empty() {
                break;
            }
        }
        found
    }

    fn backwards(&self, term: u64) -> impl Iterator<Item = u16> {
        let mut next = self.last.get(&term).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let posting = self.postings.get(next as usize)?;
            next = posting.before;
            Some(posting.ordinal)
        })
    }

    /// As a run.
    pub fn encode(&self, stamp: u64, last_checksum: u32) -> Vec<u8> {
        let mut terms: Vec<u64> = self.last.keys().copied().collect();
        terms.sort_unstable();
        let groups = terms.into_iter().map(|term| {
            let mut ordinals: Vec<u16> = self.backwards(term).collect();
            ordinals.reverse();
            (term, ordinals)
        });
        let Tail { first, entries, segments, .. } = self;
        format::encode(Content { stamp, first: *first, last_checksum, entries, segments, groups })
    }
}

/// Where the record of this index stands: in the last segment that begins at it or before.
pub fn place(segments: &[u64], index: u64, entry: &Entry) -> Option<Place> {
    let segment = segments.iter().rev().find(|segment| **segment <= index)?;
    Some(Place { segment: *segment, offset: entry.offset })
}
