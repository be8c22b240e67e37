//! The one thread that makes state durable: everybody who waits when it starts is served by one
//! flush and one sync; who comes meanwhile waits for the next.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::fault::StateFault;
use super::files::Files;
use super::options::{MAX_UNSYNCED_CHANGES, SYNC_OWN_WRITES_EVERY};

/// Those who wait for the next commit.
#[derive(Debug)]
pub struct Commits {
    limit: usize,
    unwritable: AtomicBool,
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// A sync has begun, or will never again.
    began: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    callers: Vec<Caller>,
    /// Changes since the last sync began.
    unsynced: usize,
    closing: bool,
    ended: Option<StateFault>,
}

type Caller = oneshot::Sender<Result<(), StateFault>>;

/// Tells everybody when the thread ends, also when it ends by a panic.
struct Ending<'a> {
    commits: &'a Commits,
    fault: StateFault,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.commits.end(self.fault);
    }
}

impl Commits {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            unwritable: AtomicBool::new(false),
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            began: Condvar::new(),
        }
    }

    pub fn writable(&self) -> Result<(), StateFault> {
        if self.unwritable.load(Ordering::Acquire) { Err(StateFault::Unwritable) } else { Ok(()) }
    }

    /// To be called before so many changes are made. Waits for the disk if too many are not synced.
    pub fn before_changes(&self, count: usize) -> Result<(), StateFault> {
        let full = |waiting: &mut Waiting| waiting.ended.is_none() && waiting.unsynced + count > MAX_UNSYNCED_CHANGES;
        let mut waiting = self.began.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        self.writable()?;
        waiting.unsynced += count;
        let early = waiting.unsynced > MAX_UNSYNCED_CHANGES / 2;
        drop(waiting);
        if early {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Waits, from now on, for a commit that starts after this call.
    pub fn join(&self) -> Result<oneshot::Receiver<Result<(), StateFault>>, StateFault> {
        let (caller, outcome) = oneshot::channel();
        let mut waiting = self.lock();
        if let Some(fault) = waiting.ended {
            return Err(fault);
        }
        if waiting.callers.len() >= self.limit {
            return Err(StateFault::Busy);
        }
        waiting.callers.push(caller);
        drop(waiting);
        self.arrived.notify_one();
        Ok(outcome)
    }

    pub fn begin_close(&self) {
        self.lock().closing = true;
        self.arrived.notify_one();
    }

    /// Commits until closed, or until a commit fails; a last time when closed.
    pub fn run(&self, engine: &sled::Db, files: &impl Files) -> Result<(), StateFault> {
        let mut ending = Ending { commits: self, fault: StateFault::Unwritable };
        loop {
            // A file that cannot be asked is a reason to sync, too.
            let (callers, closing) = self.take(|| files.written().unwrap_or(true));
            let outcome = commit(engine, files);
            if outcome.is_err() {
                // Before anybody is told, so that whoever was told finds it refused.
                self.unwritable.store(true, Ordering::Release);
            }
            for caller in callers {
                // Whoever waited may have gone.
                let _ = caller.send(outcome);
            }
            outcome?;
            if closing && self.lock().callers.is_empty() {
                ending.fault = StateFault::Closed;
                return Ok(());
            }
        }
    }

    /// Waits for a reason to commit. A sync begins now.
    fn take(&self, own_writes: impl Fn() -> bool) -> (Vec<Caller>, bool) {
        let idle = |waiting: &mut Waiting| {
            waiting.callers.is_empty() && !waiting.closing && waiting.unsynced <= MAX_UNSYNCED_CHANGES / 2
        };
        let mut waiting = self.lock();
        loop {
            let woken = self.arrived.wait_timeout_while(waiting, SYNC_OWN_WRITES_EVERY, idle);
            let (now, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
            waiting = now;
            if !timeout.timed_out() || waiting.unsynced > 0 || own_writes() {
                break;
            }
        }
        waiting.unsynced = 0;
        let callers = std::mem::take(&mut waiting.callers);
        let closing = waiting.closing;
        drop(waiting);
        self.began.notify_all();
        (callers, closing)
    }

    fn end(&self, fault: StateFault) {
        self.unwritable.store(true, Ordering::Release);
        let callers = {
            let mut waiting = self.lock();
            waiting.ended = Some(fault);
            std::mem::take(&mut waiting.callers)
        };
        self.began.notify_all();
        for caller in callers {
            let _ = caller.send(Err(fault));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// sled's flush, then the sync that it leaves out.
fn commit(engine: &sled::Db, files: &impl Files) -> Result<(), StateFault> {
    let flushed = catch_unwind(AssertUnwindSafe(|| engine.flush()));
    let outcome = match flushed {
        Ok(Ok(_)) => files.sync().map_err(|fault| fault.kind()),
        Ok(Err(sled::Error::Io(fault))) => Err(fault.kind()),
        Ok(Err(_)) | Err(_) => Err(std::io::ErrorKind::Other),
    };
    outcome.map_err(|kind| {
        tracing::error!(state.error = %kind, "state unwritable");
        StateFault::Unwritable
    })
}
