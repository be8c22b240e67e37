//! The index as its users hold it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::building::Builder;
use super::fault::IndexFault;
use super::folder;
use super::format::MOST_RECORDS;
use super::run::Run;
use super::search::{Candidate, Candidates, Period, Piece, Wanted};
use super::tail::Tail;
use crate::access_log::{AccessLog, Place};
use crate::private;

/// What a record is found by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    /// When it was closed, in seconds since 1970; one that is not known lies in every period.
    pub second: Option<i64>,
    pub terms: Vec<u64>,
}

/// Reads a record, by its index and its bytes.
pub type Indexer = Box<dyn Fn(u64, &[u8]) -> Described + Send + Sync>;

#[derive(Debug, Clone)]
pub struct IndexOptions {
    /// The index's own folder; made when absent.
    pub folder: PathBuf,
    /// Changes whenever the same record would get other terms: runs of another stamp are built again.
    pub stamp: u64,
    /// Records in a run, at most 65,536.
    pub run_records: usize,
}

impl IndexOptions {
    /// Runs of 32,768 records: a few megabytes each, and the newest in memory in less.
    pub fn new(folder: impl Into<PathBuf>, stamp: u64) -> Self {
        IndexOptions { folder: folder.into(), stamp, run_records: 1 << 15 }
    }
}

/// The index of one log. Whoever opened it has it kept up with the log by [`Index::advance`].
pub struct Index {
    pub(super) log: Arc<AccessLog>,
    pub(super) options: IndexOptions,
    pub(super) indexer: Indexer,
    pub(super) builder: Mutex<Builder>,
    state: RwLock<State>,
    /// First index of a run that was found to be damaged.
    pub(super) damaged: AtomicU64,
}

/// Sealed runs without a gap from the first record on, and what follows them.
pub(super) struct State {
    pub runs: Vec<Arc<Run>>,
    pub tail: Tail,
}

/// No run is damaged.
pub(super) const NOWHERE: u64 = u64::MAX;

impl State {
    /// Takes in the run that follows the last one, in the place of the tail.
    pub fn append(&mut self, run: Arc<Run>) {
        self.tail = Tail::new(run.header().first + run.records() as u64);
        self.runs.push(run);
    }
}

impl Index {
    /// Opens what there is of the index, and throws away what cannot be used. What is missing is built by
    /// [`Index::advance`], so that opening takes a few reads per run.
    ///
    /// # Errors
    /// When the folder or the log cannot be read.
    pub fn open(log: Arc<AccessLog>, mut options: IndexOptions, indexer: Indexer) -> Result<Self, IndexFault> {
        options.run_records = options.run_records.clamp(1, MOST_RECORDS);
        private::make_folder(&options.folder).map_err(IndexFault::io("make its folder"))?;
        folder::clean(&options.folder, options.run_records).map_err(IndexFault::io("look through its folder"))?;
        let index = Index {
            log,
            options,
            indexer,
            builder: Mutex::default(),
            state: RwLock::new(State { runs: Vec::new(), tail: Tail::new(0) }),
            damaged: AtomicU64::new(NOWHERE),
        };
        while index.adopt()? {}
        Ok(index)
    }

    /// How many of the log's records are indexed: all those before this index.
    pub fn reach(&self) -> u64 {
        self.read().tail.end()
    }

    /// How many durable records are not indexed yet.
    pub fn behind(&self) -> u64 {
        self.log.length().saturating_sub(self.reach())
    }

    /// The records that carry a term of every group and were, or may have been, closed in the period: newest first, and
    /// only those before an index when one is given. What is added meanwhile is not among them.
    ///
    /// # Errors
    /// `Behind` when records before that index are not indexed (any more).
    pub fn search(
        &self,
        groups: &[Vec<u64>],
        period: Period,
        before: Option<u64>,
    ) -> Result<Candidates<'_>, IndexFault> {
        let reach = self.reach();
        let below = before.map_or(reach, |before| before.min(self.log.length()));
        if below > reach {
            return Err(IndexFault::Behind { reach });
        }
        Ok(Candidates::new(self, Wanted { groups: groups.to_vec(), period }, below))
    }

    /// A candidate's record; nothing when it was erased.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read_record(&self, candidate: &Candidate) -> Result<Option<Vec<u8>>, IndexFault> {
        Ok(self.log.record(candidate.index, candidate.place)?)
    }

    /// The record of this index; nothing when it was erased, or is not indexed yet.
    ///
    /// # Errors
    /// When index or log cannot be read.
    pub fn record(&self, index: u64) -> Result<Option<Vec<u8>>, IndexFault> {
        match self.place(index)? {
            Some(place) => self.read_record(&Candidate { index, place }),
            None => Ok(None),
        }
    }

    fn place(&self, index: u64) -> Result<Option<Place>, IndexFault> {
        let state = self.read();
        if index >= state.tail.first() {
            let ordinal = usize::try_from(index - state.tail.first()).ok();
            return Ok(ordinal.and_then(|ordinal| state.tail.place(ordinal)));
        }
        let Some((run, ordinal)) = self.within(&state, index) else { return Ok(None) };
        self.noticing(run, run.look().and_then(|mut look| look.place(ordinal)))
    }

    /// The newest candidates below an index, as many as one look brings.
    pub(super) fn piece(&self, wanted: &Wanted, below: u64) -> Result<Piece, IndexFault> {
        let state = self.read();
        let reach = state.tail.end();
        if below > reach {
            return Err(IndexFault::Behind { reach });
        }
        let Some(newest) = below.checked_sub(1) else { return Ok(Piece::default()) };
        let first = state.tail.first();
        if newest >= first {
            let tail = &state.tail;
            let mut matching = tail.matching(wanted);
            matching.cut((below - first) as usize);
            let mut piece = Piece { found: Vec::new(), below: first };
            for ordinal in matching.backwards() {
                let admitted = tail.entry(ordinal).is_some_and(|entry| wanted.period.admits(entry.second));
                if let Some(place) = tail.place(ordinal).filter(|_| admitted) {
                    piece.found.push(Candidate { index: first + ordinal as u64, place });
                }
                if piece.is_full() {
                    piece.below = first + ordinal as u64;
                    break;
                }
            }
            return Ok(piece);
        }
        let Some((run, ordinal)) = self.within(&state, newest) else { return Err(IndexFault::Behind { reach }) };
        self.noticing(run, piece_of(run, wanted, ordinal + 1))
    }

    fn within<'s>(&self, state: &'s State, index: u64) -> Option<(&'s Arc<Run>, usize)> {
        let nth = usize::try_from(index / self.options.run_records as u64).ok()?;
        Some((state.runs.get(nth)?, (index % self.options.run_records as u64) as usize))
    }

    /// Remembers that a run is damaged, so that it is built again.
    fn noticing<T>(&self, run: &Run, outcome: Result<T, IndexFault>) -> Result<T, IndexFault> {
        if matches!(&outcome, Err(IndexFault::Damaged)) {
            self.damaged.fetch_min(run.header().first, Ordering::AcqRel);
        }
        outcome
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest candidates of a run, those before an ordinal.
fn piece_of(run: &Run, wanted: &Wanted, end: usize) -> Result<Piece, IndexFault> {
    let first = run.header().first;
    let mut piece = Piece { found: Vec::new(), below: first };
    if run.is_outside(wanted.period) {
        return Ok(piece);
    }
    let mut look = run.look()?;
    let mut matching = look.matching(wanted)?;
    matching.cut(end);
    for ordinal in matching.backwards() {
        if wanted.period.admits(look.entry(ordinal)?.second) {
            let place = look.place(ordinal)?.ok_or(IndexFault::Damaged)?;
            piece.found.push(Candidate { index: first + ordinal as u64, place });
        }
        if piece.is_full() {
            piece.below = first + ordinal as u64;
            break;
        }
    }
    Ok(piece)
}
