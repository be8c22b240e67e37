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
    /// Matches on a page of an answer when the caller does not say, and at most.
    pub page_matches: usize,
    pub page_matches_most: usize,
    /// Resources, and their bytes, of one answer on all its pages.
    pub answer_resources: usize,
    pub answer_bytes: usize,
    /// Answers kept for their next pages: of everybody, of one caller; their resources, bytes, and for how long.
    pub answers_kept: usize,
    pub answers_kept_of_caller: usize,
    pub answers_kept_resources: usize,
    pub answers_kept_bytes: usize,
    pub answers_kept_ms: u64,
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
            page_matches: 100,
            page_matches_most: 1_000,
            answer_resources: 20_000,
            answer_bytes: 64 << 20,
            answers_kept: 1_000,
            answers_kept_of_caller: 20,
            answers_kept_resources: 200_000,
            answers_kept_bytes: 256 << 20,
            answers_kept_ms: 300_000,
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
            pages: PageBounds {
                default_count: self.page_matches,
                most_count: self.page_matches_most,
                resources: self.answer_resources,
                bytes: self.answer_bytes,
                answers: self.answers_kept,
                answers_of_caller: self.answers_kept_of_caller,
                kept_resources: self.answers_kept_resources,
                kept_bytes: self.answers_kept_bytes,
                lifetime: Duration::from_millis(self.answers_kept_ms),
            },
        }
    }

    pub fn body(&self) -> BodyBounds {
        BodyBounds { bytes: self.body_bytes, patience: Duration::from_millis(self.body_ms) }
    }
}
