//! What an operator or a test may choose about the access log, and which choices cannot work.

use std::path::PathBuf;
use std::time::Duration;

use super::fault::OpenFault;
use super::format;

/// How the access log is kept. Sizes are bytes.
#[derive(Debug, Clone)]
pub struct AccessLogOptions {
    /// The log's own folder; made when absent, locked while the log is open.
    pub folder: PathBuf,
    /// Size of each segment file, taken from the disk when the segment is made.
    pub segment_bytes: u64,
    /// How many records may be reserved or waiting at once.
    pub queue: usize,
    /// The longest record.
    pub max_record_bytes: usize,
    /// The most records that one sync makes durable.
    pub batch_records: usize,
    /// The most bytes that one sync makes durable.
    pub batch_bytes: usize,
    /// How long the log waits before it asks a full disk for room again.
    pub retry_room_every: Duration,
    /// How much is verified at open.
    pub check_at_open: CheckAtOpen,
}

/// How much of the log is verified when it is opened. Reading always verifies what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckAtOpen {
    /// Every byte of the last segment, and of all others that they are there and follow each other.
    LastSegment,
    /// Every byte of every segment. Takes as long as reading the whole log.
    Everything,
}

impl AccessLogOptions {
    /// Options for a node: 64 MiB segments, 4,096 places, records up to 64 KiB, batches up to 1 MiB.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            segment_bytes: 64 << 20,
            queue: 4096,
            max_record_bytes: 64 << 10,
            batch_records: 4096,
            batch_bytes: 1 << 20,
            retry_room_every: Duration::from_millis(250),
            check_at_open: CheckAtOpen::LastSegment,
        }
    }

    pub(super) fn validate(&self) -> Result<(), OpenFault> {
        let refuse = |what: String| Err(OpenFault::Options(what));
        if self.queue == 0 || self.batch_records == 0 || self.max_record_bytes == 0 {
            return refuse("queue, batch_records and max_record_bytes must be at least 1".into());
        }
        let largest = format::batch_bytes_of_one(self.max_record_bytes);
        if self.batch_bytes < largest || self.batch_bytes > format::MAX_BATCH_BYTES {
            return refuse(format!("batch_bytes must be between {largest} and {}", format::MAX_BATCH_BYTES));
        }
        let smallest = format::SEGMENT_HEADER_BYTES as u64 + largest as u64;
        if self.segment_bytes < smallest || self.segment_bytes > format::MAX_SEGMENT_BYTES {
            return refuse(format!("segment_bytes must be between {smallest} and {}", format::MAX_SEGMENT_BYTES));
        }
        Ok(())
    }
}
