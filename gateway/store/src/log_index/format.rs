//! The bytes of a run. Little-endian; every byte is under a CRC-32C. Opening reads header and tables; a part of the rest
//! is read, and checked, when it is needed.
//!
//! ```text
//! header, 68 bytes
//!   magic 8 | version u32 | records u32 | stamp u64 | first index u64 | bytes of postings u32 | fences u32 | segments u32
//!   first second u32 | last second u32 | records with a second u32 | checksum of the last record in the log u32
//!   crc of the tables u32 | crc u32
//! postings, by term: term u64 | records - 1 u16 | records x ordinal u16
//! entries, by record: offset of its header in its segment u32 | second u32
//! tables
//!   fences: term u64 | where the postings from it on begin u32 | crc of the postings up to the next fence u32
//!   crc of each block of entries u32
//!   first index of each segment u64
//! ```
//!
//! A second is one since 1970; 0 where none is known.

use super::tail::Entry;

pub const HEADER_BYTES: usize = 68;
pub const ENTRY_BYTES: usize = 8;
/// Entries under one checksum: 4 KiB.
pub const BLOCK_ENTRIES: usize = 512;
/// A fence is set when this many bytes of postings lie behind the last one.
const FENCE_EVERY: usize = 4096;
/// The most records of a run: ordinals have 16 bits.
pub const MOST_RECORDS: usize = 1 << 16;

const FENCE_BYTES: usize = 16;
const GROUP_BYTES: usize = 10;
const MAGIC: [u8; 8] = *b"ZSLUISI\xFF";
const VERSION: u32 = 1;

/// What a run says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub records: u32,
    /// What the terms were made by: those of another stamp are not to be looked up.
    pub stamp: u64,
    pub first: u64,
    pub postings: u32,
    pub fences: u32,
    pub segments: u32,
    pub first_second: u32,
    pub last_second: u32,
    pub dated: u32,
    pub last_checksum: u32,
    pub tables_crc: u32,
}

/// From which term on postings lie where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    pub term: u64,
    pub start: u32,
    pub crc: u32,
}

/// Header and tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    pub header: Header,
    pub fences: Vec<Fence>,
    pub blocks: Vec<u32>,
    pub segments: Vec<u64>,
}

/// What a run is made of; terms in order, each with its records.
pub struct Content<'c, G> {
    pub stamp: u64,
    pub first: u64,
    pub last_checksum: u32,
    pub entries: &'c [Entry],
    pub segments: &'c [u64],
    pub groups: G,
}

impl Header {
    fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.records.to_le_bytes());
        bytes.extend(self.stamp.to_le_bytes());
        bytes.extend(self.first.to_le_bytes());
        for word in [
            self.postings,
            self.fences,
            self.segments,
            self.first_second,
            self.last_second,
            self.dated,
            self.last_checksum,
            self.tables_crc,
        ] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        let mut out = [0; HEADER_BYTES];
        out.copy_from_slice(&bytes);
        out
    }

    /// The header in these bytes, if magic, version and checksum hold.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (said, crc) = bytes.split_last_chunk::<4>()?;
        if bytes[..8] != MAGIC || word(bytes, 8) != VERSION || crc32c::crc32c(said) != u32::from_le_bytes(*crc) {
            return None;
        }
        Some(Header {
            records: word(bytes, 12),
            stamp: long(bytes, 16),
            first: long(bytes, 24),
            postings: word(bytes, 32),
            fences: word(bytes, 36),
            segments: word(bytes, 40),
            first_second: word(bytes, 44),
            last_second: word(bytes, 48),
            dated: word(bytes, 52),
            last_checksum: word(bytes, 56),
            tables_crc: word(bytes, 60),
        })
    }

    pub fn blocks(&self) -> usize {
        (self.records as usize).div_ceil(BLOCK_ENTRIES)
    }

    pub fn entries_at(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.postings)
    }

    pub fn tables_at(&self) -> u64 {
        self.entries_at() + self.records as u64 * ENTRY_BYTES as u64
    }

    pub fn tables_bytes(&self) -> u64 {
        u64::from(self.fences) * FENCE_BYTES as u64 + self.blocks() as u64 * 4 + u64::from(self.segments) * 8
    }
}

impl Tables {
    /// The tables behind a header, if they match it.
    pub fn decode(header: Header, bytes: &[u8]) -> Option<Self> {
        if bytes.len() as u64 != header.tables_bytes() || crc32c::crc32c(bytes) != header.tables_crc {
            return None;
        }
        let (fences, rest) = bytes.split_at_checked(header.fences as usize * FENCE_BYTES)?;
        let (blocks, segments) = rest.split_at_checked(header.blocks() * 4)?;
        let fence = |bytes: &[u8]| Fence { term: long(bytes, 0), start: word(bytes, 8), crc: word(bytes, 12) };
        Some(Tables {
            header,
            fences: fences.chunks_exact(FENCE_BYTES).map(fence).collect(),
            blocks: blocks.chunks_exact(4).map(|bytes| word(bytes, 0)).collect(),
            segments: segments.chunks_exact(8).map(|bytes| long(bytes, 0)).collect(),
        })
    }
}

/// The bytes of a run.
pub fn encode<G: Iterator<Item = (u64, Vec<u16>)>>(content: Content<'_, G>) -> Vec<u8> {
    let Content { stamp, first, last_checksum, entries, segments, groups } = content;
    let mut bytes = vec![0; HEADER_BYTES];
    let mut fences: Vec<Fence> = Vec::new();
    let mut fenced = HEADER_BYTES;
    for (term, ordinals) in groups {
        // Sizes stay far below 4 GiB: a run has at most 65,536 records and a record's terms are bounded.
        let Some(more) = ordinals.len().checked_sub(1) else { continue };
        if fences.is_empty() || bytes.len() - fenced >= FENCE_EVERY {
            close(&mut fences, &bytes[fenced..]);
            fenced = bytes.len();
            fences.push(Fence { term, start: (fenced - HEADER_BYTES) as u32, crc: 0 });
        }
        bytes.extend(term.to_le_bytes());
        bytes.extend((more as u16).to_le_bytes());
        ordinals.iter().for_each(|ordinal| bytes.extend(ordinal.to_le_bytes()));
    }
    close(&mut fences, &bytes[fenced..]);
    let postings = (bytes.len() - HEADER_BYTES) as u32;
    for entry in entries {
        bytes.extend(entry.offset.to_le_bytes());
        bytes.extend(entry.second.to_le_bytes());
    }
    let tables = bytes.len();
    let blocks: Vec<u32> = bytes[HEADER_BYTES + postings as usize..tables]
        .chunks(BLOCK_ENTRIES * ENTRY_BYTES)
        .map(crc32c::crc32c)
        .collect();
    for fence in &fences {
        bytes.extend(fence.term.to_le_bytes());
        bytes.extend(fence.start.to_le_bytes());
        bytes.extend(fence.crc.to_le_bytes());
    }
    blocks.iter().for_each(|crc| bytes.extend(crc.to_le_bytes()));
    segments.iter().for_each(|segment| bytes.extend(segment.to_le_bytes()));
    let dated = || entries.iter().map(|entry| entry.second).filter(|second| *second > 0);
    let header = Header {
        records: entries.len() as u32,
        stamp,
        first,
        postings,
        fences: fences.len() as u32,
        segments: segments.len() as u32,
        first_second: dated().min().unwrap_or(0),
        last_second: dated().max().unwrap_or(0),
        dated: dated().count() as u32,
        last_checksum,
        tables_crc: crc32c::crc32c(&bytes[tables..]),
    };
    bytes[..HEADER_BYTES].copy_from_slice(&header.encode());
    bytes
}

/// Gives the last fence the checksum of what lies behind it.
fn close(fences: &mut [Fence], postings: &[u8]) {
    if let Some(last) = fences.last_mut() {
        last.crc = crc32c::crc32c(postings);
    }
}

/// The ordinals of a term in postings that begin at a fence: each pair of bytes one.
pub fn find(postings: &[u8], term: u64) -> Option<&[u8]> {
    let mut rest = postings;
    loop {
        let (head, behind) = rest.split_at_checked(GROUP_BYTES)?;
        let count = usize::from(short(head, 8)) + 1;
        let (ordinals, next) = behind.split_at_checked(count * 2)?;
        match long(head, 0) {
            own if own == term => return Some(ordinals),
            own if own > term => return None,
            _ => rest = next,
        }
    }
}

pub fn entry(block: &[u8], nth: usize) -> Option<Entry> {
    let bytes = block.get(nth * ENTRY_BYTES..)?.first_chunk::<ENTRY_BYTES>()?;
    Some(Entry { offset: word(bytes, 0), second: word(bytes, 4) })
}

pub fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut out = [0; 4];
    out.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(out)
}

fn long(bytes: &[u8], at: usize) -> u64 {
    let mut out = [0; 8];
    out.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(out)
}
