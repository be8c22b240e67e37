//! A disk that is really full: a small file system of its own, under a log with its tree and its index. Needs the right to
//! mount one; without it the test says that it was skipped.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::*;
use crate::access_log::{LogFault, read};
use crate::log_index::{Described, Index, IndexFault, IndexOptions, Period};
use crate::proof::{CheckpointKey, Keeper, KeeperOptions, ProofFault, Trust, audit};

const WRITERS: usize = 8;
/// How often the disk is filled.
const TIMES: usize = 5;

/// A file system in memory, for as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing when this process may not mount.
    fn mount(folder: &Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(folder);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| SmallDisk(folder.to_owned()))
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = File::options().create(true).append(true).open(self.0.join("filler")).unwrap();
        while filler.write_all(&[1; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn wait_until(what: &str, holds: impl Fn() -> bool) -> Duration {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
    start.elapsed()
}

#[test]
fn a_really_full_disk_is_survived_by_the_same_open_log_tree_and_index() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path(), "64m") else {
        eprintln!("SKIPPED: this process may not mount a small file system, so a really full disk was not tried");
        return;
    };
    let place = |name: &str| folder.path().join(name);
    let options = AccessLogOptions { segment_bytes: 1 << 20, batch_bytes: 64 << 10, ..small(&place("log")) };
    let log = Arc::new(AccessLog::open(options).unwrap());
    let key = || CheckpointKey::open_or_make(&place("key"), "zorgsluis.test/90000001").unwrap();
    let keeper = Keeper::open(KeeperOptions::new(place("tree")), key(), |from| log.records(from)).unwrap();
    let index_options = IndexOptions { run_records: 512, ..IndexOptions::new(place("index"), 1) };
    let terms = |index: u64, _: &[u8]| Described { second: None, terms: vec![index % 7] };
    let index = Index::open(log.clone(), index_options, Box::new(terms)).unwrap();

    let (stop, refused) = (AtomicBool::new(false), AtomicUsize::new(0));
    let acknowledged: Mutex<Vec<(u64, Vec<u8>)>> = Mutex::default();
    let mut recoveries = Vec::new();
    std::thread::scope(|scope| {
        let keeping = scope.spawn(|| keep(keeper, &log, &stop));
        let indexing = scope.spawn(|| keep_index(&index, &stop));
        for writer in 0..WRITERS as u64 {
            let (log, stop, refused, acknowledged) = (&log, &stop, &refused, &acknowledged);
            scope.spawn(move || write(log, writer, stop, refused, acknowledged));
        }
        for _ in 0..TIMES {
            disk.fill();
            wait_until("the log says that it has no room", || log.fault() == Some(LogFault::NoRoom));
            let before = refused.load(Ordering::Relaxed);
            wait_until("every writer is refused", || refused.load(Ordering::Relaxed) > before + 2 * WRITERS);
            disk.make_room();
            let length = log.length();
            recoveries.push(wait_until("the log takes records again", || log.healthy() && log.length() > length));
        }
        stop.store(true, Ordering::Relaxed);
        let (keeper, proof_failed) = keeping.join().unwrap();
        let index_failed = indexing.join().unwrap();
        assert_eq!(keeper.latest().unwrap().size(), log.length());
        eprintln!(
            "full {TIMES} times under {WRITERS} writers: {} records acknowledged, {} refusals, the tree failed {proof_failed} \
             times and the index {index_failed} times; after there was room: {}",
            log.length(),
            refused.load(Ordering::Relaxed),
            opened_within(recoveries).replace("opening", "writing again"),
        );
    });
    let mut acknowledged = acknowledged.into_inner().unwrap();
    acknowledged.sort();
    let candidates = |term| index.search(&[vec![term]], Period::default(), None).unwrap().map(Result::unwrap).count();
    assert_eq!((0..7).map(candidates).sum::<usize>() as u64, log.length());
    drop(index);
    Arc::into_inner(log).unwrap().close().unwrap();
    let found: Vec<_> = read(place("log")).map(whole).collect::<Result<_, _>>().unwrap();
    assert!(found == acknowledged, "what was acknowledged is not what is there");
    let trust = Trust { log: key().public(), witnesses: Vec::new() };
    assert_eq!(audit(Some(&place("tree")), &trust, read(place("log")), &[]).unwrap().tampering, []);
}

fn write(
    log: &AccessLog,
    writer: u64,
    stop: &AtomicBool,
    refused: &AtomicUsize,
    acknowledged: &Mutex<Vec<(u64, Vec<u8>)>>,
) {
    let mut dice = Dice(writer);
    for turn in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let bytes = record(writer << 32 | turn, dice.below(1900));
        match log.try_reserve().and_then(|slot| slot.write_and_wait(bytes.clone())) {
            Ok(position) => {
                acknowledged.lock().unwrap().push((position.index, bytes));
                // A log in memory is so fast that it would fill its disk for good.
                std::thread::sleep(Duration::from_micros(500));
            }
            Err(fault) => {
                assert_eq!(fault, LogFault::NoRoom);
                refused.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

/// Keeps the tree as a node does, come what may; gives it back when it has everything, with how often it failed.
fn keep(mut keeper: Keeper, log: &AccessLog, stop: &AtomicBool) -> (Keeper, usize) {
    let (mut records, mut failed) = (None, 0);
    loop {
        let last = stop.load(Ordering::Relaxed);
        let following = records.get_or_insert_with(|| log.records(keeper.tree().size()));
        log.follow(following);
        let outcome = keeper.advance(|_| following).and_then(|_| keeper.checkpoint().map(drop));
        match outcome {
            Ok(()) if last && keeper.tree().size() == log.length() => return (keeper, failed),
            Ok(()) => {}
            Err(fault) => {
                assert!(matches!(fault, ProofFault::Io { .. }), "{fault}");
                (records, failed) = (None, failed + 1);
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn keep_index(index: &Index, stop: &AtomicBool) -> usize {
    let mut failed = 0;
    loop {
        let last = stop.load(Ordering::Relaxed);
        match index.advance(1000) {
            Ok(0) if last && index.behind() == 0 => return failed,
            Ok(_) => {}
            Err(fault) => {
                assert!(matches!(fault, IndexFault::Io { .. }), "{fault}");
                failed += 1;
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
