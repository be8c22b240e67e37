//! `kill -9` at any moment: a helper process appends and says what was acknowledged; whatever it said is in the log
//! afterwards, or was erased, which the helper does meanwhile. It also keeps the tree and says which checkpoints it gave
//! out; those hold afterwards.

use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::access_log::{LogFault, read};
use crate::proof::{CheckpointKey, Keeper, KeeperOptions, SignedCheckpoint, Trust, audit, leaf_hash};

const FOLDER: &str = "ZORGSLUIS_CRASH_FOLDER";
/// So many kills are of one log; then another is begun, so that many rounds take as long as few, many times.
const KILLS_A_LOG: usize = 10;
const ROUND: &str = "ZORGSLUIS_CRASH_ROUND";

fn options(folder: &Path) -> AccessLogOptions {
    AccessLogOptions { segment_bytes: 256 << 10, batch_bytes: 64 << 10, ..small(folder) }
}

fn bytes(round: u64, writer: u64, turn: u64) -> Vec<u8> {
    let number = round << 48 | writer << 32 | turn;
    record(number, Dice(number).below(1500))
}

#[test]
fn killed_at_any_moment_the_log_keeps_every_acknowledged_record() {
    let (rounds, began) = (rounds(KILLS_A_LOG), Instant::now());
    let mut tally = Tally::default();
    for from in (0..rounds).step_by(KILLS_A_LOG) {
        kill_again_and_again(from as u64..rounds.min(from + KILLS_A_LOG) as u64, &mut tally);
    }
    let Tally { records, erased, checkpoints, openings } = tally;
    assert!(checkpoints > 0, "no checkpoint was given out");
    assert!(erased > 0 || rounds < KILLS_A_LOG, "nothing was erased");
    eprintln!(
        "{records} records ({erased} of them erased) and {checkpoints} checkpoints over {rounds} kills in {:?}, none lost; {}",
        began.elapsed(),
        opened_within(openings)
    );
}

#[derive(Default)]
struct Tally {
    records: usize,
    erased: usize,
    checkpoints: usize,
    openings: Vec<Duration>,
}

fn kill_again_and_again(rounds: Range<u64>, tally: &mut Tally) {
    let folder = tempfile::tempdir().unwrap();
    let mut erased = 0;
    let (log, tree) = (folder.path().join("log"), folder.path().join("tree"));
    let (mut acknowledged, mut given_out) = (Vec::new(), Vec::new());
    let mut dice = Dice(u64::from(std::process::id()) << 32 | rounds.start);
    for round in rounds {
        let mut helper = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "access_log::tests::crash::helper_that_appends_until_it_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(FOLDER, folder.path())
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(helper.stdout.take().unwrap());
        let before = acknowledged.len();
        let mut line = String::new();
        let quota = dice.below(400);
        while acknowledged.len() < before + quota + 1 && said.read_line(&mut line).unwrap() > 0 {
            acknowledged.extend(parse(round, &line));
            given_out.extend(checkpoint(&line));
            line.clear();
        }
        std::thread::sleep(Duration::from_micros(dice.below(4000) as u64));
        helper.kill().unwrap();
        // What it said up to its death counts too.
        for line in said.lines().map(|line| line.unwrap() + "\n") {
            acknowledged.extend(parse(round, &line));
            given_out.extend(checkpoint(&line));
        }
        assert_eq!(helper.wait().unwrap().signal(), Some(9), "the helper ended by itself");
        assert!(acknowledged.len() > before + quota, "the helper said nothing");

        let found: Vec<_> = read(&log).collect::<Result<_, _>>().unwrap();
        let start = Instant::now();
        let opened = AccessLog::open(options(&log)).unwrap();
        tally.openings.push(start.elapsed());
        assert_eq!(opened.length(), found.len() as u64);
        erased = found.iter().filter(|(_, content)| content.record().is_none()).count();
        for (index, bytes) in &acknowledged {
            match found.get(*index as usize) {
                Some((at, Content::Record(record))) => assert!(at == index && record == bytes, "{round}: {index}"),
                Some((at, Content::Erased(leaf))) => assert!(at == index && *leaf == leaf_hash(bytes).0, "{index}"),
                None => panic!("round {round}: record {index} is gone"),
            }
        }
        // Before and after the tree is opened again it holds, with every checkpoint that was given out.
        let trust = Trust { log: key(folder.path()).public(), witnesses: Vec::new() };
        let kept: Vec<_> =
            given_out.iter().map(|note: &String| SignedCheckpoint::read(note.as_bytes()).unwrap()).collect();
        for again in [false, true] {
            if again {
                let mut keeper =
                    Keeper::open(KeeperOptions::new(&tree), key(folder.path()), |from| opened.records(from)).unwrap();
                keeper.advance(|from| opened.records(from)).unwrap();
                assert_eq!(keeper.checkpoint().unwrap().size(), found.len() as u64);
            }
            let found = audit(Some(&tree), &trust, read(&log), &kept).unwrap();
            assert_eq!(found.tampering, [], "round {round}");
        }
    }
    tally.records += acknowledged.len();
    tally.erased += erased;
    tally.checkpoints += given_out.len();
}

fn key(folder: &Path) -> CheckpointKey {
    CheckpointKey::open_or_make(&folder.join("key"), "zorgsluis.test/90000001").unwrap()
}

/// A checkpoint that was given out, if the line is a whole one.
fn checkpoint(line: &str) -> Option<String> {
    Some(line.strip_suffix(" ok\n")?.strip_prefix("checkpoint ")?.replace('|', "\n"))
}

/// An acknowledgement, if the line is a whole one.
fn parse(round: u64, line: &str) -> Option<(u64, Vec<u8>)> {
    let mut words =
        line.strip_suffix(" ok\n")?.strip_prefix("acknowledged ")?.split(' ').map(|word| word.parse().unwrap());
    let (index, writer, turn) = (words.next()?, words.next()?, words.next()?);
    Some((index, bytes(round, writer, turn)))
}

// Ignored, because it writes without end: the test above starts it in a process of its own and kills that.
#[test]
#[ignore = "only a helper of the test above"]
fn helper_that_appends_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let folder = Path::new(&folder);
    let log = Arc::new(AccessLog::open(options(&folder.join("log"))).unwrap());
    let keeper = Keeper::open(KeeperOptions::new(folder.join("tree")), key(folder), |from| log.records(from)).unwrap();
    let kept = Arc::clone(&log);
    std::thread::spawn(move || keep(keeper, &kept));
    let erasing = Arc::clone(&log);
    std::thread::spawn(move || erase(&erasing, Dice(round)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let writers: Vec<_> = (0..16)
            .map(|writer| {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    // Ends by itself if nobody kills it.
                    for turn in 0..20_000 {
                        let bytes = bytes(round, writer, turn);
                        let position = log.try_reserve().unwrap().write(bytes).await.unwrap();
                        let line = format!("acknowledged {} {writer} {turn} ok\n", position.index);
                        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// Erases a few records of what is not written to any more, again and again.
fn erase(log: &AccessLog, mut dice: Dice) {
    while log.fault() != Some(LogFault::Closed) {
        let until = log.erasable_until().unwrap();
        let from = dice.below(until as usize + 1) as u64;
        log.erase(std::slice::from_ref(&(from..(from + dice.below(50) as u64).min(until)))).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Keeps the tree and says what it gives out, until the process is killed.
fn keep(mut keeper: Keeper, log: &AccessLog) {
    let mut records = log.records(keeper.tree().size());
    while log.healthy() {
        log.follow(&mut records);
        if keeper.advance(|_| &mut records).unwrap() > 0 {
            let note = String::from_utf8(keeper.checkpoint().unwrap().write()).unwrap();
            let line = format!("checkpoint {} ok\n", note.replace('\n', "|"));
            std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
        }
    }
}
