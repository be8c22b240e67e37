//! What is found, in which order, and how far the index says it reaches.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;
use crate::log_index::secret;

#[test]
fn everything_that_a_walk_finds_is_found_newest_first_in_memory_and_in_runs() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path());
    let index = open(&log, folder.path());
    assert_eq!(found(&index, &[], Period::default(), None).unwrap(), []);
    assert_eq!(index.record(0).unwrap(), None);
    let mut before = 0;
    for records in [1, 63, 64, 65, 128, 300] {
        append_and_wait(&log, before..records);
        assert_eq!(index.behind(), records - before);
        catch_up(&index);
        assert_whole(&index, records);
        before = records;
    }
    // Opened again, the runs are there at once and the newest records follow.
    drop(index);
    let index = open(&log, folder.path());
    assert_eq!(index.reach(), 256);
    catch_up(&index);
    assert_whole(&index, 300);
}

#[test]
fn records_before_an_index_are_found_piece_by_piece() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path());
    let options = IndexOptions { run_records: 4096, ..options(folder.path()) };
    let index = Index::open(log.clone(), options, indexer()).unwrap();
    append_and_wait(&log, 0..9000);
    catch_up(&index);
    for before in [0, 1, 1023, 1024, 4095, 4096, 4097, 8192, 8193, 9000, u64::MAX] {
        for groups in [vec![], vec![vec![5]], vec![vec![100]]] {
            let all = expected(before.min(9000), &groups, Period::default());
            assert_eq!(found(&index, &groups, Period::default(), Some(before)).unwrap(), all, "{before}");
        }
    }
}

#[test]
fn what_is_not_indexed_yet_is_not_passed_over_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path());
    append_and_wait(&log, 0..200);
    let index = open(&log, folder.path());
    assert_eq!(index.advance(150).unwrap(), 150);
    assert_eq!((index.reach(), index.behind()), (150, 50));
    assert_eq!(found(&index, &[], Period::default(), None).unwrap().len(), 150);
    assert!(matches!(found(&index, &[], Period::default(), Some(151)), Err(IndexFault::Behind { reach: 150 })));
    assert_eq!(index.record(150).unwrap(), None);
}

#[test]
fn a_group_without_terms_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path());
    append_and_wait(&log, 0..100);
    let index = open(&log, folder.path());
    catch_up(&index);
    assert_eq!(found(&index, &[vec![], vec![5]], Period::default(), None).unwrap(), []);
}

#[test]
fn rebuilding_a_range_leaves_the_terms_of_what_was_erased_behind() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path());
    append_and_wait(&log, 0..300);
    catch_up(&open(&log, folder.path()));
    // As if records 70 and 290 had no content any more.
    let forgetful: Indexer = Box::new(|number, bytes| match number {
        70 | 290 => Described::default(),
        _ => describe(bytes),
    });
    let index = Index::open(log.clone(), options(folder.path()), forgetful).unwrap();
    let of = |number: u64| found(&index, &[vec![10_000 + number]], Period::default(), None).unwrap();
    assert_eq!(of(70), [70], "the run was made before");
    index.rebuild_range(70..71).unwrap();
    catch_up(&index);
    index.rebuild_range(290..300).unwrap();
    assert_eq!((of(70), of(71), of(290), of(291), index.reach()), (vec![], vec![71], vec![], vec![291], 300));
    drop(index);
    let index = open(&log, folder.path());
    catch_up(&index);
    assert_eq!(found(&index, &[vec![10_070]], Period::default(), None).unwrap(), [], "the file is the new one");
}

#[test]
fn the_secret_stays_and_is_the_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("index");
    let made = secret(&place).unwrap();
    assert_ne!(made, [0; 32]);
    assert_eq!(secret(&place).unwrap(), made);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place), mode(&place.join("secret"))), (0o700, 0o600));
    std::fs::write(place.join("secret"), b"torn").unwrap();
    assert_ne!(secret(&place).unwrap(), made);
    let log = open_log(folder.path());
    append_and_wait(&log, 0..100);
    catch_up(&open(&log, folder.path()));
    for entry in std::fs::read_dir(&place).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_searched_the_walk_finds_the_same(
        records in 1u64..200,
        groups in proptest::collection::vec(proptest::collection::vec(
            prop_oneof![Just(5u64), 100u64..104, 200u64..251, 10_000u64..10_200], 1..4), 0..3),
        first in proptest::option::of(990i64..1110),
        length in proptest::option::of(0i64..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let log = open_log(folder.path());
        append_and_wait(&log, 0..records);
        let index = open(&log, folder.path());
        catch_up(&index);
        let period = Period { first, last: length.map(|length| first.unwrap_or(1000) + length) };
        prop_assert_eq!(found(&index, &groups, period, None).unwrap(), expected(records, &groups, period));
    }
}
