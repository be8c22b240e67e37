use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;
use crate::state::StateOptions;

fn open(folder: &Path) -> Registrations {
    let state = State::open(&StateOptions::new(folder.join("state"))).unwrap();
    Registrations::open(Arc::new(state), "registrations").unwrap()
}

fn commit(ledger: &Registrations) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(ledger.commit()).unwrap();
}

#[test]
fn entries_stay_over_a_restart_and_what_is_forgotten_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let registered = Entry { id: "l-1".to_owned(), tries: 3, not_before: 17, ..Entry::wanted() };
    ledger.put(b"b", &registered).unwrap();
    ledger.put(b"a", &Entry::wanted()).unwrap();
    ledger.put(b"c", &Entry::wanted()).unwrap();
    ledger.forget(b"c").unwrap();
    commit(&ledger);
    drop(ledger);
    let ledger = open(folder.path());
    let all: Vec<_> = ledger.all().map(Result::unwrap).collect();
    assert_eq!(all, [(b"a".to_vec(), Entry::wanted()), (b"b".to_vec(), registered.clone())]);
    let leaving = registered.becoming(Standing::Leaving);
    assert_eq!((leaving.id.as_str(), leaving.tries, leaving.not_before), ("l-1", 0, 0));
    assert_eq!(ledger.get(b"c").unwrap(), None);
}

#[test]
fn what_was_never_put_there_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let state = Arc::new(State::open(&StateOptions::new(folder.path().join("state"))).unwrap());
    state.tree("registrations").unwrap().insert(b"a", b"\x07").unwrap();
    let ledger = Registrations::open(state, "registrations").unwrap();
    assert_eq!(ledger.get(b"a"), Err(StateFault::Damaged));
    assert!(ledger.all().any(|one| one == Err(StateFault::Damaged)));
}

proptest! {
    #[test]
    fn an_entry_is_read_as_it_was_written(id in "[a-zA-Z0-9.-]{0,64}", tries: u32, not_before: i64, standing in 0..3) {
        let standing = [Standing::Wanted, Standing::Registered, Standing::Leaving][standing as usize];
        let entry = Entry { standing, id, tries, not_before };
        prop_assert_eq!(Entry::read(&entry.write()), Some(entry));
    }
}

/// The child of the test below: goes through the life of registrations, says so when each step is durable, and never ends by
/// itself.
#[test]
fn register_until_killed() {
    let Some(folder) = std::env::var_os("ZORGSLUIS_REGISTRATIONS_CHILD") else { return };
    let ledger = open(Path::new(&folder));
    for number in 0..=u8::MAX {
        let step = |what: &str, key: &[u8]| {
            commit(&ledger);
            writeln!(std::io::stderr(), "{what} {}", key[0]).unwrap();
        };
        let key = [number];
        ledger.put(&key, &Entry::wanted()).unwrap();
        step("wanted", &key);
        ledger
            .put(&key, &Entry { id: format!("l-{number}"), ..Entry::wanted() }.becoming(Standing::Registered))
            .unwrap();
        step("registered", &key);
        if number % 2 == 0 {
            ledger.forget(&key).unwrap();
            step("forgotten", &key);
        }
    }
    loop {
        std::thread::park();
    }
}

#[test]
fn every_step_that_was_told_to_be_durable_survives_a_kill() {
    for stop in [1, 4, 7, 20] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["registrations::tests::register_until_killed", "--exact", "--nocapture"])
            .env("ZORGSLUIS_REGISTRATIONS_CHILD", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let steps =
            lines.filter(|line| ["wanted ", "registered ", "forgotten "].iter().any(|word| line.starts_with(word)));
        let last = steps.take(stop).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let (what, number) = last.split_once(' ').unwrap();
        let found = open(folder.path()).get(&[number.parse().unwrap()]).unwrap();
        // It may have gone on before it was killed, never back.
        match (what, found.map(|entry| entry.standing)) {
            ("wanted", _) | ("registered", Some(Standing::Registered)) | ("forgotten", None) => {}
            ("registered", None) => assert_eq!(number.parse::<u8>().unwrap() % 2, 0),
            (what, found) => panic!("{what} {number} and found {found:?}"),
        }
    }
}
