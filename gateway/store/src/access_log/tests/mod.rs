//! The log under everything that may befall it. Each file is one kind of trouble.

mod crash;
mod damage;
mod erasing;
mod full_disk;
mod group_commit;
mod power;
mod proof;
mod room;
mod sequence;

use std::path::Path;
use std::time::Duration;

use super::simulated_disk::{Dice, SimulatedDisk};
use super::{AccessLog, AccessLogOptions, Content, OpenFault, ReadFault, Records};

/// Small segments and short records, so that a test meets many boundaries.
fn small(folder: &Path) -> AccessLogOptions {
    AccessLogOptions {
        segment_bytes: 16 << 10,
        queue: 256,
        max_record_bytes: 2000,
        batch_records: 64,
        batch_bytes: 8 << 10,
        retry_room_every: Duration::from_millis(5),
        ..AccessLogOptions::new(folder)
    }
}

fn open_simulated(disk: &SimulatedDisk, options: &AccessLogOptions) -> Result<AccessLog, OpenFault> {
    AccessLog::open_on(disk.clone(), options.clone(), None)
}

fn read_simulated(disk: &SimulatedDisk) -> Result<Vec<(u64, Vec<u8>)>, ReadFault> {
    Records::new(disk.clone(), 0, u64::MAX).map(whole).collect()
}

/// How many times a fault test cuts: so many, or as many as are asked for.
fn rounds(usual: usize) -> usize {
    std::env::var("ZORGSLUIS_CRASH_ROUNDS").map_or(usual, |rounds| rounds.parse().unwrap())
}

/// How long opening took, in words.
fn opened_within(mut times: Vec<Duration>) -> String {
    times.sort();
    format!("opening took {:?} in the median, {:?} at most", times[times.len() / 2], times[times.len() - 1])
}

/// A record that was not erased.
fn whole(found: Result<(u64, Content), ReadFault>) -> Result<(u64, Vec<u8>), ReadFault> {
    found.map(|(index, content)| (index, content.into_record().expect("a record was erased")))
}

/// A record that can be told from every other: text like the log's own, of any length.
fn record(number: u64, length: usize) -> Vec<u8> {
    let mut dice = Dice(number);
    let mut out = format!("{{\"number\":{number},").into_bytes();
    while out.len() < length {
        out.push(b'a' + dice.below(26) as u8);
    }
    out.push(b'}');
    out
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Writes one record and waits for it.
fn append(log: &AccessLog, bytes: Vec<u8>) -> u64 {
    block_on(log.try_reserve().unwrap().write(bytes)).unwrap().index
}
