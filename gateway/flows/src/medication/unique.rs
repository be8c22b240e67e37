//! A2 and A3: which resources are one and the same block. An original counts before its copies; what is not about the
//! same is never merged; originals that contradict each other are kept beside each other.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::block::{Block, Id, Kind};

/// Most versions of one block that are worked out beside each other. More of them are shown, and make it unclear.
pub(super) const MOST_VERSIONS: usize = 4;

/// One block, with every resource by which it was received.
pub(super) struct Unique<'r> {
    /// The one that counts first.
    pub receipts: Vec<Block<'r>>,
    /// Places among the receipts of originals that say something else, each statement once.
    pub conflicting: Vec<usize>,
    /// Places among the receipts of copies that say something else about when it holds.
    pub deviating: Vec<usize>,
}

impl<'r> Unique<'r> {
    /// The block as far as nothing else is said: its first original, or else its first copy.
    pub fn first(&self) -> &Block<'r> {
        // Made of at least one receipt, below.
        &self.receipts[0]
    }

    /// The block as this version has it; the first when there are fewer.
    pub fn version(&self, number: usize) -> &Block<'r> {
        let at = number.checked_sub(1).and_then(|place| self.conflicting.get(place)).copied().unwrap_or(0);
        self.receipts.get(at).unwrap_or_else(|| self.first())
    }

    /// Whether only copies were received.
    pub fn is_copy_only(&self) -> bool {
        self.receipts.iter().all(|receipt| receipt.copy)
    }
}

/// What makes two resources the same block: its identifier, or, without one, being the same resource of one source.
#[derive(PartialEq, Eq, Hash)]
enum Key<'k> {
    Known(Kind, &'k Id<'k>),
    Resource(usize, Kind, &'k str),
}

/// The blocks, each once, in an order that rests on what they are; and those that were taken back (A2).
pub(super) fn unique<'r>(blocks: Vec<Block<'r>>) -> (Vec<Unique<'r>>, Vec<Unique<'r>>) {
    let mut places: HashMap<Key<'_>, usize> = HashMap::with_capacity(blocks.len());
    let mut at: Vec<usize> = Vec::with_capacity(blocks.len());
    let mut groups = 0;
    for block in &blocks {
        let key = match &block.id {
            Some(id) => Key::Known(block.kind, id),
            // Without an id of its own it is told by its text.
            None => Key::Resource(block.source, block.kind, raw_id(block).unwrap_or_else(|| block.resource.text())),
        };
        let place = match places.entry(key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                groups += 1;
                *new.insert(groups - 1)
            }
        };
        at.push(place);
    }
    drop(places);
    let mut receipts: Vec<Vec<Block<'r>>> = (0..groups).map(|_| Vec::with_capacity(1)).collect();
    for (block, place) in blocks.into_iter().zip(at) {
        receipts[place].push(block);
    }
    receipts.into_iter().map(settle).partition(|found| !found.first().nullified)
}

fn raw_id<'r>(block: &Block<'r>) -> Option<&'r str> {
    block.resource.root().get("id").map(|id| id.raw())
}

fn settle(mut receipts: Vec<Block<'_>>) -> Unique<'_> {
    // An original first, then the newest, then by its text: never by who answered first.
    if receipts.len() > 1 {
        receipts.sort_by(|one, other| {
            let newest = Reverse(&one.updated).cmp(&Reverse(&other.updated));
            one.copy
                .cmp(&other.copy)
                .then(newest)
                .then_with(|| one.resource.text().cmp(other.resource.text()))
                .then_with(|| one.source.cmp(&other.source))
        });
    }
    if !receipts.first().is_some_and(|first| first.nullified) {
        // A copy that was taken back says nothing about the original.
        receipts.retain(|receipt| !receipt.nullified);
    }
    let mut conflicting: Vec<usize> = Vec::new();
    let mut deviating = Vec::new();
    if let Some((first, others)) = receipts.split_first() {
        for (at, other) in others.iter().enumerate().map(|(at, other)| (at + 1, other)) {
            if !other.copy && !first.copy {
                let known = std::iter::once(first).chain(conflicting.iter().filter_map(|at| receipts.get(*at)));
                // A bound on what is compared: beyond it everything that differs from the first is one more version.
                if !known.take(MOST_VERSIONS + 1).any(|version| version.says_as(other)) {
                    conflicting.push(at);
                }
            } else if !first.times_as(other) {
                deviating.push(at);
            }
        }
    }
    Unique { receipts, conflicting, deviating }
}
