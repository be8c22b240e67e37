//! A2 and A3: which resources are one and the same block. An original counts before its copies; what is not about the
//! same is never merged; originals that contradict each other are kept beside each other.

use std::cmp::Reverse;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::block::{Block, Id, Kind};
use super::sharing::by_part;

/// Most versions of one block that are worked out beside each other. More of them are shown, and make it unclear.
pub(super) const MOST_VERSIONS: usize = 4;

/// One block, with every resource by which it was received.
pub(super) struct Unique<'r> {
    /// The one that counts first: its first original, or else its first copy.
    first: &'r Block<'r>,
    /// The other receipts, in the order in which they count.
    others: Vec<&'r Block<'r>>,
    /// Places among the receipts of originals that say something else, each statement once.
    pub conflicting: Vec<usize>,
    /// Places among the receipts of copies that say something else about when it holds.
    pub deviating: Vec<usize>,
    /// An order that rests on what the block is; see [`own_order`].
    pub order: (u64, usize),
}

impl<'r> Unique<'r> {
    /// The block as far as nothing else is said.
    pub fn first(&self) -> &'r Block<'r> {
        self.first
    }

    /// Every resource by which it was received, the one that counts first.
    pub fn receipts(&self) -> impl Iterator<Item = &'r Block<'r>> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// The receipt at a place; the first where there is none.
    pub fn receipt(&self, at: usize) -> &'r Block<'r> {
        at.checked_sub(1).and_then(|at| self.others.get(at)).copied().unwrap_or(self.first)
    }

    /// The block as this version has it; the first when there are fewer.
    pub fn version(&self, number: usize) -> &'r Block<'r> {
        match number.checked_sub(1).and_then(|place| self.conflicting.get(place)) {
            Some(at) => self.receipt(*at),
            None => self.first,
        }
    }

    /// Whether only copies were received.
    pub fn is_copy_only(&self) -> bool {
        self.receipts().all(|receipt| receipt.copy)
    }
}

/// The blocks, each once, in an order that rests on what they are; and those that were taken back (A2).
pub(super) fn unique<'r>(blocks: &[&'r Block<'r>]) -> (Vec<Unique<'r>>, Vec<Unique<'r>>) {
    // Sorting by a digest brings what is the same together; what only has the same digest is told apart then.
    let mut digests: Vec<(u64, usize)> = blocks.iter().enumerate().map(|(at, block)| (block.digest, at)).collect();
    digests.sort_unstable();
    let runs: Vec<&[(u64, usize)]> = digests.chunk_by(|(one, _), (other, _)| one == other).collect();
    let mut uniques = Vec::with_capacity(blocks.len());
    let mut nullified = Vec::new();
    for (some, taken_back) in by_part(&runs, TOGETHER, |runs| of_runs(blocks, runs)) {
        uniques.extend(some);
        nullified.extend(taken_back);
    }
    // Nearly sorted already: only what has no identifier stands elsewhere.
    uniques.sort_by_key(|unique| unique.order);
    (uniques, nullified)
}

/// How many digests are looked at together by one processor.
const TOGETHER: usize = 1_024;

/// What stands under each of these digests.
fn of_runs<'r>(blocks: &[&'r Block<'r>], runs: &[&[(u64, usize)]]) -> (Vec<Unique<'r>>, Vec<Unique<'r>>) {
    let mut uniques = Vec::with_capacity(runs.len());
    let mut nullified = Vec::new();
    for run in runs {
        let mut left: Vec<&Block<'r>> = Vec::new();
        let mut of_run = run.iter().filter_map(|(_, at)| blocks.get(*at).copied());
        let mut next = of_run.next();
        left.extend(of_run);
        while let Some(one) = next {
            let (same, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|other| is_same(one, other));
            let found = settle(one, same);
            if found.first.nullified {
                nullified.push(found)
            } else {
                uniques.push(found)
            }
            left = others;
            next = left.pop();
        }
    }
    (uniques, nullified)
}

/// What makes two resources the same block: its identifier, or, without one, being the same resource of one source.
fn is_same(one: &Block<'_>, other: &Block<'_>) -> bool {
    let resource = |block: &Block<'_>| block.source == one.source && name_or_text(block) == name_or_text(one);
    one.kind == other.kind
        && match (&one.id, &other.id) {
            (Some(one), Some(other)) => one == other,
            (None, None) => resource(other),
            (Some(_), None) | (None, Some(_)) => false,
        }
}

/// Without an id of its own a resource is told by its text.
fn name_or_text<'b>(block: &'b Block<'_>) -> &'b str {
    block.name.as_deref().unwrap_or_else(|| block.resource.text())
}

/// A digest of what makes a resource the block that it is. The same in every run: the order of an overview rests on it.
pub(super) fn digest_of(block: &Block<'_>) -> u64 {
    match &block.id {
        Some(id) => digest_as(block.kind, id),
        None => {
            let mut hasher = DefaultHasher::new();
            (block.kind, block.source, name_or_text(block)).hash(&mut hasher);
            hasher.finish()
        }
    }
}

/// A digest of an identifier.
pub(super) fn digest(id: &Id<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// The digest of a block of this kind with this identifier.
pub(super) fn digest_as(kind: Kind, id: &Id<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, id).hash(&mut hasher);
    hasher.finish()
}

/// An order of blocks that rests on what they are, and costs little.
fn own_order(block: &Block<'_>) -> (u64, usize) {
    // Only what has no identifier at all can be twice the same, at different sources.
    match block.id {
        Some(_) => (block.digest, block.source),
        None => {
            let mut hasher = DefaultHasher::new();
            (block.kind, block.resource.text()).hash(&mut hasher);
            (hasher.finish(), block.source)
        }
    }
}

fn settle<'r>(one: &'r Block<'r>, same: Vec<&'r Block<'r>>) -> Unique<'r> {
    let mut unique =
        Unique { first: one, others: same, conflicting: Vec::new(), deviating: Vec::new(), order: own_order(one) };
    if unique.others.is_empty() {
        return unique;
    }
    let mut receipts: Vec<&Block<'r>> = unique.receipts().collect();
    // An original first, then the newest, then by its text: never by who answered first.
    receipts.sort_by(|one, other| {
        let newest = Reverse(&one.updated).cmp(&Reverse(&other.updated));
        one.copy
            .cmp(&other.copy)
            .then(newest)
            .then_with(|| one.resource.text().cmp(other.resource.text()))
            .then_with(|| one.source.cmp(&other.source))
    });
    if !receipts.first().is_some_and(|first| first.nullified) {
        // A copy that was taken back says nothing about the original.
        receipts.retain(|receipt| !receipt.nullified);
    }
    let mut receipts = receipts.into_iter();
    if let Some(first) = receipts.next() {
        (unique.first, unique.order) = (first, own_order(first));
    }
    unique.others = receipts.collect();
    let first = unique.first;
    for (at, other) in unique.others.iter().enumerate().map(|(at, other)| (at + 1, *other)) {
        if !other.copy && !first.copy {
            let others = unique.conflicting.iter().filter_map(|at| unique.others.get(at.checked_sub(1)?));
            let known = std::iter::once(first).chain(others.copied());
            // A bound on what is compared: beyond it everything that differs from the first is one more version.
            if !known.take(MOST_VERSIONS + 1).any(|version| version.says_as(other)) {
                unique.conflicting.push(at);
            }
        } else if !first.times_as(other) {
            unique.deviating.push(at);
        }
    }
    unique
}
