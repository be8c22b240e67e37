//! A5: what the agreements of one kind in one treatment come to. In the order in which they were registered, an agreement
//! takes the place of the one that it overlaps, and a stop ends what it points at.

use std::collections::{BTreeMap, BTreeSet};

use super::block::{Block, Stop};
use super::moment::Moment;
use super::running::Running;

/// How a stretch was ended before its own end, by the block at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    Not,
    /// By a later agreement, without a stop.
    Replaced(usize),
    Stopped(usize),
}

/// A stretch of time for which an agreement holds.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The place of the agreement among the blocks.
    pub block: usize,
    pub start: Moment,
    /// Its last second.
    pub end: Moment,
    pub closed: Closed,
    /// The block that took it back before it began.
    pub cancelled: Option<usize>,
}

impl Segment {
    /// The block that stands for it: the stop that ended it, or itself.
    pub fn representative(&self) -> usize {
        match self.closed {
            Closed::Stopped(stop) => stop,
            Closed::Not | Closed::Replaced(_) => self.block,
        }
    }
}

/// What the blocks come to.
#[derive(Default)]
pub(super) struct Folded {
    pub segments: Vec<Segment>,
    /// Per block: the segments that it made or ended.
    pub of: Vec<Vec<usize>>,
    /// Stops that found nothing to end.
    pub unmatched: Vec<usize>,
}

/// Folds blocks that are all dated. `prior` names per block the blocks that it changes or stops, as places; itself is not
/// among them. `replaces`: whether an agreement ends the one that it overlaps by itself.
pub(super) fn fold(blocks: &[&Block<'_>], prior: &[Vec<usize>], replaces: bool) -> Folded {
    let mut by_start: Vec<usize> = (0..blocks.len()).collect();
    by_start.sort_by_key(|at| blocks[*at].start());
    let mut places = vec![0; blocks.len()];
    by_start.iter().enumerate().for_each(|(place, at)| places[*at] = place);
    // What only stops ask for is kept only where there are any.
    let stopped = |stop: Stop| blocks.iter().any(|block| block.stop == Some(stop));
    let mut fold = Fold {
        stops: blocks.iter().any(|block| block.stop.is_some()),
        withdrawals: stopped(Stop::Cancelled),
        blocks,
        running: Running::new(by_start.iter().map(|at| blocks[*at].start()).collect()),
        at_place: by_start.clone(),
        places,
        with_start: BTreeMap::new(),
        replaced: BTreeMap::new(),
        folded: Folded { segments: Vec::new(), of: vec![Vec::new(); blocks.len()], unmatched: Vec::new() },
    };
    for at in order(blocks, prior) {
        match blocks[at].stop {
            None => fold.begin(at, replaces),
            Some(stop) => fold.stop(at, stop, &prior[at]),
        }
    }
    fold.folded
}

/// The order of registration. Of what was registered in the same moment, what is stopped comes first, then its stop, then
/// the others: the replacement.
fn order(blocks: &[&Block<'_>], prior: &[Vec<usize>]) -> Vec<usize> {
    let stops = blocks.iter().any(|block| block.stop.is_some());
    let mut starting: BTreeMap<(Moment, Moment), Vec<usize>> = BTreeMap::new();
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| stops && block.stop.is_none()) {
        starting.entry((block.order(), block.start())).or_default().push(at);
    }
    let mut stopped_at_once: BTreeSet<usize> = BTreeSet::new();
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.stop.is_some()) {
        if prior[at].is_empty() {
            stopped_at_once.extend(starting.remove(&(block.order(), block.start())).unwrap_or_default());
        } else {
            let same_moment = |target: &&usize| blocks[**target].order() == block.order();
            stopped_at_once.extend(prior[at].iter().filter(same_moment));
        }
    }
    let rank = |at: usize| match (blocks[at].stop.is_some(), stopped_at_once.contains(&at)) {
        (false, true) => 0,
        (true, _) => 1,
        (false, false) => 2,
    };
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by(|one, other| {
        let by = |at: usize| (blocks[at].order(), rank(at), blocks[at].start());
        let tie = || {
            let text = |at: usize| blocks[at].resource.text();
            blocks[*one].id.cmp(&blocks[*other].id).then_with(|| text(*one).cmp(text(*other)))
        };
        by(*one).cmp(&by(*other)).then_with(tie)
    });
    order
}

struct Fold<'f, 'r> {
    blocks: &'f [&'f Block<'r>],
    stops: bool,
    withdrawals: bool,
    running: Running,
    /// Blocks by the order of their starts, and the other way round.
    at_place: Vec<usize>,
    places: Vec<usize>,
    /// Segments that are open yet, by their start.
    with_start: BTreeMap<Moment, Vec<usize>>,
    /// Segments that an agreement replaced, by that agreement.
    replaced: BTreeMap<usize, Vec<usize>>,
    folded: Folded,
}

impl Fold<'_, '_> {
    fn begin(&mut self, at: usize, replaces: bool) {
        let (start, end) = (self.blocks[at].start(), self.blocks[at].end());
        // What begins later stays as it is: a future agreement outlives a change of the present one.
        while let Some(place) = self.running.covering(start).filter(|_| replaces) {
            self.running.remove(place);
            let Some(segment) = self.at_place.get(place).and_then(|block| self.made_by(*block)) else { continue };
            let found = &mut self.folded.segments[segment];
            (found.end, found.closed) = (start.plus(-1), Closed::Replaced(at));
            if self.withdrawals {
                self.replaced.entry(at).or_default().push(segment);
            }
        }
        self.push(at, Segment { block: at, start, end, closed: Closed::Not, cancelled: None });
        if self.stops {
            self.with_start.entry(start).or_default().push(self.folded.segments.len() - 1);
        }
        self.running.set(self.places[at], end);
    }

    fn stop(&mut self, at: usize, stop: Stop, prior: &[usize]) {
        let block = self.blocks[at];
        let end = block.period.end.or(block.registered).unwrap_or_else(|| block.start());
        let targets = self.targets(at, prior, end, stop);
        if targets.is_empty() {
            self.folded.unmatched.push(at);
            if stop != Stop::Cancelled {
                // What it ends was not received: the stop is all that is known.
                let start = block.period.start.unwrap_or(end);
                self.push(at, Segment { block: at, start, end, closed: Closed::Stopped(at), cancelled: None });
            }
        }
        for target in targets {
            self.running.remove(self.places[self.folded.segments[target].block]);
            self.folded.of[at].push(target);
            if stop == Stop::Cancelled {
                self.cancel(target, at);
            } else {
                let found = &mut self.folded.segments[target];
                (found.end, found.closed) = (end, Closed::Stopped(at));
            }
        }
    }

    /// What a stop ends: what it points at, or else what began when it says, or else what runs at its end. A withdrawal is
    /// about an agreement that has not begun, so nothing that happens to run is taken for it.
    fn targets(&mut self, at: usize, prior: &[usize], end: Moment, stop: Stop) -> Vec<usize> {
        let alive = |found: &Folded, segment: &usize| found.segments[*segment].cancelled.is_none();
        let mut named: Vec<usize> = prior.iter().flat_map(|block| self.folded.of[*block].iter().copied()).collect();
        named.sort_unstable();
        named.dedup();
        named.retain(|segment| alive(&self.folded, segment));
        if !named.is_empty() {
            return named;
        }
        let known = self.blocks[at].period.start.and_then(|start| self.with_start.get_mut(&start));
        let mut starting = known.map(std::mem::take).unwrap_or_default();
        starting.retain(|segment| alive(&self.folded, segment));
        if let (Some(last), Some(start)) = (starting.last(), self.blocks[at].period.start) {
            // For a next stop that names nothing either.
            self.with_start.insert(start, vec![*last]);
        }
        if !starting.is_empty() || stop == Stop::Cancelled {
            return starting;
        }
        let running = self.running.covering(end).and_then(|place| self.made_by(*self.at_place.get(place)?));
        running.into_iter().collect()
    }

    /// Takes a segment back, and with it what it did to others.
    fn cancel(&mut self, segment: usize, by: usize) {
        let found = &mut self.folded.segments[segment];
        found.cancelled = Some(by);
        let block = found.block;
        for restored in self.replaced.remove(&block).unwrap_or_default() {
            let found = &mut self.folded.segments[restored];
            if found.closed == Closed::Replaced(block) && found.cancelled.is_none() {
                (found.end, found.closed) = (self.blocks[found.block].end(), Closed::Not);
                self.running.set(self.places[found.block], found.end);
            }
        }
    }

    fn push(&mut self, at: usize, segment: Segment) {
        self.folded.of[at].push(self.folded.segments.len());
        self.folded.segments.push(segment);
    }

    /// The segment that an agreement made.
    fn made_by(&self, block: usize) -> Option<usize> {
        self.folded.of.get(block)?.first().copied()
    }
}
