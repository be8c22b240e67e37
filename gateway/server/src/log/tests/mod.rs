//! A log on disk, by the real store, under hands that mean it ill: what `log verify` says of each, and what the node does.

mod auditing;
mod erased;
mod keeping;
mod surgery;
mod tampering;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use store::access_log::{AccessLog, AccessLogOptions};
use store::proof::{CheckpointKey, HISTORY, Keeper, KeeperOptions, read_history};
use tempfile::TempDir;

use super::places::Places;
use super::verify::{VerifyOptions, verify};

const NAME: &str = "node.example/log/90010001";
const SIZES: [usize; 3] = [20, 40, 60];

pub(super) fn record(node: &str, number: usize) -> Vec<u8> {
    format!(r#"{{"layout":"zorgsluis-access/1","request_id":"{node}-{number}","recorded":"2026-11-02"}}"#).into_bytes()
}

fn records(node: &str) -> Vec<Vec<u8>> {
    (0..60).map(|number| record(node, number)).collect()
}

pub(super) fn open(folder: &Path) -> AccessLog {
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

pub(super) fn copy(from: &Path, to: &Path) {
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
