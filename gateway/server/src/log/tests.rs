//! A log on disk, by the real store, under hands that mean it ill: what `log verify` says of each, and what the node does.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use store::access_log::{AccessLog, AccessLogOptions, read};
use store::proof::{
    CheckpointKey, HISTORY, Hash, InclusionProof, Keeper, KeeperOptions, holds_inclusion, leaf_hash, read_history,
};
use tempfile::TempDir;

use super::export::{ExportOptions, Format, export};
use super::filter::Period;
use super::keeping::{Keeping, Origin};
use super::places::Places;
use super::prove::{ProveOptions, prove};
use super::verify::{VerifyOptions, verify};

const NAME: &str = "node.example/log/90010001";
const SIZES: [usize; 3] = [20, 40, 60];

fn record(node: &str, number: usize) -> Vec<u8> {
    format!(r#"{{"layout":"zorgsluis-access/1","request_id":"{node}-{number}","recorded":"2026-11-02"}}"#).into_bytes()
}

fn records(node: &str) -> Vec<Vec<u8>> {
    (0..60).map(|number| record(node, number)).collect()
}

fn open(folder: &Path) -> AccessLog {
    let options = AccessLogOptions {
        segment_bytes: 3 << 10,
        max_record_bytes: 1 << 10,
        batch_bytes: 2 << 10,
        batch_records: 4,
        ..AccessLogOptions::new(folder)
    };
    AccessLog::open(options).unwrap()
}

fn append(log: AccessLog, records: &[Vec<u8>]) {
    for record in records {
        log.try_reserve().unwrap().write_detached(record.clone()).unwrap();
    }
    log.close().unwrap();
}

/// A store folder with a log of these records and a checkpoint at each of the sizes.
fn build(folder: &Path, name: &str, records: &[Vec<u8>], sizes: &[usize]) -> Places {
    let places = Places::of_store(folder);
    let key = CheckpointKey::open_or_make(&places.key, name).unwrap();
    let mut keeper: Option<Keeper> = None;
    let mut from = 0;
    let mut key = Some(key);
    for size in sizes {
        append(open(&places.records), &records[from..*size]);
        let keeper = keeper.get_or_insert_with(|| {
            let options = KeeperOptions::new(&places.proof);
            Keeper::open(options, key.take().unwrap(), |from| store::access_log::read_from(&places.records, from))
                .unwrap()
        });
        keeper.advance(|from| store::access_log::read_from(&places.records, from)).unwrap();
        keeper.checkpoint().unwrap();
        from = *size;
    }
    fs::write(places.public_key(), keeper.unwrap().public_key().to_string()).unwrap();
    places
}

/// Puts another log in the place of this one, with all checksums right.
fn rewrite(places: &Places, records: &[Vec<u8>]) {
    fs::remove_dir_all(&places.records).unwrap();
    append(open(&places.records), records);
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn copy_file(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}

/// A log of three checkpoints, itself when it had two, another node's, and what an auditor kept of the first.
struct World {
    folder: TempDir,
    own: Places,
    older: Places,
    other: Places,
    kept: PathBuf,
    key: String,
}

/// The three logs, built once and copied for each test that changes them.
static BUILT: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let own = build(&at("own"), NAME, &records("own"), &SIZES);
    fs::create_dir_all(at("older")).unwrap();
    copy_file(&own.key, &at("older").join("log-key"));
    build(&at("older"), NAME, &records("own"), &SIZES[..2]);
    build(&at("other"), "other.example/log/90010002", &records("other"), &SIZES);
    folder
});

impl World {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let [own, older, other] = ["own", "older", "other"].map(|name| {
            let (from, to) = (Places::of_store(&BUILT.path().join(name)), Places::of_store(&folder.path().join(name)));
            copy(&from.records, &to.records);
            copy(&from.proof, &to.proof);
            copy_file(&from.key, &to.key);
            to
        });
        let kept = folder.path().join("kept");
        fs::write(&kept, read_history(&own.proof.join(HISTORY)).unwrap().pop().unwrap().write()).unwrap();
        let key = CheckpointKey::open(&own.key).unwrap().unwrap().public().to_string();
        World { own, older, other, kept, key, folder }
    }

    /// What is said of the log: with nothing but its own folder, with the auditor's checkpoint, with its key from elsewhere.
    fn said(&self) -> [Vec<String>; 3] {
        let folder = Some(self.own.records.clone());
        let alone = VerifyOptions { folder: folder.clone(), ..VerifyOptions::default() };
        let kept = VerifyOptions { folder: folder.clone(), kept: vec![self.kept.clone()], ..VerifyOptions::default() };
        let key = VerifyOptions { folder, key: Some(self.key.clone()), ..VerifyOptions::default() };
        [alone, kept, key].map(|options| verify(&options).unwrap().sentences())
    }

    fn history(&self) -> PathBuf {
        self.own.proof.join(HISTORY)
    }

    fn segment(&self, nth: usize) -> PathBuf {
        let mut files: Vec<_> = fs::read_dir(&self.own.records).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "log"));
        files.sort();
        files.swap_remove(nth)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        let mut all = records("own");
        change(&mut all);
        rewrite(&self.own, &all);
    }
}

/// What somebody did, and by what an auditor finds it.
struct Deed {
    what: &'static str,
    done: fn(&World),
    found_by: Means,
    says: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Means {
    /// The log's own folder.
    Alone = 0,
    /// A checkpoint that somebody kept.
    Kept = 1,
    /// The public key from elsewhere.
    Key = 2,
}

/// Nine kinds of tampering, some in several ways. A tenth, editing an erased leaf, waits for erasure.
const DEEDS: &[Deed] = &[
    Deed {
        what: "a byte flipped on the disk",
        done: |world| {
            let file = world.segment(1);
            let mut bytes = fs::read(&file).unwrap();
            bytes[600] ^= 1;
            fs::write(file, bytes).unwrap();
        },
        found_by: Means::Alone,
        says: &["on the log cannot be read: file 000000000000000000", ".log at offset 512: a batch"],
    },
    Deed {
        what: "a byte flipped with all checksums made right",
        done: |world| world.change(|all| all[25][40] ^= 1),
        found_by: Means::Alone,
        says: &[
            "the tree was built from another record 25",
            "records 20 to 39 are not those that the log's own checkpoint of 40 records was signed for",
        ],
    },
    Deed {
        what: "a byte flipped, and the tree's hashes thrown away",
        done: |world| {
            world.change(|all| all[25][40] ^= 1);
            fs::remove_file(world.own.proof.join("hashes")).unwrap();
        },
        found_by: Means::Alone,
        says: &["records 20 to 39 are not those that the log's own checkpoint of 40 records was signed for"],
    },
    Deed {
        what: "a record dropped",
        done: |world| world.change(|all| drop(all.remove(30))),
        found_by: Means::Alone,
        says: &["another record 30", "records 20 to 39 are not", "speaks of 60 records, the log holds 59"],
    },
    Deed {
        what: "a segment dropped",
        done: |world| fs::remove_file(world.segment(1)).unwrap(),
        found_by: Means::Alone,
        says: &["on the log cannot be read", "the segment after this one is missing", "records are gone"],
    },
    Deed {
        what: "two records in another order",
        done: |world| world.change(|all| all.swap(44, 45)),
        found_by: Means::Alone,
        says: &["another record 44", "another record 45", "records 40 to 59 are not"],
    },
    Deed {
        what: "a record put in",
        done: |world| world.change(|all| all.insert(50, record("false", 50))),
        found_by: Means::Alone,
        says: &["another record 50", "records 40 to 59 are not"],
    },
    Deed {
        what: "the end cut off",
        done: |world| world.change(|all| all.truncate(55)),
        found_by: Means::Alone,
        says: &["the log's own checkpoint speaks of 60 records, the log holds 55: records are gone"],
    },
    Deed {
        what: "an older copy of the records put back",
        done: |world| copy(&world.older.records, &world.own.records),
        found_by: Means::Alone,
        says: &["the log's own checkpoint speaks of 60 records, the log holds 40: records are gone"],
    },
    Deed {
        what: "an older copy of records and proof put back",
        done: |world| {
            copy(&world.older.records, &world.own.records);
            copy(&world.older.proof, &world.own.proof);
        },
        found_by: Means::Kept,
        says: &[
            "a kept checkpoint of 60 records was given out, but is not among the log's own, whose last speaks of 40",
            "a kept checkpoint speaks of 60 records, the log holds 40",
        ],
    },
    Deed {
        what: "another node's records in the place of these",
        done: |world| copy(&world.other.records, &world.own.records),
        found_by: Means::Alone,
        says: &["another record 0", "records 0 to 19 are not those that the log's own checkpoint of 20"],
    },
    Deed {
        what: "another node's records and proof in the place of these",
        done: |world| {
            copy(&world.other.records, &world.own.records);
            copy(&world.other.proof, &world.own.proof);
        },
        found_by: Means::Alone,
        says: &["the log's own checkpoint of 20 records is not believed", "it is of another log"],
    },
    Deed {
        what: "another node's records, proof and key in the place of these",
        done: |world| {
            copy(&world.other.records, &world.own.records);
            copy(&world.other.proof, &world.own.proof);
            copy_file(&world.other.key, &world.own.key);
        },
        found_by: Means::Key,
        says: &["the log's own checkpoint of 60 records is not believed", "it is of another log"],
    },
    Deed {
        what: "another past, signed with another key of the same name: who knows the key",
        done: another_past_under_another_key,
        found_by: Means::Key,
        says: &[
            "the log's own checkpoint of 60 records is not believed",
            "the log's own signature is missing or wrong",
        ],
    },
    Deed {
        what: "another past, signed with another key of the same name: who kept a checkpoint",
        done: another_past_under_another_key,
        found_by: Means::Kept,
        says: &["a kept checkpoint of 60 records is not believed", "the log's own signature is missing or wrong"],
    },
    Deed {
        what: "another past, signed with the log's own key",
        done: |world| {
            let mut all = records("own");
            all[25] = record("false", 25);
            fs::remove_dir_all(&world.own.records).unwrap();
            fs::remove_dir_all(&world.own.proof).unwrap();
            build(world.own.key.parent().unwrap(), NAME, &all, &SIZES);
        },
        found_by: Means::Kept,
        says: &["a kept checkpoint of 60 records was signed for other records than these"],
    },
    Deed {
        what: "the last checkpoint taken away",
        done: |world| copy_file(&world.older.proof.join(HISTORY), &world.history()),
        found_by: Means::Kept,
        says: &[
            "a kept checkpoint of 60 records was given out, but is not among the log's own, whose last speaks of 40",
        ],
    },
    Deed {
        what: "the checkpoint rolled back to an older one",
        done: |world| {
            let older = fs::read(world.older.proof.join(HISTORY)).unwrap();
            let whole = fs::read(world.history()).unwrap();
            fs::write(world.history(), [whole, older].concat()).unwrap();
        },
        found_by: Means::Alone,
        says: &["after a checkpoint of 60 records one of 20 was signed"],
    },
    Deed {
        what: "a checkpoint edited",
        done: |world| {
            let text = fs::read_to_string(world.history()).unwrap();
            fs::write(world.history(), text.replacen("\n40\n", "\n41\n", 1)).unwrap();
        },
        found_by: Means::Alone,
        says: &["the log's own checkpoint of 40 records is not believed"],
    },
    Deed {
        what: "the tree's hashes edited",
        done: |world| {
            let file = world.own.proof.join("hashes");
            let mut bytes = fs::read(&file).unwrap();
            // The leaf of record 2 stands behind two leaves and their parent.
            bytes[3 * 32] ^= 1;
            fs::write(file, bytes).unwrap();
        },
        found_by: Means::Alone,
        says: &["the tree was built from another record 2"],
    },
];

fn another_past_under_another_key(world: &World) {
    let mut all = records("own");
    all[25] = record("false", 25);
    let folder = world.own.key.parent().unwrap().to_owned();
    fs::remove_dir_all(&folder).unwrap();
    build(&folder, NAME, &all, &SIZES);
}

#[test]
fn every_kind_of_tampering_is_found_and_said_what_and_where() {
    assert_eq!(World::new().said().concat(), [""; 0], "nothing is said of a log that nobody touched");
    for deed in DEEDS {
        let world = World::new();
        (deed.done)(&world);
        let said = world.said();
        let means = deed.found_by as usize;
        for part in deed.says {
            let found = said[means].iter().any(|sentence| sentence.contains(part));
            assert!(found, "{} ({:?}): {part} is not in {:#?}", deed.what, deed.found_by, said[means]);
        }
        // What needs help from elsewhere truly does; otherwise the case would show less than it says.
        assert_eq!(said[0].is_empty(), deed.found_by != Means::Alone, "{}: {:#?}", deed.what, said[0]);
    }
}

#[test]
fn an_export_is_as_good_as_the_log_and_as_easily_found_out() {
    let world = World::new();
    let mut text = Vec::new();
    let options =
        ExportOptions { folder: world.own.records.clone(), format: Format::Ndjson, period: Period::default() };
    export(&options, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let said = |text: &str, kept: Vec<PathBuf>| {
        let file = world.folder.path().join("export");
        fs::write(&file, text).unwrap();
        let key = Some(world.key.clone());
        verify(&VerifyOptions { export: Some(file), key, kept, ..VerifyOptions::default() })
            .map(|verdict| verdict.sentences())
    };
    for kept in [world.kept.clone(), world.history()] {
        assert_eq!(said(&text, vec![kept.clone()]), Ok(vec![]));
        let changed = said(&text.replacen("own-25", "own-26", 1), vec![kept.clone()]).unwrap();
        assert!(!changed.is_empty());
        let mut lines: Vec<&str> = text.lines().collect();
        lines.remove(7);
        let dropped = said(&lines.join("\n"), vec![kept]).unwrap();
        assert_eq!(dropped[0], "from record 7 on the log cannot be read: record 8 comes next");
    }
    assert!(said(&text, vec![]).is_err_and(|fault| fault.contains("no checkpoint at all")));
    assert!(said("no record\n", vec![world.kept.clone()]).is_err_and(|fault| fault.contains("line 1")));
}

#[test]
fn what_cannot_be_told_is_neither_good_nor_bad() {
    let world = World::new();
    let fault = |options| verify(&options).err().unwrap_or_else(|| panic!("this cannot be told"));
    let folder = Some(world.own.records.clone());
    let witness = "witness.test+";
    assert!(
        fault(VerifyOptions { folder: folder.clone(), witness: vec![witness.into()], ..Default::default() })
            .contains("--witness")
    );
    let own = VerifyOptions { folder: folder.clone(), witness: vec![world.key.clone()], ..Default::default() };
    assert!(fault(own).contains("not of a witness"));
    let witness = store::proof::WitnessKey::open_or_make(&world.folder.path().join("w"), "witness.test").unwrap();
    let unseen = VerifyOptions {
        folder: folder.clone(),
        witness: vec![witness.public().to_string()],
        kept: vec![world.kept.clone()],
        ..Default::default()
    };
    assert!(fault(unseen).contains("bears the signature of the witness"));
    let mut seen = read_history(&world.history()).unwrap().pop().unwrap();
    seen.cosign(&witness, 1_793_000_000).unwrap();
    let file = world.folder.path().join("seen");
    fs::write(&file, seen.write()).unwrap();
    let options = VerifyOptions {
        folder: folder.clone(),
        witness: vec![witness.public().to_string()],
        kept: vec![file],
        ..Default::default()
    };
    let verdict = verify(&options).unwrap();
    assert!(verdict.is_good() && verdict.to_string().contains("seen by witness.test up to 60 records"));
    fs::remove_file(world.history()).unwrap();
    let alone = || VerifyOptions { folder: folder.clone(), ..VerifyOptions::default() };
    assert!(fault(alone()).contains("no checkpoint at all"));
    fs::remove_dir_all(&world.own.proof).unwrap();
    assert!(fault(alone()).contains("no such folder"));
}

#[test]
fn a_proof_leads_from_the_record_to_the_checkpoint() {
    let world = World::new();
    let options = |index, since| ProveOptions { index, folder: world.own.records.clone(), since };
    let document: Value = serde_json::from_str(&prove(&options(33, Some(40))).unwrap()).unwrap();
    let hash = |text: &Value| Hash(STANDARD.decode(text.as_str().unwrap()).unwrap().try_into().unwrap());
    let hashes = document["inclusion"].as_array().unwrap().iter().map(hash).collect();
    let proof = InclusionProof { index: 33, size: 60, hashes };
    let leaf = leaf_hash(&record("own", 33));
    assert_eq!(hash(&document["leaf_hash"]), leaf);
    assert!(holds_inclusion(&proof, leaf, hash(&document["root"])));
    assert!(document["checkpoint"].as_str().unwrap().starts_with(&format!("{NAME}\n60\n")));
    let older = &read_history(&world.history()).unwrap()[1];
    assert_eq!((older.size(), older.root()), (40, hash(&document["consistency"]["root"])));
    assert!(!document.to_string().contains("own-33"), "a proof says nothing of the record");
    assert!(prove(&options(60, None)).is_err_and(|fault| fault.contains("not signed for")));
    world.change(|all| all[33][40] ^= 1);
    assert!(prove(&options(33, None)).is_err_and(|fault| fault.contains("log verify")));
}

fn origin(chosen: Option<&str>) -> Origin {
    Origin { chosen: chosen.map(str::to_owned), usual: NAME.into() }
}

fn last(places: &Places) -> u64 {
    read_history(&places.proof.join(HISTORY)).unwrap().pop().unwrap().size()
}

#[test]
fn the_tree_is_kept_up_and_signed_for_at_the_latest_when_the_node_stops() {
    let folder = TempDir::new().unwrap();
    let places = Places::of_store(folder.path());
    let all = records("own");
    let day = Duration::from_secs(86_400);
    for (round, before) in [(0, 0), (1, 20), (2, 40)] {
        let log = Arc::new(open(&places.records));
        let (keeping, published) = Keeping::start(log.clone(), &places, &origin(None), day).unwrap();
        assert_eq!(published.given().unwrap().size, before as u64, "round {round}");
        for record in &all[before..before + 20] {
            log.try_reserve().unwrap().write_detached(record.clone()).unwrap();
        }
        while log.length() < before as u64 + 20 {
            std::thread::yield_now();
        }
        drop(keeping);
        let given = published.given().unwrap();
        assert_eq!((given.size, last(&places), published.trouble()), (before as u64 + 20, before as u64 + 20, None));
        assert_eq!(given.tile(&format!("0/000.p/{}", before + 20)).unwrap()[..32], leaf_hash(&all[0]).0);
        assert_eq!(given.tile("0/000"), None);
    }
    let options = VerifyOptions { folder: Some(places.records.clone()), ..VerifyOptions::default() };
    assert!(verify(&options).unwrap().is_good());
    assert_eq!(read(&places.records).count(), 60);
}

#[test]
fn a_node_does_not_start_over_a_log_that_is_not_the_one_that_was_signed_for() {
    type Deed = (fn(&World), Option<&'static str>, &'static str);
    let deeds: [Deed; 8] = [
        (|world| world.change(|all| all.truncate(55)), None, "the log holds fewer"),
        (|world| world.change(|all| all[59][40] ^= 1), None, "record 59 is not the one"),
        (|world| copy(&world.other.records, &world.own.records), None, "record 59 is not the one"),
        (|world| fs::remove_file(&world.own.key).unwrap(), None, "signing key"),
        (|world| fs::remove_file(world.history()).unwrap(), None, "checkpoints in"),
        (|world| fs::remove_dir_all(&world.own.proof).unwrap(), None, "checkpoints in"),
        (|world| copy_file(&world.other.key, &world.own.key), None, "which is another one"),
        (|_| (), Some("chosen.example"), "set log.origin to that name"),
    ];
    let start = |world: &World, chosen: Option<&str>| {
        let log = Arc::new(open(&world.own.records));
        Keeping::start(log, &world.own, &origin(chosen), Duration::from_secs(10)).map(|_| ())
    };
    assert_eq!(start(&World::new(), None), Ok(()));
    assert_eq!(start(&World::new(), Some(NAME)), Ok(()));
    for (done, chosen, says) in deeds {
        let world = World::new();
        done(&world);
        let fault = start(&world, chosen).expect_err(says);
        assert!(fault.contains(says), "{says} is not in: {fault}");
        assert_eq!(start(&world, chosen), Err(fault), "and not the second time either");
    }
    // A node of before there was a proof begins one.
    let world = World::new();
    fs::remove_dir_all(&world.own.proof).unwrap();
    fs::remove_file(&world.own.key).unwrap();
    assert_eq!(start(&world, None), Ok(()));
    assert_eq!(last(&world.own), 60);
}
