//! The index against a plain walk through the log, under everything that may befall its files. Each file is one kind of
//! trouble.

mod concurrency;
mod crash;
mod damage;
mod searching;

use std::path::Path;
use std::sync::Arc;

use super::{Described, Index, IndexFault, IndexOptions, Indexer, Period};
use crate::access_log::{AccessLog, AccessLogOptions};

/// Records of a run in these tests.
const RUN: usize = 64;
const STAMP: u64 = 7;

/// Small segments, so that a run has several.
fn open_log(folder: &Path) -> Arc<AccessLog> {
    let options = AccessLogOptions {
        segment_bytes: 8 << 10,
        max_record_bytes: 2000,
        batch_bytes: 4 << 10,
        batch_records: 16,
        ..AccessLogOptions::new(folder.join("log"))
    };
    Arc::new(AccessLog::open(options).unwrap())
}

fn options(folder: &Path) -> IndexOptions {
    IndexOptions { run_records: RUN, ..IndexOptions::new(folder.join("index"), STAMP) }
}

fn open(log: &Arc<AccessLog>, folder: &Path) -> Index {
    Index::open(log.clone(), options(folder), indexer()).unwrap()
}

/// A record says its second and its terms: `second term term …`, and text behind it. Every seventh has no second.
fn record(number: u64) -> Vec<u8> {
    let second = if number % 7 == 3 { String::from("-") } else { (1000 + number / 2).to_string() };
    let terms = [5, 100 + number % 3, 200 + number % 50, 10_000 + number, 100 + number % 3];
    let text = "x".repeat((number % 90) as usize);
    let words: Vec<String> = terms.iter().map(u64::to_string).collect();
    format!("{second} {} {text}", words.join(" ")).into_bytes()
}

fn describe(bytes: &[u8]) -> Described {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut words = text.split(' ');
    let second = words.next().unwrap().parse().ok();
    Described { second, terms: words.map_while(|word| word.parse().ok()).collect() }
}

fn indexer() -> Indexer {
    Box::new(|_, bytes| describe(bytes))
}

fn append(log: &AccessLog, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let slot = loop {
            match log.try_reserve() {
                Ok(slot) => break slot,
                Err(_) => std::thread::yield_now(),
            }
        };
        slot.write_detached(record(number)).unwrap();
    }
}

fn append_and_wait(log: &AccessLog, numbers: std::ops::Range<u64>) {
    let end = numbers.end;
    append(log, numbers);
    while log.length() < end {
        std::thread::yield_now();
    }
}

/// Brings the index up to the log, whatever was damaged.
fn catch_up(index: &Index) {
    while index.advance(1000).unwrap() > 0 {}
    assert_eq!(index.behind(), 0);
}

fn found(index: &Index, groups: &[Vec<u64>], period: Period, before: Option<u64>) -> Result<Vec<u64>, IndexFault> {
    index.search(groups, period, before)?.map(|candidate| candidate.map(|candidate| candidate.index)).collect()
}

/// What a walk through the first so many records finds.
fn expected(records: u64, groups: &[Vec<u64>], period: Period) -> Vec<u64> {
    let admits = |number: &u64| {
        let Described { second, terms } = describe(&record(*number));
        let in_time = second.is_none_or(|second| {
            period.first.is_none_or(|first| first <= second) && period.last.is_none_or(|last| second <= last)
        });
        in_time && groups.iter().all(|group| group.iter().any(|term| terms.contains(term)))
    };
    (0..records).rev().filter(admits).collect()
}

/// A few searches that together touch every part of every run, and the bytes of what they find.
fn assert_whole(index: &Index, records: u64) {
    assert_eq!(index.reach(), records);
    let open = Period::default();
    let few = Period { first: Some(1010), last: Some(1040) };
    for (groups, period) in [
        (vec![], open),
        (vec![vec![5]], open),
        (vec![vec![101], vec![213, 217]], open),
        (vec![vec![213]], few),
        (vec![], few),
        (vec![vec![6]], open),
        (vec![vec![10_000 + records - 1]], open),
        (vec![vec![10_000]], open),
    ] {
        assert_eq!(found(index, &groups, period, None).unwrap(), expected(records, &groups, period), "{groups:?}");
    }
    for number in 0..records {
        assert_eq!(index.record(number).unwrap(), Some(record(number)), "{number}");
        let own = found(index, &[vec![10_000 + number]], open, None).unwrap();
        assert_eq!(own, [number]);
    }
}
