//! What goes in comes out: in order, once, with the same bytes.

use proptest::prelude::*;

use super::*;
use crate::access_log::{CheckAtOpen, LogFault, read, read_from};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_records_over_any_segments_read_back_identical_after_each_reopening(
        runs in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2000), 0..40), 1..4),
        batch_records in 1_usize..20,
        segment_bytes in 4096_u64..40_000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options = AccessLogOptions {
            batch_records, segment_bytes, batch_bytes: 3000, check_at_open: CheckAtOpen::Everything, ..small(folder.path())
        };
        let mut expected = Vec::new();
        for run in runs {
            let log = AccessLog::open(options.clone()).unwrap();
            prop_assert_eq!(log.length(), expected.len() as u64);
            // Handed in all at once, so that batches form; awaited afterwards.
            let pending: Vec<_> = run.iter().map(|bytes| log.try_reserve().unwrap().write(bytes.clone())).collect();
            for (bytes, pending) in run.into_iter().zip(pending) {
                prop_assert_eq!(block_on(pending).unwrap().index, expected.len() as u64);
                expected.push(bytes);
            }
            prop_assert_eq!(log.length(), expected.len() as u64);
            log.close().unwrap();
            let found: Vec<_> = read(folder.path()).map(|found| whole(found).unwrap()).collect();
            prop_assert_eq!(&found, &(0..).zip(expected.iter().cloned()).collect::<Vec<_>>());
        }
        let from = expected.len() as u64 / 2;
        let found: Vec<_> = read_from(folder.path(), from).map(|record| record.unwrap().0).collect();
        prop_assert_eq!(found, (from..expected.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn a_second_process_cannot_open_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = AccessLog::open(small(folder.path())).unwrap();
    assert!(matches!(AccessLog::open(small(folder.path())), Err(OpenFault::InUse(_))));
    log.close().unwrap();
    AccessLog::open(small(folder.path())).unwrap();
}

#[test]
fn no_more_places_are_given_than_the_queue_has_and_dropped_ones_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = AccessLog::open(AccessLogOptions { queue: 3, ..small(folder.path()) }).unwrap();
    let slots: Vec<_> = (0..3).map(|_| log.try_reserve().unwrap()).collect();
    assert_eq!(log.try_reserve().unwrap_err(), LogFault::Busy);
    drop(slots);
    for number in 0..10 {
        append(&log, record(number, 20));
    }
    assert_eq!(log.length(), 10);
}

#[test]
fn a_detached_record_is_there_after_closing_and_one_whose_writer_stopped_waiting_too() {
    let folder = tempfile::tempdir().unwrap();
    let log = AccessLog::open(small(folder.path())).unwrap();
    log.try_reserve().unwrap().write_detached(record(0, 30)).unwrap();
    drop(log.try_reserve().unwrap().write(record(1, 30)));
    log.close().unwrap();
    let found: Vec<_> = read(folder.path()).map(|found| whole(found).unwrap().1).collect();
    assert_eq!(found, [record(0, 30), record(1, 30)]);
}

#[test]
fn what_was_accepted_while_the_log_was_closing_is_in_it() {
    for round in 0..60 {
        let disk = SimulatedDisk::default();
        let log = open_simulated(&disk, &small(Path::new("unused"))).unwrap();
        let slots: Vec<_> = (0..100).map(|_| log.try_reserve().unwrap()).collect();
        let handing_in = std::thread::spawn(move || {
            slots.into_iter().map(|slot| slot.write_detached(record(round, 30))).filter(Result::is_ok).count()
        });
        log.close().unwrap();
        let accepted = handing_in.join().unwrap();
        assert_eq!(read_simulated(&disk).unwrap().len(), accepted);
    }
}

#[test]
fn a_slot_that_outlives_the_log_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let log = AccessLog::open(small(folder.path())).unwrap();
    let (one, other) = (log.try_reserve().unwrap(), log.try_reserve().unwrap());
    log.close().unwrap();
    assert_eq!(block_on(one.write(record(0, 30))), Err(LogFault::Closed));
    assert_eq!(other.write_detached(record(0, 30)), Err(LogFault::Closed));
}

#[test]
fn a_record_over_the_limit_is_refused_and_the_log_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = AccessLog::open(small(folder.path())).unwrap();
    let outcome = block_on(log.try_reserve().unwrap().write(vec![b'x'; 2001]));
    assert_eq!(outcome, Err(LogFault::TooLarge { bytes: 2001, limit: 2000 }));
    assert_eq!(append(&log, vec![b'x'; 2000]), 0);
}

#[test]
fn options_that_cannot_work_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = small(folder.path());
    let cases = [
        AccessLogOptions { queue: 0, ..good.clone() },
        AccessLogOptions { batch_records: 0, ..good.clone() },
        AccessLogOptions { max_record_bytes: 0, ..good.clone() },
        AccessLogOptions { batch_bytes: 2000, ..good.clone() },
        AccessLogOptions { batch_bytes: 17 << 20, ..good.clone() },
        AccessLogOptions { segment_bytes: 2000, ..good.clone() },
        AccessLogOptions { segment_bytes: 5 << 30, ..good.clone() },
    ];
    for options in cases {
        assert!(matches!(AccessLog::open(options), Err(OpenFault::Options(_))));
    }
    AccessLog::open(good).unwrap();
}

#[test]
fn reading_beside_the_writer_never_sees_a_fault_or_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let log = AccessLog::open(small(folder.path())).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut rounds = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) || rounds == 0 {
                let durable = log.length();
                let mut next = 0;
                for found in read(folder.path()) {
                    let (index, bytes) = whole(found).unwrap();
                    assert_eq!((index, bytes), (next, record(next, 150)));
                    next += 1;
                }
                assert!(next >= durable, "{next} read, {durable} were durable");
                assert!(
                    log.records(durable / 2).map(|found| found.unwrap().0).eq(durable / 2..log.length().max(durable))
                        || log.length() > durable
                );
                rounds += 1;
            }
        });
        for number in 0..1500 {
            append(&log, record(number, 150));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().unwrap();
    });
}
