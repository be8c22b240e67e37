//! How fast the access log takes records, with its tree and its signed checkpoints kept up, beside a plain file with group
//! commit in the same run: same records, same writers, room taken in advance alike. Only the ratios mean something:
//! machines and disks differ, and this one may be busy.
//!
//! `cargo bench -p store --bench append`, or with a folder on another disk: `cargo bench -p store --bench append -- FOLDER`.
//! `ZORGSLUIS_BENCH_ROUNDS` sets how many rounds are measured.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "prints what it measured, and stops when that breaks")]

use std::fs::{self, File};
use std::future::Future;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, fallocate};
use store::access_log::{AccessLog, AccessLogOptions};
use store::proof::{CheckpointKey, Keeper, KeeperOptions};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// Writers that append side by side, each its next record when its last one is durable.
const WRITERS: [usize; 3] = [1, 16, 64];
/// Rounds; in each everything is measured once, so that all share what the machine is busy with.
const ROUNDS: usize = 7;
/// How long the writers of one measurement append.
const APPENDING: Duration = Duration::from_secs(2);
/// What the disk gets to come to rest between two measurements.
const PAUSE: Duration = Duration::from_millis(500);
/// Length of a record: that of a released search with its sources and grounds.
const RECORD_BYTES: usize = 1_300;
/// Room that is taken at once: a segment of the log.
const SEGMENT_BYTES: u64 = 64 << 20;
/// How a node keeps its proof up: how often it looks, and how often it signs.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const SIGN_EVERY: Duration = Duration::from_secs(10);

fn main() {
    let chosen = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let parent = chosen.map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let rounds = std::env::var("ZORGSLUIS_BENCH_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let runtime = Runtime::new().unwrap();
    println!("medians of {rounds} rounds; records of {RECORD_BYTES} bytes; folder {}", parent.display());
    println!(
        "{:>8} {:>14} {:>14} {:>8} {:>10} {:>16} {:>16} {:>16}",
        "writers", "plain, rec/s", "log, rec/s", "share", "spread", "plain, CPU us", "log, CPU us", "of it the proof"
    );
    for writers in WRITERS {
        let (mut plain, mut bare, mut log) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            // Each goes first as often as the others.
            for turn in 0..3 {
                match (round + turn) % 3 {
                    0 => plain.push(measure(&parent, |folder| plain_file(&runtime, folder, writers))),
                    1 => log.push(measure(&parent, |folder| access_log(&runtime, folder, writers, true))),
                    _ => bare.push(measure(&parent, |folder| access_log(&runtime, folder, writers, false))),
                }
            }
        }
        let mut shares: Vec<f64> = log.iter().zip(&plain).map(|(log, plain)| log.rate() / plain.rate()).collect();
        let rate = |measured: &[Measured]| median(measured.iter().map(Measured::rate).collect());
        let cpu = |measured: &[Measured]| median(measured.iter().map(Measured::cpu_per_record).collect());
        shares.sort_by(f64::total_cmp);
        println!(
            "{writers:>8} {:>14.0} {:>14.0} {:>8.2} {:>10} {:>16.1} {:>16.1} {:>16.1}",
            rate(&plain),
            rate(&log),
            shares[shares.len() / 2],
            format!("{:.2}-{:.2}", shares[0], shares[shares.len() - 1]),
            cpu(&plain),
            cpu(&log),
            cpu(&log) - cpu(&bare),
        );
    }
}

/// What one measurement came to.
struct Measured {
    records: u64,
    took: Duration,
    cpu: Duration,
}

impl Measured {
    fn rate(&self) -> f64 {
        self.records as f64 / self.took.as_secs_f64()
    }

    fn cpu_per_record(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.records as f64
    }
}

/// Measures work in a fresh folder, which says how many records it wrote; the work ends when all is as it should be.
fn measure(parent: &Path, work: impl FnOnce(&Path) -> (u64, Duration)) -> Measured {
    // What was removed before is the disk's business no more when the work begins.
    rustix::fs::sync();
    std::thread::sleep(PAUSE);
    let folder = tempfile::tempdir_in(parent).unwrap();
    let cpu = cpu_time();
    let (records, took) = work(folder.path());
    Measured { records, took, cpu: cpu_time() - cpu }
}

/// Writers on the log. With the proof, the measurement ends when the tree has every record and is signed for.
fn access_log(runtime: &Runtime, folder: &Path, writers: usize, proven: bool) -> (u64, Duration) {
    let options = AccessLogOptions { segment_bytes: SEGMENT_BYTES, ..AccessLogOptions::new(folder.join("log")) };
    let log = Arc::new(AccessLog::open(options).unwrap());
    let keeping = proven.then(|| Keeping::start(log.clone(), folder));
    let began = Instant::now();
    let own = log.clone();
    let records = write_side_by_side(runtime, writers, move |record| {
        let written = own.try_reserve().unwrap().write(record);
        async {
            written.await.unwrap();
        }
    });
    let signed = keeping.map(Keeping::end);
    let took = began.elapsed();
    assert!(signed.is_none_or(|signed| signed == records), "the proof was not kept up");
    assert_eq!(log.length(), records);
    (records, took)
}

/// The same writers on a plain file.
fn plain_file(runtime: &Runtime, folder: &Path, writers: usize) -> (u64, Duration) {
    let plain = Arc::new(Plain::open(&folder.join("plain")));
    let began = Instant::now();
    let own = plain.clone();
    let records = write_side_by_side(runtime, writers, move |record| {
        let written = own.write(record);
        async { written.await.unwrap() }
    });
    (records, began.elapsed())
}

/// Lets so many tasks append until the time is over; says how many records that made.
fn write_side_by_side<F: Future<Output = ()> + Send>(
    runtime: &Runtime,
    writers: usize,
    write: impl Fn(Vec<u8>) -> F + Clone + Send + 'static,
) -> u64 {
    let until = Instant::now() + APPENDING;
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (write, record) = (write.clone(), record());
            runtime.spawn(async move {
                let mut written = 0;
                while Instant::now() < until {
                    write(record.clone()).await;
                    written += 1;
                }
                written
            })
        })
        .collect();
    tasks.into_iter().map(|task| runtime.block_on(task).unwrap()).sum()
}

/// A record-like text.
fn record() -> Vec<u8> {
    let words = br#"{"caller":{"organisation":"90000902","person":{"id":"uzi-1"}},"outcome":{"result":"released"}},"#;
    words.iter().copied().cycle().take(RECORD_BYTES).collect()
}

/// The tree over a log, kept up as a node does (`server::log::keeping`).
struct Keeping {
    stop: std::sync::mpsc::Sender<()>,
    thread: JoinHandle<u64>,
}

impl Keeping {
    fn start(log: Arc<AccessLog>, folder: &Path) -> Self {
        let key = CheckpointKey::open_or_make(&folder.join("key"), "bench.example/log/90000901").unwrap();
        let options = KeeperOptions::new(folder.join("proof"));
        let keeper = Keeper::open(options, key, |from| log.records(from)).unwrap();
        let (stop, stopped) = channel();
        Keeping { stop, thread: std::thread::spawn(move || keep(&log, keeper, &stopped)) }
    }

    /// How many records were signed for at the end.
    fn end(self) -> u64 {
        drop(self.stop);
        self.thread.join().unwrap()
    }
}

fn keep(log: &AccessLog, mut keeper: Keeper, stopped: &Receiver<()>) -> u64 {
    let mut records = log.records(keeper.tree().size());
    let (mut behind, mut signed_at) = (true, Instant::now());
    loop {
        let patience = if behind { Duration::ZERO } else { LOOK_EVERY };
        let last = !matches!(stopped.recv_timeout(patience), Err(RecvTimeoutError::Timeout));
        log.follow(&mut records);
        keeper.advance(|_| &mut records).unwrap();
        behind = keeper.tree().size() < log.length();
        if (last && !behind) || signed_at.elapsed() >= SIGN_EVERY {
            keeper.checkpoint().unwrap();
            signed_at = Instant::now();
        }
        if last && !behind {
            return keeper.latest().unwrap().size();
        }
    }
}

/// What is least for the same promise: one thread that writes what has gathered behind each other, syncs, and tells.
struct Plain {
    waiting: Arc<Waiting>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Waiting {
    records: Mutex<Vec<(Vec<u8>, oneshot::Sender<()>)>>,
    arrived: Condvar,
    closing: AtomicBool,
}

impl Plain {
    fn open(path: &Path) -> Self {
        let file = File::create(path).unwrap();
        let waiting = Arc::new(Waiting::default());
        let own = waiting.clone();
        let thread = std::thread::spawn(move || own.write_all(&file));
        Plain { waiting, thread: Some(thread) }
    }

    fn write(&self, record: Vec<u8>) -> oneshot::Receiver<()> {
        let (done, outcome) = oneshot::channel();
        let mut records = self.waiting.records.lock().unwrap();
        records.push((record, done));
        let first = records.len() == 1;
        drop(records);
        if first {
            self.waiting.arrived.notify_one();
        }
        outcome
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.waiting.closing.store(true, Ordering::SeqCst);
        drop(self.waiting.records.lock().unwrap());
        self.waiting.arrived.notify_one();
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Waiting {
    fn write_all(&self, file: &File) {
        let (mut at, mut taken, mut bytes) = (0, 0, Vec::new());
        loop {
            let mut waiting = self.records.lock().unwrap();
            while waiting.is_empty() {
                if self.closing.load(Ordering::SeqCst) {
                    return;
                }
                waiting = self.arrived.wait(waiting).unwrap();
            }
            let batch = std::mem::take(&mut *waiting);
            drop(waiting);
            bytes.clear();
            batch.iter().for_each(|(record, _)| bytes.extend_from_slice(record));
            if at + bytes.len() as u64 > taken {
                fallocate(file, FallocateFlags::empty(), taken, SEGMENT_BYTES).unwrap();
                taken += SEGMENT_BYTES;
            }
            file.write_all_at(&bytes, at).unwrap();
            file.sync_data().unwrap();
            at += bytes.len() as u64;
            // Whoever wrote may have gone.
            for (_, done) in batch {
                let _ = done.send(());
            }
        }
    }
}

/// Processor time of this process so far, to a hundredth of a second (proc(5): fields 14 and 15 of `stat`).
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
