//! Reads the log back, record by record, with the memory of one batch. Takes no lock: it may run
//! beside the node that writes.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::content::Content;
use super::disk::{Disk, OsDisk};
use super::fault::{Damage, ReadFault};
use super::format::{self, Version};
use super::place::{self, Place};
use super::walk::{self, Step, Walk};

/// Records are erased only in a segment that another one follows.
pub const SUCCESSOR_GONE: &str = "records were erased here, so another segment followed; it is missing";

/// The log's records in order, each with its index, or that it was erased. Ends at the log's end, or after the first fault.
///
/// A batch whose sync is still under way may already be seen when another process is writing; within
/// the writing process [`super::AccessLog::records`] stops at the last durable record.
pub struct Records<D: Disk = OsDisk> {
    disk: D,
    /// Records before this index are skipped.
    from: u64,
    /// The first index that must not be read any more.
    until: u64,
    walk: Option<Walk<D::File>>,
    batch: std::vec::IntoIter<(u64, Content)>,
    /// Where the batch in hand stands: its segment, its first record's index, each record's offset.
    places: (u64, u64, Vec<u32>),
    done: bool,
    failed: bool,
}

/// Reads a log's records from the first one.
pub fn read(folder: impl AsRef<Path>) -> Records {
    read_from(folder, 0)
}

/// Reads a log's records from this index on.
pub fn read_from(folder: impl AsRef<Path>, from: u64) -> Records {
    Records::new(OsDisk { folder: folder.as_ref().to_owned() }, from, u64::MAX)
}

/// The first indexes of the folder's segments, in order.
pub fn segments<D: Disk>(disk: &D) -> io::Result<Vec<u64>> {
    let mut found: Vec<u64> = disk.list()?.iter().filter_map(|name| format::index_in_name(name)).collect();
    found.sort_unstable();
    Ok(found)
}

impl<D: Disk> Iterator for Records<D> {
    type Item = Result<(u64, Content), ReadFault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.done {
                return None;
            }
            match self.batch.as_slice().first() {
                Some((index, _)) if *index < self.from => drop(self.batch.next()),
                Some((index, _)) if *index >= self.until => self.done = true,
                Some(_) => return self.batch.next().map(Ok),
                None => match self.next_batch() {
                    Ok(true) => {}
                    Ok(false) => self.done = true,
                    Err(fault) => {
                        (self.done, self.failed) = (true, true);
                        return Some(Err(fault));
                    }
                },
            }
        }
    }
}

impl<D: Disk> Records<D> {
    pub(super) fn new(disk: D, from: u64, until: u64) -> Self {
        Self {
            disk,
            from,
            until,
            walk: None,
            batch: Vec::new().into_iter(),
            places: (0, 0, Vec::new()),
            done: from >= until,
            failed: false,
        }
    }

    /// Goes on where it ended, now up to this index. Whoever follows a growing log reads nothing twice.
    pub(super) fn go_on(&mut self, until: u64) {
        (self.until, self.done) = (until, self.failed);
    }

    /// Where the record that was given last stands.
    pub fn place(&self, index: u64) -> Option<Place> {
        let (segment, first, offsets) = &self.places;
        let offset = *offsets.get(usize::try_from(index.checked_sub(*first)?).ok()?)?;
        Some(Place { segment: *segment, offset })
    }

    /// Fills `batch` with the next batch; false at the log's end.
    fn next_batch(&mut self) -> Result<bool, ReadFault> {
        let mut walk = match self.walk.take() {
            Some(walk) => walk,
            None => match self.first_segment()? {
                Some(walk) => walk,
                None => return Ok(false),
            },
        };
        if walk.next_index() >= self.until {
            self.walk = Some(walk);
            return Ok(false);
        }
        match settled_step(&mut walk, &self.disk)? {
            (Step::Batch(batch), _) => {
                self.places = (walk.header().first_index, batch.header.first_index, place::offsets(&batch));
                let whole: Result<Vec<_>, _> = batch.records().collect();
                self.batch = whole.map_err(|_| walk.damage("a record does not match its checksum"))?.into_iter();
                self.walk = Some(walk);
                Ok(true)
            }
            // No segment followed when this look was taken. One that does by now would make more of what was seen than it
            // was: this segment may have grown before.
            (Step::End | Step::Torn { .. }, false) if walk.header().version == Version::First => {
                self.walk = Some(walk);
                Ok(false)
            }
            (Step::End | Step::Torn { .. }, _) => match following(&walk, &self.disk)? {
                None if walk.header().version == Version::WithErased => Err(walk.damage(SUCCESSOR_GONE).into()),
                None => {
                    self.walk = Some(walk);
                    Ok(false)
                }
                Some(next) => {
                    self.walk = Some(next);
                    Ok(true)
                }
            },
            (Step::Damaged(damage), _) => Err(damage.into()),
        }
    }

    fn first_segment(&self) -> Result<Option<Walk<D::File>>, ReadFault> {
        let segments = segments(&self.disk)?;
        let Some(&first) = segments.first() else { return Ok(None) };
        if first != 0 {
            return Err(Damage::new(format::segment_name(0), 0, "the first segment is missing").into());
        }
        let holding = segments.iter().rev().find(|segment| **segment <= self.from).copied().unwrap_or(first);
        Ok(Some(walk::open(&self.disk, holding, false)??))
    }
}

/// The next segment, if there is one; it must continue exactly where this walk stands.
pub fn following<D: Disk>(walk: &Walk<D::File>, disk: &D) -> Result<Option<Walk<D::File>>, ReadFault> {
    let Some(next) = segments(disk)?.into_iter().find(|segment| *segment > walk.header().first_index) else {
        return Ok(None);
    };
    let next = walk::open(disk, next, false)??;
    let header = next.header();
    if header.previous_first != walk.header().first_index {
        return Err(walk.damage("the segment after this one is missing").into());
    }
    if header.first_index != walk.next_index() || !walk.is_at_end(header.previous_end) {
        return Err(walk.damage("the segment does not reach to where the next one continues").into());
    }
    Ok(Some(next))
}

/// A step that does not mistake a batch that is being written at this moment for damage or the end: the writer fills a
/// batch from front to back, and a segment that has a next one is left alone. Says whether it had one when looked at.
fn settled_step<D: Disk>(walk: &mut Walk<D::File>, disk: &D) -> Result<(Step, bool), ReadFault> {
    let (mut final_look, mut looks) = (false, 0);
    loop {
        let step = walk.step()?;
        if final_look || matches!(step, Step::Batch(_)) {
            return Ok((step, final_look));
        }
        looks += 1;
        if segments(disk)?.last().is_some_and(|last| *last > walk.header().first_index) {
            final_look = true;
        } else if looks == 5 || !matches!(step, Step::Damaged(_)) {
            return Ok((step, false));
        } else {
            std::thread::sleep(Duration::from_millis(4));
        }
    }
}
