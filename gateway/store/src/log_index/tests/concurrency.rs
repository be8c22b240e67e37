//! Searching while records are added, runs are sealed and runs are built again.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn two_searches_at_once_see_whole_logs_while_records_are_appended_and_runs_rebuilt() {
    const RECORDS: u64 = 1500;
    let folder = tempfile::tempdir().unwrap();
    let log = open_log(folder.path());
    let index = open(&log, folder.path());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| append_and_wait(&log, 0..RECORDS));
        scope.spawn(|| {
            let mut round = 0;
            while index.reach() < RECORDS {
                index.advance(37).unwrap();
                round += 1;
                if round % 5 == 0 {
                    let end = index.reach();
                    index.rebuild_range(end.saturating_sub(130)..end).unwrap();
                }
            }
            done.store(true, Ordering::Release);
        });
        for group in [5, 101] {
            let (index, done) = (&index, &done);
            scope.spawn(move || {
                let mut searches = 0;
                while !done.load(Ordering::Acquire) || searches == 0 {
                    let at_least = index.reach();
                    let seen = found(index, &[vec![group]], Period::default(), None).unwrap();
                    // Whatever came meanwhile: no gap, and at least what was there before.
                    let end = seen.first().map_or(0, |newest| newest + 1);
                    assert_eq!(seen, expected(end, &[vec![group]], Period::default()));
                    assert!(end + 3 > at_least, "{end} of {at_least}");
                    if let Some(newest) = seen.first() {
                        assert_eq!(index.record(*newest).unwrap(), Some(record(*newest)));
                    }
                    searches += 1;
                }
            });
        }
    });
    assert_whole(&index, RECORDS);
}
