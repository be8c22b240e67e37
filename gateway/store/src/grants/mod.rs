//! Grants: what somebody may come back for, under values that only they were told (the authorization base of a notified
//! pull). One grant has one content and one end, and may be known under more than one value; it is changed or revoked as
//! a whole, in one step, also over a crash.
//!
//! Values come as digests: what is kept here opens nothing. This module does not know what a grant is for.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::once::Digest;
use crate::state::{Batch, State, StateFault, Tree};

/// What a grant belongs to: the id of a transfer.
pub type Owner = [u8; 16];

/// The most values of one grant.
pub const MAX_VALUES: usize = 4;
/// How many grants that are over one new grant takes out of the tree at most: more than it puts in, so that the tree
/// shrinks.
const SWEEP: usize = 8;

/// Keys: a grant by its owner, an owner by a value, an owner by the grant's end.
const GRANT: u8 = b'g';
const VALUE: u8 = b'v';
const END: u8 = b'e';

/// One grant.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// Until when it holds: Unix time in seconds, its last second counted.
    pub expires: i64,
    /// The values under which it is found.
    pub values: Vec<Digest>,
    pub content: Vec<u8>,
}

impl std::fmt::Debug for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Grant(until {})", self.expires)
    }
}

/// The grants that were given and are not over.
pub struct Grants {
    state: Arc<State>,
    tree: Tree,
    /// A change reads what it changes: one at a time.
    changing: Mutex<()>,
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Grants")
    }
}

impl Grants {
    /// Opens the grants under this name.
    ///
    /// # Errors
    /// What ails the state.
    pub fn open(state: Arc<State>, name: &str) -> Result<Self, StateFault> {
        let tree = state.tree(name)?;
        Ok(Self { state, tree, changing: Mutex::new(()) })
    }

    /// Gives a grant, in the place of what its owner had. It counts once [`Grants::commit`], called after this, has
    /// resolved.
    ///
    /// Waits for the disk when much else does, so it is not for a thread that serves others.
    ///
    /// # Errors
    /// What ails the state; `TooLarge` for more values than a grant has; `Damaged` when the state holds what was never
    /// put there.
    pub fn give(&self, owner: Owner, grant: &Grant, now: i64) -> Result<(), StateFault> {
        crate::state::within("grant's values", grant.values.len(), MAX_VALUES)?;
        let _changing = self.changing();
        let mut batch = Batch::default();
        if let Some(before) = self.of(owner)? {
            take_out(&mut batch, owner, &before);
        }
        self.sweep(&mut batch, owner, now)?;
        batch.insert(&grant_key(owner), &written(grant));
        batch.insert(&end_key(grant.expires, owner), &[]);
        for value in &grant.values {
            batch.insert(&value_key(value), &owner);
        }
        self.tree.apply(batch)
    }

    /// The grant that is known under this value, and whose it is; nothing for one that is over or was never given.
    ///
    /// # Errors
    /// What ails the state; `Damaged` when it holds what was never put there.
    pub fn find(&self, value: &Digest, now: i64) -> Result<Option<(Owner, Grant)>, StateFault> {
        let Some(owner) = self.tree.get(&value_key(value))? else { return Ok(None) };
        let owner: Owner = owner.try_into().map_err(|_| StateFault::Damaged)?;
        // Between the two looks it may have been revoked.
        let grant = self.of(owner)?.filter(|grant| grant.expires >= now && grant.values.contains(value));
        Ok(grant.map(|grant| (owner, grant)))
    }

    /// The grant of this owner, also one that is over and not yet taken out.
    ///
    /// # Errors
    /// As of [`Grants::find`].
    pub fn of(&self, owner: Owner) -> Result<Option<Grant>, StateFault> {
        self.tree.get(&grant_key(owner))?.map(|bytes| read(&bytes).ok_or(StateFault::Damaged)).transpose()
    }

    /// Takes this owner's grant back. To do it again changes nothing.
    ///
    /// # Errors
    /// As of [`Grants::give`].
    pub fn revoke(&self, owner: Owner) -> Result<(), StateFault> {
        let _changing = self.changing();
        let Some(grant) = self.of(owner)? else { return Ok(()) };
        let mut batch = Batch::default();
        take_out(&mut batch, owner, &grant);
        self.tree.apply(batch)
    }

    /// Resolves when everything given, changed or revoked before this call is on the disk.
    ///
    /// # Errors
    /// As [`State::commit`].
    pub fn commit(&self) -> impl Future<Output = Result<(), StateFault>> + Send + 'static {
        self.state.commit()
    }

    /// Takes some that are over out of the tree. `but` is being written in the same batch.
    fn sweep(&self, batch: &mut Batch, but: Owner, now: i64) -> Result<(), StateFault> {
        for entry in self.tree.scan_prefix(&[END]).take(SWEEP) {
            let (key, _) = entry?;
            let (expires, owner) = read_end(&key).ok_or(StateFault::Damaged)?;
            if expires >= now {
                break;
            }
            if let Some(grant) = self.of(owner)?.filter(|_| owner != but) {
                take_out(batch, owner, &grant);
            }
        }
        Ok(())
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        // What it guards is in the tree, where each change is whole.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take_out(batch: &mut Batch, owner: Owner, grant: &Grant) {
    batch.remove(&grant_key(owner));
    batch.remove(&end_key(grant.expires, owner));
    for value in &grant.values {
        batch.remove(&value_key(value));
    }
}

fn grant_key(owner: Owner) -> Vec<u8> {
    [&[GRANT], owner.as_slice()].concat()
}

fn value_key(value: &Digest) -> Vec<u8> {
    [&[VALUE], value.as_slice()].concat()
}

/// In the order of their ends.
fn end_key(expires: i64, owner: Owner) -> Vec<u8> {
    // Moments before 1970 have no place among things yet to end.
    let expires = u64::try_from(expires).unwrap_or(0);
    [&[END], expires.to_be_bytes().as_slice(), owner.as_slice()].concat()
}

fn read_end(key: &[u8]) -> Option<(i64, Owner)> {
    let (expires, owner) = key.get(1..)?.split_first_chunk::<8>()?;
    Some((i64::try_from(u64::from_be_bytes(*expires)).ok()?, owner.try_into().ok()?))
}

/// End, number of values, values, content.
fn written(grant: &Grant) -> Vec<u8> {
    let mut bytes = u64::try_from(grant.expires).unwrap_or(0).to_be_bytes().to_vec();
    bytes.push(u8::try_from(grant.values.len()).unwrap_or(u8::MAX));
    bytes.extend(grant.values.iter().flatten());
    bytes.extend(&grant.content);
    bytes
}

fn read(bytes: &[u8]) -> Option<Grant> {
    let (expires, rest) = bytes.split_first_chunk::<8>()?;
    let (count, rest) = rest.split_first()?;
    let (values, content) = rest.split_at_checked(usize::from(*count) * size_of::<Digest>())?;
    Some(Grant {
        expires: i64::try_from(u64::from_be_bytes(*expires)).ok()?,
        values: values.as_chunks::<32>().0.to_vec(),
        content: content.to_vec(),
    })
}
