//! A ledger of what is registered elsewhere, or is to be, or is not to be any more: the durable queue between what is wanted
//! and what another party was told. It survives a kill at any moment; what was told but not yet noted is told again.
//!
//! This module must not know what a key names, nor where anything is registered.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::state::{State, StateFault, Tree};

/// Where a registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// To be registered.
    Wanted,
    /// Registered.
    Registered,
    /// To be taken away.
    Leaving,
}

/// One registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub standing: Standing,
    /// What the other party calls it; empty as long as that is not known.
    pub id: String,
    /// How often it was tried in vain.
    pub tries: u32,
    /// Not to be tried before (seconds since 1970).
    pub not_before: i64,
}

/// All of them.
pub struct Registrations {
    state: Arc<State>,
    tree: Tree,
}

impl Entry {
    /// One that is to be registered now.
    pub fn wanted() -> Self {
        Entry { standing: Standing::Wanted, id: String::new(), tries: 0, not_before: 0 }
    }

    /// The same in another standing, to be dealt with at once. That one without an id was tried is kept: something may be
    /// there.
    #[must_use]
    pub fn becoming(self, standing: Standing) -> Self {
        let tries = if self.id.is_empty() { self.tries } else { 0 };
        Entry { standing, tries, not_before: 0, ..self }
    }

    fn write(&self) -> Vec<u8> {
        let standing = match self.standing {
            Standing::Wanted => 0,
            Standing::Registered => 1,
            Standing::Leaving => 2,
        };
        let mut value = vec![standing];
        value.extend_from_slice(&self.tries.to_be_bytes());
        value.extend_from_slice(&self.not_before.to_be_bytes());
        value.extend_from_slice(self.id.as_bytes());
        value
    }

    fn read(value: &[u8]) -> Option<Self> {
        let (standing, rest) = value.split_first()?;
        let (tries, rest) = rest.split_first_chunk::<4>()?;
        let (not_before, id) = rest.split_first_chunk::<8>()?;
        let standing = match standing {
            0 => Standing::Wanted,
            1 => Standing::Registered,
            2 => Standing::Leaving,
            _ => return None,
        };
        let id = std::str::from_utf8(id).ok()?.to_owned();
        Some(Entry { standing, id, tries: u32::from_be_bytes(*tries), not_before: i64::from_be_bytes(*not_before) })
    }
}

impl Registrations {
    /// Opens the ledger in a tree of the state.
    ///
    /// # Errors
    /// What ails the state.
    pub fn open(state: Arc<State>, tree: &str) -> Result<Self, StateFault> {
        Ok(Registrations { tree: state.tree(tree)?, state })
    }

    /// # Errors
    /// What ails the state, or an entry that was never put there.
    pub fn get(&self, key: &[u8]) -> Result<Option<Entry>, StateFault> {
        self.tree.get(key)?.map(|value| Entry::read(&value).ok_or(StateFault::Damaged)).transpose()
    }

    /// Sets an entry. Seen at once, durable after the next [`Self::commit`].
    ///
    /// # Errors
    /// What ails the state.
    pub fn put(&self, key: &[u8], entry: &Entry) -> Result<(), StateFault> {
        self.tree.insert(key, &entry.write()).map(|_| ())
    }

    /// Forgets an entry.
    ///
    /// # Errors
    /// What ails the state.
    pub fn forget(&self, key: &[u8]) -> Result<(), StateFault> {
        self.tree.remove(key).map(|_| ())
    }

    /// All entries in the order of their keys.
    pub fn all(&self) -> impl Iterator<Item = Result<(Vec<u8>, Entry), StateFault>> + use<> {
        self.of(&[])
    }

    /// Those whose keys begin so, in the order of their keys.
    pub fn of(&self, beginning: &[u8]) -> impl Iterator<Item = Result<(Vec<u8>, Entry), StateFault>> + use<> {
        self.tree.scan_prefix(beginning).map(|found| {
            let (key, value) = found?;
            Ok((key, Entry::read(&value).ok_or(StateFault::Damaged)?))
        })
    }

    /// Resolves when everything that was set before is on the disk.
    ///
    /// # Errors
    /// What ails the state.
    pub async fn commit(&self) -> Result<(), StateFault> {
        self.state.commit().await
    }
}
