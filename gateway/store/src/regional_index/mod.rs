//! What a region's index holds: which provider registered, under which name of its source system, that it has data of a
//! category of somebody who is known by a keyed pseudonym only.
//!
//! It outlives a kill at any moment: a registration and what finds it again change in one batch. This module must not know
//! whom a pseudonym means, nor what a category is.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::state::{Batch, State, StateFault, Tree};

/// A pseudonym under the index's own key.
pub type Pseudonym = [u8; 32];
/// What names a registration.
pub type Id = [u8; 16];

/// Most registrations of one patient: more providers than a region has, times some categories.
pub const MOST_OF_PATIENT: usize = 2_000;
/// The longest text in a registration, in bytes.
pub const LONGEST_TEXT: usize = 128;

/// Records of a patient: `p`, pseudonym, id.
const OF_PATIENT: u8 = b'p';
/// The same by who registered: `h`, length and text of the member, id.
const OF_MEMBER: u8 = b'h';
/// How many a member registered: `c`, member.
const COUNT: u8 = b'c';

/// What was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Who registered it.
    pub member: String,
    pub category: String,
    /// What the member calls its source system.
    pub source: String,
}

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    New(Id),
    /// The same was registered before.
    Known(Id),
    /// The member has as many as it may have, or the patient has.
    Full,
}

/// The region's registrations.
pub struct RegionalIndex {
    state: Arc<State>,
    tree: Tree,
    /// Held over reading and changing, so that two equal registrations become one.
    changing: Mutex<()>,
    most_per_member: u64,
}

impl Registration {
    fn write(&self) -> Result<Vec<u8>, StateFault> {
        let mut value = Vec::new();
        for text in [&self.member, &self.category, &self.source] {
            value.push(length(text)?);
            value.extend_from_slice(text.as_bytes());
        }
        Ok(value)
    }

    fn read(value: &[u8]) -> Option<Self> {
        let (member, rest) = text(value)?;
        let (category, rest) = text(rest)?;
        let (source, rest) = text(rest)?;
        rest.is_empty().then_some(Registration { member, category, source })
    }
}

impl RegionalIndex {
    /// Opens the index in a tree of the state.
    ///
    /// # Errors
    /// What ails the state.
    pub fn open(state: Arc<State>, tree: &str, most_per_member: u64) -> Result<Self, StateFault> {
        Ok(RegionalIndex { tree: state.tree(tree)?, state, changing: Mutex::new(()), most_per_member })
    }

    /// Registers, under this id if it is new. Seen at once, durable after the next [`Self::commit`].
    ///
    /// # Errors
    /// What ails the state; a text that is too long.
    pub fn add(&self, pseudonym: &Pseudonym, id: Id, new: &Registration) -> Result<Added, StateFault> {
        let value = new.write()?;
        let _changing = self.changing();
        let there = self.of_patient(pseudonym)?;
        if let Some((known, _)) = there.iter().find(|(_, known)| known == new) {
            return Ok(Added::Known(*known));
        }
        let count = self.count(&new.member)?;
        if count >= self.most_per_member || there.len() >= MOST_OF_PATIENT {
            return Ok(Added::Full);
        }
        let mut batch = Batch::default();
        batch.insert(&patient_key(pseudonym, &id), &value);
        batch.insert(&member_key(&new.member, &id)?, pseudonym);
        batch.insert(&count_key(&new.member), &(count + 1).to_be_bytes());
        self.tree.apply(batch)?;
        Ok(Added::New(id))
    }

    /// Everything that is registered of a patient.
    ///
    /// # Errors
    /// What ails the state.
    pub fn of_patient(&self, pseudonym: &Pseudonym) -> Result<Vec<(Id, Registration)>, StateFault> {
        let prefix = [&[OF_PATIENT], pseudonym.as_slice()].concat();
        let found = self.tree.scan_prefix(&prefix).map(|entry| {
            let (key, value) = entry?;
            let id = key.get(prefix.len()..).and_then(|id| Id::try_from(id).ok()).ok_or(StateFault::Damaged)?;
            Ok((id, Registration::read(&value).ok_or(StateFault::Damaged)?))
        });
        found.collect()
    }

    /// Everything that a member registered.
    ///
    /// # Errors
    /// What ails the state.
    pub fn of_member(&self, member: &str) -> Result<Vec<(Id, Registration)>, StateFault> {
        let prefix = member_prefix(member)?;
        let mut found = Vec::new();
        for entry in self.tree.scan_prefix(&prefix) {
            let (key, _) = entry?;
            let id = key.get(prefix.len()..).and_then(|id| Id::try_from(id).ok()).ok_or(StateFault::Damaged)?;
            // It may have been removed in between.
            if let Some((_, registration)) = self.get(member, &id)? {
                found.push((id, registration));
            }
        }
        Ok(found)
    }

    /// One of a member's own, with whom it is about.
    ///
    /// # Errors
    /// What ails the state.
    pub fn get(&self, member: &str, id: &Id) -> Result<Option<(Pseudonym, Registration)>, StateFault> {
        let Some(pseudonym) = self.tree.get(&member_key(member, id)?)? else { return Ok(None) };
        let pseudonym = Pseudonym::try_from(pseudonym.as_slice()).map_err(|_| StateFault::Damaged)?;
        let Some(value) = self.tree.get(&patient_key(&pseudonym, id))? else { return Ok(None) };
        Ok(Some((pseudonym, Registration::read(&value).ok_or(StateFault::Damaged)?)))
    }

    /// Takes one of a member's own away; about whom it was, when it was there.
    ///
    /// # Errors
    /// What ails the state.
    pub fn remove(&self, member: &str, id: &Id) -> Result<Option<Pseudonym>, StateFault> {
        let _changing = self.changing();
        let Some((pseudonym, _)) = self.get(member, id)? else { return Ok(None) };
        let count = self.count(member)?.saturating_sub(1);
        let mut batch = Batch::default();
        batch.remove(&patient_key(&pseudonym, id));
        batch.remove(&member_key(member, id)?);
        if count == 0 {
            batch.remove(&count_key(member));
        } else {
            batch.insert(&count_key(member), &count.to_be_bytes());
        }
        self.tree.apply(batch)?;
        Ok(Some(pseudonym))
    }

    /// Resolves when everything that was changed before is on the disk.
    ///
    /// # Errors
    /// What ails the state.
    pub async fn commit(&self) -> Result<(), StateFault> {
        self.state.commit().await
    }

    fn count(&self, member: &str) -> Result<u64, StateFault> {
        let Some(value) = self.tree.get(&count_key(member))? else { return Ok(0) };
        value.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| StateFault::Damaged)
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn length(text: &str) -> Result<u8, StateFault> {
    let fault = StateFault::TooLarge { what: "text of a registration", bytes: text.len(), limit: LONGEST_TEXT };
    if text.len() > LONGEST_TEXT { Err(fault) } else { u8::try_from(text.len()).map_err(|_| fault) }
}

fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(text).ok()?.to_owned(), rest))
}

fn patient_key(pseudonym: &Pseudonym, id: &Id) -> Vec<u8> {
    [&[OF_PATIENT], pseudonym.as_slice(), id].concat()
}

/// The length stands in front, so that no member's keys begin with another's.
fn member_prefix(member: &str) -> Result<Vec<u8>, StateFault> {
    Ok([&[OF_MEMBER, length(member)?], member.as_bytes()].concat())
}

fn member_key(member: &str, id: &Id) -> Result<Vec<u8>, StateFault> {
    Ok([member_prefix(member)?.as_slice(), id].concat())
}

fn count_key(member: &str) -> Vec<u8> {
    [&[COUNT], member.as_bytes()].concat()
}
