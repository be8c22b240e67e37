//! Tells the privacy officer (functionaris gegevensbescherming) of every access by the emergency procedure (noodprocedure), on a
//! thread of its own, once its record is durable. NEN 7513 wants such accesses recorded and looked at again; the notice has
//! somebody know that there is one to look at.
//!
//! The log is the truth: notices are made of its records and kept nowhere else, so whenever the node is killed none is lost
//! (`store::outbox`). Each is sent until the receiver takes it, at least once, and known by its id when it comes again. No exchange
//! waits for it. A receiver that is away makes the node neither fail nor unready: it shows in the metrics, at `/health/notices`, on
//! the page of the accesses to be reviewed, and in one log line per change.
//!
//! It is a webhook and no mail: a receiver says whether it has a notice, a mail server only that it will see. Whatever the provider
//! works with (a ticket system, a mail gateway of its own) makes of it what its people read.
//!
//! What a notice says is `audit::notice`'s, how it travels `connectors::webhooks`'.

mod measures;
mod setup;
mod telling;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread::JoinHandle;

use connectors::webhooks::WebhookReceiver;
use store::access_log::AccessLog;
use store::outbox::{Begun, Outbox};
use tokio::sync::watch;

pub use measures::{NoticesView, Standing};
pub use setup::{of_config, receiver};

use telling::Telling;

/// So many notices wait at most in memory; the others wait in the log.
const MOST: usize = 256;

/// The thread, for as long as this lives. What is under way when it is dropped is broken off, and sent after the next start.
pub struct Notifying {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Notifying {
    /// Starts where the last one ended, as it is kept in this folder, or with the next record.
    ///
    /// # Errors
    /// When the folder cannot be used, or the thread does not start: a sentence for the operator.
    pub fn start(
        log: &Arc<AccessLog>,
        folder: &std::path::Path,
        receiver: WebhookReceiver,
        pages: Option<String>,
    ) -> Result<(Self, Arc<Standing>), String> {
        let said = |fault: std::io::Error| format!("the notices to the privacy officer: {fault}");
        let (outbox, begun) = Outbox::open(folder, log.length(), MOST).map_err(said)?;
        if begun == Begun::AtTheFirst {
            tracing::warn!(
                "the privacy officer is told of all emergencies in the access log: how far it was is not known"
            );
        }
        let standing = Arc::new(Standing::default());
        let mut telling = Telling::new(log, outbox, receiver, pages, standing.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(said)?;
        let (stop, mut stopped) = watch::channel(false);
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = telling.run() => {}
                    // Told, or whoever would tell is gone.
                    _ = stopped.changed() => {}
                }
            });
            telling.end();
        };
        let thread = std::thread::Builder::new().name("log-notices".into()).spawn(run).map_err(said)?;
        Ok((Notifying { stop, thread: Some(thread) }, standing))
    }
}

impl Drop for Notifying {
    fn drop(&mut self) {
        // An error here is a thread that has ended.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the notices to the privacy officer broke off");
        }
    }
}
