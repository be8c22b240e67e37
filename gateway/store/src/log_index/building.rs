//! Keeps the index up with the log, and puts right what is not as it should be. One thread at a time; searches go on.

use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::fault::IndexFault;
use super::folder;
use super::index::{Described, Index, NOWHERE, State};
use super::run::Run;
use super::tail::Tail;
use crate::access_log::{Place, Records};
use crate::private;

/// Where reading the log goes on; read anew after trouble.
#[derive(Default)]
pub struct Builder(Option<Records>);

/// How many records are described before searches are kept waiting to take them in.
const AT_ONCE: usize = 256;

impl Index {
    /// Indexes at most so many further records, of those that are durable now; says how many. Waits for whoever is at it.
    ///
    /// # Errors
    /// When the log cannot be read, or a run cannot be written. What is indexed stays so; the next call tries again.
    pub fn advance(&self, most: usize) -> Result<usize, IndexFault> {
        let mut builder = self.alone();
        self.mend(&mut builder)?;
        let outcome = self.take(&mut builder, most);
        if outcome.is_err() {
            builder.0 = None;
        }
        outcome
    }

    /// Builds the runs over these records again, from what the log holds now. For whoever erases records of the log: to
    /// be called when they are erased. Searches find the old run until the new one is whole.
    ///
    /// # Errors
    /// When the log cannot be read, or a run cannot be written. Those before it are done.
    pub fn rebuild_range(&self, which: Range<u64>) -> Result<(), IndexFault> {
        let mut builder = self.alone();
        let overlaps = |own: Range<u64>| own.start < which.end && which.start < own.end;
        let firsts: Vec<u64> = {
            let state = self.read();
            let firsts = state.runs.iter().map(|run| run.header().first);
            firsts.filter(|first| overlaps(*first..first + self.options.run_records as u64)).collect()
        };
        for first in firsts {
            let run = self.write_run(&self.build(first, first + self.options.run_records as u64)?)?;
            let nth = (first / self.options.run_records as u64) as usize;
            self.put(run, |state, run| {
                if let Some(place) = state.runs.get_mut(nth) {
                    *place = run;
                }
            })?;
        }
        let tail = {
            let state = self.read();
            state.tail.first()..state.tail.end()
        };
        if overlaps(tail.clone()) {
            let fresh = self.build(tail.start, tail.end)?;
            self.write().tail = fresh;
        }
        // What it holds of its batch may be erased.
        builder.0 = None;
        Ok(())
    }

    /// Takes over the run that follows the last one, if its file is there and over these records.
    pub(super) fn adopt(&self) -> Result<bool, IndexFault> {
        let first = self.read().tail.end();
        let path = folder::run_path(&self.options.folder, first);
        let Some(run) = Run::open(path.clone()).map_err(IndexFault::io("open a run"))? else {
            folder::remove(&path).map_err(IndexFault::io("remove a run that cannot be used"))?;
            return Ok(false);
        };
        if !self.is_ours(&run, first)? {
            folder::remove(&path).map_err(IndexFault::io("remove a run that cannot be used"))?;
            return Ok(false);
        }
        self.write().append(Arc::new(run));
        Ok(true)
    }

    fn is_ours(&self, run: &Run, first: u64) -> Result<bool, IndexFault> {
        let header = run.header();
        let records = self.options.run_records;
        let fits = header.first == first && run.records() == records && header.stamp == self.options.stamp;
        if !fits || first + records as u64 > self.log.length() {
            return Ok(false);
        }
        let place = match run.look()?.place(records - 1) {
            Err(IndexFault::Damaged) => None,
            outcome => outcome?,
        };
        let Some(place) = place else { return Ok(false) };
        Ok(self.checksum_at(place)? == Some(header.last_checksum))
    }

    /// Takes away a run that was found damaged. Those behind it are taken over again when it is built.
    fn mend(&self, builder: &mut Builder) -> Result<(), IndexFault> {
        let first = self.damaged.load(Ordering::Acquire);
        if first == NOWHERE {
            return Ok(());
        }
        tracing::warn!(index.first = first, "a part of the access log's index is damaged; it is built again");
        builder.0 = None;
        let path = {
            let mut state = self.write();
            let nth = state.runs.iter().position(|run| run.header().first == first);
            let path = nth.map(|nth| state.runs[nth].path().to_owned());
            if let Some(nth) = nth {
                state.runs.truncate(nth);
                state.tail = Tail::new(first);
            }
            path
        };
        if let Some(path) = path {
            folder::remove(&path).map_err(IndexFault::io("remove a damaged run"))?;
        }
        // Whoever noticed damage before it meanwhile is heard the next time.
        let _ = self.damaged.compare_exchange(first, NOWHERE, Ordering::AcqRel, Ordering::Acquire);
        Ok(())
    }

    fn take(&self, builder: &mut Builder, most: usize) -> Result<usize, IndexFault> {
        let mut taken = 0;
        while taken < most {
            let (first, end) = {
                let state = self.read();
                (state.tail.first(), state.tail.end())
            };
            let room = self.options.run_records - (end - first) as usize;
            if room == 0 {
                self.seal()?;
                while self.adopt()? {
                    builder.0 = None;
                }
                continue;
            }
            let fresh = self.describe(builder, end, room.min(most - taken).min(AT_ONCE))?;
            if fresh.is_empty() {
                break;
            }
            taken += fresh.len();
            let mut state = self.write();
            for (place, described) in fresh {
                state.tail.add(place, described.second, &described.terms);
            }
        }
        Ok(taken)
    }

    /// Reads on in the log.
    fn describe(&self, builder: &mut Builder, from: u64, most: usize) -> Result<Vec<(Place, Described)>, IndexFault> {
        if from >= self.log.length() {
            return Ok(Vec::new());
        }
        let records = builder.0.get_or_insert_with(|| self.log.records(from));
        self.log.follow(records);
        self.read_on(records, from, most)
    }

    fn read_on(&self, records: &mut Records, from: u64, most: usize) -> Result<Vec<(Place, Described)>, IndexFault> {
        let mut fresh = Vec::new();
        while fresh.len() < most {
            let Some((index, record)) = records.next().transpose()? else { break };
            let place = records.place(index).filter(|_| index == from + fresh.len() as u64);
            let place = place.ok_or(IndexFault::Behind { reach: from })?;
            // What was erased is found by nothing.
            let described = record.record().map(|record| (self.indexer)(index, record)).unwrap_or_default();
            fresh.push((place, described));
        }
        Ok(fresh)
    }

    /// These records, from what the log holds now.
    fn build(&self, first: u64, end: u64) -> Result<Tail, IndexFault> {
        let mut records = self.log.records(first);
        let mut tail = Tail::new(first);
        while tail.end() < end {
            let most = AT_ONCE.min((end - tail.end()) as usize);
            let fresh = self.read_on(&mut records, tail.end(), most)?;
            if fresh.is_empty() {
                return Err(IndexFault::Behind { reach: tail.end() });
            }
            fresh.into_iter().for_each(|(place, described)| tail.add(place, described.second, &described.terms));
        }
        Ok(tail)
    }

    /// Makes a run of the tail, which is full.
    fn seal(&self) -> Result<(), IndexFault> {
        let run = {
            let state = self.read();
            self.write_run(&state.tail)?
        };
        self.put(run, State::append)
    }

    /// Writes a run that has no name yet. Only the one who builds writes; searches read beside it.
    fn write_run(&self, tail: &Tail) -> Result<Run, IndexFault> {
        let checksum = match tail.last_place() {
            Some(place) => self.checksum_at(place)?.unwrap_or(0),
            None => 0,
        };
        let bytes = tail.encode(self.options.stamp, checksum);
        let path = folder::write_unfinished(&self.options.folder, &bytes).map_err(IndexFault::io("write a run"))?;
        Run::open(path).map_err(IndexFault::io("open a run"))?.ok_or(IndexFault::Damaged)
    }

    /// Gives a run its name and puts it into the state at one moment: no search meets the file of the one and the tables of
    /// another.
    fn put(&self, run: Run, into: impl FnOnce(&mut State, Arc<Run>)) -> Result<(), IndexFault> {
        let path = folder::run_path(&self.options.folder, run.header().first);
        {
            let mut state = self.write();
            let run = run.renamed(&path).map_err(IndexFault::io("give a run its name"))?;
            into(&mut state, Arc::new(run));
        }
        private::sync_folder_of(&path).map_err(IndexFault::io("give a run its name"))
    }

    fn checksum_at(&self, place: Place) -> Result<Option<u32>, IndexFault> {
        self.log.checksum_at(place).map_err(IndexFault::io("look at a record of the log"))
    }

    fn alone(&self) -> MutexGuard<'_, Builder> {
        self.builder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
