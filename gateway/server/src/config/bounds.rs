//! The bounds of everything that could otherwise grow. Times in milliseconds, sizes in bytes.

use std::time::Duration;

use exchange::{Bounds, Fanout, PageBounds};
use serde::{Deserialize, Serialize};

use crate::http::inbound::BodyBounds;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoundsConfig {
    /// A whole exchange.
    pub exchange_ms: u64,
    /// One source within an exchange.
    pub source_ms: u64,
    /// One question of fact (consent, treatment relation).
    pub finding_ms: u64,
    /// Exchanges at once.
    pub exchanges_at_once: usize,
    /// Sources of one exchange that are asked at once, and at all.
    pub sources_at_once: usize,
    pub sources: usize,
    /// Questions that one source gets at once within one exchange.
    pub questions_at_once: usize,
    /// Largest request body, and how long it may take to arrive.
    pub body_bytes: usize,
    pub body_ms: u64,
    /// Threads that serve each listener.
    pub workers: usize,
    /// Records of the access log that may wait to become durable.
    pub log_queue: usize,
}

impl Default for BoundsConfig {
    fn default() -> Self {
        BoundsConfig {
            exchange_ms: 10_000,
            source_ms: 5_000,
            finding_ms: 2_000,
            exchanges_at_once: 512,
            sources_at_once: 32,
            sources: 100,
            questions_at_once: 8,
            body_bytes: 8 << 20,
            body_ms: 20_000,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            log_queue: 4_096,
        }
    }
}

impl BoundsConfig {
    pub fn exchange(&self) -> Bounds {
        Bounds {
            exchange: Duration::from_millis(self.exchange_ms),
            at_once: self.exchanges_at_once,
            finding: Duration::from_millis(self.finding_ms),
            fanout: Fanout {
                patience: Duration::from_millis(self.source_ms),
                at_once: self.sources_at_once,
                most: self.sources,
            },
            questions_at_once: self.questions_at_once,
            pages: PageBounds::default(),
        }
    }

    pub fn body(&self) -> BodyBounds {
        BodyBounds { bytes: self.body_bytes, patience: Duration::from_millis(self.body_ms) }
    }
}
