use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;
use crate::state::StateOptions;

const NOW: i64 = 1_790_000_000;

fn digest(byte: u8) -> Digest {
    [byte; 32]
}

fn open(folder: &Path, share: usize, now: i64) -> Once {
    let state = State::open(&StateOptions::new(folder.join("state"))).unwrap();
    Once::open(Arc::new(state), "used", share, now).unwrap()
}

fn durable(once: &Once, owner: u8, id: u8, expires: i64, now: i64) -> Noted {
    let noted = once.note(digest(owner), digest(id), expires, now).unwrap();
    futures_block(once.commit()).unwrap();
    noted
}

/// A commit resolves on a thread of the state's own.
fn futures_block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn an_identifier_counts_once_for_its_owner_until_it_expired_also_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let once = open(folder.path(), 10, NOW);
    assert_eq!(durable(&once, 1, 1, NOW + 60, NOW), Noted::First);
    assert_eq!(durable(&once, 1, 1, NOW + 60, NOW), Noted::Again);
    assert_eq!(durable(&once, 2, 1, NOW + 60, NOW), Noted::First, "identifiers are their owner's own");
    drop(once);
    let once = open(folder.path(), 10, NOW + 30);
    assert_eq!(durable(&once, 1, 1, NOW + 90, NOW + 30), Noted::Again, "also after a restart");
    assert_eq!(durable(&once, 1, 1, NOW + 120, NOW + 60), Noted::Again, "on its last second");
    assert_eq!(durable(&once, 1, 1, NOW + 120, NOW + 61), Noted::First, "when it expired it may come again");
    drop(once);
    let once = open(folder.path(), 10, NOW + 61);
    assert_eq!(durable(&once, 1, 1, NOW + 180, NOW + 61), Noted::Again);
}

#[test]
fn a_full_share_refuses_forgets_nothing_and_takes_no_room_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let once = open(folder.path(), 2, NOW);
    assert_eq!(durable(&once, 1, 1, NOW + 10, NOW), Noted::First);
    assert_eq!(durable(&once, 1, 2, NOW + 20, NOW), Noted::First);
    assert_eq!(durable(&once, 1, 3, NOW + 20, NOW), Noted::Full);
    assert_eq!(durable(&once, 2, 3, NOW + 20, NOW), Noted::First);
    drop(once);
    let once = open(folder.path(), 2, NOW);
    assert_eq!(durable(&once, 1, 3, NOW + 20, NOW), Noted::Full, "also after a restart");
    assert_eq!(durable(&once, 1, 1, NOW + 20, NOW), Noted::Again);
    assert_eq!(durable(&once, 1, 3, NOW + 40, NOW + 11), Noted::First, "room comes back");
}

#[test]
fn what_expired_leaves_the_tree() {
    let folder = tempfile::tempdir().unwrap();
    let once = open(folder.path(), 100, NOW);
    for id in 0..40 {
        assert_eq!(durable(&once, 1, id, NOW + 1, NOW), Noted::First);
    }
    drop(once);
    let once = open(folder.path(), 100, NOW + 10);
    for id in 100..106 {
        assert_eq!(durable(&once, 1, id, NOW + 60, NOW + 10), Noted::First);
    }
    assert_eq!(once.tree.scan_prefix(&[]).count(), 6, "the six that are new");
}

#[test]
fn a_key_that_was_never_put_there_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let state = Arc::new(State::open(&StateOptions::new(folder.path().join("state"))).unwrap());
    state.tree("used").unwrap().insert(b"short", b"").unwrap();
    assert_eq!(Once::open(state, "used", 1, NOW).err(), Some(StateFault::Damaged));
}

/// The child of the test below: notes identifiers, says so when each is durable, and never ends by itself.
#[test]
fn note_until_killed() {
    let Some(folder) = std::env::var_os("ZORGSLUIS_ONCE_CHILD") else { return };
    use std::io::Write;
    let once = open(Path::new(&folder), 1_000, NOW);
    for id in 0..=u8::MAX {
        assert_eq!(durable(&once, 1, id, NOW + 600, NOW), Noted::First);
        let mut out = std::io::stderr();
        writeln!(out, "durable {id}").unwrap();
    }
    loop {
        std::thread::park();
    }
}

#[test]
fn what_was_told_to_be_durable_survives_a_kill() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["once::tests::note_until_killed", "--exact", "--nocapture"])
        .env("ZORGSLUIS_ONCE_CHILD", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = 0_u8;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        if let Some(id) = line.unwrap().strip_prefix("durable ").and_then(|id| id.parse::<u8>().ok()) {
            told = id;
            if id == 20 {
                break;
            }
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(told, 20);
    let once = open(folder.path(), 1_000, NOW);
    for id in 0..=told {
        assert_eq!(durable(&once, 1, id, NOW + 600, NOW), Noted::Again, "{id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Against the plainest model: a list of everything that was ever accepted.
    #[test]
    fn no_identifier_is_ever_first_twice_while_it_lives(
        steps in prop::collection::vec((0_u8..3, 0_u8..6, 0_i64..20, 0_i64..4), 1..80),
    ) {
        const SHARE: usize = 3;
        let mut memory = Memory::new(SHARE);
        let mut accepted: Vec<Entry> = Vec::new();
        let mut now = 0;
        for (owner, id, life, pass) in steps {
            now += pass;
            let entry = Entry { expires: now + life, owner: digest(owner), id: digest(id) };
            let alive = |known: &&Entry| known.owner == entry.owner && known.expires >= now;
            let used = accepted.iter().filter(alive).any(|known| known.id == entry.id);
            let full = accepted.iter().filter(alive).count() >= SHARE;
            let expected = if used { Noted::Again } else if full { Noted::Full } else { Noted::First };
            prop_assert_eq!(memory.note(entry, now), expected);
            if expected == Noted::First {
                accepted.push(entry);
            }
        }
    }

    #[test]
    fn a_key_reads_back(expires in 0..i64::MAX, owner in any::<[u8; 32]>(), id in any::<[u8; 32]>()) {
        let entry = Entry { expires, owner, id };
        prop_assert_eq!(read(&key(&entry)), Some(entry));
    }
}
