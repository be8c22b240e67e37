use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;
use crate::state::StateOptions;

fn open(folder: &Path) -> Transfers {
    let state = State::open(&StateOptions::new(folder.join("state"))).unwrap();
    Transfers::open(Arc::new(state), "outbox").unwrap()
}

fn entry(record: &str, due: Option<i64>) -> Entry {
    Entry { due, record: record.into() }
}

fn durable(transfers: &Transfers) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(transfers.commit()).unwrap();
}

#[test]
fn a_transfer_that_comes_again_under_its_name_is_the_one_that_is_there_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let transfers = open(folder.path());
    assert_eq!(transfers.make([1; 16], &[[7; 32], [8; 32]], &entry("a", Some(5))).unwrap(), Made::New);
    durable(&transfers);
    drop(transfers);
    let transfers = open(folder.path());
    for name in [7, 8] {
        let again = transfers.make([2; 16], &[[9; 32], [name; 32]], &entry("b", None)).unwrap();
        assert_eq!((again, transfers.named(&[9; 32]).unwrap()), (Made::Known([1; 16]), None), "nothing was changed");
    }
    assert_eq!(transfers.get([1; 16]).unwrap().unwrap().entry, entry("a", Some(5)));
    assert_eq!(transfers.named(&[8; 32]).unwrap(), Some([1; 16]));
    assert_eq!((transfers.get([2; 16]).unwrap(), transfers.count()), (None, 1));
    transfers.remove([1; 16]).unwrap();
    transfers.remove([1; 16]).unwrap();
    assert_eq!(transfers.tree.scan_prefix(&[]).count(), 0, "nothing of it is left behind");
    assert_eq!(transfers.count(), 0);
    assert_eq!(transfers.make([2; 16], &[[7; 32]], &entry("b", None)).unwrap(), Made::New);
}

#[test]
fn what_is_due_comes_in_its_order_and_a_change_moves_it() {
    let folder = tempfile::tempdir().unwrap();
    let transfers = open(folder.path());
    for (id, due) in [(1, Some(30)), (2, Some(10)), (3, None), (4, Some(20))] {
        transfers.make([id; 16], &[], &entry("x", due)).unwrap();
    }
    let due = |now, most| -> Vec<u8> { transfers.due(now, most).unwrap().iter().map(|id| id[0]).collect() };
    assert_eq!((due(9, 9), due(20, 9), due(40, 2)), (vec![], vec![2, 4], vec![2, 4]));
    let second = transfers.get([2; 16]).unwrap().unwrap();
    assert!(transfers.replace([2; 16], &second, &entry("y", None)).unwrap());
    assert_eq!(due(40, 9), [4, 1]);
    let listed = transfers.list(Some([1; 16]), 2).unwrap();
    assert_eq!(listed.iter().map(|(id, read)| (id[0], read.version)).collect::<Vec<_>>(), [(2, 2), (3, 1)]);
    let from_the_first: Vec<_> = transfers.list(None, 9).unwrap().iter().map(|(id, _)| id[0]).collect();
    assert_eq!((from_the_first, transfers.list(Some([4; 16]), 9).unwrap()), (vec![1, 2, 3, 4], vec![]));
}

#[test]
fn a_change_to_what_is_no_longer_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let transfers = open(folder.path());
    transfers.make([1; 16], &[], &entry("a", None)).unwrap();
    let before = transfers.get([1; 16]).unwrap().unwrap();
    assert!(transfers.replace([1; 16], &before, &entry("b", None)).unwrap());
    assert!(!transfers.replace([1; 16], &before, &entry("c", None)).unwrap(), "somebody was faster");
    assert_eq!(transfers.get([1; 16]).unwrap().unwrap().entry, entry("b", None));
    assert!(!transfers.replace([2; 16], &before, &entry("c", None)).unwrap());
    let many: Vec<Digest> = (0..=u8::try_from(MAX_NAMES).unwrap()).map(|number| [number; 32]).collect();
    assert!(matches!(transfers.make([3; 16], &many, &entry("d", None)), Err(StateFault::TooLarge { .. })));
}

#[test]
fn a_change_may_bring_one_more_name_and_the_oldest_but_the_first_goes() {
    let folder = tempfile::tempdir().unwrap();
    let transfers = open(folder.path());
    let name = |number: usize| [u8::try_from(number).unwrap(); 32];
    transfers.make([1; 16], &[name(0)], &entry("a", None)).unwrap();
    transfers.make([2; 16], &[name(200)], &entry("a", None)).unwrap();
    let change = |new: Digest| {
        let before = transfers.get([1; 16]).unwrap().unwrap();
        transfers.replace_named([1; 16], &before, &entry("b", None), Some(new)).unwrap()
    };
    for number in 1..=MAX_NAMES {
        assert!(change(name(number)) && change(name(number)), "a name that it has already is no other");
    }
    assert!(!change(name(200)), "it is another's");
    assert_eq!(transfers.named(&name(1)), Ok(None), "the oldest but the first");
    for number in std::iter::once(0).chain(2..=MAX_NAMES) {
        assert_eq!(transfers.named(&name(number)), Ok(Some([1; 16])), "{number}");
    }
    transfers.remove([1; 16]).unwrap();
    assert_eq!((transfers.named(&name(0)), transfers.named(&name(5))), (Ok(None), Ok(None)));
}

#[test]
fn what_was_never_put_there_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let transfers = open(folder.path());
    transfers.tree.insert(&record_key([1; 16]), b"torn").unwrap();
    transfers.tree.insert(&name_key(&[1; 32]), b"torn").unwrap();
    assert_eq!(transfers.get([1; 16]), Err(StateFault::Damaged));
    assert_eq!(transfers.named(&[1; 32]), Err(StateFault::Damaged));
    assert_eq!(transfers.list(None, 5), Err(StateFault::Damaged));
}

#[test]
fn a_part_is_there_whole_or_not_at_all_and_parts_of_nobody_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents");
    let documents = Documents::open(path.clone(), 10).unwrap();
    documents.write([1; 16], 0, b"first").unwrap();
    documents.write([1; 16], 0, b"second").unwrap();
    documents.write([1; 16], 1, b"other").unwrap();
    documents.write([2; 16], 0, b"orphan").unwrap();
    assert_eq!(documents.read([1; 16], 0).unwrap().as_deref(), Some(&b"second"[..]));
    assert_eq!(documents.read([3; 16], 0).unwrap(), None);
    let long = documents.write([1; 16], 0, b"longer than ten");
    assert!(matches!(long, Err(DocumentFault::TooLarge { bytes: 15, limit: 10 })));
    assert_eq!(documents.read([1; 16], 0).unwrap().as_deref(), Some(&b"second"[..]));
    // A process was cut off while it wrote.
    std::fs::write(path.join(format!("{:032x}-5.new", 1)), b"tor").unwrap();
    let documents = Documents::open(path.clone(), 10).unwrap();
    assert_eq!(documents.sweep(|id| id == [1; 16]).unwrap(), 1);
    assert_eq!(documents.read([2; 16], 0).unwrap(), None);
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 2);
    documents.remove([1; 16]).unwrap();
    documents.remove([1; 16]).unwrap();
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0);
}

/// The child of the test below: makes transfers and brings each two steps further, says what is durable, and never ends
/// by itself.
#[test]
fn bring_transfers_further_until_killed() {
    let Some(folder) = std::env::var_os("ZORGSLUIS_TRANSFERS_CHILD") else { return };
    use std::io::Write;
    let folder = Path::new(&folder);
    let transfers = open(folder);
    let documents = Documents::open(folder.join("documents"), 1 << 20).unwrap();
    let mut out = std::io::stderr();
    for number in 0..=u8::MAX {
        let id = [number; 16];
        documents.write(id, 0, &[number; 1000]).unwrap();
        transfers.make(id, &[[number; 32]], &entry("1", Some(1))).unwrap();
        durable(&transfers);
        writeln!(out, "durable {number} 1").unwrap();
        for step in [2, 3] {
            let before = transfers.get(id).unwrap().unwrap();
            let due = (step == 2).then_some(2);
            assert!(transfers.replace(id, &before, &entry(&step.to_string(), due)).unwrap());
            durable(&transfers);
            writeln!(out, "durable {number} {step}").unwrap();
        }
    }
    loop {
        std::thread::park();
    }
}

/// Kills the child after so many steps were told, and holds what is left against what was told.
fn killed_after(steps: usize) {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["transfers::tests::bring_transfers_further_until_killed", "--exact", "--nocapture"])
        .env("ZORGSLUIS_TRANSFERS_CHILD", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told: BTreeMap<u8, u8> = BTreeMap::new();
    let mut seen = 0;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((number, step)) = line.strip_prefix("durable ").and_then(|rest| rest.split_once(' ')) else {
            continue;
        };
        told.insert(number.parse().unwrap(), step.parse().unwrap());
        seen += 1;
        if seen == steps {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(seen, steps);
    let transfers = open(folder.path());
    let documents = Documents::open(folder.path().join("documents"), 1 << 20).unwrap();
    for (number, step) in &told {
        let read = transfers.get([*number; 16]).unwrap().unwrap();
        let kept: u8 = String::from_utf8(read.entry.record).unwrap().parse().unwrap();
        // The child may have come further before it was killed.
        assert!((*step..=3).contains(&kept), "{number}: told {step}, kept {kept}");
        assert_eq!(u64::from(kept), read.version);
        assert_eq!(transfers.due(9, 1000).unwrap().contains(&[*number; 16]), kept < 3, "{number}");
    }
    // Whatever record there is has its document: it was durable first.
    for (id, read) in transfers.list(None, 1000).unwrap() {
        assert_eq!(documents.read(id, 0).unwrap(), Some(vec![id[0]; 1000]));
        assert_eq!(transfers.named(&[id[0]; 32]).unwrap(), Some(id));
        assert!(read.version >= 1);
    }
}

#[test]
fn what_was_told_to_be_durable_survives_a_kill_at_every_step() {
    let rounds = std::env::var("ZORGSLUIS_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    for steps in 1..=rounds {
        killed_after(steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_transfer_reads_back(version in any::<u64>(), due in prop::option::of(0..i64::MAX),
                             names in prop::collection::vec(any::<[u8; 32]>(), 0..=MAX_NAMES),
                             record in prop::collection::vec(any::<u8>(), 0..200)) {
        let kept = Read { version, entry: Entry { due, record }, names };
        prop_assert_eq!(read(&written(&kept)), Some(kept));
    }
}
