//! Erases what need not be kept any more while the node runs, once a day, on a thread of its own: no exchange ever waits
//! for it. Without it an installation that nobody looks after keeps records for longer than it may.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use exchange::ports::Clock;
use store::access_log::AccessLog;

use super::archive::Archive;
use super::retention::{self, RetentionConfig};
use super::unindexed;

/// A node that is started serves first.
const FIRST: Duration = Duration::from_secs(60);
/// Records become due by the day.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// After trouble, which leaves records where they are.
const AGAIN: Duration = Duration::from_secs(60 * 60);

/// What is erased, and by which rules.
pub struct Erase {
    pub log: Arc<AccessLog>,
    /// The index over the log, when this node has one.
    pub archive: Option<Arc<Archive>>,
    /// The folder of the index, whether this node uses it or not.
    pub index: PathBuf,
    pub config: RetentionConfig,
    /// URA of the provider, in whose name erasures are announced.
    pub node: String,
    pub clock: Arc<dyn Clock>,
}

/// The thread, for as long as this lives. Dropping it waits for the round that is being done.
pub struct Erasing {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Erasing {
    /// # Errors
    /// When the thread does not start.
    pub fn start(erase: Erase) -> Result<Self, String> {
        let (stop, stopped) = channel();
        let run = move || {
            let mut patience = FIRST;
            while matches!(stopped.recv_timeout(patience), Err(RecvTimeoutError::Timeout)) {
                patience = match erase.round() {
                    Ok(true) => Duration::ZERO,
                    Ok(false) => EVERY,
                    Err(fault) => {
                        tracing::error!(log.fault = %fault, "records whose retention is over could not be erased");
                        AGAIN
                    }
                };
            }
        };
        let thread = std::thread::Builder::new().name("log-erasing".into()).spawn(run);
        let thread = thread.map_err(|fault| format!("erasing could not start its thread: {fault}"))?;
        Ok(Erasing { stop: Some(stop), thread: Some(thread) })
    }
}

impl Erase {
    /// Erases what is due, and has the index forget it; says whether there is more.
    ///
    /// # Errors
    /// As of [`retention::round`], and when the index cannot be built anew: a sentence for the operator.
    pub fn round(&self) -> Result<bool, String> {
        // First what an earlier round, or an erasure while the node stood still, left undone.
        self.forget()?;
        let report = retention::round(&self.log, &self.index, &self.config, &self.node, self.clock.now())?;
        self.forget()?;
        Ok(report.more)
    }

    fn forget(&self) -> Result<(), String> {
        let (Some(archive), Some(range)) = (&self.archive, unindexed::read(&self.index)?) else { return Ok(()) };
        archive.forget(range)?;
        unindexed::done(&self.index)
    }
}

impl Drop for Erasing {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("erasing broke off");
        }
    }
}
