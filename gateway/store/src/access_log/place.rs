//! Where a record stands, so that it is read back with one look instead of a walk through its segment. A place is a hint
//! that somebody kept: what is read there counts only when it matches the record's index and checksum.

use std::io;

use super::disk::{Disk, SegmentFile};
use super::format::{self, BATCH_HEADER_BYTES, MAX_BATCH_BYTES, RECORD_HEADER_BYTES, TRAILER_BYTES};
use super::walk::Batch;

/// The place of a record's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// First index of the segment.
    pub segment: u64,
    /// From the beginning of the segment's file. A segment is not longer than 4 GiB.
    pub offset: u32,
}

/// What is read at once: most records are not longer.
const FIRST_LOOK: usize = 8 << 10;

/// A length without its first bit, which is not part of it: a record that has it set is not to be read as one.
const LENGTH: u32 = u32::MAX >> 1;

/// The offset of each record of a batch, in order.
pub fn offsets(batch: &Batch) -> Vec<u32> {
    let end = batch.bytes.len().saturating_sub(TRAILER_BYTES);
    let mut at = BATCH_HEADER_BYTES;
    let mut found = Vec::new();
    while let Some((word, _)) = batch.bytes.get(at..end).and_then(header) {
        // Below 4 GiB, as its segment.
        found.push((batch.offset + at as u64) as u32);
        at += RECORD_HEADER_BYTES + (word & LENGTH) as usize;
    }
    found
}

/// The record of this index, if it stands there whole and unchanged.
pub fn record<D: Disk>(disk: &D, index: u64, place: Place) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; FIRST_LOOK];
    let Some(file) = look(disk, place, &mut bytes)? else { return Ok(None) };
    let Some((word, crc)) = header(&bytes).filter(|(word, _)| (*word as usize) < MAX_BATCH_BYTES) else {
        return Ok(None);
    };
    let end = RECORD_HEADER_BYTES + word as usize;
    if end > bytes.len() {
        let had = bytes.len();
        bytes.resize(end, 0);
        let read = file.read_at(&mut bytes[had..], u64::from(place.offset) + had as u64)?;
        bytes.truncate(had + read);
    }
    bytes.truncate(end);
    let whole = bytes.len() == end && format::record_crc(index, &bytes[RECORD_HEADER_BYTES..]) == crc;
    Ok(whole.then(|| bytes.split_off(RECORD_HEADER_BYTES)))
}

/// The checksum in the header there, by which a record can be told from another at the same place.
pub fn checksum<D: Disk>(disk: &D, place: Place) -> io::Result<Option<u32>> {
    let mut bytes = vec![0; RECORD_HEADER_BYTES];
    let found = look(disk, place, &mut bytes)?;
    Ok(found.and_then(|_| header(&bytes)).map(|(_, crc)| crc))
}

/// Fills the buffer from there on, as far as the file goes; nothing when there is no such segment.
fn look<D: Disk>(disk: &D, place: Place, bytes: &mut Vec<u8>) -> io::Result<Option<D::File>> {
    let file = match disk.open(&format::segment_name(place.segment)) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let read = file.read_at(bytes, place.offset.into())?;
    bytes.truncate(read);
    Ok(Some(file))
}

/// The length, first bit included, and the checksum of the record whose header these bytes begin with.
fn header(bytes: &[u8]) -> Option<(u32, u32)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (crc, _) = rest.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*length), u32::from_le_bytes(*crc)))
}
