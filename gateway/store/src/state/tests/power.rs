//! The power goes: whatever was committed is there. sled writes its file itself, so the disk is
//! simulated from outside: what the file held when our last sync began is kept, and of what came
//! later any pages.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::state::files::{Files, OsFiles};
use crate::state::options::SEGMENT_BYTES;

const PAGE: usize = 4096;

/// Keeps what the main file held when the last sync that has returned began.
struct Watched {
    files: OsFiles,
    db: PathBuf,
    synced: Arc<Mutex<Vec<u8>>>,
}

impl Files for Watched {
    fn sync(&self) -> io::Result<()> {
        let begun = fs::read(&self.db)?;
        self.files.sync()?;
        *self.synced.lock().unwrap() = begun;
        Ok(())
    }

    fn written(&self) -> io::Result<bool> {
        self.files.written()
    }
}

fn below(seed: &mut u64, limit: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize % limit
}

/// What the disk may hold: all that was synced, and any of the pages that changed since.
fn after_power_cut(synced: &[u8], now: &[u8], seed: &mut u64) -> Vec<u8> {
    let mut left = synced.to_vec();
    match below(seed, 4) {
        0 => return left,
        1 => left.resize(now.len().max(left.len()), 0),
        2 => left.resize((left.len() + below(seed, now.len().saturating_sub(left.len()) + 1)).max(left.len()), 0),
        _ => {
            left = now.to_vec();
            left.resize(now.len().max(synced.len()), 0);
        }
    }
    let length = left.len();
    let (mut left, all) = (left, below(seed, 3));
    for (page, at) in (0..length).step_by(PAGE).enumerate() {
        let range = at..(at + PAGE).min(length);
        let newer = all == 0 || (all == 1 && below(seed, 2) == 0) || (all == 2 && page % 7 == 0);
        let from = if newer { now } else { synced };
        let mut bytes = vec![0; range.len()];
        let there = from.len().saturating_sub(at).min(range.len());
        bytes[..there].copy_from_slice(&from[at.min(from.len())..at.min(from.len()) + there]);
        left[range].copy_from_slice(&bytes);
    }
    left
}

fn reopen(others: &Path, db: &[u8], openings: &mut Vec<Duration>) -> (tempfile::TempDir, Result<State, OpenFault>) {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(others).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().unwrap() != "db" {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::write(folder.path().join("db"), db).unwrap();
    let start = Instant::now();
    let state = State::open(&StateOptions::new(folder.path()));
    openings.push(start.elapsed());
    (folder, state)
}

/// How many values follow each other uncommitted at times. Without the bound on unsynced changes about
/// one cut in a hundred loses something at this (`ZORGSLUIS_CRASH_ROUNDS` for more cuts).
const CHURN: u64 = 1500;

/// With so many bytes segments were used again.
const ENOUGH: u64 = 2 * SEGMENT_BYTES as u64;

/// So many cuts are of one state, whose file is held in memory for each of them.
const CUTS_A_STATE: usize = 24;

#[test]
fn whatever_was_committed_is_there_after_a_power_cut() {
    let asked: usize = std::env::var("ZORGSLUIS_CRASH_ROUNDS").map_or(CUTS_A_STATE, |rounds| rounds.parse().unwrap());
    let (states, began) = (asked.div_ceil(CUTS_A_STATE), Instant::now());
    let (cuts, mut openings) = (states * CUTS_A_STATE, Vec::new());
    let keys: usize = (0..states).map(|state| cut_again_and_again(state as u64, &mut openings)).sum();
    assert!(keys > 20, "too little was committed to tell: {keys}");
    openings.sort();
    eprintln!(
        "{keys} committed values over {cuts} cuts in {:?}, none lost; opening took {:?} in the median, {:?} at most",
        began.elapsed(),
        openings[openings.len() / 2],
        openings[openings.len() - 1]
    );
}

/// Four writers on one state, and what the power going at some moments would leave of it; says how many values were held.
fn cut_again_and_again(run: u64, openings: &mut Vec<Duration>) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let synced = Arc::new(Mutex::new(Vec::new()));
    let watch = |path: &Path| {
        let files = OsFiles::open(path)?;
        let db = path.join("db");
        *synced.lock().unwrap() = fs::read(&db)?;
        Ok(Watched { files, db, synced: Arc::clone(&synced) })
    };
    let state = State::open_with(&StateOptions::new(folder.path()), watch).unwrap();
    let tree = state.tree("power").unwrap();
    block_on(state.commit()).unwrap();
    // Each writer has its own keys; a key's committed turn may only be overtaken, never lost.
    let committed: Mutex<HashMap<u64, u64>> = Mutex::default();
    let stop = AtomicBool::new(false);
    let mut cuts = Vec::new();
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let (state, tree, committed, stop) = (&state, tree.clone(), &committed, &stop);
            scope.spawn(move || {
                let mut seed = run << 8 | writer;
                for turn in 1_u64.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = writer << 32 | below(&mut seed, 200) as u64;
                    let mut value = turn.to_be_bytes().to_vec();
                    value.resize(8 + below(&mut seed, 6000), turn as u8);
                    tree.insert(&key.to_be_bytes(), &value).unwrap();
                    // Others that nobody waits for, enough for sled to use its segments again.
                    if turn % 2 == 0 {
                        for other in 0..CHURN {
                            let key = 1 << 60 | writer << 32 | (other * 7919 % 200);
                            tree.insert(&key.to_be_bytes(), &value).unwrap();
                        }
                    }
                    block_on(state.commit()).unwrap();
                    committed.lock().unwrap().insert(key, turn);
                }
            });
        }
        let mut seed = run + 5;
        let size = || fs::metadata(folder.path().join("db")).unwrap().len();
        for cut in 0..CUTS_A_STATE {
            // The last ones meet segments that are used again, however slow the machine is.
            let begun = Instant::now();
            while cut * 3 > CUTS_A_STATE * 2 && size() <= ENOUGH && begun.elapsed() < Duration::from_secs(60) {
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(below(&mut seed, 120) as u64));
            let committed = committed.lock().unwrap().clone();
            let synced = synced.lock().unwrap().clone();
            let now = fs::read(folder.path().join("db")).unwrap();
            cuts.push((committed, after_power_cut(&synced, &now, &mut seed)));
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(fs::metadata(folder.path().join("db")).unwrap().len() > ENOUGH, "too little was written");
    let mut keys = 0;
    for (cut, (committed, db)) in cuts.into_iter().enumerate() {
        let (_folder, left) = reopen(folder.path(), &db, openings);
        let left = left.unwrap_or_else(|fault| panic!("cut {cut}: {fault}"));
        let tree = left.tree("power").unwrap();
        keys += committed.len();
        for (key, turn) in committed {
            let value = tree.get(&key.to_be_bytes()).unwrap().unwrap_or_else(|| panic!("cut {cut}: a key is lost"));
            let (found, filling) = value.split_at(8);
            let found = u64::from_be_bytes(found.try_into().unwrap());
            assert!(found >= turn, "cut {cut}: turn {turn} was committed, {found} is there");
            assert!(filling.iter().all(|byte| *byte == found as u8), "cut {cut}: another value");
        }
    }
    keys
}

#[test]
fn what_was_not_committed_can_be_lost_so_that_the_test_above_could_fail() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&StateOptions::new(folder.path())).unwrap();
    let tree = state.tree("power").unwrap();
    tree.insert(b"kept", b"1").unwrap();
    block_on(state.commit()).unwrap();
    let synced = fs::read(folder.path().join("db")).unwrap();
    tree.insert(b"later", b"2").unwrap();
    let (_folder, left) = reopen(folder.path(), &synced, &mut Vec::new());
    let tree = left.unwrap().tree("power").unwrap();
    assert_eq!(tree.get(b"kept").unwrap(), Some(b"1".to_vec()));
    assert_eq!(tree.get(b"later").unwrap(), None);
}
