//! `kill -9` at any moment while runs are written, and what a power cut leaves of a file that was not synced yet.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;
use crate::access_log::read;

const FOLDER: &str = "ZORGSLUIS_INDEX_CRASH_FOLDER";
const ROUNDS: &str = "ZORGSLUIS_CRASH_ROUNDS";

#[test]
fn killed_at_any_moment_the_index_is_whole_after_the_next_opening() {
    let folder = tempfile::tempdir().unwrap();
    let rounds: u64 = std::env::var(ROUNDS).map_or(6, |rounds| rounds.parse().unwrap());
    let mut adopted = 0;
    for round in 0..rounds {
        let mut helper = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "log_index::tests::crash::helper_that_appends_and_indexes_until_it_is_killed",
                "--ignored",
            ])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let before = read(folder.path().join("log")).count();
        while read(folder.path().join("log")).filter(Result::is_ok).count() < before + 150 {
            assert!(helper.try_wait().unwrap().is_none(), "the helper ended by itself");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_micros(round * 1700));
        helper.kill().unwrap();
        assert_eq!(helper.wait().unwrap().signal(), Some(9));
        let log = open_log(folder.path());
        let index = open(&log, folder.path());
        adopted += index.reach();
        catch_up(&index);
        assert_whole(&index, log.length());
    }
    assert!(adopted > 0, "no run outlived a kill");
}

#[test]
#[ignore = "only a helper of the test above"]
fn helper_that_appends_and_indexes_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let log = open_log(Path::new(&folder));
    let index = open(&log, Path::new(&folder));
    let mut next = log.length();
    loop {
        append_and_wait(&log, next..next + 10);
        next += 10;
        index.advance(10_000).unwrap();
        let end = index.reach();
        if end.is_multiple_of(30) {
            index.rebuild_range(end.saturating_sub(100)..end).unwrap();
        }
    }
}

#[test]
fn whatever_a_power_cut_leaves_of_a_run_the_index_is_whole_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path());
    append_and_wait(&log, 0..200);
    catch_up(&open(&log, folder.path()));
    let file = folder.path().join(format!("index/{:020}.run", 64));
    let whole = fs::read(&file).unwrap();
    // Were the name ever durable before the bytes: any sector may still be zeros.
    for lost in 0..whole.len().div_ceil(512) {
        let mut bytes = whole.clone();
        let end = bytes.len().min((lost + 1) * 512);
        bytes[lost * 512..end].fill(0);
        fs::write(&file, bytes).unwrap();
        let index = open(&log, folder.path());
        catch_up(&index);
        for number in 0..200 {
            match found(&index, &[vec![10_000 + number]], Period::default(), None) {
                Ok(own) => assert_eq!(own, [number], "sector {lost}"),
                Err(_) => catch_up(&index),
            }
        }
        assert_whole(&index, 200);
    }
}
