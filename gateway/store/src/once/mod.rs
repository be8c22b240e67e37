//! Identifiers that count once: remembered until they expire, also over a restart, so that nothing signed is accepted
//! twice.
//!
//! Memory answers, the state's tree makes it last. An owner has a bounded share: when it is full, the next identifier
//! is refused, and nothing is forgotten before its time. This module does not know what an identifier identifies: both
//! it and its owner come as digests.

mod memory;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use memory::Noted;
use memory::{Entry, Memory};

use crate::state::{State, StateFault, Tree};

/// A digest of 256 bits.
pub type Digest = [u8; 32];

/// How many expired entries one note takes out of the tree at most: more than it puts in, so that the tree shrinks.
const SWEEP: usize = 8;
/// An entry's key: when it expires, its owner, itself.
const KEY: usize = 8 + 32 + 32;

/// The identifiers that were seen and have not expired.
pub struct Once {
    state: Arc<State>,
    tree: Tree,
    memory: Mutex<Memory>,
}

impl std::fmt::Debug for Once {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Once")
    }
}

impl Once {
    /// Opens the identifiers under this name. `share` is how many unexpired ones an owner may have; `now` is Unix time
    /// in seconds.
    ///
    /// # Errors
    /// What ails the state, or `Damaged` when it holds what was never put there.
    pub fn open(state: Arc<State>, name: &str, share: usize, now: i64) -> Result<Self, StateFault> {
        let tree = state.tree(name)?;
        let mut memory = Memory::new(share);
        for entry in tree.scan_prefix(&[]) {
            let (key, _) = entry?;
            memory.recall(read(&key).ok_or(StateFault::Damaged)?, now);
        }
        Ok(Self { state, tree, memory: Mutex::new(memory) })
    }

    /// Remembers an identifier until `expires` has passed (Unix time, its last second counted), unless it is known.
    ///
    /// Waits for the disk when much else does, so it is not for a thread that serves others. `First` counts only once
    /// [`Once::commit`], called after this, has resolved; whoever asks meanwhile hears `Again`.
    ///
    /// # Errors
    /// What ails the state. The identifier then counts as used.
    pub fn note(&self, owner: Digest, id: Digest, expires: i64, now: i64) -> Result<Noted, StateFault> {
        let entry = Entry { expires, owner, id };
        let expired = {
            let mut memory = self.memory();
            match memory.note(entry, now) {
                Noted::First => {}
                other => return Ok(other),
            }
            memory.take_expired(SWEEP)
        };
        self.tree.insert(&key(&entry), &[])?;
        for entry in expired {
            self.tree.remove(&key(&entry))?;
        }
        Ok(Noted::First)
    }

    /// Resolves when everything noted before this call is on the disk.
    ///
    /// # Errors
    /// As [`State::commit`].
    pub fn commit(&self) -> impl Future<Output = Result<(), StateFault>> + Send + 'static {
        self.state.commit()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Each change is whole before the next step that can fail.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In the order of expiry, so that a folder that is looked into shows the oldest first.
fn key(entry: &Entry) -> [u8; KEY] {
    let mut key = [0; KEY];
    // Moments before 1970 have no place in a tree of things yet to expire.
    key[..8].copy_from_slice(&u64::try_from(entry.expires).unwrap_or(0).to_be_bytes());
    key[8..40].copy_from_slice(&entry.owner);
    key[40..].copy_from_slice(&entry.id);
    key
}

fn read(key: &[u8]) -> Option<Entry> {
    let (expires, digests) = key.split_first_chunk::<8>()?;
    let (owner, id) = digests.split_first_chunk::<32>()?;
    let expires = i64::try_from(u64::from_be_bytes(*expires)).ok()?;
    Some(Entry { expires, owner: *owner, id: id.try_into().ok()? })
}
