//! Records are erased: the others read as before, the tree has the same root, and the power may go at any moment.

use std::collections::BTreeSet;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;

use proptest::prelude::*;

use super::*;
use crate::access_log::disk::{Disk, SegmentFile};
use crate::access_log::erase::{Erasure, erase};
use crate::access_log::format::{
    BATCH_HEADER_BYTES, BadRecord, BatchBuilder, BatchHeader, BodyRecords, ERASING_NAME, RECORD_HEADER_BYTES,
    TRAILER_BYTES, Version, segment_name,
};
use crate::access_log::{CheckAtOpen, EraseFault, read};
use crate::proof::{CheckpointKey, Keeper, KeeperOptions, Trust, audit, leaf_hash, leaf_of};

fn options() -> AccessLogOptions {
    AccessLogOptions {
        segment_bytes: 4 << 10,
        batch_bytes: 3000,
        check_at_open: CheckAtOpen::Everything,
        ..small(Path::new("unused"))
    }
}

/// A log of these records on a simulated disk, still open.
fn filled(disk: &SimulatedDisk, records: &[Vec<u8>]) -> AccessLog {
    let log = open_simulated(disk, &options()).unwrap();
    let pending: Vec<_> = records.iter().map(|bytes| log.try_reserve().unwrap().write(bytes.clone())).collect();
    for pending in pending {
        block_on(pending).unwrap();
    }
    log
}

fn contents(disk: &SimulatedDisk) -> Vec<Content> {
    Records::new(disk.clone(), 0, u64::MAX).map(|found| found.unwrap().1).collect()
}

/// The first index of the segment that is being written to.
fn settled(disk: &SimulatedDisk) -> u64 {
    crate::access_log::reader::segments(disk).unwrap().pop().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_is_erased_the_rest_and_the_root_stay_and_an_audit_is_clean(
        records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..900), 20..60),
        rounds in proptest::collection::vec(proptest::collection::vec((0_u64..70, 0_u64..12), 0..5), 1..4),
        signed in 1_usize..60,
    ) {
        let (disk, folder) = (SimulatedDisk::default(), tempfile::tempdir().unwrap());
        let log = filled(&disk, &records);
        let from_disk = |from| Records::new(disk.clone(), from, u64::MAX);
        let key = || CheckpointKey::open_or_make(&folder.path().join("key"), "zorgsluis.test/90000001").unwrap();
        let tree = folder.path().join("tree");
        let options = KeeperOptions { round: signed, ..KeeperOptions::new(&tree) };
        let mut keeper = Keeper::open(options, key(), from_disk).unwrap();
        keeper.advance(from_disk).unwrap();
        keeper.checkpoint().unwrap();
        let last = settled(&disk);
        let mut gone = BTreeSet::new();
        for round in rounds {
            let ranges: Vec<Range<u64>> = round.into_iter().map(|(from, length)| from..from + length).collect();
            let wanted: BTreeSet<u64> = ranges.iter().cloned().flatten().collect();
            let short = |index: &u64| records.get(*index as usize).is_some_and(|record| record.len() < 32);
            let due: BTreeSet<u64> = wanted.iter().copied().filter(|at| *at < last && !short(at)).collect();
            let done = erase(&disk, &ranges).unwrap();
            prop_assert_eq!(done.records, due.difference(&gone).count() as u64);
            prop_assert_eq!(done.too_short, wanted.iter().filter(|at| **at < last && short(at)).count() as u64);
            prop_assert_eq!(done.in_use, wanted.iter().filter(|at| **at >= last).count() as u64);
            gone.extend(due);
        }
        let found = contents(&disk);
        prop_assert_eq!(found.len(), records.len());
        for (index, (content, record)) in (0..).zip(found.iter().zip(&records)) {
            if gone.contains(&index) {
                prop_assert_eq!(content, &Content::Erased(leaf_hash(record).0));
            } else {
                prop_assert_eq!(content.record(), Some(record.as_slice()));
            }
            prop_assert_eq!(leaf_of(content), leaf_hash(record));
        }
        // Built again of nothing but what is left, the tree is the one that was signed.
        std::fs::remove_file(tree.join("hashes")).unwrap();
        let mut keeper = Keeper::open(KeeperOptions::new(&tree), key(), from_disk).unwrap();
        keeper.advance(from_disk).unwrap();
        prop_assert_eq!(keeper.checkpoint().unwrap().size(), records.len() as u64);
        let trust = Trust { log: key().public(), witnesses: Vec::new() };
        let audited = audit(Some(&tree), &trust, from_disk(0), &[]).unwrap();
        prop_assert_eq!((audited.tampering, audited.erased), (vec![], gone.len() as u64));
        // The log goes on, also when it is opened again.
        prop_assert_eq!(append(&log, record(1, 100)), records.len() as u64);
        log.close().unwrap();
        let log = open_simulated(&disk, &self::options()).unwrap();
        prop_assert_eq!(append(&log, record(2, 100)), records.len() as u64 + 1);
    }
}

#[test]
fn at_whichever_step_the_power_goes_each_record_is_whole_or_erased_and_nothing_of_it_is_between() {
    let records: Vec<_> = (0..40).map(|number| record(number, 60 + number as usize * 20)).collect();
    let (mut before, mut after) = (0, 0);
    for step in 0.. {
        let disk = SimulatedDisk::default();
        filled(&disk, &records).close().unwrap();
        let first_of_last = settled(&disk);
        disk.faults(|faults| faults.operations_left = Some(step));
        let outcome = erase(&disk, &[3..10, 12..13, 18..20]);
        disk.faults(|faults| faults.operations_left = None);
        let whole = outcome.is_ok();
        for seed in 0..12 {
            let mut dice = Dice(step as u64 * 100 + seed);
            let left = disk.cut_power(&mut dice);
            let log = open_simulated(&left, &options()).unwrap_or_else(|fault| panic!("step {step}: {fault}"));
            assert!(!left.list().unwrap().contains(&ERASING_NAME.to_owned()), "step {step}");
            let found = contents(&left);
            assert_eq!(found.len(), records.len(), "step {step}");
            for (index, (content, record)) in (0..).zip(found.iter().zip(&records)) {
                let asked = (3..10).contains(&index) || index == 12 || (18..20).contains(&index);
                assert!(asked || content.record() == Some(record), "step {step}, record {index}");
                assert!(!whole || !asked || content.record().is_none(), "step {step}, record {index}");
                assert_eq!(leaf_of(content), leaf_hash(record), "step {step}, record {index}");
                *if content.record().is_some() { &mut before } else { &mut after } += usize::from(asked);
            }
            // Asked again, it is done.
            let done = erase(&left, &[3..10, 12..13, 18..20]).unwrap();
            assert_eq!((done.in_use, contents(&left).iter().filter(|one| one.record().is_none()).count()), (0, 10));
            assert_eq!(append(&log, record(99, 50)), 40);
        }
        assert!(first_of_last > 20);
        if whole {
            assert!(step >= 10 && before > 0 && after > 0, "{step} steps, {before} were left, {after} were erased");
            return;
        }
    }
}

#[test]
fn a_disk_without_room_or_that_fails_to_sync_leaves_the_segment_as_it_was() {
    let records: Vec<_> = (0..20).map(|number| record(number, 500)).collect();
    let disk = SimulatedDisk::default();
    let log = filled(&disk, &records);
    for harm in [
        (|faults| faults.room = Some(600)) as fn(&mut crate::access_log::simulated_disk::Faults),
        |faults| faults.sync_fails = true,
        |faults| faults.write_stops_after = Some(100),
    ] {
        disk.faults(harm);
        assert!(matches!(erase(&disk, std::slice::from_ref(&(0..3))), Err(EraseFault::Write(_))));
        disk.faults(|faults| *faults = Default::default());
        assert!(!disk.list().unwrap().contains(&ERASING_NAME.to_owned()));
        assert_eq!(read_simulated(&disk).unwrap().len(), 20);
    }
    assert!(log.healthy());
    assert_eq!(erase(&disk, std::slice::from_ref(&(0..3))).unwrap().records, 3);
}

#[test]
fn a_damaged_segment_is_not_written_anew() {
    let records: Vec<_> = (0..20).map(|number| record(number, 500)).collect();
    let disk = SimulatedDisk::default();
    let log = filled(&disk, &records);
    let name = segment_name(0);
    let file = disk.open_to_write(&name).unwrap();
    let whole = disk.bytes(&name);
    for at in [40, 600, 1200, 3000] {
        file.write_at(&[whole[at] ^ 1], at as u64).unwrap();
        assert!(matches!(erase(&disk, std::slice::from_ref(&(0..3))), Err(EraseFault::Log(_))), "{at}");
        file.write_at(&[whole[at]], at as u64).unwrap();
    }
    assert_eq!(disk.bytes(&name), whole);
    drop(log);
}

#[test]
fn a_mark_is_damage_in_a_segment_of_the_first_version_and_with_anything_but_a_hash() {
    let mut builder = BatchBuilder::default();
    builder.begin(7);
    builder.push(&[b'x'; 40]);
    builder.push_erased(&[9; 32]);
    let bytes = builder.finish().to_vec();
    let header = BatchHeader::decode(bytes[..BATCH_HEADER_BYTES].try_into().unwrap()).unwrap();
    let (body, read) = (&bytes[BATCH_HEADER_BYTES..], |bytes: &[u8], version| -> Result<Vec<_>, BadRecord> {
        BodyRecords::new(7, &bytes[BATCH_HEADER_BYTES..bytes.len() - TRAILER_BYTES], version).collect()
    });
    assert!(header.holds(body, Version::WithErased) && !header.holds(body, Version::First));
    let expected = vec![(7, Content::Record(vec![b'x'; 40])), (8, Content::Erased([9; 32]))];
    assert_eq!(read(&bytes, Version::WithErased), Ok(expected));
    assert_eq!(read(&bytes, Version::First), Err(BadRecord));
    // The first record marked as well: 40 bytes are no hash, whatever the checksums say.
    let mut marked = bytes;
    marked[BATCH_HEADER_BYTES + 3] |= 0x80;
    assert_eq!(marked[BATCH_HEADER_BYTES + RECORD_HEADER_BYTES], b'x');
    assert_eq!(read(&marked, Version::WithErased), Err(BadRecord));
}

#[test]
fn a_segment_with_erased_records_is_never_the_last() {
    let records: Vec<_> = (0..20).map(|number| record(number, 500)).collect();
    let disk = SimulatedDisk::default();
    filled(&disk, &records).close().unwrap();
    erase(&disk, std::slice::from_ref(&(0..3))).unwrap();
    for segment in crate::access_log::reader::segments(&disk).unwrap().into_iter().filter(|first| *first > 0) {
        disk.remove(&segment_name(segment)).unwrap();
    }
    let said = open_simulated(&disk, &options()).unwrap_err().to_string();
    assert!(said.contains("another segment followed; it is missing"), "{said}");
    let fault = Records::new(disk, 0, u64::MAX).find_map(Result::err).unwrap().to_string();
    assert!(fault.contains("another segment followed; it is missing"), "{fault}");
}

#[test]
fn a_flip_of_any_byte_of_a_segment_with_erased_records_is_found() {
    let records: Vec<_> = (0..20).map(|number| record(number, 500)).collect();
    let disk = SimulatedDisk::default();
    filled(&disk, &records).close().unwrap();
    erase(&disk, &[0..3, 4..5]).unwrap();
    let whole = disk.bytes(&segment_name(0));
    let file = disk.open_to_write(&segment_name(0)).unwrap();
    for (at, byte) in whole.iter().enumerate() {
        file.write_at(&[byte ^ 0x80], at as u64).unwrap();
        let found: Result<Vec<_>, _> = Records::new(disk.clone(), 0, u64::MAX).collect();
        assert!(found.is_err(), "a flip at {at} was not seen");
        file.write_at(&[*byte], at as u64).unwrap();
    }
}

#[test]
fn readers_beside_an_erasure_read_every_record_or_that_it_was_erased_and_room_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let options = AccessLogOptions { segment_bytes: 128 << 10, batch_bytes: 64 << 10, ..small(folder.path()) };
    let log = AccessLog::open(options).unwrap();
    let records: Vec<_> = (0..600).map(|number| record(number, 1500)).collect();
    for bytes in &records {
        append(&log, bytes.clone());
    }
    let taken = || std::fs::metadata(folder.path().join(segment_name(0))).unwrap().blocks() * 512;
    let (before, until) = (taken(), log.erasable_until().unwrap());
    assert!(until > 300);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = 0;
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let mut next = 0;
                        for found in read(folder.path()) {
                            let (index, content) = found.unwrap();
                            assert_eq!((index, leaf_of(&content)), (next, leaf_hash(&records[next as usize])));
                            next += 1;
                            seen += u64::from(content.record().is_none());
                        }
                        assert_eq!(next, 600);
                    }
                    seen
                })
            })
            .collect();
        let mut following = log.records(0);
        assert_eq!(following.by_ref().take(10).count(), 10);
        let mut erased = 0;
        for from in (0..until).step_by(40) {
            erased += log.erase(std::slice::from_ref(&(from..(from + 40).min(until)))).unwrap().records;
        }
        assert_eq!(erased, until);
        // Who had begun goes on, in whichever file it had open.
        assert_eq!(following.count(), 590);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(readers.into_iter().map(|reader| reader.join().unwrap()).sum::<u64>() > 0);
    });
    assert_eq!(
        log.erase(std::slice::from_ref(&(0..700))).unwrap(),
        Erasure { in_use: 700 - until, ..Erasure::default() }
    );
    assert!(taken() * 8 < before, "{before} bytes were taken, now {}", taken());
}
