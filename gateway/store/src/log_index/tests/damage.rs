//! Files that are not what they were: noticed, thrown away, built again.

use std::fs;
use std::path::PathBuf;

use super::*;

const RECORDS: u64 = 300;

fn built() -> (tempfile::TempDir, Arc<AccessLog>) {
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path());
    append_and_wait(&log, 0..RECORDS);
    catch_up(&open(&log, folder.path()));
    (folder, log)
}

fn run_file(folder: &Path, first: u64) -> PathBuf {
    folder.join("index").join(format!("{first:020}.run"))
}

/// Opens the index over what was done to its files, and searches until it is whole again.
fn recovers(log: &Arc<AccessLog>, folder: &Path, what: &str) {
    let index = open(log, folder);
    catch_up(&index);
    // Damage in what is read only when needed shows in the first search that needs it: as a fault, never as a gap.
    for number in 0..RECORDS {
        match found(&index, &[vec![10_000 + number]], Period::default(), None) {
            Ok(own) => assert_eq!(own, [number], "{what}"),
            Err(fault) => {
                assert!(matches!(fault, IndexFault::Damaged), "{what}: {fault}");
                catch_up(&index);
            }
        }
    }
    assert_whole(&index, RECORDS);
}

#[test]
fn a_changed_byte_anywhere_in_a_run_is_noticed_and_the_run_built_again() {
    let (folder, log) = built();
    let file = run_file(folder.path(), 128);
    let whole = fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(97).chain(whole.len() - 40..whole.len()) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&file, &bytes).unwrap();
        recovers(&log, folder.path(), &format!("byte {at}"));
        assert_eq!(fs::read(&file).unwrap(), whole, "byte {at}");
    }
}

#[test]
fn a_run_that_is_cut_off_or_of_zeros_or_gone_or_of_another_version_is_built_again() {
    let (folder, log) = built();
    let file = run_file(folder.path(), 64);
    let whole = fs::read(&file).unwrap();
    let mut longer = whole.clone();
    longer.push(0);
    let mut other_version = whole.clone();
    other_version[8] = 2;
    let zeros = vec![0; whole.len()];
    for (what, bytes) in [
        ("empty", &whole[..0]),
        ("part of the header", &whole[..40]),
        ("half", &whole[..whole.len() / 2]),
        ("a byte short", &whole[..whole.len() - 1]),
        ("longer", &longer),
        ("another version", &other_version),
        ("zeros", &zeros),
    ] {
        fs::write(&file, bytes).unwrap();
        recovers(&log, folder.path(), what);
        assert_eq!(fs::read(&file).unwrap(), whole, "{what}");
    }
    fs::remove_file(&file).unwrap();
    recovers(&log, folder.path(), "gone");
    // A run under the name of another.
    fs::copy(run_file(folder.path(), 128), &file).unwrap();
    recovers(&log, folder.path(), "another one's");
    // What a process that broke off left.
    fs::write(folder.path().join("index/next.unfinished"), &whole[..50]).unwrap();
    recovers(&log, folder.path(), "unfinished");
    assert!(!folder.path().join("index/next.unfinished").exists());
}

#[test]
fn a_run_that_vanishes_or_changes_under_an_open_index_is_built_again_and_those_behind_it_are_kept() {
    let (folder, log) = built();
    let index = open(&log, folder.path());
    catch_up(&index);
    for first in [0, 64, 192] {
        let before = fs::metadata(run_file(folder.path(), 128)).unwrap().modified().unwrap();
        fs::remove_file(run_file(folder.path(), first)).unwrap();
        assert!(matches!(found(&index, &[], Period::default(), None), Err(IndexFault::Damaged)));
        catch_up(&index);
        assert_whole(&index, RECORDS);
        assert_eq!(fs::metadata(run_file(folder.path(), 128)).unwrap().modified().unwrap(), before);
    }
}

#[test]
fn runs_of_another_stamp_or_size_or_over_another_log_are_not_believed() {
    let (folder, log) = built();
    let other = IndexOptions { stamp: STAMP + 1, ..options(folder.path()) };
    let index = Index::open(log.clone(), other, indexer()).unwrap();
    assert_eq!(index.reach(), 0);
    drop(index);
    let (folder, log) = built();
    let index =
        Index::open(log.clone(), IndexOptions { run_records: 50, ..options(folder.path()) }, indexer()).unwrap();
    assert_eq!(index.reach(), 0);
    catch_up(&index);
    assert_whole(&index, RECORDS);
    drop((index, log));
    // Another log in the place of this one, as after a restore: its records stand elsewhere or have other checksums.
    fs::remove_dir_all(folder.path().join("log")).unwrap();
    let log = open_log(folder.path());
    append(&log, 1000..1001);
    append(&log, 1..RECORDS);
    while log.length() < RECORDS {
        std::thread::yield_now();
    }
    let index = open(&log, folder.path());
    catch_up(&index);
    assert_eq!(found(&index, &[vec![11_000]], Period::default(), None).unwrap(), [0]);
}

#[test]
fn without_room_for_a_run_the_log_goes_on_and_the_index_catches_up_later() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path());
    append_and_wait(&log, 0..40);
    let index = open(&log, folder.path());
    catch_up(&index);
    // A folder in the way of the file stands in for a disk that takes nothing.
    let obstacle = folder.path().join("index/next.unfinished");
    fs::create_dir(&obstacle).unwrap();
    append_and_wait(&log, 40..100);
    assert!(matches!(index.advance(1000), Err(IndexFault::Io { .. })));
    assert_eq!((index.reach(), log.healthy()), (64, true));
    assert_eq!(found(&index, &[], Period::default(), None).unwrap().len(), 64);
    fs::remove_dir(&obstacle).unwrap();
    catch_up(&index);
    assert_whole(&index, 100);
}
