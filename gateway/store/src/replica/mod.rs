//! A copy of what others keep: records under keys, each found again by its key and by the terms it was put with. Made for
//! directories of hundreds of thousands of records: what a look-up costs does not grow with them, and memory holds a cache
//! of a chosen size, not the records.
//!
//! It is a state of its own, apart from the node's other state: it can be built anew from where it came, so losing it loses
//! nothing, and filling it makes nobody else wait. This module must not know what a record says.

mod layout;
mod remembered;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;

use crate::state::{Batch, OpenFault, State, StateFault, StateOptions, Tree};
use remembered::Remembered;

/// The most changes that go into one batch of the state.
const BATCH: usize = 48;
/// The most terms of one record, so that a record with its terms fits into one batch.
pub const MAX_TERMS: usize = 16;
/// The longest key and the longest term together.
pub const MAX_KEY_AND_TERM_BYTES: usize = 480;
/// The trees: records with their terms, and small notes by name.
const RECORDS: &str = "records";
const NOTES: &str = "notes";

/// A copy, open.
pub struct Replica {
    state: State,
    records: Tree,
    notes: Tree,
    remembered: Remembered,
}

/// What is done to one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Puts a record in the place of what was under its key.
    Put {
        key: Vec<u8>,
        terms: Vec<Vec<u8>>,
        value: Vec<u8>,
    },
    Remove {
        key: Vec<u8>,
    },
}

/// A record as it was put.
pub type Record = (Vec<u8>, Vec<u8>);

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replica")
    }
}

impl Replica {
    /// Opens the copy in this folder, or makes it. `cache_bytes` is what it may keep in memory: half of it pages, half of it
    /// records that were read.
    ///
    /// # Errors
    /// As [`State::open`].
    pub fn open(folder: impl Into<PathBuf>, cache_bytes: u64) -> Result<Self, OpenFault> {
        let folder = folder.into();
        let half = cache_bytes / 2;
        let state = State::open(&StateOptions { cache_bytes: half, ..StateOptions::new(folder.clone()) })?;
        let tree = |name| {
            state
                .tree(name)
                .map_err(|fault| OpenFault::Engine { folder: folder.clone(), why: crate::state::Why::Fault(fault) })
        };
        let (records, notes) = (tree(RECORDS)?, tree(NOTES)?);
        Ok(Replica { state, records, notes, remembered: Remembered::new(half) })
    }

    /// Makes changes in their order. Each is whole, also over a crash; they are durable after [`Replica::commit`]. Waits for
    /// the disk, so it is not for a thread that serves others.
    ///
    /// # Errors
    /// What ails the state; a record or term that is too large. Changes before it are then made.
    pub fn apply(&self, changes: &[Change]) -> Result<(), StateFault> {
        let mut pending = Pending::default();
        for change in changes {
            let key = match change {
                Change::Put { key, .. } | Change::Remove { key } => key,
            };
            let before = match pending.terms.get(key) {
                Some(known) => known.clone(),
                None => self.terms_of(key)?,
            };
            let after = match change {
                Change::Put { terms, .. } => layout::terms(terms, key)?,
                Change::Remove { .. } => Vec::new(),
            };
            let gone = before.iter().filter(|term| !after.contains(term));
            let fresh = after.iter().filter(|term| !before.contains(term));
            let cost = 1 + gone.clone().count() + fresh.clone().count();
            if pending.count + cost > BATCH {
                self.make(std::mem::take(&mut pending))?;
            }
            for term in gone {
                pending.batch.remove(&layout::term_key(term, key));
                pending.moved.push(term.clone());
            }
            for term in fresh {
                pending.batch.insert(&layout::term_key(term, key), &[]);
                pending.moved.push(term.clone());
            }
            match change {
                Change::Put { value, .. } => {
                    pending.batch.insert(&layout::record_key(key), &layout::write(&after, value))
                }
                Change::Remove { .. } => pending.batch.remove(&layout::record_key(key)),
            }
            pending.count += cost;
            pending.terms.insert(key.clone(), after);
        }
        self.make(pending)
    }

    fn make(&self, pending: Pending) -> Result<(), StateFault> {
        let made = self.records.apply(pending.batch);
        // Also when that failed: what stands there now is to be read anew.
        self.remembered.forget(pending.terms.keys(), pending.moved.iter());
        made
    }

    /// The record under this key.
    ///
    /// # Errors
    /// What ails the state.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateFault> {
        self.remembered.record(key, || {
            let Some(stored) = self.records.get(&layout::record_key(key))? else { return Ok(None) };
            layout::read(&stored).map(|(_, value)| Some(value.to_vec())).ok_or(StateFault::Damaged)
        })
    }

    /// The records that were put with this term, by key, and no more than `most` of them.
    ///
    /// # Errors
    /// What ails the state.
    pub fn with_term(&self, term: &[u8], most: usize) -> Result<Vec<Record>, StateFault> {
        let keys = self.remembered.keys(term, most, || {
            let entries = self.records.scan_prefix(&layout::term_prefix(term)).take(most);
            entries.map(|entry| Ok(layout::key_of_term(&entry?.0, term).ok_or(StateFault::Damaged)?.to_vec())).collect()
        })?;
        let mut found = Vec::new();
        for key in keys {
            // It may have been removed in between.
            if let Some(value) = self.get(&key)? {
                found.push((key, value));
            }
        }
        Ok(found)
    }

    /// Every record whose key begins with this, in the order of keys, read as one goes.
    pub fn all<'r>(&'r self, prefix: &[u8]) -> impl Iterator<Item = Result<Record, StateFault>> + use<'r> {
        self.records.scan_prefix(&layout::record_key(prefix)).map(|entry| {
            let (key, stored) = entry?;
            let (_, value) = layout::read(&stored).ok_or(StateFault::Damaged)?;
            Ok((key[1..].to_vec(), value.to_vec()))
        })
    }

    /// A note of this name.
    ///
    /// # Errors
    /// What ails the state.
    pub fn note(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StateFault> {
        self.notes.get(name)
    }

    /// All notes whose names begin with this.
    ///
    /// # Errors
    /// What ails the state.
    pub fn notes(&self, prefix: &[u8]) -> Result<Vec<Record>, StateFault> {
        self.notes.scan_prefix(prefix).collect()
    }

    /// Keeps a note, or takes it away. Durable after [`Replica::commit`].
    ///
    /// # Errors
    /// What ails the state.
    pub fn put_note(&self, name: &[u8], note: Option<&[u8]>) -> Result<(), StateFault> {
        match note {
            Some(note) => self.notes.insert(name, note).map(|_| ()),
            None => self.notes.remove(name).map(|_| ()),
        }
    }

    /// Resolves when everything that was changed before this call is on the disk.
    ///
    /// # Errors
    /// As [`State::commit`].
    pub fn commit(&self) -> impl Future<Output = Result<(), StateFault>> + Send + 'static {
        self.state.commit()
    }

    /// Whether it takes changes.
    pub fn healthy(&self) -> bool {
        self.state.healthy()
    }

    fn terms_of(&self, key: &[u8]) -> Result<Vec<Vec<u8>>, StateFault> {
        let Some(stored) = self.records.get(&layout::record_key(key))? else { return Ok(Vec::new()) };
        layout::read(&stored).map(|(terms, _)| terms).ok_or(StateFault::Damaged)
    }
}

/// Changes that are not applied yet, and what terms the records will have after them.
#[derive(Default)]
struct Pending {
    batch: Batch,
    count: usize,
    terms: HashMap<Vec<u8>, Vec<Vec<u8>>>,
    /// The terms that lead to other records than before.
    moved: Vec<Vec<u8>>,
}
