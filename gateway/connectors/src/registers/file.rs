//! A register in a file: read whole, checked whole, kept in memory, read again when it changes.
//!
//! A file that is broken never takes the place of one that was good; what is wrong is told without the file's words,
//! for they hold BSNs.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use fhir::Bsn;
use serde::de::DeserializeOwned;
use tokio::task::JoinHandle;
use tracing::{info, warn};

/// The largest register file that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// The most records in one register.
const MAX_RECORDS: usize = 500_000;
/// Within this time after a change, the file is read again although its time stamp did not move: two writes can fall
/// within one tick of the file system's clock.
const STAMP_DOUBT: Duration = Duration::from_secs(5);

/// The records of a file, as some index `T`.
pub struct Register<T> {
    path: PathBuf,
    build: fn(&[u8]) -> Result<T, RecordFault>,
    content: RwLock<Option<Arc<T>>>,
    state: Mutex<State>,
}

/// What a register can be asked whatever it holds.
pub trait RegisterHealth: Send + Sync {
    /// Reads the file again if it changed.
    fn refresh(&self);

    /// Whether what is held is what the file says; otherwise a sentence for the operator.
    fn healthy(&self) -> Result<(), String>;
}

/// Keeps registers up to date until it is dropped.
pub struct Watch {
    task: JoinHandle<()>,
}

/// What is wrong with a register's text. Repeats nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordFault {
    /// Not the JSON that is expected, at this line and column.
    Json {
        line: usize,
        column: usize,
    },
    TooMany,
    /// A record, counted from one, and what is wrong with it.
    Record(usize, &'static str),
}

#[derive(Default)]
struct State {
    stamp: Option<(SystemTime, u64)>,
    fault: Option<String>,
}

impl<T> Register<T> {
    /// Reads the file. One that cannot be read makes a register that knows nothing and says so.
    pub(super) fn open(path: &Path, build: fn(&[u8]) -> Result<T, RecordFault>) -> Self {
        let register = Register { path: path.to_owned(), build, content: RwLock::new(None), state: Mutex::default() };
        register.read_if_changed();
        register
    }

    /// What the register holds; nothing as long as its file could never be read.
    pub(super) fn content(&self) -> Option<Arc<T>> {
        self.content.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn fault(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).fault.clone()
    }

    pub(super) fn read_if_changed(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = match stamp(&self.path) {
            Ok(stamp) => stamp,
            Err(fault) => {
                state.stamp = None;
                return self.note(&mut state, Some(format!("cannot be read: {}", fault.kind())));
            }
        };
        let settled = stamp.0.elapsed().is_ok_and(|age| age > STAMP_DOUBT);
        if settled && state.stamp == Some(stamp) {
            return;
        }
        state.stamp = Some(stamp);
        let fault = match read(&self.path).and_then(|text| (self.build)(&text).map_err(|fault| fault.sentence())) {
            Ok(content) => {
                *self.content.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(content));
                None
            }
            Err(fault) => Some(fault),
        };
        self.note(&mut state, fault);
    }

    /// Remembers what is wrong, and tells it once.
    fn note(&self, state: &mut State, fault: Option<String>) {
        let fault = fault.map(|what| format!("register {} {what}", self.path.display()));
        if fault == state.fault {
            return;
        }
        match &fault {
            Some(fault) => warn!(register.fault = %fault, "a register is not up to date"),
            None => info!(register.path = %self.path.display(), "a register is up to date again"),
        }
        state.fault = fault;
    }
}

impl Watch {
    /// Looks at these registers every `interval`. Must be called within the tokio run time.
    pub fn start(registers: Vec<Arc<dyn RegisterHealth>>, interval: Duration) -> Self {
        let registers: Arc<[_]> = registers.into();
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                let registers = registers.clone();
                // Reading and indexing a large file would hold up others on this thread.
                let round = tokio::task::spawn_blocking(move || registers.iter().for_each(|one| one.refresh()));
                if round.await.is_err() {
                    warn!("a register could not be looked at");
                }
            }
        });
        Watch { task }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RecordFault {
    fn sentence(&self) -> String {
        match self {
            RecordFault::Json { line, column } => {
                format!("is not the JSON of such a register, at line {line}, column {column}")
            }
            RecordFault::TooMany => format!("has more than {MAX_RECORDS} records"),
            RecordFault::Record(number, what) => format!("is refused for its record {number}: {what}"),
        }
    }
}

/// Reads the records of a register: a JSON array. Each becomes what `check` makes of it.
pub(super) fn records<R: DeserializeOwned, C>(
    text: &[u8],
    check: impl Fn(R) -> Result<C, &'static str>,
) -> Result<Vec<C>, RecordFault> {
    let raw: Vec<R> = serde_json::from_slice(text)
        .map_err(|fault| RecordFault::Json { line: fault.line(), column: fault.column() })?;
    if raw.len() > MAX_RECORDS {
        return Err(RecordFault::TooMany);
    }
    let number = |(place, record)| check(record).map_err(|what| RecordFault::Record(place + 1, what));
    raw.into_iter().enumerate().map(number).collect()
}

/// The BSN of a record.
pub(super) fn patient(text: &str) -> Result<Bsn, &'static str> {
    Bsn::parse(text).map_err(|fault| match fault {
        fhir::identifiers::BsnFault::NotNineDigits => "patient is not nine digits",
        fhir::identifiers::BsnFault::ElevenTest => "patient fails the eleven-test",
    })
}

fn stamp(path: &Path) -> std::io::Result<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.modified()?, metadata.len()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut text))
        .map_err(|fault| format!("cannot be read: {}", fault.kind()))?;
    if text.len() as u64 > MAX_FILE { Err(format!("is larger than {MAX_FILE} bytes")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    fn count(text: &[u8]) -> Result<usize, RecordFault> {
        records(text, |_: IgnoredAny| Ok(())).map(|all| all.len())
    }

    #[test]
    fn a_register_is_bounded_in_records_and_bytes() {
        let of = |records: usize| format!("[{}0]", "0,".repeat(records - 1));
        assert_eq!(count(of(MAX_RECORDS).as_bytes()), Ok(MAX_RECORDS));
        assert_eq!(count(of(MAX_RECORDS + 1).as_bytes()), Err(RecordFault::TooMany));
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MAX_FILE + 1).unwrap();
        let register = Register::open(file.path(), count);
        assert!(register.content().is_none());
        assert!(register.fault().unwrap().contains("is larger than"));
    }

    #[test]
    fn a_fault_is_told_by_place_and_not_by_content() {
        let fault = count(b"[\n  999911120 999911120]").unwrap_err();
        assert_eq!(fault, RecordFault::Json { line: 2, column: 13 });
        assert_eq!(fault.sentence(), "is not the JSON of such a register, at line 2, column 13");
        assert_eq!(records(b"[1,2]", |_: IgnoredAny| Err::<(), _>("no")), Err(RecordFault::Record(1, "no")));
    }
}
