//! The notices in numbers: how many wait, since when, and what keeps them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connectors::webhooks::DeliveryFault;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use serde::Serialize;
use time::OffsetDateTime;

/// A notice that waits for longer is overdue.
const OVERDUE: Duration = Duration::from_secs(15 * 60);

/// What the rest of the node may know of the notices.
#[derive(Debug, Default)]
pub struct Standing {
    now: Mutex<Now>,
    waiting: Gauge,
    oldest: Gauge,
    delivered: Counter,
    failed: Counter,
}

#[derive(Debug, Default)]
struct Now {
    waiting: usize,
    /// When the oldest of them was recorded.
    oldest: Option<OffsetDateTime>,
    /// What the last message came to; nothing before the first.
    last: Option<Result<(), DeliveryFault>>,
    unreadable: bool,
}

/// The same at a moment, for `/health/notices` and the pages. Names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticesView {
    /// Notices that were not taken yet; there may be more when this is as many as are held at once.
    pub waiting: usize,
    /// When the oldest of them was recorded.
    #[serde(with = "time::serde::rfc3339::option")]
    pub oldest: Option<OffsetDateTime>,
    /// Whether one waits for longer than it should.
    pub overdue: bool,
    /// Whether the log cannot be read, so that nobody knows of the newest.
    pub unreadable: bool,
    /// What keeps them, in words.
    pub trouble: Option<String>,
}

impl Standing {
    pub fn register(&self, registry: &mut Registry) {
        let help = "Emergency accesses that the privacy officer was not told of yet";
        registry.register("emergency_notices_waiting", help, self.waiting.clone());
        let help = "How long the oldest of them waits";
        registry.register_with_unit("emergency_notices_oldest", help, Unit::Seconds, self.oldest.clone());
        let help = "Notices of emergency accesses that were taken, repeated ones counted again";
        registry.register("emergency_notices_delivered", help, self.delivered.clone());
        let help = "Messages about emergency accesses that were not taken";
        registry.register("emergency_notices_failed", help, self.failed.clone());
    }

    /// Brings the numbers up to date.
    pub fn measure(&self) {
        let (now, moment) = (self.now(), OffsetDateTime::now_utc());
        self.waiting.set(i64::try_from(now.waiting).unwrap_or(i64::MAX));
        self.oldest.set(now.oldest.map_or(0, |oldest| (moment - oldest).whole_seconds().max(0)));
    }

    pub fn view(&self) -> NoticesView {
        let now = self.now();
        let overdue = now.oldest.is_some_and(|oldest| OffsetDateTime::now_utc() - oldest > OVERDUE);
        let trouble = match now.last {
            _ if now.unreadable => Some("the access log cannot be read".to_owned()),
            Some(Err(fault)) => Some(fault.to_string()),
            Some(Ok(())) | None => None,
        };
        let unreadable = now.unreadable;
        NoticesView { waiting: now.waiting, oldest: now.oldest, overdue: overdue || unreadable, unreadable, trouble }
    }

    pub(super) fn waits(&self, waiting: usize, oldest: Option<OffsetDateTime>) {
        let mut now = self.now();
        (now.waiting, now.oldest) = (waiting, oldest);
    }

    /// Notes what a message came to; says whether that is news.
    pub(super) fn answered(&self, answer: Result<(), DeliveryFault>) -> bool {
        if answer.is_ok() {
            self.delivered.inc();
        } else {
            self.failed.inc();
        }
        self.now().last.replace(answer) != Some(answer)
    }

    /// Notes whether the log could be read; says whether that is news.
    pub(super) fn reads(&self, readable: bool) -> bool {
        std::mem::replace(&mut self.now().unreadable, !readable) == readable
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
