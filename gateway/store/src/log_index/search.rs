//! Searching: newest first, a piece of a run at a time, with the memory of that piece whatever the log's length.

use super::fault::IndexFault;
use super::index::Index;
use crate::access_log::Place;

/// The most that one look brings.
const PIECE: usize = 1024;

/// First and last second since 1970, both included; none: open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    pub first: Option<i64>,
    pub last: Option<i64>,
}

impl Period {
    /// Whether a second lies in it, or may: 0 is one that is not known.
    pub fn admits(self, second: u32) -> bool {
        let known = i64::from(second);
        second == 0 || (self.first.is_none_or(|first| first <= known) && self.last.is_none_or(|last| known <= last))
    }
}

/// What is searched.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of each group at least one term.
    pub groups: Vec<Vec<u64>>,
    pub period: Period,
}

/// A record that may be an answer: it carries the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub index: u64,
    pub place: Place,
}

/// The candidates of one piece, and below which index the next one lies.
#[derive(Debug, Default)]
pub struct Piece {
    pub found: Vec<Candidate>,
    pub below: u64,
}

impl Piece {
    pub fn is_full(&self) -> bool {
        self.found.len() == PIECE
    }
}

/// Candidates, newest first. Ends at the beginning of the log, or after the first fault.
pub struct Candidates<'i> {
    index: &'i Index,
    wanted: Wanted,
    piece: std::vec::IntoIter<Candidate>,
    /// What is still to be looked at lies below this index.
    below: u64,
}

impl<'i> Candidates<'i> {
    pub(super) fn new(index: &'i Index, wanted: Wanted, below: u64) -> Self {
        // A group without terms is one that no record satisfies.
        let below = if wanted.groups.iter().any(Vec::is_empty) { 0 } else { below };
        Candidates { index, wanted, piece: Vec::new().into_iter(), below }
    }
}

impl Iterator for Candidates<'_> {
    type Item = Result<Candidate, IndexFault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(candidate) = self.piece.next() {
                return Some(Ok(candidate));
            }
            if self.below == 0 {
                return None;
            }
            match self.index.piece(&self.wanted, self.below) {
                Ok(piece) => (self.piece, self.below) = (piece.found.into_iter(), piece.below),
                Err(fault) => {
                    self.below = 0;
                    return Some(Err(fault));
                }
            }
        }
    }
}
