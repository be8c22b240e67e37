//! The power goes under a log and its tree: what was signed for is there, the tree is built up to it again, and an audit
//! finds nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::proof::{CheckpointKey, Keeper, KeeperOptions, SignedCheckpoint, Trust, audit};

const CUTS_A_RUN: usize = 5;
/// Runs of so many cuts: fifty cuts, or as many as are asked for.
const ROUNDS: usize = 50;

#[test]
fn whatever_a_power_cut_leaves_the_tree_comes_up_to_its_checkpoint_and_an_audit_is_clean() {
    let rounds = rounds(ROUNDS);
    let mut tally = Tally::default();
    let mut run = 0;
    while tally.cuts < rounds {
        run_with_cuts(run, &mut tally);
        run += 1;
    }
    let Tally { cuts, rebuilt, torn } = tally;
    eprintln!("{cuts} cuts; {rebuilt} left hashes that no checkpoint spoke of, {torn} a torn checkpoint");
    assert!(rebuilt > 0 && torn > 0);
}

#[derive(Default)]
struct Tally {
    cuts: usize,
    rebuilt: usize,
    torn: usize,
}

/// What was on disk for sure when a checkpoint had been given out, and what was there besides.
struct Cut {
    disk: SimulatedDisk,
    /// The bytes of the two files of the tree, as the running node sees them.
    hashes: Vec<u8>,
    history: Vec<u8>,
    /// How much of the hashes was synced.
    synced: usize,
    given_out: Vec<SignedCheckpoint>,
    dice: Dice,
}

fn run_with_cuts(run: u64, tally: &mut Tally) {
    let options = small(Path::new("unused"));
    let folder = tempfile::tempdir().unwrap();
    let key = || CheckpointKey::open_or_make(&folder.path().join("key"), "zorgsluis.test/90000001").unwrap();
    let disk = SimulatedDisk::default();
    let log = open_simulated(&disk, &options).unwrap();
    disk.faults(|faults| faults.sync_takes = Duration::from_micros(200));
    let records = |from| Records::new(disk.clone(), from, log.length());
    let tree = folder.path().join("tree");
    let mut keeper = Keeper::open(KeeperOptions::new(&tree), key(), records).unwrap();
    let stop = AtomicBool::new(false);
    let mut cuts = Vec::new();
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let (log, stop) = (&log, &stop);
            scope.spawn(move || {
                let mut dice = Dice(run << 8 | writer);
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    append(log, record(writer << 32 | turn, dice.below(1900)));
                }
            });
        }
        let mut synced = 0;
        for cut in 0..CUTS_A_RUN {
            let mut dice = Dice(run << 16 | cut as u64);
            for _ in 0..1 + dice.below(3) {
                std::thread::sleep(Duration::from_micros(dice.below(1500) as u64));
                keeper.advance(records).unwrap();
                if dice.below(3) > 0 {
                    keeper.checkpoint().unwrap();
                    synced = std::fs::read(tree.join("hashes")).unwrap().len();
                }
            }
            let read = |name| std::fs::read(tree.join(name)).unwrap_or_default();
            let (hashes, history) = (read("hashes"), read("checkpoints"));
            let given_out = keeper.history().all().unwrap();
            // The log is on disk first: its power goes last.
            let disk = disk.cut_power(&mut dice);
            cuts.push(Cut { disk, hashes, history, synced, given_out, dice });
        }
        stop.store(true, Ordering::Relaxed);
    });
    for (number, cut) in cuts.into_iter().enumerate() {
        tally.cuts += 1;
        cut.recover(&options, key(), &format!("run {run} cut {number}"), tally);
    }
}

impl Cut {
    fn recover(mut self, options: &AccessLogOptions, key: CheckpointKey, place: &str, tally: &mut Tally) {
        let folder = tempfile::tempdir().unwrap();
        self.leave(folder.path(), &key, tally);
        let trust = Trust { log: key.public(), witnesses: Vec::new() };
        let log = open_simulated(&self.disk, options).unwrap_or_else(|fault| panic!("{place}: {fault}"));
        let records = |from| Records::new(self.disk.clone(), from, log.length());
        let clean = |when: &str| {
            let found = audit(Some(folder.path()), &trust, records(0), self.given_out.as_slice()).unwrap();
            assert_eq!(found.tampering, [], "{place}, {when}");
        };
        clean("as the power left it");
        let mut keeper = Keeper::open(KeeperOptions::new(folder.path()), key, records)
            .unwrap_or_else(|fault| panic!("{place}: {fault}"));
        let last = self.given_out.last();
        assert_eq!(keeper.tree().size(), last.map_or(0, SignedCheckpoint::size), "{place}");
        append(&log, record(7, 100));
        keeper.advance(records).unwrap();
        assert_eq!(keeper.checkpoint().unwrap().size(), log.length(), "{place}");
        clean("grown again");
    }

    /// What synced files keep; of what was not, a part, or zeros in its place.
    fn leave(&mut self, folder: &Path, key: &CheckpointKey, tally: &mut Tally) {
        let unsynced = self.hashes.len() - self.synced.min(self.hashes.len());
        tally.rebuilt += usize::from(unsynced > 0);
        let kept = self.synced.min(self.hashes.len()) + self.dice.below(unsynced + 1);
        if self.dice.below(2) == 0 {
            self.hashes[kept..].fill(0);
        } else {
            self.hashes.truncate(kept);
        }
        std::fs::write(folder.join("hashes"), &self.hashes).unwrap();
        // A checkpoint that was being written and that nobody was given.
        if self.dice.below(2) == 0 {
            let size = self.given_out.last().map_or(0, SignedCheckpoint::size) + 1;
            let note = SignedCheckpoint::sign(key, size, crate::proof::leaf_hash(b"whatever")).unwrap().write();
            let frame = [format!("{size} {}\n", note.len()).into_bytes(), note].concat();
            let kept = self.dice.below(frame.len());
            let (whole, rest) = frame.split_at(kept);
            self.history.extend_from_slice(whole);
            if self.dice.below(2) == 0 {
                self.history.extend(rest.iter().map(|_| 0));
            }
            tally.torn += 1;
        }
        std::fs::write(folder.join("checkpoints"), &self.history).unwrap();
    }
}
