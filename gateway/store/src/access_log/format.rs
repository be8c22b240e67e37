//! The bytes of the access log. Little-endian; every byte is under a CRC-32C or is zero.
//!
//! A segment file is named after the index of its first record (20 digits, `.log`) and has a fixed
//! size, all of it zeros when the segment is made:
//!
//! ```text
//! segment header, 512 bytes
//!   magic 8 | version u32 | first index u64 | segment bytes u64
//!   previous segment's first index u64 | previous segment's end offset u64 | zeros | crc u32
//! batch, again and again
//!   magic 4 | body length u32 | first index u64 | count u32 | body crc u32 | header crc u32
//!   body: count x ( length u32 | crc u32 of index and record | record )
//!   trailer 4
//! zeros to the end of the file
//! ```
//!
//! Version 2 is a segment of which records were erased. It was written anew as a whole, and nothing is ever appended to
//! it. Its header says, behind all else, where the segment ended before (u64), which the next one's header repeats; the
//! file ends with its last batch; and an erased record stands at its place as
//!
//! ```text
//!   32 with the highest bit set u32 | crc u32 of index and hash | leaf hash 32
//! ```
//!
//! A batch is what one sync makes durable, and the next batch is written only after that sync. So
//! only the last batch can be torn, and it is torn as a whole: none of its records was acknowledged.

use super::content::{Content, LEAF_BYTES};

/// Bytes in front of the first batch: one sector, so that batches never share one with the header.
pub const SEGMENT_HEADER_BYTES: usize = SECTOR_BYTES;
/// The unit that a disk writes whole or not at all.
pub const SECTOR_BYTES: usize = 512;
/// Bytes in front of a batch's body.
pub const BATCH_HEADER_BYTES: usize = 28;
/// Bytes behind a batch's body.
pub const TRAILER_BYTES: usize = 4;
/// Bytes in front of each record.
pub const RECORD_HEADER_BYTES: usize = 8;
/// The longest batch, whatever the options say; a reader needs no more memory than this.
pub const MAX_BATCH_BYTES: usize = 16 << 20;
/// The longest segment.
pub const MAX_SEGMENT_BYTES: u64 = 4 << 30;

/// Set in a record's length when the record was erased. No record is half as long.
const MARK: u32 = 1 << 31;

/// A segment that is being written anew, without the records that were erased, until it gets its name.
pub const ERASING_NAME: &str = "next.erased";

/// The segment that is made in advance and has no first index yet.
pub const SPARE_NAME: &str = "next.preallocated";

/// The first bytes of a batch. None is zero, and 0xF1 cannot occur in UTF-8 text before 0x0B.
pub const BATCH_MAGIC: [u8; 4] = [0x5A, 0xF1, 0x0B, 0xA7];

const SEGMENT_MAGIC: [u8; 8] = *b"ZSLUISL\xFF";
const TRAILER: [u8; TRAILER_BYTES] = [0xE5, 0xD7, 0xB3, 0x9F];
const CRC_AT: usize = SEGMENT_HEADER_BYTES - 4;

/// The versions of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    First = 1,
    /// Records may be marked as erased.
    WithErased = 2,
}

/// What a segment says about itself and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    pub version: Version,
    pub first_index: u64,
    /// Size of the whole file.
    pub segment_bytes: u64,
    /// First index of the segment before; 0 in the first segment.
    pub previous_first: u64,
    /// Where the segment before ends, behind its last batch; 0 in the first segment.
    pub previous_end: u64,
    /// Where this segment ended before records were erased; 0 in version 1.
    pub end_before: u64,
}

/// What a batch says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHeader {
    pub body_bytes: usize,
    pub first_index: u64,
    pub count: u32,
    body_crc: u32,
}

/// A batch being filled; its buffer is used again.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    bytes: Vec<u8>,
    first_index: u64,
    count: u32,
}

/// The name of the segment whose first record has this index.
pub fn segment_name(first_index: u64) -> String {
    format!("{first_index:020}.log")
}

/// The first index in a segment's name, or none if it is not a segment's name.
pub fn index_in_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// How long a batch with this one record is.
pub fn batch_bytes_of_one(record_bytes: usize) -> usize {
    BATCH_HEADER_BYTES + RECORD_HEADER_BYTES + record_bytes + TRAILER_BYTES
}

impl SegmentHeader {
    /// The header of a segment that is made now.
    pub fn new(first_index: u64, segment_bytes: u64, previous_first: u64, previous_end: u64) -> Self {
        Self { version: Version::First, first_index, segment_bytes, previous_first, previous_end, end_before: 0 }
    }

    pub fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut out = [0; SEGMENT_HEADER_BYTES];
        out[..8].copy_from_slice(&SEGMENT_MAGIC);
        out[8..12].copy_from_slice(&(self.version as u32).to_le_bytes());
        out[12..20].copy_from_slice(&self.first_index.to_le_bytes());
        out[20..28].copy_from_slice(&self.segment_bytes.to_le_bytes());
        out[28..36].copy_from_slice(&self.previous_first.to_le_bytes());
        out[36..44].copy_from_slice(&self.previous_end.to_le_bytes());
        out[44..52].copy_from_slice(&self.end_before.to_le_bytes());
        let crc = crc32c::crc32c(&out[..CRC_AT]);
        out[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    pub fn decode(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Result<Self, &'static str> {
        if bytes[..8] != SEGMENT_MAGIC {
            return Err("this is not a segment of an access log");
        }
        if crc32c::crc32c(&bytes[..CRC_AT]) != u32_at(bytes, CRC_AT) {
            return Err("the segment's header does not match its checksum");
        }
        let version = match u32_at(bytes, 8) {
            1 => Version::First,
            2 => Version::WithErased,
            _ => return Err("the segment has a format version that this node does not know"),
        };
        Ok(Self {
            version,
            first_index: u64_at(bytes, 12),
            segment_bytes: u64_at(bytes, 20),
            previous_first: u64_at(bytes, 28),
            previous_end: u64_at(bytes, 36),
            end_before: u64_at(bytes, 44),
        })
    }
}

impl BatchHeader {
    /// The header in these bytes, if magic and checksum hold.
    pub fn decode(bytes: &[u8; BATCH_HEADER_BYTES]) -> Option<Self> {
        if bytes[..4] != BATCH_MAGIC || crc32c::crc32c(&bytes[..24]) != u32_at(bytes, 24) {
            return None;
        }
        Some(Self {
            body_bytes: usize::try_from(u32_at(bytes, 4)).ok()?,
            first_index: u64_at(bytes, 8),
            count: u32_at(bytes, 16),
            body_crc: u32_at(bytes, 20),
        })
    }

    /// How long the batch is, header and trailer included.
    pub fn total_bytes(&self) -> usize {
        BATCH_HEADER_BYTES + self.body_bytes + TRAILER_BYTES
    }

    /// Whether these bytes are this header's body and trailer, whole and unchanged.
    pub fn holds(&self, body_and_trailer: &[u8], version: Version) -> bool {
        let Some((body, trailer)) = body_and_trailer.split_at_checked(self.body_bytes) else { return false };
        trailer == TRAILER && crc32c::crc32c(body) == self.body_crc && self.records_fit(body, version)
    }

    fn records_fit(&self, body: &[u8], version: Version) -> bool {
        let mut records = BodyRecords::new(self.first_index, body, version);
        let mut counted = 0;
        while let Some(record) = records.advance() {
            if record.is_err() {
                return false;
            }
            counted += 1;
        }
        counted == self.count
    }
}

impl BatchBuilder {
    /// Starts a batch with this first index.
    pub fn begin(&mut self, first_index: u64) {
        self.bytes.clear();
        self.bytes.resize(BATCH_HEADER_BYTES, 0);
        self.first_index = first_index;
        self.count = 0;
    }

    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// How long the batch would be with a further record of this length.
    pub fn bytes_with(&self, record_bytes: usize) -> usize {
        self.bytes.len() + RECORD_HEADER_BYTES + record_bytes + TRAILER_BYTES
    }

    pub fn push(&mut self, record: &[u8]) {
        // Options bound a record far below 4 GiB.
        self.put(record.len() as u32, record);
    }

    pub fn push_erased(&mut self, leaf: &[u8; LEAF_BYTES]) {
        self.put(MARK | LEAF_BYTES as u32, leaf);
    }

    fn put(&mut self, word: u32, content: &[u8]) {
        let index = self.first_index + u64::from(self.count);
        self.bytes.extend_from_slice(&word.to_le_bytes());
        self.bytes.extend_from_slice(&record_crc(index, content).to_le_bytes());
        self.bytes.extend_from_slice(content);
        self.count += 1;
    }

    /// The batch's bytes, ready to be written.
    pub fn finish(&mut self) -> &[u8] {
        let body = &self.bytes[BATCH_HEADER_BYTES..];
        let body_bytes = body.len() as u32;
        let body_crc = crc32c::crc32c(body);
        let header = &mut self.bytes[..BATCH_HEADER_BYTES];
        header[..4].copy_from_slice(&BATCH_MAGIC);
        header[4..8].copy_from_slice(&body_bytes.to_le_bytes());
        header[8..16].copy_from_slice(&self.first_index.to_le_bytes());
        header[16..20].copy_from_slice(&self.count.to_le_bytes());
        header[20..24].copy_from_slice(&body_crc.to_le_bytes());
        let header_crc = crc32c::crc32c(&header[..24]);
        header[24..28].copy_from_slice(&header_crc.to_le_bytes());
        self.bytes.extend_from_slice(&TRAILER);
        &self.bytes
    }
}

/// The records of a batch's body, in order.
pub struct BodyRecords<'a> {
    index: u64,
    rest: &'a [u8],
    version: Version,
}

/// A record that does not fit its batch or its checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRecord;

/// What stands at a record's place.
enum Place<'a> {
    Record(&'a [u8]),
    Erased(&'a [u8; LEAF_BYTES]),
}

impl<'a> BodyRecords<'a> {
    pub fn new(first_index: u64, body: &'a [u8], version: Version) -> Self {
        Self { index: first_index, rest: body, version }
    }

    fn advance(&mut self) -> Option<Result<(u64, Place<'a>), BadRecord>> {
        if self.rest.is_empty() { None } else { Some(self.place().ok_or(BadRecord)) }
    }

    fn place(&mut self) -> Option<(u64, Place<'a>)> {
        let (header, rest) = self.rest.split_at_checked(RECORD_HEADER_BYTES)?;
        let word = u32_at(header, 0);
        let (content, rest) = rest.split_at_checked((word & !MARK) as usize)?;
        let index = self.index;
        if record_crc(index, content) != u32_at(header, 4) {
            return None;
        }
        let place = match (word & MARK, self.version) {
            (0, _) => Place::Record(content),
            (_, Version::First) => return None,
            (_, Version::WithErased) => Place::Erased(content.try_into().ok()?),
        };
        self.index += 1;
        self.rest = rest;
        Some((index, place))
    }
}

impl Iterator for BodyRecords<'_> {
    type Item = Result<(u64, Content), BadRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        let content = |place| match place {
            Place::Record(record) => Content::Record(record.to_vec()),
            Place::Erased(leaf) => Content::Erased(*leaf),
        };
        Some(self.advance()?.map(|(index, place)| (index, content(place))))
    }
}

pub fn record_crc(index: u64, record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&index.to_le_bytes()), record)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut out = [0; 4];
    out.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(out)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut out = [0; 8];
    out.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(out)
}
