//! Bytes that change, or go missing, after they were made durable: refused, never passed over.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::access_log::format::{SEGMENT_HEADER_BYTES, segment_name};
use crate::access_log::{CheckAtOpen, read};

/// A log of three segments in a folder, closed.
fn three_segments() -> (tempfile::TempDir, AccessLogOptions, Vec<(PathBuf, Vec<u8>)>) {
    let folder = tempfile::tempdir().unwrap();
    let options =
        AccessLogOptions { segment_bytes: 2048, max_record_bytes: 300, batch_bytes: 1024, ..small(folder.path()) };
    let log = AccessLog::open(options.clone()).unwrap();
    for number in 0..20 {
        append(&log, record(number, 150));
    }
    log.close().unwrap();
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    assert_eq!(files.len(), 3, "segments");
    (folder, options, files)
}

fn all_records() -> Vec<(u64, Vec<u8>)> {
    (0..20).map(|number| (number, record(number, 150))).collect()
}

fn read_all(options: &AccessLogOptions) -> Result<Vec<(u64, Vec<u8>)>, ReadFault> {
    read(&options.folder).map(whole).collect()
}

#[test]
fn a_flip_of_any_byte_of_the_last_segment_is_refused_at_open_or_changes_nothing() {
    let (_folder, options, files) = three_segments();
    let (path, whole) = &files[2];
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    for at in 0..whole.len() {
        // Behind the end one kind of flip is enough.
        for mask in [0x01, 0x80, 0xFF].into_iter().take(if at > end { 1 } else { 3 }) {
            let mut bytes = whole.clone();
            bytes[at] ^= mask;
            fs::write(path, &bytes).unwrap();
            match AccessLog::open(options.clone()) {
                Err(OpenFault::Damaged { .. }) => {
                    assert_eq!(fs::read(path).unwrap(), bytes, "a damaged log was changed")
                }
                Err(other) => panic!("{other}"),
                Ok(log) => {
                    assert!(at > end, "a flip at {at} of {end} was not seen");
                    log.close().unwrap();
                    assert_eq!(read_all(&options).unwrap(), all_records());
                }
            }
        }
    }
}

#[test]
fn a_flip_of_any_byte_of_an_earlier_segment_is_refused_by_reading_and_by_the_full_check() {
    let (_folder, options, files) = three_segments();
    let everything = AccessLogOptions { check_at_open: CheckAtOpen::Everything, ..options.clone() };
    for (path, whole) in &files[..2] {
        let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
        for at in 0..=end {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(path, &bytes).unwrap();
            assert!(matches!(AccessLog::open(everything.clone()), Err(OpenFault::Damaged { .. })), "flip at {at}");
            assert!(matches!(read_all(&options), Err(ReadFault::Damaged(_))), "flip at {at}");
            if at < SEGMENT_HEADER_BYTES {
                assert!(matches!(AccessLog::open(options.clone()), Err(OpenFault::Damaged { .. })), "flip at {at}");
            }
        }
        fs::write(path, whole).unwrap();
    }
    assert_eq!(read_all(&options).unwrap(), all_records());
}

#[test]
fn a_segment_cut_short_at_any_byte_is_refused() {
    let (_folder, options, files) = three_segments();
    for (path, whole) in &files {
        for length in 0..whole.len() {
            fs::write(path, &whole[..length]).unwrap();
            assert!(matches!(AccessLog::open(options.clone()), Err(OpenFault::Damaged { .. })), "cut at {length}");
        }
        fs::write(path, whole).unwrap();
    }
}

#[test]
fn a_sector_of_zeros_is_damage_unless_it_ends_in_the_last_batch() {
    let (_folder, options, files) = three_segments();
    for (nth, (path, whole)) in files.iter().enumerate() {
        let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
        for sector in whole.chunks(512).enumerate().skip(1).map(|(sector, _)| sector * 512).filter(|at| *at <= end) {
            let mut bytes = whole.clone();
            bytes[sector..sector + 512].fill(0);
            fs::write(path, &bytes).unwrap();
            let opened =
                AccessLog::open(AccessLogOptions { check_at_open: CheckAtOpen::Everything, ..options.clone() });
            match opened {
                Err(OpenFault::Damaged { .. }) => {}
                Err(other) => panic!("{other}"),
                // Zeros from within the last batch but one, or the last, to the end: as a torn write leaves it.
                Ok(log) => {
                    assert!(nth == 2 && sector + 512 > end, "zeros at {sector} of {end} in segment {nth}");
                    drop(log);
                    let found = read_all(&options).unwrap();
                    assert_eq!(found, all_records()[..found.len()]);
                }
            }
        }
        fs::write(path, whole).unwrap();
    }
}

#[test]
fn a_missing_or_misnamed_segment_is_refused() {
    let (_folder, options, files) = three_segments();
    for (path, whole) in &files[..2] {
        fs::remove_file(path).unwrap();
        assert!(matches!(AccessLog::open(options.clone()), Err(OpenFault::Damaged { .. })));
        assert!(matches!(read_all(&options), Err(ReadFault::Damaged(_))));
        fs::write(path, whole).unwrap();
    }
    let elsewhere = options.folder.join(segment_name(1000));
    fs::rename(&files[2].0, &elsewhere).unwrap();
    assert!(matches!(AccessLog::open(options.clone()), Err(OpenFault::Damaged { .. })));
    fs::rename(&elsewhere, &files[2].0).unwrap();
    assert_eq!(read_all(&options).unwrap(), all_records());
}

#[test]
fn the_refusal_names_the_file_and_the_offset() {
    let (_folder, options, files) = three_segments();
    let (path, whole) = &files[2];
    let mut bytes = whole.clone();
    bytes[SEGMENT_HEADER_BYTES + 40] ^= 1;
    fs::write(path, bytes).unwrap();
    let said = AccessLog::open(options).unwrap_err().to_string();
    assert!(said.contains(path.file_name().unwrap().to_str().unwrap()), "{said}");
    assert!(said.contains("offset 512"), "{said}");
}
