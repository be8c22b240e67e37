//! Walks one segment batch by batch, and tells three things apart where the batches end: the clean
//! end, a torn tail, and damage.
//!
//! The room behind the last batch is zeros before a batch is written into it, and a disk writes
//! whole sectors. So a write that was cut off leaves at least one sector's worth of zeros (or ends
//! in zeros), while damage to bytes that were there leaves none; and nothing is ever written behind
//! a torn batch. Whatever is neither whole nor explained as torn is damage.

use std::io;

use super::disk::{Disk, SegmentFile};
use super::fault::Damage;
use super::format::{
    self, BATCH_HEADER_BYTES, BATCH_MAGIC, BatchHeader, BodyRecords, MAX_BATCH_BYTES, SECTOR_BYTES,
    SEGMENT_HEADER_BYTES, SegmentHeader, TRAILER_BYTES, Version,
};

/// A walk through one segment.
pub struct Walk<F> {
    file: F,
    name: String,
    header: SegmentHeader,
    offset: u64,
    next_index: u64,
}

/// What stands at the walk's place.
pub enum Step {
    /// A whole batch; the walk has moved behind it.
    Batch(Batch),
    /// Zeros to the end of the segment.
    End,
    /// A batch whose write was cut off. Bytes that are not zero end at `written_to`.
    Torn {
        written_to: u64,
    },
    Damaged(Damage),
}

/// A verified batch.
pub struct Batch {
    pub header: BatchHeader,
    /// All its bytes: header, body, trailer.
    pub bytes: Vec<u8>,
    /// Where it stands in its segment.
    pub offset: u64,
    version: Version,
}

/// What stands behind the walk's place.
enum Rest {
    Zeros,
    Remains { written_to: u64 },
    AnotherBatch,
}

impl Batch {
    /// Its records, in order.
    pub fn records(&self) -> BodyRecords<'_> {
        let body = &self.bytes[BATCH_HEADER_BYTES..self.bytes.len() - TRAILER_BYTES];
        BodyRecords::new(self.header.first_index, body, self.version)
    }
}

/// Opens a segment and checks its header against its name and size.
pub fn open<D: Disk>(disk: &D, first_index: u64, write: bool) -> io::Result<Result<Walk<D::File>, Damage>> {
    open_as(disk, &format::segment_name(first_index), first_index, write)
}

/// The same for a segment that does not have its name yet.
pub fn open_as<D: Disk>(
    disk: &D,
    name: &str,
    first_index: u64,
    write: bool,
) -> io::Result<Result<Walk<D::File>, Damage>> {
    let file = if write { disk.open_to_write(name)? } else { disk.open(name)? };
    let damaged = |what| Ok(Err(Damage::new(name, 0, what)));
    let mut bytes = [0; SEGMENT_HEADER_BYTES];
    if file.read_at(&mut bytes, 0)? < bytes.len() {
        return damaged("the segment is shorter than its header");
    }
    let header = match SegmentHeader::decode(&bytes) {
        Ok(header) => header,
        Err(what) => return damaged(what),
    };
    if header.first_index != first_index {
        return damaged("the segment's name and its header name different first records");
    }
    if header.segment_bytes > format::MAX_SEGMENT_BYTES || file.size()? != header.segment_bytes {
        return damaged("the segment does not have the size it was made with");
    }
    Ok(Ok(Walk { file, name: name.to_owned(), header, offset: SEGMENT_HEADER_BYTES as u64, next_index: first_index }))
}

impl<F: SegmentFile> Walk<F> {
    pub fn header(&self) -> SegmentHeader {
        self.header
    }

    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the segment behind this one may say that this one ends there.
    pub fn may_end_at(&self, end: u64) -> bool {
        match self.header.version {
            Version::First => end <= self.header.segment_bytes,
            Version::WithErased => end == self.header.end_before,
        }
    }

    /// Whether the walk stands where the segment behind this one says that this one ends.
    pub fn is_at_end(&self, end: u64) -> bool {
        match self.header.version {
            Version::First => end == self.offset,
            Version::WithErased => end == self.header.end_before && self.offset == self.header.segment_bytes,
        }
    }

    /// The index that the next record has.
    pub fn next_index(&self) -> u64 {
        self.next_index
    }

    pub fn into_file(self) -> F {
        self.file
    }

    pub fn damage(&self, what: &'static str) -> Damage {
        Damage::new(self.name.clone(), self.offset, what)
    }

    /// Looks at the walk's place, and moves behind a whole batch.
    pub fn step(&mut self) -> io::Result<Step> {
        let left = self.header.segment_bytes - self.offset;
        if left < BATCH_HEADER_BYTES as u64 {
            return self.torn_or_end(self.offset);
        }
        let mut bytes = vec![0; BATCH_HEADER_BYTES];
        let read = self.file.read_at(&mut bytes, self.offset)?;
        let mut fixed = [0; BATCH_HEADER_BYTES];
        fixed[..read].copy_from_slice(&bytes[..read]);
        let Some(header) = BatchHeader::decode(&fixed) else {
            // A whole batch has more behind its header; one with nothing at all behind it was cut off.
            let behind = self.offset + BATCH_HEADER_BYTES as u64;
            if self.is_cut_off(&fixed) || matches!(self.rest(behind)?, Rest::Zeros) {
                return self.torn_or_end(self.offset + 1);
            }
            return Ok(Step::Damaged(self.damage("a batch's header does not match its checksum")));
        };
        if header.first_index != self.next_index {
            return Ok(Step::Damaged(self.damage("a batch does not continue the batch before it")));
        }
        let total = header.total_bytes();
        if total > MAX_BATCH_BYTES || total as u64 > left {
            return Ok(Step::Damaged(self.damage("a batch is longer than its segment allows")));
        }
        bytes.resize(total, 0);
        self.file.read_at(&mut bytes[BATCH_HEADER_BYTES..], self.offset + BATCH_HEADER_BYTES as u64)?;
        if header.holds(&bytes[BATCH_HEADER_BYTES..], self.header.version) {
            let offset = self.offset;
            self.offset += total as u64;
            self.next_index += u64::from(header.count);
            return Ok(Step::Batch(Batch { header, bytes, offset, version: self.header.version }));
        }
        if self.is_cut_off(&bytes) {
            return self.torn_or_end(self.offset + total as u64);
        }
        Ok(Step::Damaged(self.damage("a batch does not match its checksum")))
    }

    /// Whether these bytes at the walk's place lack a sector, or their end.
    fn is_cut_off(&self, bytes: &[u8]) -> bool {
        let ends_in_zeros = bytes.len() >= TRAILER_BYTES && is_zero(&bytes[bytes.len() - TRAILER_BYTES..]);
        let in_first_sector = SECTOR_BYTES - (self.offset % SECTOR_BYTES as u64) as usize;
        let (first, others) = bytes.split_at(in_first_sector.min(bytes.len()));
        ends_in_zeros || is_zero(first) || others.chunks(SECTOR_BYTES).any(is_zero)
    }

    /// Decides about a place where no whole batch stands, by what stands from `from` on.
    fn torn_or_end(&self, from: u64) -> io::Result<Step> {
        let step = self.torn_or_end_of_a_first_version(from)?;
        // A segment of which records were erased was synced as a whole before it got its name.
        match (step, self.header.version) {
            (Step::Torn { .. }, Version::WithErased) => {
                Ok(Step::Damaged(self.damage("a batch does not match its checksum")))
            }
            (step, _) => Ok(step),
        }
    }

    fn torn_or_end_of_a_first_version(&self, from: u64) -> io::Result<Step> {
        let step = match self.rest(from)? {
            Rest::AnotherBatch => Step::Damaged(self.damage("a batch is damaged and others follow it")),
            Rest::Remains { written_to } => Step::Torn { written_to },
            Rest::Zeros => {
                let mut head = vec![0; (from - self.offset) as usize];
                self.file.read_at(&mut head, self.offset)?;
                match head.iter().rposition(|byte| *byte != 0) {
                    None => Step::End,
                    Some(at) => Step::Torn { written_to: self.offset + at as u64 + 1 },
                }
            }
        };
        Ok(step)
    }

    /// Looks through the rest of the segment for another batch, or anything that is not zero.
    fn rest(&self, from: u64) -> io::Result<Rest> {
        const STRIDE: usize = 1 << 18;
        let mut window = vec![0; STRIDE + BATCH_HEADER_BYTES];
        let mut at = from;
        let mut written_to = None;
        while at < self.header.segment_bytes {
            let read = self.file.read_at(&mut window, at)?;
            let seen = &window[..read];
            if !is_zero(seen) {
                if batch_headers(seen).any(|header| header.first_index >= self.next_index) {
                    return Ok(Rest::AnotherBatch);
                }
                if let Some(last) = seen.iter().rposition(|byte| *byte != 0) {
                    written_to = Some(at + last as u64 + 1);
                }
            }
            at += STRIDE as u64;
        }
        Ok(written_to.map_or(Rest::Zeros, |written_to| Rest::Remains { written_to }))
    }
}

fn batch_headers(bytes: &[u8]) -> impl Iterator<Item = BatchHeader> {
    bytes
        .windows(BATCH_HEADER_BYTES)
        .filter(|window| window.starts_with(&BATCH_MAGIC))
        .filter_map(|window| BatchHeader::decode(window.try_into().ok()?))
}

fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: [u8; 4096] = [0; 4096];
    bytes.chunks(ZEROS.len()).all(|chunk| *chunk == ZEROS[..chunk.len()])
}
