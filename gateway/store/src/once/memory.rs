//! What is remembered, in memory: who used what, until when.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Digest;

/// What became of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is new, and remembered from now on.
    First,
    /// It was used before.
    Again,
    /// Its owner has no room left.
    Full,
}

/// One identifier, until its last second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub expires: i64,
    pub owner: Digest,
    pub id: Digest,
}

/// All that have not expired, and those expired that still stand in the tree.
pub struct Memory {
    share: usize,
    owners: HashMap<Digest, HashSet<Digest>>,
    by_expiry: BTreeSet<Entry>,
    expired: Vec<Entry>,
}

impl Memory {
    pub fn new(share: usize) -> Self {
        Self { share, owners: HashMap::new(), by_expiry: BTreeSet::new(), expired: Vec::new() }
    }

    /// Takes in what the tree held. More than a share is kept too: it was promised.
    pub fn recall(&mut self, entry: Entry, now: i64) {
        if entry.expires < now {
            self.expired.push(entry);
        } else {
            self.owners.entry(entry.owner).or_default().insert(entry.id);
            self.by_expiry.insert(entry);
        }
    }

    pub fn note(&mut self, entry: Entry, now: i64) -> Noted {
        self.forget_expired(now);
        let known = self.owners.entry(entry.owner).or_default();
        if known.contains(&entry.id) {
            return Noted::Again;
        }
        if known.len() >= self.share {
            return Noted::Full;
        }
        known.insert(entry.id);
        self.by_expiry.insert(entry);
        Noted::First
    }

    /// At most so many that expired, to be taken out of the tree.
    pub fn take_expired(&mut self, most: usize) -> Vec<Entry> {
        let from = self.expired.len().saturating_sub(most);
        self.expired.split_off(from)
    }

    fn forget_expired(&mut self, now: i64) {
        while let Some(entry) = self.by_expiry.first().copied().filter(|entry| entry.expires < now) {
            self.by_expiry.pop_first();
            if let Some(known) = self.owners.get_mut(&entry.owner) {
                known.remove(&entry.id);
                if known.is_empty() {
                    self.owners.remove(&entry.owner);
                }
            }
            self.expired.push(entry);
        }
    }
}
