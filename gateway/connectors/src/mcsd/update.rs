//! Reads one directory on (the update client of ITI-91-NL), type after type, page after page.
//!
//! Everything is read once by search, then what changed meanwhile by history, and from then on only what changed. How far it
//! came is kept after each page was applied and is durable: never before, so that nothing is lost, and a page that is read
//! twice changes nothing twice.

use std::sync::Arc;

use exchange::ports::Clock;
use thiserror::Error;

use super::authority::Registry;
use super::feed::{Answer, Feed, FeedFault, First, follow};
use super::keys::{self, SourceId};
use super::moments::{Millis, millis};
use super::order::{self, Told};
use super::page::{Page, PageFault, Speaker};
use super::progress::{Progress, Run, SourceState};
use super::record::{Kind, Record};
use super::report::Report;
use super::shelf::{Shelf, ShelfChange, ShelfFault};
use crate::http::{FetchFault, WebAddress};

/// How much earlier than a clock says a watermark is taken where the server does not give one.
const OVERLAP: Millis = 2_000;
/// A watermark may be so far ahead of the server's own clock, and go back by so much, before it is not believed.
const TOLERANCE: Millis = 300_000;
/// So many pages in a row that bring nothing are a circle.
const EMPTY_PAGES: u32 = 100;
/// How many records are looked at before what is gone is taken away.
const SWEEP: usize = 2_000;

/// Why a round over a directory did not come to its end. Sentences for the operator; they hold no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UpdateFault {
    #[error("{0}: {1}")]
    Fetch(&'static str, FetchFault),
    #[error("{0}: answered with status {1}")]
    Status(&'static str, u16),
    #[error("{0}: asks to be left alone for a while")]
    Wait(&'static str, Millis),
    #[error("{0}: the answer is no FHIR Bundle of this type")]
    Unreadable(&'static str),
    #[error("{0}: a link to the next page leads elsewhere or in a circle")]
    Link(&'static str),
    #[error("it takes longer than a round may; the next one goes on")]
    OutOfTime,
    #[error("{0}")]
    Shelf(ShelfFault),
}

/// A directory to be read.
#[derive(Clone, Debug)]
pub struct Source {
    pub id: SourceId,
    pub base: WebAddress,
    /// Of the organisations that it may speak for.
    pub registered: u64,
}

/// Reads directories on.
pub struct Updater {
    pub shelf: Arc<dyn Shelf>,
    pub registry: Arc<Registry>,
    pub feed: Feed,
    pub clock: Arc<dyn Clock>,
    /// Longest round, in milliseconds.
    pub round: Millis,
}

impl From<ShelfFault> for UpdateFault {
    fn from(fault: ShelfFault) -> Self {
        UpdateFault::Shelf(fault)
    }
}

impl Updater {
    pub fn now(&self) -> Millis {
        millis(self.clock.now())
    }

    /// One round over a directory; what came of it is kept, and given back.
    pub async fn round(&self, source: &Source) -> Result<SourceState, ShelfFault> {
        let now = self.now();
        let mut state = SourceState::load(self.shelf.as_ref(), &source.id)?.unwrap_or_default();
        let base = source.base.to_string();
        if state.base != base && !state.base.is_empty() {
            // Another directory under the same name: what the other one said does not count any more.
            forget(&self.shelf, &source.id).await?;
            state = SourceState::default();
        }
        if state.registered != source.registered && !state.base.is_empty() {
            state.begin_anew();
        }
        (state.base, state.registered) = (base, source.registered);
        let mut report = Report::new(now);
        let outcome = self.read_on(source, &mut state, &mut report, now + self.round).await;
        report.ended = self.now();
        state.tried = Some(report.ended);
        match outcome {
            Ok(()) => {
                (state.fault, state.failures, state.not_before) = (None, 0, None);
                state.synchronised = Some(report.ended);
            }
            Err(UpdateFault::OutOfTime) => state.fault = Some(UpdateFault::OutOfTime.to_string()),
            Err(fault) => {
                state.fault = Some(fault.to_string());
                state.failures = state.failures.saturating_add(1);
                state.not_before = match fault {
                    UpdateFault::Wait(_, wait) => Some(report.ended + wait),
                    _ => None,
                };
            }
        }
        state.take(report);
        state.save(self.shelf.as_ref(), &source.id)?;
        self.shelf.commit().await?;
        Ok(state)
    }

    async fn read_on(
        &self,
        source: &Source,
        state: &mut SourceState,
        report: &mut Report,
        deadline: Millis,
    ) -> Result<(), UpdateFault> {
        for kind in Kind::ALL {
            self.read_kind(source, kind, state, report, deadline).await?;
        }
        if !state.complete {
            // What changed while everything was read (MGF: no queries before this catch-up).
            for kind in Kind::ALL {
                self.read_kind(source, kind, state, report, deadline).await?;
            }
            state.complete = true;
        }
        Ok(())
    }

    /// Reads one type to its end. A run that cannot go on is begun anew once: links to pages expire, watermarks get too old.
    async fn read_kind(
        &self,
        source: &Source,
        kind: Kind,
        state: &mut SourceState,
        report: &mut Report,
        deadline: Millis,
    ) -> Result<(), UpdateFault> {
        let mut anew = 2;
        loop {
            match self.run(source, kind, state, report, deadline).await {
                Err(Ended::Anew { everything }) if anew > 0 => {
                    anew -= 1;
                    let progress = state.kinds.entry(kind).or_default();
                    progress.run = None;
                    if everything {
                        progress.mark = None;
                    }
                }
                Err(ended) => {
                    let fault = match ended {
                        Ended::Anew { .. } => UpdateFault::Unreadable(kind.name()),
                        Ended::Fault(fault) => fault,
                    };
                    if matches!(fault, UpdateFault::Link(_) | UpdateFault::Unreadable(_)) {
                        // Where it stopped is no place to go on from.
                        state.kinds.entry(kind).or_default().run = None;
                    }
                    return Err(fault);
                }
                Ok(()) => return Ok(()),
            }
        }
    }

    async fn run(
        &self,
        source: &Source,
        kind: Kind,
        state: &mut SourceState,
        report: &mut Report,
        deadline: Millis,
    ) -> Result<(), Ended> {
        let progress = state.kinds.entry(kind).or_default().clone();
        let since = progress.mark;
        let (mut run, mut answer) = match progress.run.clone() {
            Some(run) => {
                let answer = self.page_behind(source, kind, &run.next).await?;
                (run, answer)
            }
            None => match self.begin(source, kind, &progress).await? {
                Some(begun) => begun,
                // A type that this directory does not have.
                None => return Ok(()),
            },
        };
        if !run.full && since.is_some_and(|since| run.mark < since - TOLERANCE) {
            // The directory was put back to an earlier state, or its clock was.
            return Err(Ended::Anew { everything: true });
        }
        let mut empty = 0;
        loop {
            let (next, brought) = self.apply(source, kind, &run, answer, report).await?;
            report.pages += 1;
            empty = if brought { 0 } else { empty + 1 };
            let Some(next) = next else { break };
            if next == run.next || empty > EMPTY_PAGES || follow(&source.base, &next).is_none() {
                return Err(UpdateFault::Link(kind.name()).into());
            }
            run.next = next;
            state.kinds.entry(kind).or_default().run = Some(run.clone());
            state.save(self.shelf.as_ref(), &source.id).map_err(UpdateFault::Shelf)?;
            if self.now() >= deadline {
                return Err(UpdateFault::OutOfTime.into());
            }
            answer = self.page_behind(source, kind, &run.next).await?;
        }
        if run.full {
            report.full += 1;
            let (gone, refused) = sweep(&self.shelf, &source.id, kind, run.number).await?;
            report.gone += gone;
            report.taken_back += refused;
        }
        state.kinds.insert(kind, Progress { mark: Some(run.mark), runs: run.number, run: None });
        state.save(self.shelf.as_ref(), &source.id).map_err(UpdateFault::Shelf)?;
        Ok(())
    }

    /// The first page of a run, with what the run is.
    async fn begin(&self, source: &Source, kind: Kind, progress: &Progress) -> Result<Option<(Run, Answer)>, Ended> {
        let began = self.now();
        // In the order in which servers are likely to know them.
        let ways: &[First] = match progress.mark {
            Some(_) => &[First::History { since: progress.mark }],
            None => {
                &[First::Everything { sized: true }, First::Everything { sized: false }, First::History { since: None }]
            }
        };
        let mut last = 0;
        for way in ways {
            let url = self.feed.first(&source.base, kind, *way);
            match self.feed.get(url, began).await {
                Ok(answer) => {
                    let run = Run {
                        number: progress.runs + 1,
                        full: progress.mark.is_none(),
                        mark: self.watermark(&answer, source, kind, began)?,
                        next: String::new(),
                    };
                    return Ok(Some((run, answer)));
                }
                // The watermark is too old for the server, or it keeps no history: everything is read.
                Err(FeedFault::Status(400 | 404 | 405 | 410 | 501)) if progress.mark.is_some() => {
                    return Err(Ended::Anew { everything: true });
                }
                Err(FeedFault::Status(status @ (400 | 403 | 404 | 405 | 501))) => last = status,
                Err(fault) => return Err(told(kind, fault).into()),
            }
        }
        if kind.can_be_missing() && last != 400 { Ok(None) } else { Err(UpdateFault::Status(kind.name(), last).into()) }
    }

    async fn page_behind(&self, source: &Source, kind: Kind, link: &str) -> Result<Answer, Ended> {
        let url = follow(&source.base, link).ok_or(UpdateFault::Link(kind.name()))?;
        match self.feed.get(url, self.now()).await {
            Ok(answer) => Ok(answer),
            // The server does not know the page any more: the run is begun anew from its watermark.
            Err(FeedFault::Status(400 | 404 | 410)) => Err(Ended::Anew { everything: false }),
            Err(fault) => Err(told(kind, fault).into()),
        }
    }

    /// When the first page was made, as the server says; by its clock or by ours where it does not, or cannot be believed.
    fn watermark(&self, answer: &Answer, source: &Source, kind: Kind, began: Millis) -> Result<Millis, UpdateFault> {
        let made = self.read(answer, source, kind)?.made;
        let clock = answer.date.unwrap_or(began);
        Ok(made.filter(|made| *made <= clock + TOLERANCE).unwrap_or(clock - OVERLAP))
    }

    fn read(&self, answer: &Answer, source: &Source, kind: Kind) -> Result<Page, UpdateFault> {
        let speaker = Speaker { source: &source.id, base: &source.base, registry: &self.registry };
        read(answer, self.feed.most_bytes(), kind, &speaker)
    }

    /// Puts a page on the shelf, durably. Gives the link to the next, and whether the page brought anything.
    async fn apply(
        &self,
        source: &Source,
        kind: Kind,
        run: &Run,
        answer: Answer,
        report: &mut Report,
    ) -> Result<(Option<String>, bool), UpdateFault> {
        let (shelf, registry, source) = (self.shelf.clone(), self.registry.clone(), source.clone());
        let (most, told) = (self.feed.most_bytes(), Told { run: run.number, full: run.full });
        let mut counted = std::mem::take(report);
        let work = move || {
            let speaker = Speaker { source: &source.id, base: &source.base, registry: &registry };
            let page = read(&answer, most, kind, &speaker);
            let outcome = page.and_then(|page| {
                let brought = !page.entries.is_empty();
                counted.passed_over += page.passed_over;
                let changes = order::changes(shelf.as_ref(), &source.id, page.entries, told, &mut counted)?;
                shelf.apply(changes)?;
                Ok((page.next, brought))
            });
            (outcome, counted)
        };
        let (outcome, counted) = blocking(work).await?;
        *report = counted;
        let outcome = outcome?;
        self.shelf.commit().await?;
        Ok(outcome)
    }
}

/// How a run ended before its end.
enum Ended {
    Fault(UpdateFault),
    /// It is to be begun anew: from its watermark, or with everything.
    Anew {
        everything: bool,
    },
}

impl From<UpdateFault> for Ended {
    fn from(fault: UpdateFault) -> Self {
        Ended::Fault(fault)
    }
}

fn read(answer: &Answer, most: usize, kind: Kind, speaker: &Speaker<'_>) -> Result<Page, UpdateFault> {
    Page::read(answer.body.clone(), most, kind, speaker).map_err(|fault| match fault {
        PageFault::NotJson | PageFault::NotABundle => UpdateFault::Unreadable(kind.name()),
        PageFault::Shelf(fault) => UpdateFault::Shelf(fault),
    })
}

fn told(kind: Kind, fault: FeedFault) -> UpdateFault {
    match fault {
        FeedFault::Fetch(fault) => UpdateFault::Fetch(kind.name(), fault),
        FeedFault::Wait(wait) => UpdateFault::Wait(kind.name(), wait),
        FeedFault::Status(status) => UpdateFault::Status(kind.name(), status),
    }
}

/// Takes away what a run over everything did not tell any more. How many were there, and how many were refused.
async fn sweep(shelf: &Arc<dyn Shelf>, source: &SourceId, kind: Kind, run: u64) -> Result<(u64, u64), UpdateFault> {
    let (shelf, prefix) = (shelf.clone(), keys::shelf_of(source, kind));
    let gone = blocking(move || take_away(shelf.as_ref(), &prefix, |record| record.run < run)).await??;
    Ok(gone)
}

/// Forgets a directory: all that it said, and how far it was read.
pub async fn forget(shelf: &Arc<dyn Shelf>, source: &SourceId) -> Result<u64, ShelfFault> {
    let (held, room) = (shelf.clone(), keys::room(source));
    let (gone, _) = blocking(move || take_away(held.as_ref(), &room, |_| true)).await??;
    shelf.put_note(&keys::state(source), None)?;
    shelf.commit().await?;
    Ok(gone)
}

fn take_away(shelf: &dyn Shelf, prefix: &[u8], is_gone: impl Fn(&Record) -> bool) -> Result<(u64, u64), ShelfFault> {
    let (mut count, mut refused) = (0, 0);
    loop {
        let mut changes = Vec::new();
        shelf.walk(prefix, &mut |key, value| {
            let record = Record::read(value);
            if record.as_ref().is_none_or(&is_gone) {
                refused += u64::from(record.as_ref().is_some_and(Record::is_refused));
                count += u64::from(record.is_some_and(|record| record.facts().is_some()));
                changes.push(ShelfChange::Remove { key: key.to_vec() });
            }
            changes.len() < SWEEP
        })?;
        let more = changes.len() == SWEEP;
        shelf.apply(changes)?;
        if !more {
            return Ok((count, refused));
        }
    }
}

/// Work that may wait for the disk, on a thread for that.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ShelfFault> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ShelfFault::Unusable)
}
