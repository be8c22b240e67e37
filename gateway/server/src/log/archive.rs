//! The access log, asked: the store's index says which records may be an answer, `audit` which are. Behind the port of the
//! log's stack, so that whoever looks was identified, permitted, and leaves a record.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use audit::{KeySecret, Question};
use exchange::ports::{BoxFuture, LogFound, LogQuestion, LogReadFault, LogReader, LoggedEvent};
use exchange::record::AccessRecord;
use store::access_log::AccessLog;
use store::log_index::{Described, Index, IndexFault, IndexOptions, Period, secret};

/// Most records that are read for one page: a question that nothing narrows gets short pages, not a long wait.
const LOOKED_AT: usize = 4_000;
/// So many records that are not indexed yet are taken in before an answer; with more, the answer says that it lacks them.
const CATCH_UP: u64 = 20_000;
/// How often the index is brought up to the log, and by how many records at a time.
const ROUND: Duration = Duration::from_secs(1);
const OF_A_ROUND: usize = 10_000;

/// The log with its index.
pub struct Archive {
    log: Arc<AccessLog>,
    index: Index,
    secret: KeySecret,
    /// URA of the provider, of which the ids of events are made.
    node: String,
}

impl Archive {
    /// Opens the index in this folder, or makes it. What it lacks is built by [`Indexing`].
    ///
    /// # Errors
    /// When the folder cannot be used: a sentence for the operator.
    pub fn open(log: Arc<AccessLog>, folder: &Path, node: String) -> Result<Self, String> {
        let said = |fault: IndexFault| format!("{fault} (in {})", folder.display());
        let secret = KeySecret::new(&secret(folder).map_err(said)?);
        let options = IndexOptions::new(folder, secret.stamp());
        let own = secret.clone();
        let indexer = move |_: u64, record: &[u8]| describe(record, &own);
        let index = Index::open(log.clone(), options, Box::new(indexer)).map_err(said)?;
        Ok(Archive { log, index, secret, node })
    }

    /// How many durable records are not indexed yet.
    pub fn behind(&self) -> u64 {
        self.index.behind()
    }

    /// The page of a search.
    fn page(&self, asked: &LogQuestion) -> Result<LogFound, LogReadFault> {
        let mut question = Question::read(&asked.query).map_err(LogReadFault::Question)?;
        if let Some(bsn) = &asked.patient {
            question = question.about(bsn);
        }
        let until = self.log.length();
        self.catch_up().map_err(unreadable)?;
        let complete = self.index.reach() >= until;
        let narrowing = question.narrowing(&self.secret);
        if let Some(indexes) = narrowing.indexes {
            let events = self.of_places(&question, indexes, asked)?;
            return Ok(LogFound { events, next: None, complete: true });
        }
        let period = Period { first: narrowing.first, last: narrowing.last };
        let before = asked.before.map(|before| before.min(self.index.reach()));
        let candidates = self.index.search(&narrowing.groups, period, before).map_err(unreadable)?;
        let mut events = Vec::new();
        for (looked, candidate) in candidates.enumerate() {
            let candidate = candidate.map_err(unreadable)?;
            // What was erased, and what is no exchange, is no event.
            let bytes = self.index.read_record(&candidate).map_err(unreadable)?;
            events.extend(self.event_of(candidate.index, bytes.as_deref(), &question)?);
            if events.len() >= asked.count || looked + 1 >= LOOKED_AT {
                let next = (candidate.index > 0).then_some(candidate.index);
                return Ok(LogFound { events, next, complete });
            }
        }
        Ok(LogFound { events, next: None, complete })
    }

    /// The records that were asked for by their ids.
    fn of_places(
        &self,
        question: &Question,
        mut indexes: Vec<u64>,
        asked: &LogQuestion,
    ) -> Result<Vec<LoggedEvent>, LogReadFault> {
        indexes.sort_unstable_by(|one, other| other.cmp(one));
        indexes.dedup();
        let mut events = Vec::new();
        for index in indexes.into_iter().take(asked.count) {
            let bytes = self.index.record(index).map_err(unreadable)?;
            events.extend(self.event_of(index, bytes.as_deref(), question)?);
        }
        Ok(events)
    }

    fn event_of(
        &self,
        index: u64,
        bytes: Option<&[u8]>,
        question: &Question,
    ) -> Result<Option<LoggedEvent>, LogReadFault> {
        let Some(record) = bytes.and_then(|bytes| AccessRecord::read(bytes).ok()) else { return Ok(None) };
        let accepted = question.accepts(&audit::event(&record, index)).map_err(LogReadFault::Question)?;
        let id = || audit::event::id(&self.node, index);
        Ok(accepted.then(|| LoggedEvent { index, id: id(), record }))
    }

    fn one(&self, id: &str) -> Result<Option<LoggedEvent>, LogReadFault> {
        let index = id.strip_prefix(self.node.as_str()).and_then(|rest| rest.strip_prefix('-'));
        let Some(index) = index.and_then(|index| index.parse::<u64>().ok()) else { return Ok(None) };
        let own = audit::event::id(&self.node, index);
        if own != id {
            return Ok(None);
        }
        self.catch_up().map_err(unreadable)?;
        let bytes = self.index.record(index).map_err(unreadable)?;
        let record = bytes.and_then(|bytes| AccessRecord::read(&bytes).ok());
        Ok(record.map(|record| LoggedEvent { index, id: own, record }))
    }

    /// Builds the index anew where it covers these records, which were erased: what it keeps of them goes.
    ///
    /// # Errors
    /// When it cannot be built: a sentence for the operator.
    pub fn forget(&self, erased: Range<u64>) -> Result<(), String> {
        self.index.rebuild_range(erased).map_err(|fault| format!("the index of the access log: {fault}"))
    }

    /// Whoever asks right after an exchange finds it.
    fn catch_up(&self) -> Result<(), IndexFault> {
        if (1..=CATCH_UP).contains(&self.index.behind()) {
            self.index.advance(CATCH_UP as usize)?;
        }
        Ok(())
    }
}

/// A reader for the log's stack. Reading waits for the disk, so it is done aside.
pub struct ArchiveReader(pub Arc<Archive>);

impl LogReader for ArchiveReader {
    fn search(&self, question: LogQuestion) -> BoxFuture<'_, Result<LogFound, LogReadFault>> {
        let archive = self.0.clone();
        Box::pin(async move { aside(move || archive.page(&question)).await })
    }

    fn event<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<LoggedEvent>, LogReadFault>> {
        let (archive, id) = (self.0.clone(), id.to_owned());
        Box::pin(async move { aside(move || archive.one(&id)).await })
    }
}

async fn aside<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, LogReadFault> + Send + 'static,
) -> Result<T, LogReadFault> {
    tokio::task::spawn_blocking(read).await.unwrap_or(Err(LogReadFault::Unreadable))
}

fn unreadable(fault: IndexFault) -> LogReadFault {
    tracing::error!(index.fault = %fault, "the access log could not be searched");
    LogReadFault::Unreadable
}

/// What the index keeps of a record. What is no exchange is found by nothing.
fn describe(record: &[u8], secret: &KeySecret) -> Described {
    let Ok(record) = AccessRecord::read(record) else { return Described::default() };
    let keys = audit::keys(&record, secret);
    Described { second: keys.second, terms: keys.terms }
}

/// Keeps the index up with the log, for as long as this lives.
pub struct Indexing {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Indexing {
    /// # Errors
    /// When the thread does not start.
    pub fn start(archive: Arc<Archive>) -> Result<Self, String> {
        let (stop, stopped) = channel();
        let run = move || {
            let mut patience = Duration::ZERO;
            while matches!(stopped.recv_timeout(patience), Err(RecvTimeoutError::Timeout)) {
                patience = match archive.index.advance(OF_A_ROUND) {
                    Ok(OF_A_ROUND) => Duration::ZERO,
                    Ok(_) => ROUND,
                    Err(fault) => {
                        tracing::error!(index.fault = %fault, "the index of the access log cannot be kept up");
                        10 * ROUND
                    }
                };
            }
        };
        let thread = std::thread::Builder::new().name("log-index".into()).spawn(run);
        let thread =
            thread.map_err(|fault| format!("the index of the access log could not start its thread: {fault}"))?;
        Ok(Indexing { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Indexing {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the index of the access log broke off");
        }
    }
}
