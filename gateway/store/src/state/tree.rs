//! A named tree: keys in byte order, each with a value. Changes are seen at once and durable after
//! the next commit. A change waits for the disk when many others before it are not yet durable.

use std::ops::Bound;
use std::sync::Arc;

use super::commit::Commits;
use super::fault::StateFault;
use super::options::{MAX_BATCH_CHANGES, MAX_KEY_BYTES, MAX_VALUE_BYTES};

/// One named tree of the state.
#[derive(Clone)]
pub struct Tree {
    tree: sled::Tree,
    commits: Arc<Commits>,
}

/// Changes to one tree that happen together or not at all, also over a crash.
#[derive(Default)]
pub struct Batch {
    changes: sled::Batch,
    count: usize,
    fault: Option<StateFault>,
}

/// What became of a compare-and-swap.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "the value may have been another"]
pub enum Swap {
    Done,
    /// Nothing was changed, because this is what stands there.
    Other(Option<Vec<u8>>),
}

/// The keys and values of a range, read as one goes.
pub struct Scan(sled::Iter);

impl Tree {
    pub(super) fn new(tree: sled::Tree, commits: Arc<Commits>) -> Self {
        Self { tree, commits }
    }

    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateFault> {
        Ok(self.tree.get(key)?.map(|value| value.to_vec()))
    }

    /// Sets a value; gives the one it replaces.
    pub fn insert(&self, key: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>, StateFault> {
        self.may_change(key, Some(value))?;
        Ok(self.tree.insert(key, value)?.map(|value| value.to_vec()))
    }

    /// Removes a value; gives the one removed.
    pub fn remove(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateFault> {
        self.may_change(key, None)?;
        Ok(self.tree.remove(key)?.map(|value| value.to_vec()))
    }

    /// Sets `new` if `old` stands there (`None`: nothing stands there, or is to).
    pub fn compare_and_swap(&self, key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) -> Result<Swap, StateFault> {
        self.may_change(key, new)?;
        Ok(match self.tree.compare_and_swap(key, old, new)? {
            Ok(()) => Swap::Done,
            Err(other) => Swap::Other(other.current.map(|value| value.to_vec())),
        })
    }

    /// Makes all changes of a batch at once.
    pub fn apply(&self, batch: Batch) -> Result<(), StateFault> {
        if let Some(fault) = batch.fault {
            return Err(fault);
        }
        within("batch", batch.count, MAX_BATCH_CHANGES)?;
        self.commits.before_changes(batch.count)?;
        Ok(self.tree.apply_batch(batch.changes)?)
    }

    /// The keys that begin with this, in order.
    pub fn scan_prefix(&self, prefix: &[u8]) -> Scan {
        Scan(self.tree.scan_prefix(prefix))
    }

    /// The keys behind this one, in order.
    pub fn scan_behind(&self, key: &[u8]) -> Scan {
        Scan(self.tree.range::<&[u8], _>((Bound::Excluded(key), Bound::Unbounded)))
    }

    fn may_change(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), StateFault> {
        check(key, value)?;
        self.commits.before_changes(1)
    }
}

impl Batch {
    pub fn insert(&mut self, key: &[u8], value: &[u8]) {
        self.note(check(key, Some(value)));
        self.changes.insert(key, value);
    }

    pub fn remove(&mut self, key: &[u8]) {
        self.note(check(key, None));
        self.changes.remove(key);
    }

    /// The first fault is told when the batch is applied.
    fn note(&mut self, checked: Result<(), StateFault>) {
        self.count += 1;
        self.fault = self.fault.or(checked.err());
    }
}

impl Iterator for Scan {
    type Item = Result<(Vec<u8>, Vec<u8>), StateFault>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(StateFault::from))
    }
}

pub fn within(what: &'static str, bytes: usize, limit: usize) -> Result<(), StateFault> {
    if bytes > limit { Err(StateFault::TooLarge { what, bytes, limit }) } else { Ok(()) }
}

fn check(key: &[u8], value: Option<&[u8]>) -> Result<(), StateFault> {
    within("key", key.len(), MAX_KEY_BYTES)?;
    within("value", value.map_or(0, <[u8]>::len), MAX_VALUE_BYTES)
}
