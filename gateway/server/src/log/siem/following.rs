//! Follows the log and tells the receiver, a batch at a time. Everything here may wait, and nobody waits for it.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver as Waiting, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use connectors::siem::{Receiver, Stream, StreamFault};
use store::access_log::{AccessLog, ReadFault, Records};
use store::cursor::{Cursor, Found};

use super::LAST;
use super::frames::{Batch, Names};
use super::measures::{Siem, Standing};
use super::window::Window;
use crate::log::backoff::Backoff;

/// How often it is looked whether there is anything to tell.
const ROUND: Duration = Duration::from_secs(1);
/// Between two batches of a log that is far ahead: exchanges need the processor more.
const BREATH: Duration = Duration::from_millis(5);
/// How often at most the cursor is written: the disk is the log's.
const KEEPING: Duration = Duration::from_secs(5);
/// A log that cannot be read is tried again after so long.
const UNREADABLE: Duration = Duration::from_secs(10);
/// What was told so long ago, over a connection that is still well, has arrived: longer than anything is left unconfirmed.
const SETTLING: Duration = Duration::from_secs(30);

pub(super) struct Following {
    /// Not held: whatever this waits for, the log closes when the node is done with it.
    log: Weak<AccessLog>,
    cursor: Cursor,
    /// What the cursor's file says, when it was last written, and whether it could be.
    kept: Option<u64>,
    kept_at: Instant,
    keeps: bool,
    receiver: Receiver,
    names: Names,
    siem: Arc<Siem>,
    window: Window,
    settling: Duration,
    /// Where reading goes on; anew after trouble.
    records: Option<Records>,
    unreadable: bool,
    stream: Option<(Stream, Instant)>,
    backoff: Backoff,
}

impl Following {
    pub fn open(
        log: &Arc<AccessLog>,
        folder: &Path,
        receiver: Receiver,
        names: Names,
        siem: Arc<Siem>,
    ) -> io::Result<Self> {
        let (cursor, found) = Cursor::open(folder)?;
        let from = match found {
            Found::At(index) if index <= log.length() => index,
            Found::Nothing => 0,
            Found::At(_) | Found::Unreadable => {
                tracing::warn!("the monitoring system is told of the whole access log: how far it was is not known");
                0
            }
        };
        siem.at(from);
        let settling = SETTLING.max(3 * receiver.writing());
        Ok(Following {
            log: Arc::downgrade(log),
            cursor,
            kept: (found == Found::At(from)).then_some(from),
            kept_at: Instant::now(),
            keeps: true,
            receiver,
            names,
            siem,
            window: Window::new(from, settling),
            settling,
            records: None,
            unreadable: false,
            stream: None,
            backoff: Backoff::default(),
        })
    }

    pub fn run(&mut self, stopped: &Waiting<()>) {
        let mut wait = Duration::ZERO;
        while matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout)) {
            wait = self.round();
        }
        let until = Instant::now() + LAST;
        while self.stream.is_some() && Instant::now() < until && self.lag() > 0 && !self.unreadable {
            self.round();
        }
        self.keep();
    }

    /// Connects, or tells a batch; says how long to wait before the next.
    pub(super) fn round(&mut self) -> Duration {
        let Some((mut stream, since)) = self.stream.take() else { return self.connect() };
        match self.forward(&mut stream) {
            Ok(wait) => {
                self.stream = Some((stream, since));
                // A receiver may still refuse us when we think that it did not.
                if since.elapsed() >= ROUND / 2 && self.siem.stands(Standing::Connected) {
                    tracing::info!(siem.lag = self.lag(), "the monitoring system is told of the access log");
                }
                if self.kept_at.elapsed() >= KEEPING {
                    self.keep();
                }
                wait
            }
            Err(fault) => {
                if since.elapsed() >= self.settling {
                    self.backoff.reset();
                }
                self.window.lost();
                self.records = None;
                self.siem.at(self.window.next());
                self.keep();
                self.lost(fault)
            }
        }
    }

    fn connect(&mut self) -> Duration {
        match self.receiver.connect() {
            Ok(stream) => {
                self.stream = Some((stream, Instant::now()));
                Duration::ZERO
            }
            Err(fault) => self.lost(fault),
        }
    }

    fn lost(&mut self, fault: StreamFault) -> Duration {
        if self.siem.stands(Standing::Lost(fault)) {
            tracing::warn!(siem.fault = %fault, siem.lag = self.lag(), "the monitoring system is not told of the access log");
        }
        self.backoff.wait()
    }

    fn forward(&mut self, stream: &mut Stream) -> Result<Duration, StreamFault> {
        stream.look()?;
        let from = self.window.next();
        let Some((batch, length)) = self.gather(from) else { return Ok(ROUND) };
        if batch.messages > 0 {
            stream.write(&batch.octets)?;
        }
        self.window.told(batch.next, Instant::now());
        self.siem.at(batch.next);
        self.siem.wrote(batch.messages, batch.erased);
        let more = batch.next > from && batch.next < length;
        Ok(match self.read_on(batch.fault) {
            Some(wait) => wait,
            None if more => BREATH,
            None => ROUND,
        })
    }

    /// The next batch, and how long the log is. The log is not held while the receiver is waited for.
    fn gather(&mut self, from: u64) -> Option<(Batch, u64)> {
        let log = self.log.upgrade()?;
        let records = self.records.get_or_insert_with(|| log.records(from));
        log.follow(records);
        Some((Batch::gather(&self.names, from, records), log.length()))
    }

    /// Notes whether the log could be read; how long to leave it alone when not.
    fn read_on(&mut self, fault: Option<ReadFault>) -> Option<Duration> {
        let was = std::mem::replace(&mut self.unreadable, fault.is_some());
        let fault = fault?;
        self.records = None;
        if !was {
            tracing::error!(log.fault = %fault, "the monitoring system cannot be told of the access log, which is unreadable");
        }
        Some(UNREADABLE)
    }

    /// Writes down from where it is told again.
    fn keep(&mut self) {
        let index = self.window.again_from();
        self.kept_at = Instant::now();
        if self.kept == Some(index) {
            return;
        }
        let written = self.cursor.put(index);
        self.kept = written.is_ok().then_some(index);
        let could = std::mem::replace(&mut self.keeps, written.is_ok());
        if let Err(fault) = written
            && could
        {
            tracing::error!(siem.fault = %fault, "how far the monitoring system was told cannot be kept");
        }
    }

    fn lag(&self) -> u64 {
        self.log.upgrade().map_or(0, |log| self.siem.lag(log.length()))
    }
}
