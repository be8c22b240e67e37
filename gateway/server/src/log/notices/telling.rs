//! Reads the log on, and puts what is to be told to the receiver: one message at a time, the oldest that is due. A receiver that is
//! away is left alone for longer each time; a notice that it refuses waits by itself, and the others go on.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use audit::notice::{Notice, notice};
use connectors::webhooks::{DeliveryFault, WebhookReceiver};
use store::access_log::{AccessLog, Records};
use store::outbox::Outbox;
use time::OffsetDateTime;

use super::measures::Standing;
use crate::log::backoff::Backoff;

/// How often it is looked whether there is anything to tell.
const ROUND: Duration = Duration::from_secs(1);
/// Records that are looked at between two messages, and the pause after them: exchanges need the processor more.
const AT_ONCE: usize = 1_024;
const BREATH: Duration = Duration::from_millis(5);
/// How often at most it is written how far the log was looked at, when there was nothing to tell.
const KEEPING: Duration = Duration::from_secs(5);
/// A log that cannot be read is tried again after so long.
const UNREADABLE: Duration = Duration::from_secs(10);

/// A notice that the receiver did not take yet.
struct Waiting {
    notice: Notice,
    due: Instant,
    backoff: Backoff,
}

pub(super) struct Telling {
    /// Not held: whatever this waits for, the log closes when the node is done with it.
    log: Weak<AccessLog>,
    outbox: Outbox,
    kept_at: Instant,
    keeps: bool,
    receiver: WebhookReceiver,
    /// Where the pages are, if there are any.
    pages: Option<String>,
    standing: Arc<Standing>,
    waiting: BTreeMap<u64, Waiting>,
    /// Where reading goes on; anew after trouble.
    records: Option<Records>,
    readable_from: Instant,
    /// Nothing is sent before.
    away_until: Instant,
    away: Backoff,
}

impl Telling {
    pub fn new(
        log: &Arc<AccessLog>,
        outbox: Outbox,
        receiver: WebhookReceiver,
        pages: Option<String>,
        standing: Arc<Standing>,
    ) -> Self {
        let now = Instant::now();
        Telling {
            log: Arc::downgrade(log),
            outbox,
            kept_at: now,
            keeps: true,
            receiver,
            pages,
            standing,
            waiting: BTreeMap::new(),
            records: None,
            readable_from: now,
            away_until: now,
            away: Backoff::default(),
        }
    }

    pub async fn run(&mut self) {
        loop {
            let wait = self.round().await;
            tokio::time::sleep(wait).await;
        }
    }

    /// Writes down from where it is told on.
    pub fn end(&mut self) {
        self.keep();
    }

    /// Looks at what is new, and sends one message; says how long to wait before the next.
    pub async fn round(&mut self) -> Duration {
        let more = self.look();
        self.tell();
        let sent = self.send().await;
        self.tell();
        if sent || self.kept_at.elapsed() >= KEEPING {
            self.keep();
        }
        if more || sent { BREATH } else { ROUND }
    }

    /// Reads on in the log; whether there may be more.
    fn look(&mut self) -> bool {
        let Some(log) = self.log.upgrade().filter(|_| Instant::now() >= self.readable_from) else { return false };
        for _ in 0..AT_ONCE {
            let Some(next) = self.outbox.next() else { return false };
            let records = self.records.get_or_insert_with(|| log.records(next));
            log.follow(records);
            match records.next() {
                Some(Ok((index, content))) => {
                    let made = content.record().and_then(|record| notice(index, record, self.pages.as_deref()));
                    self.outbox.looked_at(index, made.is_some());
                    if let Some(notice) = made {
                        let waiting = Waiting { notice, due: Instant::now(), backoff: Backoff::default() };
                        self.waiting.insert(index, waiting);
                    }
                }
                Some(Err(fault)) => {
                    self.records = None;
                    self.readable_from = Instant::now() + UNREADABLE;
                    if self.standing.reads(false) {
                        tracing::error!(
                            log.fault = %fault,
                            "the privacy officer cannot be told of emergencies in the access log, which is unreadable"
                        );
                    }
                    return false;
                }
                None => {
                    self.standing.reads(true);
                    return false;
                }
            }
        }
        true
    }

    /// Puts the oldest that is due to the receiver, unless that is left alone; whether it was taken.
    async fn send(&mut self) -> bool {
        let now = Instant::now();
        if now < self.away_until {
            return false;
        }
        let Some((index, waiting)) = self.waiting.iter_mut().find(|(_, waiting)| waiting.due <= now) else {
            return false;
        };
        let (index, moment) = (*index, OffsetDateTime::now_utc().unix_timestamp());
        let delivered = self.receiver.deliver(&waiting.notice.id, moment, waiting.notice.body.clone()).await;
        match delivered {
            Ok(()) => {
                self.waiting.remove(&index);
                self.outbox.told(index);
                self.away.reset();
            }
            Err(DeliveryFault::Refused(_)) => {
                waiting.due = Instant::now() + waiting.backoff.wait();
                self.away.reset();
            }
            Err(DeliveryFault::Away(_) | DeliveryFault::Busy(_)) => {
                self.away_until = Instant::now() + self.away.wait();
            }
        }
        if self.standing.answered(delivered) {
            match delivered {
                Ok(()) => tracing::info!("the privacy officer is told of emergencies"),
                Err(fault) => tracing::warn!(notice.fault = %fault, "the privacy officer is not told of an emergency"),
            }
        }
        delivered.is_ok()
    }

    /// Brings what the rest of the node may know up to date.
    fn tell(&self) {
        let oldest = self.waiting.values().filter_map(|waiting| waiting.notice.recorded).min();
        self.standing.waits(self.waiting.len(), oldest);
    }

    fn keep(&mut self) {
        self.kept_at = Instant::now();
        let written = self.outbox.keep();
        let could = std::mem::replace(&mut self.keeps, written.is_ok());
        if let Err(fault) = written
            && could
        {
            tracing::error!(notice.fault = %fault, "which emergencies the privacy officer was told of cannot be kept");
        }
    }
}
