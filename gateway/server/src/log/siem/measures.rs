//! The stream in numbers: how far the receiver is behind, and whether it is there.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use connectors::siem::StreamFault;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Whether the receiver is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Connected,
    Lost(StreamFault),
}

/// What the rest of the node may know of the stream.
#[derive(Debug, Default)]
pub struct Siem {
    standing: Mutex<Option<Standing>>,
    /// The record that is told next.
    next: AtomicU64,
    connected: Gauge,
    lag: Gauge,
    messages: Counter,
    erased: Counter,
    lost: Counter,
}

impl Siem {
    pub fn register(&self, registry: &mut Registry) {
        registry.register("siem_connected", "1 when the monitoring system is connected", self.connected.clone());
        let help = "Durable records of the access log that the monitoring system was not told yet";
        registry.register("siem_lag_records", help, self.lag.clone());
        let help = "Messages that were written to the monitoring system, repeated ones counted again";
        registry.register("siem_messages", help, self.messages.clone());
        let help = "Records that were erased before the monitoring system was told of them";
        registry.register("siem_erased_records", help, self.erased.clone());
        let help = "Connections to the monitoring system that were lost, or did not come about";
        registry.register("siem_lost_connections", help, self.lost.clone());
    }

    /// Brings the numbers up to date with a log of this length.
    pub fn measure(&self, length: u64) {
        let connected = self.standing() == Some(Standing::Connected);
        self.connected.set(i64::from(connected));
        self.lag.set(i64::try_from(self.lag(length)).unwrap_or(i64::MAX));
    }

    /// How many records of a log of this length were not told yet.
    pub fn lag(&self, length: u64) -> u64 {
        length.saturating_sub(self.next.load(Ordering::Relaxed))
    }

    /// Nothing before the first try.
    pub fn standing(&self) -> Option<Standing> {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how it stands; says whether that is news.
    pub(super) fn stands(&self, now: Standing) -> bool {
        if matches!(now, Standing::Lost(_)) {
            self.lost.inc();
        }
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).replace(now) != Some(now)
    }

    pub(super) fn at(&self, next: u64) {
        self.next.store(next, Ordering::Relaxed);
    }

    pub(super) fn wrote(&self, messages: u64, erased: u64) {
        self.messages.inc_by(messages);
        self.erased.inc_by(erased);
    }
}
