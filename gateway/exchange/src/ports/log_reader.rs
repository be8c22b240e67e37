//! The node's own access log, read back for those who may look into it.

use fhir::search::SearchFault;
use fhir::{Bsn, SearchQuery};

use super::BoxFuture;
use crate::record::AccessRecord;

/// A search of the log, newest first. What limits it stands beside the query, so that no query can widen it.
#[derive(Clone)]
pub struct LogQuestion {
    /// A FHIR search on AuditEvent, patient parameters taken out.
    pub query: SearchQuery,
    /// Only events about this patient; none: about anyone.
    pub patient: Option<Bsn>,
    /// Only events before this place in the log.
    pub before: Option<u64>,
    /// The most events that are wanted.
    pub count: usize,
}

/// A record with its place in the log. Debug shows the place only.
#[derive(Clone)]
pub struct LoggedEvent {
    pub index: u64,
    /// Its id as an AuditEvent.
    pub id: String,
    pub record: AccessRecord,
}

impl std::fmt::Debug for LoggedEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LoggedEvent({})", self.index)
    }
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct LogFound {
    pub events: Vec<LoggedEvent>,
    /// Where to go on; nothing when the log's beginning was reached.
    pub next: Option<u64>,
    /// Whether every durable record was looked at that the question could mean.
    pub complete: bool,
}

/// Why the log gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogReadFault {
    /// The question cannot be evaluated.
    Question(SearchFault),
    /// The log or its index cannot be read now.
    Unreadable,
}

pub trait LogReader: Send + Sync {
    /// The events that are an answer.
    fn search(&self, question: LogQuestion) -> BoxFuture<'_, Result<LogFound, LogReadFault>>;

    /// The event of this id; nothing when there is none, or its content was erased.
    fn event<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<LoggedEvent>, LogReadFault>>;
}
