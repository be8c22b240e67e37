//! The power goes: everything that was acknowledged is there, with the same bytes, and the log opens.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::*;
use crate::access_log::disk::{Disk, SegmentFile};

const CUTS_A_RUN: u64 = 12;
/// Cuts, unless more or fewer are asked for.
const CUTS: usize = 144;

#[test]
fn whatever_a_power_cut_leaves_every_acknowledged_record_is_there() {
    let runs = (rounds(CUTS) as u64).div_ceil(CUTS_A_RUN);
    let (began, mut openings) = (Instant::now(), Vec::new());
    let kept_more: usize = (0..runs).map(|run| run_with_cuts(run, &mut openings)).sum();
    eprintln!(
        "{kept_more} of {} cuts in {:?} left records that were not acknowledged; {}",
        runs * CUTS_A_RUN,
        began.elapsed(),
        opened_within(openings)
    );
}

/// Six writers on one disk, and what the power going at many moments would leave of it.
fn run_with_cuts(run: u64, openings: &mut Vec<Duration>) -> usize {
    let options = small(Path::new("unused"));
    let disk = SimulatedDisk::default();
    let log = open_simulated(&disk, &options).unwrap();
    disk.faults(|faults| faults.sync_takes = Duration::from_micros(300));
    let acknowledged = Mutex::new(Vec::new());
    let stop = AtomicBool::new(false);
    let (mut kept_more, mut segments) = (0, 0);
    std::thread::scope(|scope| {
        for writer in 0..6_u64 {
            let (log, acknowledged, stop) = (&log, &acknowledged, &stop);
            scope.spawn(move || {
                let mut dice = Dice(run << 8 | writer);
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let bytes = record(writer << 32 | turn, dice.below(1900));
                    let index = append(log, bytes.clone());
                    acknowledged.lock().unwrap().push((index, bytes));
                }
            });
        }
        // Everything is left for later that takes time while the writers go on.
        let mut cuts = Vec::new();
        for cut in 0..CUTS_A_RUN {
            let mut dice = Dice(run << 16 | cut);
            std::thread::sleep(Duration::from_micros(dice.below(4000) as u64));
            let acknowledged = acknowledged.lock().unwrap().clone();
            let left = disk.cut_power(&mut dice);
            cuts.push((cut, acknowledged, left, dice));
        }
        stop.store(true, Ordering::Relaxed);
        for (cut, acknowledged, left, mut dice) in cuts {
            segments = segments.max(left.list().unwrap().len());
            // The power may go again while the log is being opened.
            drop(open_simulated(&left, &options).unwrap_or_else(|fault| panic!("run {run} cut {cut}: {fault}")));
            let left = left.cut_power(&mut dice);
            let start = Instant::now();
            let opened =
                open_simulated(&left, &options).unwrap_or_else(|fault| panic!("run {run} cut {cut}, again: {fault}"));
            openings.push(start.elapsed());
            let found = read_simulated(&left).unwrap();
            assert_eq!(opened.length(), found.len() as u64);
            for (index, bytes) in &acknowledged {
                let there = found.get(*index as usize).map(|(_, bytes)| bytes);
                assert_eq!(there, Some(bytes), "run {run} cut {cut}: record {index} of {}", found.len());
            }
            kept_more += usize::from(found.len() > acknowledged.len());
            // And the log goes on from there.
            assert_eq!(append(&opened, record(cut, 100)), found.len() as u64);
        }
    });
    assert!(segments > 2, "no segment was rolled over");
    kept_more
}

#[test]
fn a_torn_last_batch_is_cut_off_whichever_of_its_sectors_are_missing() {
    let options = AccessLogOptions { batch_records: 4, ..small(Path::new("unused")) };
    let disk = SimulatedDisk::default();
    let log = open_simulated(&disk, &options).unwrap();
    append(&log, record(0, 700));
    let start = disk.bytes("00000000000000000000.log").iter().rposition(|byte| *byte != 0).unwrap() + 1;
    append(&log, record(1, 1900));
    log.close().unwrap();
    let whole = disk.bytes("00000000000000000000.log");
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let sectors = start / 512..end.div_ceil(512);
    for missing in 1_u32..1 << sectors.len() {
        let left = disk.cut_power(&mut Dice(0));
        let file = left.open_to_write("00000000000000000000.log").unwrap();
        for (bit, sector) in sectors.clone().enumerate().filter(|(bit, _)| missing >> bit & 1 == 1) {
            let (from, to) = ((sector * 512).max(start), ((sector + 1) * 512).min(end));
            file.write_at(&vec![0; to - from], from as u64).unwrap_or_else(|_| panic!("{bit}"));
        }
        let log = open_simulated(&left, &options).unwrap_or_else(|fault| panic!("missing {missing:b}: {fault}"));
        assert_eq!(log.length(), 1, "missing {missing:b}");
        append(&log, record(2, 1200));
        log.close().unwrap();
        assert_eq!(read_simulated(&left).unwrap(), [(0, record(0, 700)), (1, record(2, 1200))]);
    }
}

#[test]
fn the_simulated_disk_does_lose_what_was_not_synced() {
    let disk = SimulatedDisk::default();
    let file = disk.create("a", 4096).unwrap();
    file.sync().unwrap();
    disk.sync_folder().unwrap();
    file.write_at(&[1; 2048], 0).unwrap();
    let left: Vec<_> = (0..40).map(|seed| disk.cut_power(&mut Dice(seed)).bytes("a")).collect();
    let kept = |bytes: &Vec<u8>| bytes.iter().filter(|byte| **byte == 1).count();
    assert!(left.iter().any(|bytes| kept(bytes) == 0) && left.iter().any(|bytes| kept(bytes) == 2048));
    assert!(left.iter().any(|bytes| (1..2048).contains(&kept(bytes))));
    file.sync().unwrap();
    assert!((0..40).all(|seed| kept(&disk.cut_power(&mut Dice(seed)).bytes("a")) == 2048));
}
