//! Takes the content of records away when their retention is over; what stays is each one's place and leaf hash.
//!
//! A segment is never changed: it is written anew beside the old one, synced, looked through, and only then takes its
//! name. So the power may go at any moment, and whoever reads the old file goes on to its end. The segment that is being
//! written to is left alone.

use std::ops::Range;

use aws_lc_rs::digest::{Context, SHA256};

use super::content::{Content, LEAF_BYTES};
use super::disk::{Disk, SegmentFile};
use super::fault::{EraseFault, ReadFault};
use super::format::{
    self, BATCH_HEADER_BYTES, BatchBuilder, ERASING_NAME, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader,
    TRAILER_BYTES, Version,
};
use super::reader::{following, segments};
use super::walk::{self, Batch, Step, Walk};

/// What an erasure came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Records that were erased now.
    pub records: u64,
    /// Segments that were written anew.
    pub segments: u64,
    /// Records that stay because they are shorter than the hash that would take their place: a segment never grows.
    pub too_short: u64,
    /// Indexes that stay because they lie in the segment that is being written to, or beyond it.
    pub in_use: u64,
}

/// Erases the records of these ranges. Those that are erased already stay so.
///
/// # Errors
/// When a segment is damaged or cannot be written anew. It is then as it was; those before it are done.
pub fn erase<D: Disk>(disk: &D, which: &[Range<u64>]) -> Result<Erasure, EraseFault> {
    let which = merged(which);
    let found = segments(disk).map_err(ReadFault::Io)?;
    let mut done = Erasure::default();
    for pair in found.windows(2) {
        let (first, next) = (pair[0], pair[1]);
        if which.iter().any(|range| range.start < next && range.end > first) {
            rewrite(disk, first, &which, &mut done)?;
        }
    }
    let settled = found.last().copied().unwrap_or(0);
    done.in_use = which.iter().map(|range| range.end.saturating_sub(range.start.max(settled))).sum();
    Ok(done)
}

/// The same ranges in order, none empty, none touching another.
fn merged(which: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = which.iter().filter(|range| !range.is_empty()).cloned().collect();
    all.sort_by_key(|range| range.start);
    all.dedup_by(|next, before| {
        let touches = next.start <= before.end;
        if touches {
            before.end = before.end.max(next.end);
        }
        touches
    });
    all
}

/// What a look through a segment came to.
struct Looked {
    /// Digest of all its leaves, in order.
    leaves: Vec<u8>,
    /// How many of its records are asked for and can be erased, and how many are too short.
    due: u64,
    too_short: u64,
    /// How long the segment is without them.
    bytes_after: u64,
}

fn rewrite<D: Disk>(disk: &D, first: u64, which: &[Range<u64>], done: &mut Erasure) -> Result<(), EraseFault> {
    let asked = |index: u64| {
        let at = which.partition_point(|range| range.end <= index);
        which.get(at).is_some_and(|range| range.contains(&index))
    };
    let mut old = walk::open(disk, first, false).map_err(ReadFault::Io)?.map_err(ReadFault::Damaged)?;
    let before = look(&mut old, asked)?;
    following(&old, disk)?;
    done.too_short += before.too_short;
    if before.due == 0 {
        return Ok(());
    }
    let header = match old.header() {
        header if header.version == Version::First => SegmentHeader { end_before: old.offset(), ..header },
        header => header,
    };
    let header = SegmentHeader { version: Version::WithErased, segment_bytes: before.bytes_after, ..header };
    let written = copy(disk, header, asked).and_then(|()| {
        // What was written is looked through before anything of the old one is given up.
        let new = walk::open_as(disk, ERASING_NAME, first, false).map_err(ReadFault::Io)?;
        let mut new = new.map_err(ReadFault::Damaged)?;
        let after = look(&mut new, asked)?;
        let same = after.leaves == before.leaves && new.next_index() == old.next_index();
        if same && after.due == 0 { Ok(()) } else { Err(EraseFault::Unequal) }
    });
    if let Err(fault) = written {
        // It would hold room, and is removed at the next opening if it cannot be now.
        let _ = disk.remove(ERASING_NAME);
        return Err(fault);
    }
    disk.rename(ERASING_NAME, &format::segment_name(first)).map_err(EraseFault::Write)?;
    disk.sync_folder().map_err(EraseFault::Write)?;
    done.records += before.due;
    done.segments += 1;
    Ok(())
}

/// Looks through a whole segment.
fn look<F: SegmentFile>(walk: &mut Walk<F>, asked: impl Fn(u64) -> bool) -> Result<Looked, EraseFault> {
    let mut leaves = Context::new(&SHA256);
    let mut looked = Looked { leaves: Vec::new(), due: 0, too_short: 0, bytes_after: SEGMENT_HEADER_BYTES as u64 };
    while let Some(batch) = batch(walk)? {
        looked.bytes_after += (BATCH_HEADER_BYTES + TRAILER_BYTES) as u64;
        for record in batch.records() {
            let (index, content) = record.map_err(|_| bad_record(walk))?;
            let due = asked(index) && can_be_erased(&content);
            looked.due += u64::from(due);
            looked.too_short += u64::from(asked(index) && !due && content.record().is_some());
            let length = content.record().filter(|_| !due).map_or(LEAF_BYTES, <[u8]>::len);
            looked.bytes_after += (RECORD_HEADER_BYTES + length) as u64;
            leaves.update(&leaf(&content));
        }
    }
    looked.leaves = leaves.finish().as_ref().to_vec();
    Ok(looked)
}

/// Writes the segment anew, without the content of those that are asked for, and syncs it.
fn copy<D: Disk>(disk: &D, header: SegmentHeader, asked: impl Fn(u64) -> bool) -> Result<(), EraseFault> {
    let mut old = walk::open(disk, header.first_index, false).map_err(ReadFault::Io)?.map_err(ReadFault::Damaged)?;
    let new = disk.create(ERASING_NAME, header.segment_bytes).map_err(EraseFault::Write)?;
    new.write_at(&header.encode(), 0).map_err(EraseFault::Write)?;
    let mut end = SEGMENT_HEADER_BYTES as u64;
    let mut builder = BatchBuilder::default();
    while let Some(batch) = batch(&mut old)? {
        builder.begin(batch.header.first_index);
        for record in batch.records() {
            let (index, content) = record.map_err(|_| bad_record(&old))?;
            match &content {
                Content::Record(record) if !asked(index) || !can_be_erased(&content) => builder.push(record),
                _ => builder.push_erased(&leaf(&content)),
            }
        }
        let bytes = builder.finish();
        new.write_at(bytes, end).map_err(EraseFault::Write)?;
        end += bytes.len() as u64;
    }
    new.sync().map_err(EraseFault::Write)
}

/// The next batch of a segment that nobody writes to.
fn batch<F: SegmentFile>(walk: &mut Walk<F>) -> Result<Option<Batch>, ReadFault> {
    match walk.step()? {
        Step::Batch(batch) => Ok(Some(batch)),
        Step::End | Step::Torn { .. } => Ok(None),
        Step::Damaged(damage) => Err(damage.into()),
    }
}

fn bad_record<F: SegmentFile>(walk: &Walk<F>) -> ReadFault {
    walk.damage("a record does not match its checksum").into()
}

fn can_be_erased(content: &Content) -> bool {
    content.record().is_some_and(|record| record.len() >= LEAF_BYTES)
}

fn leaf(content: &Content) -> [u8; LEAF_BYTES] {
    match content {
        Content::Record(record) => tlog_tiles::record_hash(record).0,
        Content::Erased(leaf) => *leaf,
    }
}
