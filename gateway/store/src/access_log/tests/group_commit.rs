//! Many writers share one sync, and nobody is told before it has returned.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::access_log::LogFault;

fn options() -> AccessLogOptions {
    AccessLogOptions { segment_bytes: 1 << 20, ..small(Path::new("unused")) }
}

#[test]
fn while_the_disk_syncs_the_others_gather_into_one_batch() {
    let disk = SimulatedDisk::default();
    let log = Arc::new(open_simulated(&disk, &options()).unwrap());
    disk.faults(|faults| faults.sync_takes = Duration::from_millis(20));
    let before = disk.syncs();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let writers: Vec<_> = (0..64_u64)
            .map(|writer| {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    for turn in 0..5 {
                        log.try_reserve().unwrap().write(record(writer * 5 + turn, 100)).await.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
    let syncs = disk.syncs() - before;
    assert_eq!(log.length(), 320);
    assert!(syncs <= 40, "{syncs} syncs for 320 records of 64 writers");
}

#[test]
fn nobody_is_told_while_the_sync_has_not_returned() {
    let disk = SimulatedDisk::default();
    let log = open_simulated(&disk, &options()).unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    disk.faults(|faults| faults.sync_takes = Duration::from_millis(3));
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let (log, told) = (&log, Arc::clone(&told));
            scope.spawn(move || {
                for turn in 0..10 {
                    append(log, record(writer * 10 + turn, 100));
                    told.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let mut dice = Dice(7);
        while told.load(Ordering::SeqCst) < 80 {
            let told = told.load(Ordering::SeqCst);
            // The worst that the disk may keep is what it was told to sync.
            let found = open_simulated(&disk.cut_power(&mut dice), &options()).unwrap().length();
            assert!(found >= told as u64, "{told} were told, {found} are on the disk");
        }
    });
}

#[test]
fn after_a_failed_sync_nothing_is_told_or_taken_until_the_log_is_opened_again() {
    let disk = SimulatedDisk::default();
    let log = open_simulated(&disk, &options()).unwrap();
    append(&log, record(0, 100));
    let (early, late) = (log.try_reserve().unwrap(), log.try_reserve().unwrap());
    disk.faults(|faults| faults.sync_fails = true);
    assert_eq!(block_on(early.write(record(1, 100))), Err(LogFault::Unwritable));
    disk.faults(|faults| faults.sync_fails = false);
    assert!(!log.healthy());
    assert_eq!(log.length(), 1);
    assert_eq!(log.try_reserve().unwrap_err(), LogFault::Unwritable);
    assert_eq!(block_on(late.write(record(2, 100))), Err(LogFault::Unwritable));
    assert_eq!(log.close(), Err(LogFault::Unwritable));
    // What the sync failed for is seen in memory; opening makes it durable or does not count it.
    let again = open_simulated(&disk, &options()).unwrap();
    let length = again.length();
    let mut dice = Dice(3);
    for _ in 0..20 {
        assert_eq!(open_simulated(&disk.cut_power(&mut dice), &options()).unwrap().length(), length);
    }
}

#[test]
fn after_a_write_that_stopped_halfway_the_log_opens_at_its_last_whole_batch() {
    for stop in [0, 1, 10, 27, 28, 100, 500, 600, 1000] {
        let disk = SimulatedDisk::default();
        let log = open_simulated(&disk, &options()).unwrap();
        append(&log, record(0, 300));
        disk.faults(|faults| faults.write_stops_after = Some(stop));
        assert_eq!(block_on(log.try_reserve().unwrap().write(record(1, 1500))), Err(LogFault::Unwritable));
        drop(log);
        disk.faults(|faults| faults.write_stops_after = None);
        let log = open_simulated(&disk, &options()).unwrap();
        assert_eq!(append(&log, record(2, 300)), 1, "stopped after {stop}");
        assert_eq!(read_simulated(&disk).unwrap(), [(0, record(0, 300)), (1, record(2, 300))]);
    }
}
