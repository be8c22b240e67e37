//! One treatment (medicamenteuze behandeling) decided: what of it is shown, in which section, and why; and why the rest
//! is not. Every block that goes in comes out on exactly one side.

use super::because::{Because as B, Found};
use super::block::{Block, Kind, Stop};
use super::choosing::{Chosen, Section, Windows, choose, section_of_ended};
use super::folding::{Closed, Folded, Segment, fold};
use super::links::Links;
use super::moment::Moment;
use super::unique::Unique;
use super::{pharmacy, regimen, usage};

/// A block on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// The place of the block.
    pub unique: usize,
    /// The block that it ended, when it is a stop.
    pub behind: Option<usize>,
    pub section: Section,
    pub start: Option<Moment>,
    pub end: Option<Moment>,
    pub found: Vec<Found>,
}

/// What of a treatment stands in one section: its lines in reading order, the leading one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub section: Section,
    pub lines: Vec<Shown>,
}

/// A treatment, decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decided {
    pub parts: Vec<Part>,
    /// Blocks that are not shown, each with why.
    pub aside: Vec<(usize, Found)>,
    pub supplies: Vec<usize>,
}

/// What a treatment is decided from.
pub(super) struct Case<'c, 'r> {
    pub uniques: &'c [Unique<'r>],
    pub links: &'c Links,
    /// The blocks of this treatment.
    pub members: &'c [usize],
    /// Which version counts of blocks that have several.
    pub version: usize,
    pub now: Moment,
    pub windows: Windows,
}

/// The blocks of one kind, folded.
#[derive(Default)]
pub(super) struct Of<'c, 'r> {
    pub uniques: Vec<usize>,
    pub blocks: Vec<&'c Block<'r>>,
    pub folded: Folded,
}

/// An agreement that is shown: its segment and its section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreement {
    pub segment: usize,
    pub section: Section,
}

impl<'c, 'r> Case<'c, 'r> {
    pub fn block(&self, unique: usize) -> &'c Block<'r> {
        self.uniques[unique].version(self.version)
    }

    /// The members of this kind, in an order that rests on what they are.
    pub fn of_kind(&self, kind: Kind) -> Vec<usize> {
        self.members.iter().copied().filter(|unique| self.block(*unique).kind == kind).collect()
    }

    /// Folds the blocks of a kind that can be dated; what cannot is unclear.
    fn folded(&self, kind: Kind, replaces: bool, unclear: &mut Vec<Shown>) -> Of<'c, 'r> {
        let mut of = Of::default();
        for unique in self.of_kind(kind) {
            let block = self.block(unique);
            match undated(block) {
                Some(because) => unclear.push(self.shown(unique, None, Section::Unclear, vec![Found::new(because)])),
                None => {
                    of.uniques.push(unique);
                    of.blocks.push(block);
                }
            }
        }
        if of.blocks.is_empty() {
            return of;
        }
        // Members stand in their order, and so do those of a kind.
        let place = |target: &usize| of.uniques.binary_search(target).ok();
        let prior: Vec<Vec<usize>> =
            of.uniques.iter().map(|unique| self.links.prior[*unique].iter().filter_map(place).collect()).collect();
        of.folded = fold(&of.blocks, &prior, replaces);
        of
    }

    pub fn shown(&self, unique: usize, behind: Option<usize>, section: Section, found: Vec<Found>) -> Shown {
        let period = &self.block(unique).period;
        let mut shown = Shown { unique, behind, section, start: period.start, end: period.end, found };
        let block = self.block(unique);
        if block.stop == Some(Stop::Unknown) {
            shown.found.push(Found::new(B::UnknownStopType));
        }
        shown
    }

    /// The line of a segment: its stop, or itself.
    pub fn line(&self, of: &Of<'_, '_>, segment: &Segment, section: Section, mut found: Vec<Found>) -> Shown {
        let stands = segment.representative();
        let behind = (stands != segment.block).then(|| of.uniques[segment.block]);
        match segment.closed {
            Closed::Stopped(stop) if stop == segment.block => found.push(Found::new(B::StopWithoutTarget)),
            Closed::Stopped(stop) => found.push(Found::by(B::StoppedBy, [of.uniques[stop]])),
            Closed::Replaced(by) => found.push(Found::by(B::ChangePlanned, [of.uniques[by]])),
            Closed::Not => {}
        }
        if self.links.dangling[of.uniques[stands]] {
            found.push(Found::new(B::UnresolvedReference));
        }
        let mut line = self.shown(of.uniques[stands], behind, section, found);
        // The end as it was worked out: an open agreement that another takes the place of ends with that.
        if segment.end != Moment::of_unix(i64::MAX) {
            line.end = Some(segment.end);
        }
        line
    }
}

/// Why a block cannot be dated.
fn undated(block: &Block<'_>) -> Option<B> {
    let period = &block.period;
    match (block.is_dated(), period.start, period.end) {
        (false, ..) if period.condition.is_some() => Some(B::OnlyCondition),
        (false, ..) => Some(B::NoTime),
        (true, Some(start), Some(end)) if end < start && block.stop.is_none() => Some(B::EndsBeforeItBegins),
        (true, ..) => None,
    }
}

/// Why something stands in a section.
pub(super) fn standing(section: Section) -> B {
    match section {
        Section::Current => B::HoldsNow,
        Section::Planned => B::Planned,
        Section::Later => B::PlannedLater,
        Section::Interrupted => B::Interrupted,
        Section::RecentlyStopped => B::EndedRecently,
        Section::History => B::EndedLongAgo,
        Section::Unclear => B::NoTime,
    }
}

/// Decides a treatment.
pub(super) fn decide(case: &Case<'_, '_>) -> Decided {
    let mut decided = Decided::default();
    let mut unclear = Vec::new();
    let agreements = case.folded(Kind::MedicationAgreement, true, &mut unclear);
    let pharmacists = case.folded(Kind::AdministrationAgreement, false, &mut unclear);
    let regimens = case.folded(Kind::VariableDosingRegimen, true, &mut unclear);
    let chosen = choose(&agreements.folded.segments, &agreements.blocks, case.now);
    let shown = agreements_shown(case, &agreements, &chosen);
    for agreement in &shown {
        let segment = &agreements.folded.segments[agreement.segment];
        let found = vec![Found::new(standing(agreement.section)), Found::new(B::Leads)];
        let mut line = case.line(&agreements, segment, agreement.section, found);
        if let [_, others @ ..] = chosen.current.as_slice()
            && agreement.section == Section::Current
            && !others.is_empty()
        {
            let others = others.iter().map(|at| agreements.uniques[agreements.folded.segments[*at].representative()]);
            line.found.push(Found::by(B::LaterStartCounts, others));
        }
        decided.parts.push(Part { section: agreement.section, lines: vec![line] });
    }
    pharmacy::add(case, &agreements, &shown, &pharmacists, &mut decided);
    regimen::add(case, &agreements, &shown, &regimens, &mut decided);
    usage::add(case, [&agreements, &pharmacists], &mut unclear, &mut decided);
    if !unclear.is_empty() {
        decided.parts.push(Part { section: Section::Unclear, lines: unclear });
    }
    supplies(case, &mut decided);
    let mut known: Vec<bool> = vec![false; case.members.len()];
    let mut mark = |unique: usize| {
        let seen = case.members.binary_search(&unique).ok().and_then(|place| known.get_mut(place));
        seen.is_some_and(|seen| !std::mem::replace(seen, true))
    };
    for line in decided.parts.iter().flat_map(|part| &part.lines) {
        mark(line.unique);
        line.behind.map(&mut mark);
    }
    decided.supplies.iter().for_each(|unique| {
        mark(*unique);
    });
    decided.aside.retain(|(unique, _)| mark(*unique));
    for of in [&agreements, &pharmacists, &regimens] {
        decided.aside.extend(left(case, of, &shown, &agreements).into_iter().filter(|(unique, _)| mark(*unique)));
    }
    decided
}

/// The agreements that are shown. Of several that hold now the one that began last counts.
fn agreements_shown(case: &Case<'_, '_>, of: &Of<'_, '_>, chosen: &Chosen) -> Vec<Agreement> {
    let segments = &of.folded.segments;
    let current = chosen.current.first().map(|at| (*at, Section::Current));
    let ended = chosen.ended.map(|at| (at, section_of_ended(&segments[at], &of.blocks, &case.windows, case.now)));
    let planned = chosen.planned.iter().map(|at| (*at, case.windows.of_start(segments[*at].start, case.now)));
    let all = current.into_iter().chain(ended).chain(planned);
    all.map(|(segment, section)| Agreement { segment, section }).collect()
}

/// Why blocks of a kind are not shown, as far as nothing else has said.
fn left(case: &Case<'_, '_>, of: &Of<'_, '_>, shown: &[Agreement], agreements: &Of<'_, '_>) -> Vec<(usize, Found)> {
    let lead =
        shown.first().map(|first| agreements.uniques[agreements.folded.segments[first.segment].representative()]);
    let mut left = Vec::new();
    for segment in &of.folded.segments {
        let block = of.uniques[segment.block];
        let found = match (segment.cancelled, segment.closed) {
            (Some(by), _) => Found::by(B::CancelledBy, [of.uniques[by]]),
            (None, Closed::Replaced(by)) => Found::by(B::ReplacedBy, [of.uniques[by]]),
            (None, Closed::Stopped(stop)) if stop != segment.block => {
                left.push((of.uniques[stop], Found::by(B::Followed, lead)));
                Found::by(B::StoppedBy, [of.uniques[stop]])
            }
            (None, _) => Found::by(B::Followed, lead),
        };
        left.push((block, found));
    }
    // Stops that stand for nothing that is shown: withdrawals, and those that a later stop took over from.
    let stops = of.uniques.iter().enumerate().filter(|(_, unique)| case.block(**unique).stop.is_some());
    left.extend(stops.map(|(place, unique)| {
        let ended = of.folded.of.get(place).into_iter().flatten();
        let ended = ended.filter_map(|segment| of.folded.segments.get(*segment)).map(|found| of.uniques[found.block]);
        let because = if case.block(*unique).stop == Some(Stop::Cancelled) { B::CancelledBy } else { B::Followed };
        (*unique, Found::by(because, ended.chain(lead).filter(|other| other != unique)))
    }));
    left
}

/// What was asked for, supplied and administered: beside the treatment, or all that is known of it.
fn supplies(case: &Case<'_, '_>, decided: &mut Decided) {
    let kinds = [Kind::DispenseRequest, Kind::MedicationDispense, Kind::MedicationAdministration];
    let mut supplies: Vec<usize> = kinds.into_iter().flat_map(|kind| case.of_kind(kind)).collect();
    let when = |unique: &usize| {
        let block = case.block(*unique);
        (block.period.start.or(block.registered), &block.id)
    };
    let text = |unique: &usize| case.block(*unique).resource.text();
    supplies.sort_by(|one, other| when(other).cmp(&when(one)).then_with(|| text(other).cmp(text(one))));
    if let (true, Some(last)) = (decided.parts.is_empty() && decided.aside.is_empty(), supplies.first().copied()) {
        let section = match when(&last).0 {
            Some(moment) if case.windows.of_end(moment, case.now) == Section::History => Section::History,
            _ => Section::Unclear,
        };
        let line = case.shown(last, None, section, vec![Found::new(B::OnlySupplied)]);
        decided.parts.push(Part { section, lines: vec![line] });
    }
    decided.supplies = supplies;
}
