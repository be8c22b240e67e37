//! How well the provider's own data keeps to its profiles: measured on a sample of what was released, counted, and
//! shown. It never blocks, slows or changes an answer: what is released has left when it is looked at, on a thread of
//! its own, and what does not fit into the queue is passed over and counted.
//!
//! What is counted is how often which element of which profile of which source falls short. No value, no id and no
//! patient is kept, nor anything that a resource says in the place of an element's name.

mod config;
mod metrics;
mod safe;
mod sample;
mod statements;
mod table;
#[cfg(test)]
mod tests;
pub mod view;
mod worker;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use exchange::Released;
use fhir::{FhirVersion, Resource};
use policy::DataHolder;
use prometheus_client::registry::Registry;

pub use config::QualityConfig;
pub use statements::Statements;
pub use table::{Field, Row, Subject, Tally};

use metrics::QualityMetrics;
use sample::Sampler;
use table::Table;
use worker::{Job, Worker};

/// Longest resource that is looked at, in bytes: with the queue it bounds what waits.
const LONGEST_RESOURCE: usize = 128 << 10;

/// Most names of sources that are told apart.
const MOST_SOURCES: usize = 64;

/// The measuring of one node. Off, it counts nothing.
pub struct Quality {
    measuring: Option<Measuring>,
    metrics: QualityMetrics,
}

struct Measuring {
    statements: Arc<Statements>,
    sampler: Sampler,
    jobs: SyncSender<Job>,
    sources: Mutex<HashMap<String, Arc<str>>>,
    table: Arc<Mutex<Table>>,
    passed_over: AtomicU64,
    one_in: u32,
}

/// What was counted since the node started.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// One in so many resources is looked at.
    pub one_in: u32,
    /// How many profiles are known.
    pub statements: usize,
    /// Resources of the sample that were not looked at: the queue was full, or they were too large.
    pub passed_over: u64,
    /// Counts that found no place in the bounded tables.
    pub uncounted: u64,
    pub rows: Vec<Row>,
}

impl Quality {
    /// Nothing is measured.
    pub fn off() -> Self {
        Quality { measuring: None, metrics: QualityMetrics::default() }
    }

    /// Begins to measure by these statements.
    ///
    /// # Errors
    /// When the machine does not give a thread.
    pub fn start(statements: Arc<Statements>, config: &QualityConfig) -> Result<Self, String> {
        let metrics = QualityMetrics::default();
        let (jobs, queue) = sync_channel(config.queue);
        let table = Arc::new(Mutex::new(Table::default()));
        Worker { statements: statements.clone(), table: table.clone(), metrics: metrics.clone() }.start(queue)?;
        let measuring = Measuring {
            statements,
            sampler: Sampler::new(config.one_in),
            jobs,
            sources: Mutex::default(),
            table,
            passed_over: AtomicU64::new(0),
            one_in: config.one_in,
        };
        Ok(Quality { measuring: Some(measuring), metrics })
    }

    /// Takes the sample of an answer that was released. Returns at once, whatever the load.
    pub fn observe(&self, version: FhirVersion, released: &Released) {
        if self.measuring.is_none() {
            return;
        }
        let own: &DataHolder = released.permit().holder();
        for (part, item) in released.items().filter(|(part, _)| part.holder() == own) {
            self.look_at(part.name(), part.other_version().unwrap_or(version), item.resource());
        }
    }

    fn look_at(&self, source: &str, version: FhirVersion, resource: &Resource) {
        let Some(measuring) = &self.measuring else { return };
        if !measuring.sampler.takes() {
            return;
        }
        let text = resource.text();
        let source = measuring.source(source).filter(|_| text.len() <= LONGEST_RESOURCE);
        let sent = source.is_some_and(|source| {
            // A copy of its own: waiting must not keep a whole answer in memory.
            let job = Job { source, version, text: Bytes::copy_from_slice(text.as_bytes()) };
            !matches!(measuring.jobs.try_send(job), Err(TrySendError::Full(_) | TrySendError::Disconnected(_)))
        });
        if !sent {
            measuring.passed_over.fetch_add(1, Ordering::Relaxed);
            self.metrics.passed_over();
        }
    }

    /// What was counted so far; nothing when measuring is off.
    pub fn measured(&self) -> Option<Measured> {
        let measuring = self.measuring.as_ref()?;
        let table = measuring.table.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Measured {
            one_in: measuring.one_in,
            statements: measuring.statements.count(),
            passed_over: measuring.passed_over.load(Ordering::Relaxed),
            uncounted: table.uncounted(),
            rows: table.rows(),
        })
    }

    /// The profiles that are known, for a flow that is strict about some of them: it makes a
    /// [`validation::Validator`] of their registry and refuses on what it asks to be refused.
    pub fn statements(&self) -> Option<&Arc<Statements>> {
        self.measuring.as_ref().map(|measuring| &measuring.statements)
    }

    /// Puts the counters where the node shows its counters.
    pub fn register(&self, registry: &mut Registry) {
        self.metrics.register(registry);
    }
}

impl Measuring {
    /// The name of a source, kept once.
    fn source(&self, name: &str) -> Option<Arc<str>> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sources.get(name) {
            return Some(known.clone());
        }
        if sources.len() >= MOST_SOURCES {
            return None;
        }
        let kept: Arc<str> = name.into();
        sources.insert(name.to_owned(), kept.clone());
        Some(kept)
    }
}
