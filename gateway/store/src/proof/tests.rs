use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use tlog_tiles::{EMPTY_HASH, record_hash};

use super::checkpoint::Seen;
use super::keeper::{HASHES, HISTORY, LogRecord};
use super::tree::Frontier;
use super::*;
use crate::access_log::{AccessLog, AccessLogOptions, Content, read, read_from};

/// A log of records in memory, given back the way the access log gives its own.
fn log(records: &[Vec<u8>]) -> impl Fn(u64) -> std::vec::IntoIter<LogRecord> {
    let all: Vec<(u64, Content)> = (0..).zip(records.iter().cloned().map(Content::Record)).collect();
    move |from| all.iter().filter(|(index, _)| *index >= from).cloned().map(Ok).collect::<Vec<_>>().into_iter()
}

fn records(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| format!("record {number}").into_bytes()).collect()
}

fn key(folder: &Path) -> CheckpointKey {
    CheckpointKey::open_or_make(&folder.join("key"), "zorgsluis.test/90000001").unwrap()
}

fn keeper(folder: &Path, records: &[Vec<u8>]) -> Result<Keeper, ProofFault> {
    Keeper::open(KeeperOptions::new(folder), key(folder), log(records))
}

/// A tree over these records with a checkpoint at each of these sizes.
fn kept(folder: &Path, records: &[Vec<u8>], sizes: &[usize]) -> Keeper {
    let mut keeper = keeper(folder, &[]).unwrap();
    for size in sizes {
        keeper.advance(log(&records[..*size])).unwrap();
        keeper.checkpoint().unwrap();
    }
    keeper
}

fn trust(folder: &Path) -> Trust {
    Trust { log: key(folder).public(), witnesses: Vec::new() }
}

fn audited(folder: &Path, records: &[Vec<u8>], kept: &[SignedCheckpoint]) -> Vec<String> {
    let audit = audit(Some(folder), &trust(folder), log(records)(0), kept).unwrap();
    audit.tampering.iter().map(ToString::to_string).collect()
}

#[test]
fn a_tree_of_no_records_has_the_root_of_the_standard() {
    let folder = TempDir::new().unwrap();
    let mut keeper = keeper(folder.path(), &[]).unwrap();
    let checkpoint = keeper.checkpoint().unwrap();
    assert_eq!((checkpoint.size(), checkpoint.root()), (0, EMPTY_HASH));
    assert_eq!(Frontier::default().root(), EMPTY_HASH);
}

#[test]
fn the_tree_on_disk_survives_reopening_and_the_loss_of_its_hashes() {
    let (folder, all) = (TempDir::new().unwrap(), records(300));
    let root = {
        let keeper = kept(folder.path(), &all, &[7, 200]);
        keeper.tree().root(200).unwrap()
    };
    for loss in ["", "none", "all", "half", "garbled"] {
        let hashes = folder.path().join(HASHES);
        match loss {
            "all" => std::fs::remove_file(&hashes).unwrap(),
            "half" => std::fs::File::options().write(true).open(&hashes).unwrap().set_len(3000).unwrap(),
            "garbled" => std::fs::write(&hashes, vec![7; 12_736]).unwrap(),
            _ => {}
        }
        let mut keeper = keeper(folder.path(), &all).unwrap();
        assert_eq!((keeper.tree().size(), keeper.tree().root(200).unwrap()), (200, root), "{loss}");
        assert_eq!(keeper.advance(log(&all)).unwrap(), 100);
        assert_eq!(audited(folder.path(), &all, &[]), [""; 0], "{loss}");
    }
}

#[test]
fn a_tree_does_not_open_over_records_that_were_changed() {
    let (folder, mut all) = (TempDir::new().unwrap(), records(50));
    kept(folder.path(), &all, &[50]);
    all[10] = b"another".to_vec();
    std::fs::remove_file(folder.path().join(HASHES)).unwrap();
    let fault = keeper(folder.path(), &all).err().unwrap().to_string();
    assert!(fault.contains("the first 50 records are not those"), "{fault}");
    all.truncate(40);
    let fault = keeper(folder.path(), &all).err().unwrap().to_string();
    assert!(fault.contains("speaks of 50 records, the log holds 40"), "{fault}");
}

#[test]
fn tampering_is_found_and_placed() {
    let (folder, all) = (TempDir::new().unwrap(), records(100));
    let keeper = kept(folder.path(), &all, &[30, 60, 100]);
    let latest = || SignedCheckpoint::read(&keeper.history().all().unwrap().pop().unwrap().write()).unwrap();
    assert_eq!(audited(folder.path(), &all, &[latest()]), [""; 0]);
    let changed = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut other = all.clone();
        change(&mut other);
        audited(folder.path(), &other, &[])
    };
    let rewritten = |since: u64, size: u64| {
        let last = size - 1;
        format!(
            "records {since} to {last} are not those that the log's own checkpoint of {size} records was signed for"
        )
    };
    let leaf = |index: u64| format!("the tree was built from another record {index}");
    assert_eq!(changed(&|all| all[40][0] ^= 1), [leaf(40), rewritten(30, 60), rewritten(30, 100)]);
    let dropped = changed(&|all| drop(all.remove(70)));
    assert_eq!(dropped.first(), Some(&leaf(70)));
    assert_eq!(
        dropped.last().unwrap(),
        "the log's own checkpoint speaks of 100 records, the log holds 99: records are gone"
    );
    assert_eq!(
        changed(&|all| all.swap(3, 4)),
        [3, 4].map(leaf).into_iter().chain([rewritten(0, 30), rewritten(0, 60), rewritten(0, 100)]).collect::<Vec<_>>()
    );
    assert!(changed(&|all| all.insert(65, b"false".to_vec())).contains(&rewritten(60, 100)));
    assert_eq!(
        changed(&|all| all.truncate(90)),
        ["the log's own checkpoint speaks of 100 records, the log holds 90: records are gone"]
    );
}

#[test]
fn a_rewritten_past_is_found_by_a_checkpoint_that_somebody_else_kept() {
    let (honest, forged, all) = (TempDir::new().unwrap(), TempDir::new().unwrap(), records(80));
    let witness = kept(honest.path(), &all, &[80]).history().all().unwrap();
    // The same key, another past: everything at hand agrees with itself.
    std::fs::copy(honest.path().join("key"), forged.path().join("key")).unwrap();
    let mut other = all.clone();
    other[5] = b"never happened".to_vec();
    kept(forged.path(), &other, &[80]);
    assert_eq!(audited(forged.path(), &other, &[]), [""; 0]);
    assert_eq!(
        audited(forged.path(), &other, &witness),
        ["a kept checkpoint of 80 records was signed for other records than these"]
    );
    // Rolled back to an older copy of itself.
    let older = TempDir::new().unwrap();
    std::fs::copy(honest.path().join("key"), older.path().join("key")).unwrap();
    kept(older.path(), &all[..50], &[50]);
    assert_eq!(
        audited(older.path(), &all[..50], &witness),
        [
            "a kept checkpoint of 80 records was given out, but is not among the log's own, whose last speaks of 50",
            "a kept checkpoint speaks of 80 records, the log holds 50: records are gone"
        ]
    );
}

#[test]
fn a_checkpoint_of_another_key_or_log_is_not_believed() {
    let (one, other, all) = (TempDir::new().unwrap(), TempDir::new().unwrap(), records(10));
    kept(one.path(), &all, &[10]);
    kept(other.path(), &all, &[10]);
    std::fs::copy(other.path().join(HISTORY), one.path().join(HISTORY)).unwrap();
    let found = audited(one.path(), &all, &[]);
    assert!(found[0].starts_with("the log's own checkpoint of 10 records is not believed"), "{found:?}");
    assert!(keeper(one.path(), &all).is_err(), "and the node does not build on it");
}

#[test]
fn a_checkpoint_rolled_back_in_the_history_is_found() {
    let (folder, all) = (TempDir::new().unwrap(), records(20));
    kept(folder.path(), &all, &[20]);
    let text = std::fs::read(folder.path().join(HISTORY)).unwrap();
    let again = TempDir::new().unwrap();
    std::fs::copy(folder.path().join("key"), again.path().join("key")).unwrap();
    kept(again.path(), &all[..8], &[8]);
    let shorter = std::fs::read(again.path().join(HISTORY)).unwrap();
    std::fs::write(folder.path().join(HISTORY), [text, shorter].concat()).unwrap();
    assert_eq!(audited(folder.path(), &all, &[]), ["after a checkpoint of 20 records one of 8 was signed"]);
}

#[test]
fn a_torn_checkpoint_was_never_given_out() {
    let (folder, all) = (TempDir::new().unwrap(), records(20));
    kept(folder.path(), &all, &[10, 20]);
    let file = folder.path().join(HISTORY);
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 20]).unwrap();
    let mut keeper = keeper(folder.path(), &all).unwrap();
    assert_eq!(keeper.tree().size(), 10);
    keeper.advance(log(&all)).unwrap();
    keeper.checkpoint().unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), whole, "Ed25519 signs the same text the same way");
}

#[test]
fn a_history_that_cannot_be_read_in_its_middle_is_tampering_and_stops_the_keeper() {
    let (folder, all) = (TempDir::new().unwrap(), records(40));
    kept(folder.path(), &all, &[10, 20, 30, 40]);
    let file = folder.path().join(HISTORY);
    let whole = std::fs::read(&file).unwrap();
    let second = 1 + whole.windows(4).position(|bytes| bytes == b"\n20 ").unwrap();
    let mut garbled = whole.clone();
    garbled[second] = b'x';
    std::fs::write(&file, &garbled).unwrap();
    let sentence = format!("the file of the log's own checkpoints cannot be read from byte {second} on");
    assert_eq!(audited(folder.path(), &all, &[]), [sentence]);
    assert!(keeper(folder.path(), &all).is_err_and(|fault| fault.to_string().contains("cannot be read from byte")));
    assert_eq!(std::fs::read(&file).unwrap(), garbled, "and nothing was cut off");
    // A letter of a checkpoint itself.
    let mut forged = whole;
    forged[second + 12] ^= 1;
    std::fs::write(&file, &forged).unwrap();
    let found = audited(folder.path(), &all, &[]);
    assert!(found.len() == 1 && found[0].starts_with("the log's own checkpoint of 20 records is not believed"));
}

#[test]
fn a_log_that_ends_before_its_tree_is_refused_though_the_tree_is_whole() {
    let (folder, mut all) = (TempDir::new().unwrap(), records(50));
    kept(folder.path(), &all, &[50]);
    assert!(keeper(folder.path(), &all).is_ok());
    let last = std::mem::replace(&mut all[49], b"another".to_vec());
    assert!(keeper(folder.path(), &all).is_err_and(|fault| fault.to_string().contains("record 49 is not the one")));
    all[49] = last;
    all.truncate(40);
    assert!(keeper(folder.path(), &all).is_err_and(|fault| fault.to_string().contains("the log holds fewer")));
}

#[test]
fn a_tree_that_was_changed_above_its_leaves_is_found() {
    let (folder, all) = (TempDir::new().unwrap(), records(64));
    kept(folder.path(), &all, &[64]);
    let file = folder.path().join(HASHES);
    let mut hashes = std::fs::read(&file).unwrap();
    // Stored order: leaf 0, leaf 1, their parent.
    hashes[2 * 32] ^= 1;
    std::fs::write(&file, hashes).unwrap();
    let found = audited(folder.path(), &all, &[]);
    assert_eq!(found.first().map(String::as_str), Some("the tree's hashes above record 1 were changed"));
}

#[test]
fn a_kept_checkpoint_that_the_log_forgot_is_found() {
    let (folder, all) = (TempDir::new().unwrap(), records(80));
    let witness = kept(folder.path(), &all, &[30, 80]).history().all().unwrap();
    let file = folder.path().join(HISTORY);
    let whole = std::fs::read(&file).unwrap();
    let second = 1 + whole.windows(4).position(|bytes| bytes == b"\n80 ").unwrap();
    std::fs::write(&file, &whole[..second]).unwrap();
    assert_eq!(audited(folder.path(), &all, &[]), [""; 0], "nobody can tell without a witness");
    assert_eq!(
        audited(folder.path(), &all, &witness),
        ["a kept checkpoint of 80 records was given out, but is not among the log's own, whose last speaks of 30"]
    );
}

#[test]
fn a_witness_signs_under_a_checkpoint_with_its_moment() {
    let (folder, all) = (TempDir::new().unwrap(), records(3));
    let mut keeper = kept(folder.path(), &all, &[3]);
    let witness = WitnessKey::open_or_make(&folder.path().join("witness"), "witness.test").unwrap();
    let mut cosigned = SignedCheckpoint::read(&keeper.checkpoint().unwrap().write()).unwrap();
    cosigned.cosign(&witness, 1_793_000_000).unwrap();
    let read = SignedCheckpoint::read(&cosigned.write()).unwrap();
    let trust = |witnesses| Trust { log: keeper.public_key(), witnesses };
    let seen = Seen { witness: "witness.test".into(), at: 1_793_000_000 };
    assert_eq!(read.verify(&trust(vec![witness.public()])).unwrap(), [seen]);
    assert_eq!(read.verify(&trust(vec![])).unwrap(), [], "a stranger's name counts for nothing");
    // Another moment than the one that was signed.
    let text = String::from_utf8(cosigned.write()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last = lines.last_mut().unwrap();
    let at = last.rfind(' ').unwrap() + 12;
    last.replace_range(at..=at, if &last[at..=at] == "A" { "B" } else { "A" });
    let forged = SignedCheckpoint::read((lines.join("\n") + "\n").as_bytes()).unwrap();
    assert!(forged.verify(&trust(vec![witness.public()])).is_err());
    // The log's key is no witness's, nor the reverse.
    assert!(CheckpointKey::open_or_make(&folder.path().join("witness"), "witness.test").is_err());
    assert!(WitnessKey::open_or_make(&folder.path().join("key"), "zorgsluis.test/90000001").is_err());
    assert!(CheckpointKey::open_or_make(&folder.path().join("key"), "another.name").is_err());
}

#[test]
fn public_keys_are_read_as_they_are_written() {
    let folder = TempDir::new().unwrap();
    let witness = WitnessKey::open_or_make(&folder.path().join("witness"), "witness.test").unwrap().public();
    for key in [key(folder.path()).public(), witness] {
        assert_eq!(PublicKey::parse(&key.to_string()).unwrap(), key);
        let text = key.to_string();
        let (name, rest) = text.split_once('+').unwrap();
        for bad in [format!("other+{rest}"), name.to_owned(), format!("{text}A"), String::new()] {
            assert!(PublicKey::parse(&bad).is_err(), "{bad}");
        }
    }
}

#[test]
fn tiles_are_those_of_the_tree_that_was_signed() {
    let (folder, all) = (TempDir::new().unwrap(), records(600));
    let keeper = kept(folder.path(), &all, &[600]);
    let tile = |path: &str, size: u64| keeper.tree().tile(path, size);
    let full = tile("0/000", 600).unwrap();
    assert_eq!(full.len(), 256 * 32);
    assert_eq!(full[..32], record_hash(&all[0]).0);
    assert_eq!(tile("0/002.p/88", 600).unwrap().len(), 88 * 32);
    assert_eq!(tile("1/000.p/2", 600).unwrap().len(), 2 * 32);
    for missing in [
        "0/002",
        "0/002.p/89",
        "1/000",
        "2/000.p/1",
        "data/000",
        "0/000/..",
        "",
        "8/000",
        "64/000",
        "0/002.p/0",
        "0/002.p/256",
        "0/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(tile(missing, 600), None, "{missing}");
    }
    assert_eq!(tile("0/001", 300), None, "not yet in the tree of that size");
}

#[test]
fn the_tree_follows_a_real_log() {
    let folder = TempDir::new().unwrap();
    let segments = folder.path().join("log");
    let options = AccessLogOptions { segment_bytes: 4 << 20, ..AccessLogOptions::new(&segments) };
    let log = AccessLog::open(options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut keeper =
        Keeper::open(KeeperOptions::new(folder.path().join("tree")), key(folder.path()), |from| log.records(from))
            .unwrap();
    let mut following = log.records(0);
    for number in 0..40 {
        runtime.block_on(log.try_reserve().unwrap().write(format!("record {number}").into_bytes())).unwrap();
        if number % 10 == 9 {
            log.follow(&mut following);
            assert_eq!(keeper.advance(|_| &mut following).unwrap(), 10);
            assert_eq!(keeper.checkpoint().unwrap().size(), number + 1);
        }
    }
    log.close().unwrap();
    let found = audit(Some(&folder.path().join("tree")), &trust(folder.path()), read(&segments), &[]).unwrap();
    assert_eq!((found.records, found.checkpoints, found.tampering.len()), (40, 4, 0));
    assert_eq!(read_from(&segments, 39).count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_proof_holds_and_no_other(size in 1usize..70, older in 0usize..70, index in 0usize..70) {
        let (folder, all) = (TempDir::new().unwrap(), records(size));
        let keeper = kept(folder.path(), &all, &[size]);
        let (older, index) = (older.min(size) as u64, index.min(size - 1) as u64);
        let size = size as u64;
        let (tree, root) = (keeper.tree(), keeper.tree().root(size).unwrap());
        let mut frontier = Frontier::default();
        all.iter().for_each(|record| frontier.append(leaf_hash(record)));
        prop_assert_eq!(frontier.root(), root);
        let proof = tree.inclusion(index, size).unwrap();
        let leaf = leaf_hash(&all[index as usize]);
        prop_assert!(holds_inclusion(&proof, leaf, root));
        prop_assert!(!holds_inclusion(&proof, leaf_hash(b"another"), root));
        let outside = InclusionProof { index: size, ..proof.clone() };
        prop_assert!(!holds_inclusion(&outside, leaf, root));
        let before = tree.root(older).unwrap();
        let path = tree.consistency(older, size).unwrap();
        prop_assert!(holds_consistency(&path, (older, before), (size, root)));
        if older > 0 {
            prop_assert!(!holds_consistency(&path, (older, leaf_hash(b"another")), (size, root)));
        }
        prop_assert!(tree.inclusion(size, size).is_err() && tree.root(size + 1).is_err());
    }
}
