//! What may be chosen about the state, and its bounds.

use std::path::PathBuf;
use std::time::Duration;

use super::fault::OpenFault;

/// How state is kept. Sizes are bytes.
#[derive(Debug, Clone)]
pub struct StateOptions {
    /// The state's own folder; made when absent, locked while the state is open.
    pub folder: PathBuf,
    /// How much of the state sled may keep in memory.
    pub cache_bytes: u64,
    /// How many callers may wait for a commit at once.
    pub waiting: usize,
}

/// The longest key.
pub const MAX_KEY_BYTES: usize = 512;
/// The longest value. sled puts pages that outgrow a quarter of its segment into files of their own;
/// a page holds some twenty values, and with this bound it stays below that.
pub const MAX_VALUE_BYTES: usize = 16 << 10;
/// The longest name of a tree.
pub const MAX_NAME_BYTES: usize = 64;
/// The most changes in one batch.
pub const MAX_BATCH_CHANGES: usize = MAX_UNSYNCED_CHANGES;
/// sled's segment; part of the format on disk.
pub const SEGMENT_BYTES: usize = 8 << 20;
/// The most changes between the beginnings of two syncs.
///
/// sled writes over a segment once its pages have been written elsewhere, without waiting for a
/// sync of ours; a power cut could then find neither. It does so only after more than a whole further
/// segment has been written. A change costs at worst some 50 KiB there (the value, and its share
/// in rewriting its page), so two times this many stay below one segment.
pub const MAX_UNSYNCED_CHANGES: usize = 64;
/// How soon what nobody waits for is synced: changes, and what sled writes of its own accord (it moves
/// pages to give back room).
pub const SYNC_OWN_WRITES_EVERY: Duration = Duration::from_millis(20);

impl StateOptions {
    /// Options for a node: 64 MiB of cache, 4,096 waiting callers.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), cache_bytes: 64 << 20, waiting: 4096 }
    }

    pub(super) fn validate(&self) -> Result<(), OpenFault> {
        if self.waiting == 0 || self.cache_bytes < 1 << 20 {
            return Err(OpenFault::Options("waiting must be at least 1 and cache_bytes at least 1 MiB"));
        }
        Ok(())
    }
}
