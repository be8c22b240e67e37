//! The disk is full: the log refuses, loses nothing, and resumes when there is room.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::access_log::LogFault;

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_full_disk_is_refused_early_and_survived_without_loss_or_repetition() {
    let options = small(Path::new("unused"));
    let disk = SimulatedDisk::default();
    disk.faults(|faults| faults.room = Some(options.segment_bytes * 3));
    let log = open_simulated(&disk, &options).unwrap();
    let mut expected = Vec::new();
    for round in 0..4_u64 {
        let mut detached = 0;
        // Half a queue of reservations, made while there is room; more records than there is room for.
        loop {
            let Ok(slot) = log.try_reserve() else { break };
            let bytes = record(round << 32 | expected.len() as u64, 1000);
            match block_on(slot.write(bytes.clone())) {
                Ok(position) => {
                    assert_eq!(position.index, expected.len() as u64);
                    expected.push(bytes);
                }
                Err(fault) => assert_eq!(fault, LogFault::NoRoom),
            }
        }
        assert_eq!(log.fault(), Some(LogFault::NoRoom));
        assert_eq!(log.length(), expected.len() as u64);
        assert_eq!(read_simulated(&disk).unwrap().len(), expected.len());
        disk.faults(|faults| faults.room = Some(options.segment_bytes * 2));
        wait_until("the log takes records again", || log.healthy());
        for _ in 0..3 {
            let bytes = record(expected.len() as u64, 500);
            log.try_reserve().unwrap().write_detached(bytes.clone()).unwrap();
            expected.push(bytes);
            detached += 1;
        }
        wait_until("what nobody waits for is written", || log.length() == expected.len() as u64);
        assert_eq!(detached, 3);
    }
    log.close().unwrap();
    assert_eq!(read_simulated(&disk).unwrap(), (0..).zip(expected).collect::<Vec<_>>());
}

#[test]
fn places_reserved_before_the_disk_was_full_can_still_be_used_and_held_records_follow() {
    let options = AccessLogOptions { segment_bytes: 8 << 10, ..small(Path::new("unused")) };
    let disk = SimulatedDisk::default();
    let log = open_simulated(&disk, &options).unwrap();
    disk.faults(|faults| faults.room = Some(0));
    let slots: Vec<_> = (0..12).map(|_| log.try_reserve().unwrap()).collect();
    let mut slots = slots.into_iter();
    // Five of about a kilobyte pass the half of the segment; the log now refuses new places.
    for number in 0..5 {
        assert_eq!(block_on(slots.next().unwrap().write(record(number, 1000))).unwrap().index, number);
    }
    wait_until("the full disk shows", || log.fault() == Some(LogFault::NoRoom));
    assert_eq!(log.try_reserve().unwrap_err(), LogFault::NoRoom);
    for number in 5..7 {
        assert_eq!(block_on(slots.next().unwrap().write(record(number, 1000))).unwrap().index, number);
    }
    // The segment is full. Who waits is told; what nobody waits for is held.
    for number in 7..10 {
        slots.next().unwrap().write_detached(record(number, 1000)).unwrap();
    }
    assert_eq!(block_on(slots.next().unwrap().write(record(99, 1000))), Err(LogFault::NoRoom));
    assert_eq!(log.length(), 7);
    disk.faults(|faults| faults.room = None);
    wait_until("the held records are written", || log.length() == 10);
    assert!(log.healthy());
    log.close().unwrap();
    let expected: Vec<_> = (0..10).map(|number| (number, record(number, 1000))).collect();
    assert_eq!(read_simulated(&disk).unwrap(), expected);
}

#[test]
fn a_log_that_is_closed_while_the_disk_is_full_says_what_it_lost() {
    let options = AccessLogOptions { segment_bytes: 4 << 10, ..small(Path::new("unused")) };
    let disk = SimulatedDisk::default();
    let log = open_simulated(&disk, &options).unwrap();
    let slot = log.try_reserve().unwrap();
    disk.faults(|faults| faults.room = Some(0));
    append(&log, record(0, 1900));
    slot.write_detached(record(1, 1900)).unwrap();
    assert_eq!(log.close(), Err(LogFault::NoRoom));
    assert_eq!(read_simulated(&disk).unwrap(), [(0, record(0, 1900))]);
}

#[test]
fn a_disk_that_fills_under_many_writers_is_survived_again_and_again_by_the_same_open_log() {
    const WRITERS: usize = 8;
    let options = small(Path::new("unused"));
    let disk = SimulatedDisk::default();
    disk.faults(|faults| faults.sync_takes = Duration::from_micros(100));
    let log = open_simulated(&disk, &options).unwrap();
    let (stop, refused) = (AtomicBool::new(false), AtomicUsize::new(0));
    let written: [AtomicUsize; WRITERS] = Default::default();
    let acknowledged: Mutex<BTreeMap<u64, Vec<u8>>> = Mutex::default();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (log, stop, refused, written, acknowledged) = (&log, &stop, &refused, &written[writer], &acknowledged);
            scope.spawn(move || {
                let mut dice = Dice(writer as u64);
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let bytes = record((writer as u64) << 32 | turn, dice.below(1900));
                    let outcome = log.try_reserve().and_then(|slot| slot.write_and_wait(bytes.clone()));
                    match outcome {
                        Ok(position) => {
                            written.fetch_add(1, Ordering::Relaxed);
                            let before = acknowledged.lock().unwrap().insert(position.index, bytes);
                            assert_eq!(before, None, "a place was given twice");
                        }
                        Err(fault) => {
                            assert_eq!(fault, LogFault::NoRoom);
                            refused.fetch_add(1, Ordering::Relaxed);
                            std::thread::sleep(Duration::from_micros(300));
                        }
                    }
                }
            });
        }
        for full in 0..5 {
            disk.faults(|faults| faults.room = Some(options.segment_bytes * full));
            wait_until("the log says that it has no room", || log.fault() == Some(LogFault::NoRoom));
            let before = refused.load(Ordering::Relaxed);
            wait_until("every writer is refused", || refused.load(Ordering::Relaxed) > before + 2 * WRITERS);
            assert!(!log.healthy());
            // Nobody is at it: what is durable is what was acknowledged.
            let length = log.length();
            assert_eq!(acknowledged.lock().unwrap().len() as u64, length);
            disk.faults(|faults| faults.room = None);
            wait_until("the log takes records again", || log.healthy());
            let had: Vec<_> = written.iter().map(|written| written.load(Ordering::Relaxed)).collect();
            let goes_on = || written.iter().zip(&had).all(|(now, had)| now.load(Ordering::Relaxed) > *had);
            wait_until("every writer goes on", goes_on);
        }
        stop.store(true, Ordering::Relaxed);
    });
    log.close().unwrap();
    let acknowledged: Vec<_> = acknowledged.into_inner().unwrap().into_iter().collect();
    assert_eq!(read_simulated(&disk).unwrap(), acknowledged);
}
