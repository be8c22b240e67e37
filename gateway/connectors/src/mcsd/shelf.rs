//! Where the copy of the directories is kept: the port, and a shelf in memory for tests and for tools.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use exchange::ports::BoxFuture;
use thiserror::Error;

/// A shelf with records under keys, found again by terms, and notes by name.
///
/// A change is whole, also over a crash, and durable once a [`Shelf::commit`] called after it has resolved. Everything but
/// that may wait for the disk, so it is not for a thread that serves others; look-ups are short.
pub trait Shelf: Send + Sync {
    /// The record under this key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault>;
    /// The records that were put with this term, `most` of them at most, as key and value.
    fn with_term(&self, term: &[u8], most: usize) -> Result<Vec<ShelfRecord>, ShelfFault>;
    /// Every record whose key begins with this, told one by one until `each` says that it is enough.
    fn walk(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), ShelfFault>;
    /// Makes changes in their order.
    fn apply(&self, changes: Vec<ShelfChange>) -> Result<(), ShelfFault>;
    fn note(&self, name: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault>;
    /// All notes whose names begin with this.
    fn notes(&self, prefix: &[u8]) -> Result<Vec<ShelfRecord>, ShelfFault>;
    /// Keeps a note, or takes it away.
    fn put_note(&self, name: &[u8], note: Option<Vec<u8>>) -> Result<(), ShelfFault>;
    /// Resolves when everything that was changed before this call would outlive a power cut.
    fn commit(&self) -> BoxFuture<'static, Result<(), ShelfFault>>;
}

/// Key and value.
pub type ShelfRecord = (Vec<u8>, Vec<u8>);

/// What is done to one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShelfChange {
    Put { key: Vec<u8>, terms: Vec<Vec<u8>>, value: Vec<u8> },
    Remove { key: Vec<u8> },
}

/// The shelf failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ShelfFault {
    #[error("what is kept of the directories cannot be read or written")]
    Unusable,
    /// One of the changes is larger than a shelf holds.
    #[error("an entry of a directory is too large to be kept")]
    TooLarge,
}

/// A shelf in memory. It outlives nothing.
#[derive(Default)]
pub struct MemoryShelf {
    held: Mutex<Held>,
}

/// The terms that a record was put with, and the record.
type Put = (Vec<Vec<u8>>, Vec<u8>);

#[derive(Default)]
struct Held {
    records: BTreeMap<Vec<u8>, Put>,
    terms: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
    notes: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl MemoryShelf {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn remove(&mut self, key: &[u8]) {
        for term in self.records.remove(key).map(|(terms, _)| terms).unwrap_or_default() {
            if let Some(keys) = self.terms.get_mut(&term) {
                keys.remove(key);
            }
        }
    }
}

impl Shelf for MemoryShelf {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
        Ok(self.held().records.get(key).map(|(_, value)| value.clone()))
    }

    fn with_term(&self, term: &[u8], most: usize) -> Result<Vec<ShelfRecord>, ShelfFault> {
        let held = self.held();
        let keys = held.terms.get(term).into_iter().flatten().take(most);
        Ok(keys.filter_map(|key| Some((key.clone(), held.records.get(key)?.1.clone()))).collect())
    }

    fn walk(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> Result<(), ShelfFault> {
        let held: Vec<ShelfRecord> = {
            let held = self.held();
            let from = held.records.range(prefix.to_vec()..).take_while(|(key, _)| key.starts_with(prefix));
            from.map(|(key, (_, value))| (key.clone(), value.clone())).collect()
        };
        for (key, value) in held {
            if !each(&key, &value) {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, changes: Vec<ShelfChange>) -> Result<(), ShelfFault> {
        let mut held = self.held();
        for change in changes {
            match change {
                ShelfChange::Put { key, terms, value } => {
                    held.remove(&key);
                    for term in &terms {
                        held.terms.entry(term.clone()).or_default().insert(key.clone());
                    }
                    held.records.insert(key, (terms, value));
                }
                ShelfChange::Remove { key } => held.remove(&key),
            }
        }
        Ok(())
    }

    fn note(&self, name: &[u8]) -> Result<Option<Vec<u8>>, ShelfFault> {
        Ok(self.held().notes.get(name).cloned())
    }

    fn notes(&self, prefix: &[u8]) -> Result<Vec<ShelfRecord>, ShelfFault> {
        let held = self.held();
        let from = held.notes.range(prefix.to_vec()..).take_while(|(name, _)| name.starts_with(prefix));
        Ok(from.map(|(name, note)| (name.clone(), note.clone())).collect())
    }

    fn put_note(&self, name: &[u8], note: Option<Vec<u8>>) -> Result<(), ShelfFault> {
        let mut held = self.held();
        match note {
            Some(note) => held.notes.insert(name.to_vec(), note),
            None => held.notes.remove(name),
        };
        Ok(())
    }

    fn commit(&self) -> BoxFuture<'static, Result<(), ShelfFault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
