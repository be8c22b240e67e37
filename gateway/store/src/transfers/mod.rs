//! Transfers under way: for each a small record, the names by which it is known, and when something is next to be done
//! about it. What a transfer carries is too large for the state and lies beside it ([`Documents`]).
//!
//! Each change is whole, also over a crash, and is made to the version that was read, or not at all: two who act on the
//! same transfer at once cannot undo one another. A transfer that comes again under a name of its own is the one that is
//! there. This module does not know what a record says.

mod documents;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use documents::{DocumentFault, Documents};

use crate::once::Digest;
use crate::state::{Batch, State, StateFault, Tree};

/// A transfer's id.
pub type Id = [u8; 16];

/// The most names of one transfer.
pub const MAX_NAMES: usize = 16;

/// Keys: a transfer by its id, an id by a name, an id by when something is due.
const RECORD: u8 = b'r';
const NAME: u8 = b'n';
const DUE: u8 = b'd';

/// One transfer as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// When something is to be done about it: Unix time in milliseconds. Nothing: when something happens.
    pub due: Option<i64>,
    pub record: Vec<u8>,
}

/// One transfer as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Goes up with every change.
    pub version: u64,
    pub entry: Entry,
    names: Vec<Digest>,
}

/// What became of a new transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    New,
    /// One of its names is this transfer's already. Nothing was changed.
    Known(Id),
}

/// All transfers of one side of a node.
pub struct Transfers {
    state: Arc<State>,
    tree: Tree,
    /// A change reads what it changes: one at a time. How many there are.
    changing: Mutex<usize>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry(due {:?})", self.due)
    }
}

impl std::fmt::Debug for Transfers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transfers")
    }
}

impl Transfers {
    /// Opens the transfers under this name.
    ///
    /// # Errors
    /// What ails the state.
    pub fn open(state: Arc<State>, name: &str) -> Result<Self, StateFault> {
        let tree = state.tree(name)?;
        let count = tree.scan_prefix(&[RECORD]).try_fold(0, |count, found| found.map(|_| count + 1))?;
        Ok(Self { state, tree, changing: Mutex::new(count) })
    }

    /// Makes a transfer, unless one of its names is known. It counts once [`Transfers::commit`], called after this, has
    /// resolved.
    ///
    /// Waits for the disk when much else does, so it is not for a thread that serves others.
    ///
    /// # Errors
    /// What ails the state; `TooLarge` for more names than a transfer has; `Damaged` when the state holds what was never
    /// put there.
    pub fn make(&self, id: Id, names: &[Digest], entry: &Entry) -> Result<Made, StateFault> {
        crate::state::within("transfer's names", names.len(), MAX_NAMES)?;
        let mut count = self.changing();
        for name in names {
            if let Some(known) = self.named(name)? {
                return Ok(Made::Known(known));
            }
        }
        let mut batch = Batch::default();
        put(&mut batch, id, &Read { version: 1, entry: entry.clone(), names: names.to_vec() });
        for name in names {
            batch.insert(&name_key(name), &id);
        }
        self.tree.apply(batch)?;
        *count += 1;
        Ok(Made::New)
    }

    /// The transfer of this id.
    ///
    /// # Errors
    /// What ails the state; `Damaged` when it holds what was never put there.
    pub fn get(&self, id: Id) -> Result<Option<Read>, StateFault> {
        self.tree.get(&record_key(id))?.map(|bytes| read(&bytes).ok_or(StateFault::Damaged)).transpose()
    }

    /// The transfer that is known under this name.
    ///
    /// # Errors
    /// As of [`Transfers::get`].
    pub fn named(&self, name: &Digest) -> Result<Option<Id>, StateFault> {
        let id = self.tree.get(&name_key(name))?;
        id.map(|id| id.try_into().map_err(|_| StateFault::Damaged)).transpose()
    }

    /// Puts `entry` in the place of what was read. False: it is no longer as it was read, and nothing was changed.
    ///
    /// # Errors
    /// As of [`Transfers::make`].
    pub fn replace(&self, id: Id, before: &Read, entry: &Entry) -> Result<bool, StateFault> {
        self.replace_named(id, before, entry, None)
    }

    /// The same, and from then on it is known under one more name. When it has as many as it may, the oldest but the first
    /// is forgotten. False also when that name is another's.
    ///
    /// # Errors
    /// As of [`Transfers::make`].
    pub fn replace_named(
        &self,
        id: Id,
        before: &Read,
        entry: &Entry,
        name: Option<Digest>,
    ) -> Result<bool, StateFault> {
        let _changing = self.changing();
        if self.get(id)?.is_none_or(|now| now.version != before.version) {
            return Ok(false);
        }
        let mut batch = Batch::default();
        if let Some(due) = before.entry.due {
            batch.remove(&due_key(due, id));
        }
        let mut names = before.names.clone();
        if let Some(name) = name.filter(|name| !names.contains(name)) {
            if self.named(&name)?.is_some() {
                return Ok(false);
            }
            if names.len() == MAX_NAMES {
                batch.remove(&name_key(&names.remove(1)));
            }
            batch.insert(&name_key(&name), &id);
            names.push(name);
        }
        put(&mut batch, id, &Read { version: before.version.saturating_add(1), entry: entry.clone(), names });
        self.tree.apply(batch)?;
        Ok(true)
    }

    /// Takes a transfer away, with its names. To do it again changes nothing.
    ///
    /// # Errors
    /// As of [`Transfers::make`].
    pub fn remove(&self, id: Id) -> Result<(), StateFault> {
        let mut count = self.changing();
        let Some(before) = self.get(id)? else { return Ok(()) };
        let mut batch = Batch::default();
        batch.remove(&record_key(id));
        if let Some(due) = before.entry.due {
            batch.remove(&due_key(due, id));
        }
        for name in &before.names {
            batch.remove(&name_key(name));
        }
        self.tree.apply(batch)?;
        *count = count.saturating_sub(1);
        Ok(())
    }

    /// At most so many transfers about which something is due now (Unix time in milliseconds), the longest due first.
    ///
    /// # Errors
    /// As of [`Transfers::get`].
    pub fn due(&self, now: i64, most: usize) -> Result<Vec<Id>, StateFault> {
        let mut due = Vec::new();
        for found in self.tree.scan_prefix(&[DUE]).take(most) {
            let (key, _) = found?;
            let (at, id) = read_due(&key).ok_or(StateFault::Damaged)?;
            if at > now {
                break;
            }
            due.push(id);
        }
        Ok(due)
    }

    /// At most so many transfers in the order of their ids, from behind this one on.
    ///
    /// # Errors
    /// As of [`Transfers::get`].
    pub fn list(&self, behind: Option<Id>, most: usize) -> Result<Vec<(Id, Read)>, StateFault> {
        let from = behind.map_or_else(|| vec![RECORD], record_key);
        let mut listed = Vec::new();
        for found in self.tree.scan_behind(&from).take(most) {
            let (key, bytes) = found?;
            let Some(id) = key.strip_prefix(&[RECORD]) else { break };
            let id: Id = id.try_into().map_err(|_| StateFault::Damaged)?;
            listed.push((id, read(&bytes).ok_or(StateFault::Damaged)?));
        }
        Ok(listed)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        *self.changing()
    }

    /// Resolves when everything changed before this call is on the disk.
    ///
    /// # Errors
    /// As [`State::commit`].
    pub fn commit(&self) -> impl Future<Output = Result<(), StateFault>> + Send + 'static {
        self.state.commit()
    }

    fn changing(&self) -> MutexGuard<'_, usize> {
        // What it guards is in the tree, where each change is whole; the count is changed once that is done.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(batch: &mut Batch, id: Id, read: &Read) {
    batch.insert(&record_key(id), &written(read));
    if let Some(due) = read.entry.due {
        batch.insert(&due_key(due, id), &[]);
    }
}

fn record_key(id: Id) -> Vec<u8> {
    [&[RECORD], id.as_slice()].concat()
}

fn name_key(name: &Digest) -> Vec<u8> {
    [&[NAME], name.as_slice()].concat()
}

/// In the order of time.
fn due_key(due: i64, id: Id) -> Vec<u8> {
    // Moments before 1970 are due at once, like the first of them.
    [&[DUE], u64::try_from(due).unwrap_or(0).to_be_bytes().as_slice(), id.as_slice()].concat()
}

fn read_due(key: &[u8]) -> Option<(i64, Id)> {
    let (due, id) = key.get(1..)?.split_first_chunk::<8>()?;
    Some((i64::try_from(u64::from_be_bytes(*due)).ok()?, id.try_into().ok()?))
}

/// Version, whether and when something is due, number of names, names, record.
fn written(read: &Read) -> Vec<u8> {
    let mut bytes = read.version.to_be_bytes().to_vec();
    bytes.push(u8::from(read.entry.due.is_some()));
    bytes.extend(u64::try_from(read.entry.due.unwrap_or(0)).unwrap_or(0).to_be_bytes());
    bytes.push(u8::try_from(read.names.len()).unwrap_or(u8::MAX));
    bytes.extend(read.names.iter().flatten());
    bytes.extend(&read.entry.record);
    bytes
}

fn read(bytes: &[u8]) -> Option<Read> {
    let (version, rest) = bytes.split_first_chunk::<8>()?;
    let (is_due, rest) = rest.split_first()?;
    let (due, rest) = rest.split_first_chunk::<8>()?;
    let (count, rest) = rest.split_first()?;
    let (names, record) = rest.split_at_checked(usize::from(*count) * size_of::<Digest>())?;
    let due = match is_due {
        0 => None,
        1 => Some(i64::try_from(u64::from_be_bytes(*due)).ok()?),
        _ => return None,
    };
    Some(Read {
        version: u64::from_be_bytes(*version),
        entry: Entry { due, record: record.to_vec() },
        names: names.as_chunks::<32>().0.to_vec(),
    })
}
