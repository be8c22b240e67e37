//! Tells a security monitoring system (SIEM) of every record of the access log, on a thread of its own, once it is durable.
//! No exchange ever waits for it, and a receiver that is away makes the node neither fail nor unready: it shows in the
//! metrics and in one log line per change.
//!
//! Each record is told at least once. How far the receiver has come is kept in a file, and always less than may have
//! arrived (`window`); after a lost connection or a restart some records are told again, which a receiver knows by node and
//! index. Records that were erased are passed over with a message that says so.
//!
//! What is told of a record is `audit::siem`'s, how it travels `connectors::siem`'s.

mod following;
mod frames;
mod measures;
mod setup;
#[cfg(test)]
mod tests;
mod window;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver as Waiting, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use connectors::siem::Receiver;
use store::access_log::AccessLog;

pub use frames::Names;
pub use measures::{Siem, Standing};
pub use setup::{of_config, receiver};

use following::Following;

/// How long the end of the node waits for the last messages to leave.
const LAST: Duration = Duration::from_secs(5);

/// The thread, for as long as this lives. Dropping it tells what is durable by then, if the receiver is there, and waits a
/// little; what is left is told after the next start.
pub struct Streaming {
    stop: Option<Sender<()>>,
    done: Waiting<()>,
    thread: Option<JoinHandle<()>>,
}

impl Streaming {
    /// Starts where the last one ended, as it is kept in this folder, or at the first record.
    ///
    /// # Errors
    /// When the folder cannot be used, or the thread does not start: a sentence for the operator.
    pub fn start(
        log: &Arc<AccessLog>,
        folder: &Path,
        receiver: Receiver,
        names: Names,
    ) -> Result<(Self, Arc<Siem>), String> {
        let siem = Arc::new(Siem::default());
        let mut following = Following::open(log, folder, receiver, names, siem.clone())
            .map_err(|fault| format!("the stream to the monitoring system, in {}: {fault}", folder.display()))?;
        let ((stop, stopped), (ended, done)) = (channel(), channel());
        let run = move || {
            following.run(&stopped);
            drop(ended);
        };
        let thread = std::thread::Builder::new().name("log-siem".into()).spawn(run);
        let thread = thread
            .map_err(|fault| format!("the stream to the monitoring system could not start its thread: {fault}"))?;
        Ok((Streaming { stop: Some(stop), done, thread: Some(thread) }, siem))
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A look-up of a name cannot be broken off: it is left behind, and ends with the process.
        let ended = self.done.recv_timeout(2 * LAST);
        if ended != Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            && let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the stream to the monitoring system broke off");
        }
    }
}
