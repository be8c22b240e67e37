//! The one thread that writes: it takes everything that waits, writes it as one batch, syncs once,
//! and only then tells those who wait. While it syncs, the next batch gathers; there is no timer.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::disk::{Disk, SegmentFile};
use super::fault::LogFault;
use super::format::{self, BatchBuilder, SPARE_NAME, SegmentHeader};
use super::options::AccessLogOptions;
use super::queue::{Entry, Queue};
use super::recovery::{self, Current};
use super::slot::Position;

/// A rest that anything which arrives cuts short.
const LONG: Duration = Duration::from_secs(3600);

pub struct Writer<D: Disk> {
    disk: D,
    options: AccessLogOptions,
    queue: Arc<Queue>,
    current: Current<D::File>,
    /// The next segment, made before it is needed so that a full disk shows early.
    spare: Option<D::File>,
    waiting: VecDeque<Entry>,
    batch: BatchBuilder,
    no_room: bool,
    /// Nothing of what waits could be written the last time.
    stuck: bool,
}

/// Tells everybody when the writer ends, also when it ends by a panic.
struct Ending {
    queue: Arc<Queue>,
    fault: LogFault,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.queue.end(self.fault);
    }
}

impl<D: Disk> Writer<D> {
    pub fn new(disk: D, options: AccessLogOptions, queue: Arc<Queue>, current: Current<D::File>) -> Self {
        let (waiting, batch) = (VecDeque::new(), BatchBuilder::default());
        Self { disk, options, queue, current, spare: None, waiting, batch, no_room: false, stuck: false }
    }

    /// Writes until the log is closed or can no longer be written.
    pub fn run(mut self) -> Result<(), LogFault> {
        let mut ending = Ending { queue: Arc::clone(&self.queue), fault: LogFault::Unwritable };
        let outcome = self.write_all();
        match &outcome {
            Ok(()) => ending.fault = LogFault::Closed,
            Err(source) => {
                tracing::error!(log.error = %source, log.records = self.current.next_index, "access log unwritable")
            }
        }
        // Before anybody is told, so that whoever was told finds the log refusing.
        drop(ending);
        let lost = self.waiting.len();
        let fault = if outcome.is_ok() { LogFault::NoRoom } else { LogFault::Unwritable };
        for entry in self.waiting.drain(..) {
            entry.finish(Err(fault));
        }
        if outcome.is_ok() && lost == 0 { Ok(()) } else { Err(fault) }
    }

    fn write_all(&mut self) -> io::Result<()> {
        loop {
            let rest = if self.no_room { self.options.retry_room_every } else { LONG };
            let wait = (self.waiting.is_empty() || self.stuck).then_some(rest);
            let closing = self.queue.take(&mut self.waiting, wait);
            self.prepare_spare();
            self.stuck = !self.write_batch()?;
            // What is left when nothing more can be written is what has no room.
            if closing && (self.waiting.is_empty() || self.stuck) && self.queue.close_if_drained() {
                return Ok(());
            }
        }
    }

    /// Makes the next segment once the current one is half used.
    fn prepare_spare(&mut self) {
        let left = self.current.segment_bytes - self.current.end;
        let too_long = |first: &Entry| format::batch_bytes_of_one(first.record.len()) as u64 > left;
        let needed = self.current.end >= self.current.segment_bytes / 2 || self.waiting.front().is_some_and(too_long);
        if !needed || self.spare.is_some() {
            return;
        }
        match self.disk.create(SPARE_NAME, self.options.segment_bytes) {
            Ok(spare) => {
                self.spare = Some(spare);
                self.set_no_room(None);
            }
            // Nothing that was written is at stake here, so this may be tried again.
            Err(source) => {
                // A file made in part would hold the very room that is lacking.
                let _ = self.disk.remove(SPARE_NAME);
                self.set_no_room(Some(&source));
            }
        }
    }

    fn set_no_room(&mut self, source: Option<&io::Error>) {
        if self.no_room == source.is_some() {
            return;
        }
        match source {
            Some(source) => {
                tracing::error!(log.error = %source, "access log has no room for its next segment; refusing")
            }
            None => tracing::info!("access log has room again"),
        }
        self.no_room = source.is_some();
        self.queue.set_no_room(self.no_room);
    }

    /// Writes and confirms one batch of what waits. False if nothing was written.
    fn write_batch(&mut self) -> io::Result<bool> {
        let Some(first) = self.waiting.front() else { return Ok(false) };
        self.batch.begin(self.current.next_index);
        if !self.fits(first.record.len()) {
            let Some(spare) = self.spare.take() else {
                self.refuse_waiting();
                return Ok(false);
            };
            self.roll(spare)?;
            self.batch.begin(self.current.next_index);
        }
        while let Some(entry) = self.waiting.get(self.batch.count()) {
            if self.batch.count() >= self.options.batch_records || !self.fits(entry.record.len()) {
                break;
            }
            self.batch.push(&entry.record);
        }
        let count = self.batch.count();
        let bytes = self.batch.finish();
        self.current.file.write_at(bytes, self.current.end)?;
        self.current.file.sync()?;
        self.current.end += bytes.len() as u64;
        let first_index = self.current.next_index;
        self.current.next_index += count as u64;
        self.queue.set_durable(self.current.next_index);
        for (index, entry) in (first_index..).zip(self.waiting.drain(..count)) {
            entry.finish(Ok(Position { index }));
        }
        Ok(true)
    }

    /// Whether a further record fits the batch and the segment.
    fn fits(&self, record_bytes: usize) -> bool {
        let bytes = self.batch.bytes_with(record_bytes);
        let left = self.current.segment_bytes - self.current.end;
        bytes <= self.options.batch_bytes && bytes as u64 <= left
    }

    fn roll(&mut self, spare: D::File) -> io::Result<()> {
        let (first, end) = (self.current.first_index, self.current.end);
        let header = SegmentHeader::new(self.current.next_index, self.options.segment_bytes, first, end);
        self.current = recovery::promote(&self.disk, spare, header)?;
        Ok(())
    }

    /// Nothing fits: those who wait are told, and what nobody waits for is kept for later.
    fn refuse_waiting(&mut self) {
        for _ in 0..self.waiting.len() {
            let Some(entry) = self.waiting.pop_front() else { break };
            if entry.is_awaited() {
                entry.finish(Err(LogFault::NoRoom));
            } else {
                self.waiting.push_back(entry);
            }
        }
    }
}
