//! Records whose retention is over are erased: announced first, nothing else, and the proof goes on. And whoever uses
//! erasure to make something disappear is found out.

use std::fs;
use std::path::PathBuf;
use std::slice::from_ref;
use std::sync::Arc;

use audit::erasure::{Announcement, ErasedRange, Retained, Retention};
use exchange::ports::Clock;
use serde_json::Value;
use store::access_log::{AccessLog, Content, read};
use store::proof::{CheckpointKey, HISTORY, Keeper, KeeperOptions};
use tempfile::TempDir;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::surgery::{self, Place};
use super::tampering::Kind;
use super::{NAME, open};
use crate::log::archive::Archive;
use crate::log::erasing::Erase;
use crate::log::export::{ExportOptions, Format, export};
use crate::log::filter::{FilterOptions, Period};
use crate::log::places::Places;
use crate::log::prove::{ProveOptions, prove};
use crate::log::retention::{self, Report, RetentionConfig};
use crate::log::search::{SearchOptions, search};
use crate::log::unindexed;
use crate::log::verify::{VerifyOptions, verify};

const NODE: &str = "90010001";
const NOW: OffsetDateTime = datetime!(2026-11-02 12:00 UTC);
/// Records 0 to 29 are old, 30 to 59 are not.
const OLD: u64 = 30;

/// A log of sixty records, signed for, of which the older half is due.
struct Old {
    _folder: TempDir,
    places: Places,
}

struct At(OffsetDateTime);

impl Clock for At {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

fn recorded(index: u64) -> OffsetDateTime {
    let (from, nth) =
        if index < OLD { (datetime!(2019-03-01 08:00 UTC), index) } else { (NOW - Duration::days(30), index - OLD) };
    from + Duration::hours(nth as i64)
}

fn dated(index: u64) -> Vec<u8> {
    let at = recorded(index).format(&time::format_description::well_known::Rfc3339).unwrap();
    let outcome = r#"{"result":"released"}"#;
    format!(r#"{{"layout":"zorgsluis-access/1","request_id":"r-{index}","recorded":"{at}","outcome":{outcome}}}"#)
        .into_bytes()
}

impl Old {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let old = Old { places: Places::of_store(folder.path()), _folder: folder };
        fs::create_dir_all(&old.places.index).unwrap();
        old.with_log(|log| (0..60).for_each(|index| append(log, dated(index))));
        old.sign();
        old
    }

    fn with_log<T>(&self, done: impl FnOnce(&AccessLog) -> T) -> T {
        let log = open(&self.places.records);
        let result = done(&log);
        log.close().unwrap();
        result
    }

    fn sign(&self) {
        let key = CheckpointKey::open_or_make(&self.places.key, NAME).unwrap();
        let from = |from| store::access_log::read_from(&self.places.records, from);
        let mut keeper = Keeper::open(KeeperOptions::new(&self.places.proof), key, from).unwrap();
        keeper.advance(from).unwrap();
        keeper.checkpoint().unwrap();
        fs::write(self.places.public_key(), keeper.public_key().to_string()).unwrap();
    }

    fn round(&self) -> Report {
        let kept = RetentionConfig::default();
        self.with_log(|log| retention::round(log, &self.places.index, &kept, NODE, NOW)).unwrap()
    }

    fn contents(&self) -> Vec<Content> {
        read(&self.places.records).map(|found| found.unwrap().1).collect()
    }

    fn erased(&self) -> Vec<u64> {
        let all = (0..).zip(self.contents());
        all.filter(|(_, content)| content.record().is_none()).map(|(index, _)| index).collect()
    }

    fn said(&self) -> Vec<String> {
        let folder = Some(self.places.records.clone());
        verify(&VerifyOptions { folder, ..VerifyOptions::default() }).unwrap().sentences()
    }
}

fn append(log: &AccessLog, record: Vec<u8>) {
    log.try_reserve().unwrap().write_and_wait(record).unwrap();
}

#[test]
fn what_is_due_goes_after_it_was_announced_and_everything_else_stays() {
    let old = Old::new();
    let before = old.contents();
    let report = old.round();
    let gone = old.erased();
    assert_eq!(gone, (0..gone.len() as u64).collect::<Vec<_>>(), "without a gap, from the oldest on");
    assert_eq!((report.records, report.announced.as_slice(), report.more), (gone.len() as u64, [60].as_slice(), false));
    assert_eq!(gone.len() as u64, OLD, "all that is old stands in segments that are finished");
    let after = old.contents();
    assert_eq!(after[OLD as usize..60], before[OLD as usize..]);
    let announcement = Announcement::read(after[60].record().unwrap()).unwrap();
    assert_eq!(
        (announcement.node.as_str(), announcement.recorded, announcement.rules),
        (NODE, NOW, Retention::default())
    );
    let [range] = announcement.erased.as_slice() else { panic!("one range: {announcement:?}") };
    assert_eq!((range.from, range.until, range.newest), (0, OLD, recorded(OLD - 1)));
    assert_eq!(old.said(), [""; 0]);
    old.sign();
    assert_eq!(old.said(), [""; 0], "and the tree goes on from the leaves");
    assert_eq!((old.round(), old.contents().len()), (Report::default(), 61), "nothing is due any more");
}

#[test]
fn less_than_five_years_is_not_lawful_and_longer_is_the_providers_choice() {
    let old = Old::new();
    let round = |kept: &RetentionConfig| old.with_log(|log| retention::round(log, &old.places.index, kept, NODE, NOW));
    let too_short = RetentionConfig { refused_years: 4, ..RetentionConfig::default() };
    assert!(round(&too_short).is_err_and(|fault| fault.contains("log.retention.refused_years")));
    let longer = RetentionConfig { exchange_years: 8, ..RetentionConfig::default() };
    assert_eq!(round(&longer), Ok(Report::default()));
    assert_eq!((old.erased().len(), old.contents().len()), (0, 60), "and nothing was announced");
}

#[test]
fn a_round_that_broke_off_after_its_announcement_is_done_by_the_next() {
    let old = Old::new();
    old.with_log(|log| {
        let plan = retention::due(log, &RetentionConfig::default(), NOW).unwrap();
        plan.announcements(NODE).for_each(|announcement| append(log, announcement.write().unwrap()));
    });
    assert_eq!((old.erased().len(), old.said().len()), (0, 0), "announced and not done is no tampering");
    let report = old.round();
    assert_eq!((report.announced, report.records), (vec![61], OLD));
    assert_eq!(old.said(), [""; 0]);
}

#[test]
fn what_was_erased_can_be_proven_exported_and_passed_over_but_not_read() {
    let old = Old::new();
    old.round();
    old.sign();
    let folder = old.places.records.clone();
    let text = |format| {
        let mut out = Vec::new();
        export(&ExportOptions { folder: folder.clone(), format, period: Period::default() }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let ndjson = text(Format::Ndjson);
    assert!(!ndjson.contains("\"r-3\"") && ndjson.contains("\"r-30\""));
    assert!(text(Format::Csv).lines().nth(4).unwrap().contains("erased"));
    let file: PathBuf = old.places.key.with_file_name("export");
    let verified = |text: &str| {
        fs::write(&file, text).unwrap();
        let key = Some(fs::read_to_string(old.places.public_key()).unwrap());
        let kept = vec![old.places.proof.join(HISTORY)];
        verify(&VerifyOptions { export: Some(file.clone()), key, kept, ..VerifyOptions::default() })
            .unwrap()
            .sentences()
    };
    assert_eq!(verified(&ndjson), [""; 0]);
    let lines: Vec<&str> = ndjson.lines().collect();
    let swapped = ndjson.replacen(&lines[3][10..], &lines[4][10..], 1);
    assert!(!verified(&swapped).is_empty(), "the leaf of another record");
    let proof: Value =
        serde_json::from_str(&prove(&ProveOptions { index: 3, folder: folder.clone(), since: None }).unwrap()).unwrap();
    assert_eq!((&proof["erased"], &proof["index"]), (&Value::Bool(true), &Value::from(3)));
    let mut found = Vec::new();
    let passed = search(&SearchOptions { folder, filter: FilterOptions::default() }, &mut found).unwrap();
    assert_eq!((passed.erased, String::from_utf8(found).unwrap().lines().count()), (OLD, 31));
}

#[test]
fn the_running_node_erases_and_its_index_forgets_even_what_was_erased_while_it_stood_still() {
    let old = Old::new();
    old.round();
    assert_eq!(unindexed::read(&old.places.index), Ok(Some(0..OLD)), "what the index has to forget is noted");
    let log = Arc::new(open(&old.places.records));
    let archive = Arc::new(Archive::open(log.clone(), &old.places.index, NODE.into()).unwrap());
    let at = |now| Erase {
        log: log.clone(),
        archive: Some(archive.clone()),
        index: old.places.index.clone(),
        config: RetentionConfig::default(),
        node: NODE.into(),
        clock: Arc::new(At(now)),
    };
    assert_eq!(at(NOW).round(), Ok(false));
    assert_eq!((unindexed::read(&old.places.index), log.length()), (Ok(None), 61));
    assert_eq!(at(NOW + Duration::days(6 * 366)).round(), Ok(false));
    assert_eq!((unindexed::read(&old.places.index), log.length()), (Ok(None), 62), "six years later more is due");
    assert!(old.erased().len() > OLD as usize);
}

#[test]
fn the_command_erases_by_the_configuration_of_the_node_alone() {
    let old = Old::new();
    let root = old.places.key.parent().unwrap();
    let mut config = crate::config::testing::reference();
    config.store.folder = root.to_owned();
    let file = root.join("node.toml");
    fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    let run = |dry_run| {
        crate::log::erase::erase(&crate::log::erase::EraseOptions { config: file.clone(), folder: None, dry_run })
    };
    assert!(run(true).unwrap().starts_with("30 records are due"));
    assert_eq!(old.contents().len(), 60);
    let done = run(false).unwrap();
    assert!(done.contains("records were erased") && done.contains("exchange 5 years"), "{done}");
    assert_eq!(old.said(), [""; 0]);
    fs::remove_dir_all(&old.places.records).unwrap();
    assert!(run(false).is_err_and(|fault| fault.contains("no such folder")));
}

/// What somebody did who knows how erasure works, and what `log verify` says of it.
struct Deed {
    what: &'static str,
    done: fn(&Old),
    says: &'static [&'static str],
}

const DEEDS: &[Deed] = &[
    Deed {
        what: "the hash of an erased record edited",
        done: |old| {
            surgery::change(&old.places.records, 3, |place| match place {
                Place::Erased(leaf) => Place::Erased([&[leaf[0] ^ 1], &leaf[1..]].concat()),
                Place::Record(_) => panic!("it was erased"),
            });
        },
        says: &["the tree was built from another record 3", "records 0 to 59 are not those"],
    },
    Deed {
        what: "another record in the place of an erased one",
        done: |old| surgery::change(&old.places.records, 3, |_| Place::Record(dated(4))),
        says: &["the tree was built from another record 3", "records 0 to 59 are not those"],
    },
    Deed {
        what: "the hash of an erased record passed off as its content",
        done: |old| {
            surgery::change(&old.places.records, 3, |place| match place {
                Place::Erased(leaf) => Place::Record(leaf.clone()),
                Place::Record(_) => panic!("it was erased"),
            });
        },
        says: &["the tree was built from another record 3"],
    },
    Deed {
        what: "a young record erased without a word",
        done: |old| old.with_log(|log| assert_eq!(log.erase(from_ref(&(36..37))).unwrap().records, 1)),
        says: &["record 36 was erased, and no announcement in the log covers that"],
    },
    Deed {
        what: "young records erased, announced as old ones",
        done: |old| lie(old, Retention::default(), recorded(0)),
        says: &[
            "record 61 announces records 36 to 39 as no newer than 2019-03-01T08:00:00Z, but record 35 before is of",
        ],
    },
    Deed {
        what: "young records erased, announced as what they are",
        done: |old| lie(old, Retention::default(), recorded(39)),
        says: &["record 61 announces the erasure of records 36 to 39 too early"],
    },
    Deed {
        what: "young records erased under a retention that is not lawful",
        done: |old| lie(old, Retention { exchange: 0, ..Retention::default() }, recorded(39)),
        says: &["record 61 announces an erasure after 0 years (exchange); at least 5 are due"],
    },
];

/// Announces and erases records 36 to 39 under these rules, as no newer than this.
fn lie(old: &Old, rules: Retention, newest: OffsetDateTime) {
    let class = Retained::of(&dated(36)).unwrap().class;
    let range = ErasedRange { from: 36, until: 40, classes: vec![class], newest };
    let announcement = Announcement::new(NOW, NODE, rules, vec![range]);
    old.with_log(|log| {
        append(log, announcement.write().unwrap());
        assert_eq!(log.erase(from_ref(&(36..40))).unwrap().records, 4);
    });
    old.sign();
}

#[test]
fn whoever_uses_erasure_to_hide_something_is_found_out() {
    assert_eq!(Kind::ALL.last(), Some(&Kind::EditAnErasedLeaf), "the other kinds are in the table of deeds");
    for deed in DEEDS {
        let old = Old::new();
        old.round();
        old.sign();
        assert_eq!(old.said(), [""; 0], "nothing is said before");
        (deed.done)(&old);
        let said = old.said();
        for part in deed.says {
            assert!(said.iter().any(|sentence| sentence.contains(part)), "{}: {part} is not in {said:#?}", deed.what);
        }
    }
}
