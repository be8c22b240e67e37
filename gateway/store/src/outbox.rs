//! What of the access log is still to be told to somebody who confirms each record that they were told of. The log is the truth: an
//! outbox keeps no messages, only the place before which nothing is left to tell. So nothing that became durable in the log is
//! ever missing here, whenever the node was killed; at worst something is told again. What is told, and to whom, is not known
//! here.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use crate::access_log::disk::{Disk, OsDisk};
use crate::cursor::{Cursor, Found};

/// An outbox over a log, in a folder of its own.
#[derive(Debug)]
pub struct Outbox<D: Disk = OsDisk> {
    cursor: Cursor<D>,
    /// What the cursor's file says.
    kept: Option<u64>,
    /// All records before this one were looked at.
    next: u64,
    /// Those that are to be told, and were not confirmed.
    waiting: BTreeSet<u64>,
    /// So many wait at most; looking on waits for room.
    most: usize,
}

/// Where an outbox begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Where it was.
    WhereItWas,
    /// It is new: at the end of the log as it is now.
    AtTheEnd,
    /// It cannot be read, or is not of this log: at the first record.
    AtTheFirst,
}

impl Outbox {
    /// Opens the outbox in this folder, or makes one, for a log that has so many records. That a new one begins here is on disk when
    /// this returns.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, length: u64, most: usize) -> io::Result<(Self, Begun)> {
        let (cursor, found) = Cursor::open(folder)?;
        Outbox::of(cursor, found, length, most)
    }
}

impl<D: Disk> Outbox<D> {
    fn of(cursor: Cursor<D>, found: Found, length: u64, most: usize) -> io::Result<(Self, Begun)> {
        let (next, begun) = match found {
            Found::At(index) if index <= length => (index, Begun::WhereItWas),
            Found::Nothing => (length, Begun::AtTheEnd),
            Found::At(_) | Found::Unreadable => (0, Begun::AtTheFirst),
        };
        let kept = (found == Found::At(next)).then_some(next);
        let mut outbox = Outbox { cursor, kept, next, waiting: BTreeSet::new(), most: most.max(1) };
        outbox.keep()?;
        Ok((outbox, begun))
    }

    /// The record that is looked at next; none while there is no room for another that waits.
    pub fn next(&self) -> Option<u64> {
        (self.waiting.len() < self.most).then_some(self.next)
    }

    /// The record with this index was looked at, and `waits` to be told or not.
    pub fn looked_at(&mut self, index: u64, waits: bool) {
        self.next = self.next.max(index.saturating_add(1));
        if waits {
            self.waiting.insert(index);
        }
    }

    /// Those that wait, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = u64> + '_ {
        self.waiting.iter().copied()
    }

    /// This one was confirmed. It is durable after [`Outbox::keep`].
    pub fn told(&mut self, index: u64) {
        self.waiting.remove(&index);
    }

    /// Keeps from where it is told on; on disk when this returns. Writes nothing when that is known already.
    ///
    /// # Errors
    /// When it cannot be written: then some is told again, should the node end now.
    pub fn keep(&mut self) -> io::Result<()> {
        let from = self.waiting.first().copied().unwrap_or(self.next);
        if self.kept == Some(from) {
            return Ok(());
        }
        // After a fault it is not known what the file says.
        self.kept = None;
        self.cursor.put(from)?;
        self.kept = Some(from);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_log::simulated_disk::{Dice, SimulatedDisk};

    fn on(disk: &SimulatedDisk, length: u64) -> (Outbox<SimulatedDisk>, Begun) {
        let (cursor, found) = Cursor::on(disk.clone()).unwrap();
        Outbox::of(cursor, found, length, 4).unwrap()
    }

    #[test]
    fn a_new_one_begins_at_the_end_and_stays_there_and_one_of_another_log_begins_anew() {
        let disk = SimulatedDisk::default();
        assert_eq!(on(&disk, 7).1, Begun::AtTheEnd);
        // Records that came meanwhile are not passed over.
        let (outbox, begun) = on(&disk, 9);
        assert_eq!((outbox.next(), begun), (Some(7), Begun::WhereItWas));
        let (outbox, begun) = on(&disk, 6);
        assert_eq!((outbox.next(), begun), (Some(0), Begun::AtTheFirst));
        assert_eq!(on(&disk, 6).1, Begun::WhereItWas);
    }

    #[test]
    fn it_goes_no_further_than_the_oldest_that_waits_and_takes_no_more_than_there_is_room_for() {
        let disk = SimulatedDisk::default();
        let (mut outbox, _) = on(&disk, 0);
        for index in 0..8 {
            outbox.looked_at(index, index % 2 == 1);
        }
        assert_eq!(outbox.next(), None);
        outbox.told(3);
        assert_eq!((outbox.next(), outbox.waiting().collect::<Vec<_>>()), (Some(8), vec![1, 5, 7]));
        outbox.keep().unwrap();
        assert_eq!(on(&disk, 8).0.next(), Some(1));
        outbox.told(1);
        outbox.keep().unwrap();
        assert_eq!(on(&disk, 8).0.next(), Some(5));
        for index in [5, 7] {
            outbox.told(index);
        }
        outbox.keep().unwrap();
        assert_eq!(on(&disk, 8).0.next(), Some(8));
    }

    #[test]
    fn whenever_the_power_goes_everything_that_was_to_be_told_is_told() {
        for seed in 0..200 {
            let (mut dice, mut disk) = (Dice(seed), SimulatedDisk::default());
            // Of a log of forty records every third is to be told; a life ends somewhere.
            let mut told = BTreeSet::new();
            for life in 0..30 {
                let Ok((cursor, found)) = Cursor::on(disk.clone()) else { panic!("{seed}: cannot be opened") };
                let length = if life == 0 { 0 } else { 40 };
                let Ok((mut outbox, begun)) = Outbox::of(cursor, found, length, 4) else { panic!("{seed}") };
                assert!(life == 0 || begun == Begun::WhereItWas, "{seed}: {begun:?}");
                disk.faults(|faults| faults.operations_left = Some(dice.below(12)));
                for _ in 0..dice.below(30) {
                    if let Some(index) = outbox.next().filter(|index| *index < 40) {
                        outbox.looked_at(index, index % 3 == 0);
                    }
                    let any = outbox.waiting().nth(dice.below(4));
                    if let Some(index) = any {
                        told.insert(index);
                        outbox.told(index);
                    }
                    if dice.below(2) == 0 && outbox.keep().is_err() {
                        break;
                    }
                }
                disk = disk.cut_power(&mut dice);
            }
            let (mut outbox, _) = on(&disk, 40);
            while let Some(index) = outbox.next().filter(|index| *index < 40) {
                outbox.looked_at(index, index % 3 == 0);
                let all: Vec<u64> = outbox.waiting().collect();
                for index in all {
                    told.insert(index);
                    outbox.told(index);
                }
            }
            assert_eq!(told, (0..40).filter(|index| index % 3 == 0).collect(), "{seed}");
        }
    }
}
