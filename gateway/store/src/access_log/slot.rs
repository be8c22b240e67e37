//! A reserved place in the log: the promise, given before an exchange starts, that its record can be
//! handed in at the end, come what may.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::fault::LogFault;
use super::queue::{Entry, Place};

/// A place for one record. Dropping it unused gives the place back.
#[derive(Debug)]
#[must_use = "a slot that is dropped leaves no record"]
pub struct Slot(pub(super) Place);

/// Where a durable record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Sequence number from 0, without gaps.
    pub index: u64,
}

impl Slot {
    /// Hands the record in at once, and resolves when the disk has confirmed it (fdatasync has
    /// returned). Dropping the future does not take the record back.
    ///
    /// # Errors
    /// On `NoRoom`, `Closed` and `TooLarge` the record is not in the log. On `Unwritable` it was
    /// not confirmed; after the next start it is either there whole or not at all.
    pub fn write(self, record: Vec<u8>) -> impl Future<Output = Result<Position, LogFault>> + Send + 'static {
        let (done, outcome) = oneshot::channel();
        let handed_in = self.hand_in(record, Some(done));
        async move {
            handed_in?;
            outcome.await.unwrap_or(Err(LogFault::Unwritable))
        }
    }

    /// Hands the record in, and waits on this thread until the disk has confirmed it. Not for asynchronous code, which it
    /// would hold up.
    ///
    /// # Errors
    /// As [`Slot::write`].
    pub fn write_and_wait(self, record: Vec<u8>) -> Result<Position, LogFault> {
        let (done, outcome) = oneshot::channel();
        self.hand_in(record, Some(done))?;
        outcome.blocking_recv().unwrap_or(Err(LogFault::Unwritable))
    }

    /// Hands the record in for a caller that cannot wait, such as a `Drop`. It becomes durable with
    /// the writer's next batch; while the disk is full it is held back until there is room.
    ///
    /// # Errors
    /// `TooLarge`, and what had already befallen the log when the record came.
    pub fn write_detached(self, record: Vec<u8>) -> Result<(), LogFault> {
        self.hand_in(record, None)
    }

    fn hand_in(
        self,
        record: Vec<u8>,
        done: Option<oneshot::Sender<Result<Position, LogFault>>>,
    ) -> Result<(), LogFault> {
        let Self(place) = self;
        let queue = Arc::clone(place.queue());
        let (bytes, limit) = (record.len(), queue.max_record_bytes);
        if bytes > limit {
            return Err(LogFault::TooLarge { bytes, limit });
        }
        queue.push(Entry::new(record, place, done))
    }
}
