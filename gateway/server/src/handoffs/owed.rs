//! What the provider's own record system is still to be told of transfers (`[handoffs.webhook]`): that each went a step further.
//!
//! Which change is the newest and which was told stands in the transfer itself, so neither is ever ahead of the other. That
//! something is owed is noted beside it before the transfer changes: cut off in between, there is one note too many and never
//! one too few.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use store::state::{State, StateFault};
use store::transfers::{Entry, Id, Made, Read, Transfers};
use tokio::sync::Notify;

/// How often a note is tried when others change the same.
const TRIES: usize = 50;

/// Of one transfer: which of its changes is the newest, and which the record system has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telling {
    number: u32,
    told: u32,
    /// RFC 3339: when the newest change was.
    at: String,
}

impl Telling {
    /// It went a step further.
    pub fn changed(&mut self, now: &str) {
        self.number = self.number.saturating_add(1);
        now.clone_into(&mut self.at);
    }

    /// The record system has this change.
    pub fn took(&mut self, number: u32) {
        self.told = self.told.max(number.min(self.number));
    }

    /// The change that is to be told, and when it was. Those before it are not told any more.
    pub fn owes(&self) -> Option<(u32, &str)> {
        (self.told < self.number).then_some((self.number, self.at.as_str()))
    }

    pub fn number(&self) -> u32 {
        self.number
    }
}

/// A transfer of which the record system is told.
pub trait Tells {
    /// What it is, and of which side, as the message has it.
    const KIND: &'static str;
    fn telling(&self) -> &Telling;
    fn telling_mut(&mut self) -> &mut Telling;
    /// How far it is, in the word of the lists below `/handoffs` or `/referrals`.
    fn state(&self) -> &'static str;
    /// Whether it waits for somebody to have it tried again.
    fn given_up(&self) -> bool;
}

/// Which transfers something is owed of, and when it is next tried.
pub struct Owed {
    notes: Transfers,
    woken: Arc<Notify>,
    /// Between a note and the change that it is of, nobody finds that nothing is owed.
    noting: Mutex<()>,
}

impl Owed {
    /// Opens the notes under this name; `woken` is told of each.
    ///
    /// # Errors
    /// What ails the state.
    pub fn open(state: Arc<State>, name: &str, woken: Arc<Notify>) -> Result<Self, StateFault> {
        Ok(Owed { notes: Transfers::open(state, name)?, woken, noting: Mutex::default() })
    }

    /// To be held over a note and the change that it is of, and over finding that nothing is owed and striking off.
    pub fn noting(&self) -> MutexGuard<'_, ()> {
        // What it guards is in the state, where each change is whole.
        self.noting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something is owed, at once. Waits for the disk when much else does.
    ///
    /// # Errors
    /// What ails the state.
    pub fn note(&self, id: Id) -> Result<(), StateFault> {
        let entry = Entry { due: Some(0), record: Vec::new() };
        for _ in 0..TRIES {
            let noted = match self.notes.get(id)? {
                None => self.notes.make(id, &[], &entry)? == Made::New,
                // Replaced even when nothing of it changes: whoever tells just now does not strike this note off.
                Some(before) => self.notes.replace(id, &before, &entry)?,
            };
            if noted {
                self.woken.notify_one();
                return Ok(());
            }
        }
        Err(StateFault::Engine)
    }

    /// The notes that are due (Unix time in milliseconds), as they were read.
    ///
    /// # Errors
    /// What ails the state.
    pub fn due(&self, now: i64, most: usize) -> Result<Vec<(Id, Read)>, StateFault> {
        let due = self.notes.due(now, most)?;
        let read = due.into_iter().map(|id| Ok(self.notes.get(id)?.map(|read| (id, read))));
        read.filter_map(Result::transpose).collect()
    }

    /// Strikes a note off, unless it was made anew since it was read.
    ///
    /// # Errors
    /// What ails the state.
    pub fn settle(&self, id: Id, before: &Read) -> Result<(), StateFault> {
        self.notes.replace(id, before, &Entry { due: None, record: Vec::new() }).map(|_| ())
    }

    /// Puts a note off until then, unless it was made anew. `attempts` is how often it was tried.
    ///
    /// # Errors
    /// What ails the state.
    pub fn put_off(&self, id: Id, before: &Read, attempts: u16, until: i64) -> Result<(), StateFault> {
        let entry = Entry { due: Some(until), record: attempts.to_be_bytes().to_vec() };
        self.notes.replace(id, before, &entry).map(|_| ())
    }

    /// How often what was noted so was tried.
    pub fn attempts(note: &Read) -> u16 {
        note.entry.record.as_slice().try_into().map_or(0, u16::from_be_bytes)
    }

    /// Forgets a transfer.
    ///
    /// # Errors
    /// What ails the state.
    pub fn forget(&self, id: Id) -> Result<(), StateFault> {
        self.notes.remove(id)
    }

    /// How many are owed, and not struck off.
    ///
    /// # Errors
    /// What ails the state.
    pub fn count(&self, most: usize) -> Result<usize, StateFault> {
        Ok(self.notes.due(i64::MAX, most)?.len())
    }
}

#[cfg(test)]
mod tests {
    use store::state::StateOptions;

    use super::*;

    fn owed() -> (tempfile::TempDir, Owed) {
        let folder = tempfile::tempdir().unwrap();
        let state = Arc::new(State::open(&StateOptions::new(folder.path().join("state"))).unwrap());
        (folder, Owed::open(state, "owed", Arc::default()).unwrap())
    }

    #[test]
    fn the_newest_change_is_owed_until_it_is_taken_and_never_an_older_one() {
        let mut telling = Telling::default();
        assert_eq!(telling.owes(), None);
        telling.changed("a");
        telling.changed("b");
        assert_eq!(telling.owes(), Some((2, "b")));
        telling.took(1);
        assert_eq!(telling.owes(), Some((2, "b")));
        telling.took(9);
        assert_eq!(telling.owes(), None, "nobody took what there was not");
        telling.changed("c");
        telling.took(2);
        assert_eq!(telling.owes(), Some((3, "c")));
    }

    #[test]
    fn a_note_that_is_made_anew_while_it_is_told_is_not_struck_off() {
        let (_folder, owed) = owed();
        let id = [7; 16];
        owed.note(id).unwrap();
        let (_, read) = owed.due(1, 9).unwrap().remove(0);
        owed.note(id).unwrap();
        owed.settle(id, &read).unwrap();
        assert_eq!(owed.due(1, 9).unwrap().len(), 1);
        let (_, read) = owed.due(1, 9).unwrap().remove(0);
        owed.put_off(id, &read, 3, 5_000).unwrap();
        assert!(owed.due(4_999, 9).unwrap().is_empty());
        let (_, read) = owed.due(5_000, 9).unwrap().remove(0);
        assert_eq!(Owed::attempts(&read), 3);
        owed.note(id).unwrap();
        assert_eq!(Owed::attempts(&owed.due(1, 9).unwrap()[0].1), 0, "what is new is tried anew");
        let (_, read) = owed.due(1, 9).unwrap().remove(0);
        owed.settle(id, &read).unwrap();
        assert_eq!((owed.due(i64::MAX, 9).unwrap().len(), owed.count(9).unwrap()), (0, 0));
        owed.note(id).unwrap();
        assert_eq!(owed.count(9).unwrap(), 1);
        owed.forget(id).unwrap();
        assert_eq!(owed.count(9).unwrap(), 0);
    }
}
