//! `kill -9` at any moment while runs are written, and what a power cut leaves of a file that was not synced yet.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;
use crate::access_log::read;

const FOLDER: &str = "ZORGSLUIS_INDEX_CRASH_FOLDER";
const ROUNDS: &str = "ZORGSLUIS_CRASH_ROUNDS";

/// So many kills are of one log; then another is begun, so that many rounds take as long as few, many times.
const KILLS_A_LOG: u64 = 6;

#[test]
fn killed_at_any_moment_the_index_is_whole_after_the_next_opening() {
    let rounds: u64 = std::env::var(ROUNDS).map_or(KILLS_A_LOG, |rounds| rounds.parse().unwrap());
    let (began, mut adopted, mut records) = (Instant::now(), 0, 0);
    let (mut openings, mut recoveries) = (Vec::new(), Vec::new());
    for from in (0..rounds).step_by(KILLS_A_LOG as usize) {
        let folder = tempfile::tempdir().unwrap();
        for round in from..rounds.min(from + KILLS_A_LOG) {
            index_until_killed(folder.path(), Duration::from_micros(round % 20 * 1700));
            let log = open_log(folder.path());
            let start = Instant::now();
            let index = open(&log, folder.path());
            openings.push(start.elapsed());
            adopted += index.reach();
            catch_up(&index);
            recoveries.push(start.elapsed());
            assert_whole(&index, log.length());
            records += index.reach();
        }
    }
    assert!(adopted > 0, "no run outlived a kill");
    eprintln!(
        "{rounds} kills in {:?}: {adopted} of {records} records were indexed at once, none was missed; opening took {}; \
         up to date in {}",
        began.elapsed(),
        in_words(openings),
        in_words(recoveries)
    );
}

/// Appends and indexes in a process of its own, and kills that.
fn index_until_killed(folder: &Path, after: Duration) {
    let mut helper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "log_index::tests::crash::helper_that_appends_and_indexes_until_it_is_killed", "--ignored"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let before = read(folder.join("log")).count();
    while read(folder.join("log")).filter(Result::is_ok).count() < before + 150 {
        assert!(helper.try_wait().unwrap().is_none(), "the helper ended by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(after);
    helper.kill().unwrap();
    assert_eq!(helper.wait().unwrap().signal(), Some(9));
}

fn in_words(mut times: Vec<Duration>) -> String {
    times.sort();
    format!("{:?} in the median, {:?} at most", times[times.len() / 2], times[times.len() - 1])
}

// Ignored, because it writes without end: the test above starts it in a process of its own and kills that.
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
