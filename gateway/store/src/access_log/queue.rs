//! Between the many who write and the one thread that writes to disk: places are counted when they
//! are reserved, so that whoever holds one can hand in a record without waiting and without fail.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::fault::LogFault;
use super::slot::Position;

/// What all parts of an open log share.
#[derive(Debug)]
pub struct Queue {
    limit: usize,
    pub max_record_bytes: usize,
    reserved: AtomicUsize,
    status: AtomicU8,
    durable: AtomicU64,
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

/// One of the counted places; given back when dropped.
#[derive(Debug)]
pub struct Place(Arc<Queue>);

/// A record on its way to the disk.
#[derive(Debug)]
pub struct Entry {
    pub record: Vec<u8>,
    /// Who waits for it, if anybody does.
    done: Option<oneshot::Sender<Result<Position, LogFault>>>,
    _place: Place,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    closing: bool,
    /// Nothing is taken any more; the writer is gone.
    ended: Option<LogFault>,
}

const HEALTHY: u8 = 0;
const NO_ROOM: u8 = 1;
const UNWRITABLE: u8 = 2;
const CLOSED: u8 = 3;

impl Entry {
    pub fn new(record: Vec<u8>, place: Place, done: Option<oneshot::Sender<Result<Position, LogFault>>>) -> Self {
        Self { record, done, _place: place }
    }

    pub fn is_awaited(&self) -> bool {
        self.done.is_some()
    }

    /// Gives the place back and tells who waits.
    pub fn finish(self, outcome: Result<Position, LogFault>) {
        let Self { done, _place, .. } = self;
        drop(_place);
        if let Some(done) = done {
            // Whoever waited may have gone; the record is as durable without them.
            let _ = done.send(outcome);
        }
    }
}

impl Queue {
    pub fn new(limit: usize, max_record_bytes: usize, durable: u64) -> Self {
        Self {
            limit,
            max_record_bytes,
            reserved: AtomicUsize::new(0),
            status: AtomicU8::new(HEALTHY),
            durable: AtomicU64::new(durable),
            waiting: Mutex::default(),
            arrived: Condvar::new(),
        }
    }

    /// Why nothing can be written at present, if so.
    pub fn fault(&self) -> Option<LogFault> {
        match self.status.load(Ordering::Acquire) {
            HEALTHY => None,
            NO_ROOM => Some(LogFault::NoRoom),
            UNWRITABLE => Some(LogFault::Unwritable),
            _ => Some(LogFault::Closed),
        }
    }

    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    pub fn set_durable(&self, records: u64) {
        self.durable.store(records, Ordering::Release);
    }

    pub fn set_no_room(&self, no_room: bool) {
        let (from, to) = if no_room { (HEALTHY, NO_ROOM) } else { (NO_ROOM, HEALTHY) };
        // A log that is closed or unwritable stays so.
        let _ = self.status.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }

    pub fn reserve(self: &Arc<Self>) -> Result<Place, LogFault> {
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        let free = |reserved| (reserved < self.limit).then_some(reserved + 1);
        match self.reserved.fetch_update(Ordering::AcqRel, Ordering::Acquire, free) {
            Ok(_) => Ok(Place(Arc::clone(self))),
            Err(_) => Err(LogFault::Busy),
        }
    }

    /// Hands a record in. Never waits for the disk; fails only if the writer is gone.
    pub fn push(&self, entry: Entry) -> Result<(), LogFault> {
        let mut waiting = self.lock();
        if let Some(fault) = waiting.ended {
            return Err(fault);
        }
        waiting.entries.push_back(entry);
        let first = waiting.entries.len() == 1;
        drop(waiting);
        if first {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Moves all that waits behind `into`. Waits for something if `wait` is set, at most that long.
    /// Says whether the log is closing.
    pub fn take(&self, into: &mut VecDeque<Entry>, wait: Option<Duration>) -> bool {
        let mut waiting = self.lock();
        if let Some(longest) = wait {
            let idle = |waiting: &mut Waiting| waiting.entries.is_empty() && !waiting.closing;
            waiting = match self.arrived.wait_timeout_while(waiting, longest, idle) {
                Ok((waiting, _)) => waiting,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        into.append(&mut waiting.entries);
        waiting.closing
    }

    /// Asks the writer to write what waits and end; no further place is given.
    pub fn begin_close(&self) {
        let _ = self.status.compare_exchange(HEALTHY, CLOSED, Ordering::AcqRel, Ordering::Acquire);
        let _ = self.status.compare_exchange(NO_ROOM, CLOSED, Ordering::AcqRel, Ordering::Acquire);
        self.lock().closing = true;
        self.arrived.notify_one();
    }

    /// Takes nothing more, unless something came meanwhile: what was accepted is also written.
    pub fn close_if_drained(&self) -> bool {
        let mut waiting = self.lock();
        let drained = waiting.entries.is_empty();
        if drained {
            waiting.ended = Some(LogFault::Closed);
        }
        drained
    }

    /// The writer is gone: everything that waits, and all that comes later, gets this fault.
    pub fn end(&self, fault: LogFault) {
        let status = if fault == LogFault::Closed { CLOSED } else { UNWRITABLE };
        self.status.store(status, Ordering::Release);
        let entries = {
            let mut waiting = self.lock();
            waiting.ended = Some(fault);
            std::mem::take(&mut waiting.entries)
        };
        for entry in entries {
            entry.finish(Err(fault));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub fn queue(&self) -> &Arc<Queue> {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.reserved.fetch_sub(1, Ordering::AcqRel);
    }
}
