//! Opens the log: checks what is there, cuts off a torn tail, and makes sure that what is counted
//! as durable is on the disk and not only in the operating system's memory.

use std::io;

use super::disk::{Disk, SegmentFile};
use super::fault::{Damage, ReadFault};
use super::format::{self, ERASING_NAME, SPARE_NAME, SegmentHeader, Version};
use super::options::{AccessLogOptions, CheckAtOpen};
use super::reader::{SUCCESSOR_GONE, following, segments};
use super::walk::{self, Batch, Step, Walk};

/// The segment that is written to, and where.
#[derive(Debug)]
pub struct Current<F> {
    pub file: F,
    pub first_index: u64,
    pub segment_bytes: u64,
    /// Where the next batch goes.
    pub end: u64,
    /// The next record's index.
    pub next_index: u64,
}

/// What was found, in counts.
#[derive(Debug)]
pub struct Recovered<F> {
    pub current: Current<F>,
    pub segments: usize,
    pub torn_bytes: u64,
}

/// Opens the log in a folder that this process has locked.
pub fn recover<D: Disk>(disk: &D, options: &AccessLogOptions) -> Result<Recovered<D::File>, ReadFault> {
    // A segment that had no name yet holds nothing, or nothing that does not stand under its own name still.
    for name in disk.list()?.iter().filter(|name| [SPARE_NAME, ERASING_NAME].contains(&name.as_str())) {
        disk.remove(name)?;
    }
    let found = segments(disk)?;
    let Some(&last) = found.last() else {
        let header = SegmentHeader::new(0, options.segment_bytes, 0, 0);
        let spare = disk.create(SPARE_NAME, options.segment_bytes)?;
        let current = promote(disk, spare, header)?;
        return Ok(Recovered { current, segments: 1, torn_bytes: 0 });
    };
    check_earlier(disk, &found, options.check_at_open)?;
    let mut walk = walk::open(disk, last, true)??;
    if walk.header().version == Version::WithErased {
        return Err(walk.damage(SUCCESSOR_GONE).into());
    }
    let mut last_batch = None;
    let torn = loop {
        match walk.step()? {
            Step::Batch(batch) => last_batch = Some(batch),
            Step::End => break None,
            Step::Torn { written_to } => break Some(written_to),
            Step::Damaged(damage) => return Err(damage.into()),
        }
    };
    let end = walk.offset();
    // A name that is visible was perhaps never made durable.
    disk.sync_folder()?;
    let current = settle(walk, last_batch, torn)?;
    let torn_bytes = torn.map_or(0, |written_to| written_to - end);
    Ok(Recovered { current, segments: found.len(), torn_bytes })
}

/// Gives the spare segment its header and its name. Afterwards both are durable.
pub fn promote<D: Disk>(disk: &D, spare: D::File, header: SegmentHeader) -> io::Result<Current<D::File>> {
    spare.write_at(&header.encode(), 0)?;
    spare.sync()?;
    disk.rename(SPARE_NAME, &format::segment_name(header.first_index))?;
    disk.sync_folder()?;
    Ok(Current {
        file: spare,
        first_index: header.first_index,
        segment_bytes: header.segment_bytes,
        end: format::SEGMENT_HEADER_BYTES as u64,
        next_index: header.first_index,
    })
}

/// Zeros a torn tail, and writes the last batch once more before the sync: a process that died, or
/// whose sync failed, may have left it in memory only, marked as written.
fn settle<F: SegmentFile>(walk: Walk<F>, last: Option<Batch>, torn: Option<u64>) -> io::Result<Current<F>> {
    static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
    let header = walk.header();
    let (end, next_index) = (walk.offset(), walk.next_index());
    let file = walk.into_file();
    if let Some(batch) = last {
        file.write_at(&batch.bytes, batch.offset)?;
    }
    let mut at = end;
    while at < torn.unwrap_or(end) {
        let length = ZEROS.len().min((torn.unwrap_or(end) - at) as usize);
        file.write_at(&ZEROS[..length], at)?;
        at += length as u64;
    }
    file.sync()?;
    Ok(Current { file, first_index: header.first_index, segment_bytes: header.segment_bytes, end, next_index })
}

/// Checks every segment but the last: there, whole in size, and continued by the next.
fn check_earlier<D: Disk>(disk: &D, found: &[u64], check: CheckAtOpen) -> Result<(), ReadFault> {
    if found.first() != Some(&0) {
        return Err(Damage::new(format::segment_name(0), 0, "the first segment is missing").into());
    }
    for pair in found.windows(2) {
        let mut walk = walk::open(disk, pair[0], false)??;
        let next = walk::open(disk, pair[1], false)??.header();
        if next.previous_first != pair[0] {
            return Err(walk.damage("the segment after this one is missing").into());
        }
        if !walk.may_end_at(next.previous_end) {
            return Err(walk.damage("the segment is shorter than the next one says").into());
        }
        if check == CheckAtOpen::Everything {
            loop {
                match walk.step()? {
                    Step::Batch(_) => {}
                    Step::End | Step::Torn { .. } => break,
                    Step::Damaged(damage) => return Err(damage.into()),
                }
            }
            following(&walk, disk)?;
        }
    }
    Ok(())
}
