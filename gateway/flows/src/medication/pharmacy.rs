//! A7: the pharmacist's agreements (toedieningsafspraken). Several may run beside each other under one agreement of the
//! prescriber; they follow its section, and never keep a treatment going that the prescriber has ended.

use super::because::{Because as B, Found};
use super::choosing::{Section, choose, section_of_ended};
use super::deciding::{Agreement, Case, Decided, Of, Part, Shown, standing};
use super::folding::{Closed, Segment};
use super::moment::Moment;
use super::running::Running;

/// What an administration agreement belongs to.
enum Under {
    /// A shown agreement: its place among the shown ones, and why.
    Shown(usize, B),
    /// An agreement that is not shown.
    NotShown(usize),
    /// No agreement that was received.
    Nothing,
}

/// Adds the lines of the pharmacist's agreements to the parts of the agreements, which come first and in their order.
pub(super) fn add(
    case: &Case<'_, '_>,
    agreements: &Of<'_, '_>,
    shown: &[Agreement],
    own: &Of<'_, '_>,
    decided: &mut Decided,
) {
    let mut under: Vec<Vec<(usize, B)>> = shown.iter().map(|_| Vec::new()).collect();
    let mut alone = Vec::new();
    let mut stale = Vec::new();
    let in_force = InForce::of(&agreements.folded.segments);
    for (at, segment) in own.folded.segments.iter().enumerate().filter(|(_, segment)| segment.cancelled.is_none()) {
        match belongs(case, agreements, shown, own, segment, &in_force) {
            Under::Shown(place, because) => under[place].push((at, because)),
            Under::NotShown(agreement) => {
                let named = agreements.uniques[agreements.folded.segments[agreement].representative()];
                if segment.start <= case.now && case.now <= segment.end {
                    stale.push(own.uniques[segment.block]);
                }
                for block in blocks_of(segment, own) {
                    decided.aside.push((block, Found::by(B::AgreementNotShown, [named])));
                }
            }
            Under::Nothing => alone.push((at, B::NoAgreement)),
        }
    }
    for ((agreement, attached), place) in shown.iter().zip(under).zip(0..) {
        let lines = lines(case, own, agreement.section, &attached);
        if let Some(part) = decided.parts.get_mut(place) {
            let carried_out = lines.iter().any(|line| line.section == Section::Current);
            part.lines.extend(lines);
            // The prescriber has changed it, and the pharmacy goes on as before.
            if let Some(lead) = part.lines.first_mut().filter(|_| agreement.section == Section::Current && !carried_out)
            {
                lead.found.extend(stale.first().map(|old| Found::by(B::NotAligned, [*old])));
            }
        }
    }
    on_their_own(case, own, &alone, decided);
}

/// The blocks that a segment is made of.
fn blocks_of(segment: &Segment, of: &Of<'_, '_>) -> Vec<usize> {
    let stop = segment.representative();
    let both = if stop == segment.block { vec![stop] } else { vec![stop, segment.block] };
    both.into_iter().map(|place| of.uniques[place]).collect()
}

fn belongs(
    case: &Case<'_, '_>,
    agreements: &Of<'_, '_>,
    shown: &[Agreement],
    own: &Of<'_, '_>,
    segment: &Segment,
    in_force: &InForce,
) -> Under {
    if agreements.folded.segments.is_empty() {
        return Under::Nothing;
    }
    let place_of = |found: usize| shown.iter().position(|agreement| agreement.segment == found);
    // What its stop names comes first: that is the later word.
    let named = blocks_of(segment, own).into_iter().flat_map(|block| case.links.basis[block].iter());
    let named: Vec<usize> = named.filter_map(|target| segment_of(agreements, *target)).collect();
    if let Some(place) = named.iter().find_map(|found| place_of(*found)) {
        return Under::Shown(place, B::OfShownAgreement);
    }
    if let Some(found) = named.first() {
        return Under::NotShown(*found);
    }
    if let Some(found) = in_force.at(segment.start) {
        return place_of(found).map_or(Under::NotShown(found), |place| Under::Shown(place, B::InForceWith));
    }
    // Nothing was in force when it began: it goes with the agreement that overlaps it.
    let overlaps = |agreement: &Agreement| {
        let found = &agreements.folded.segments[agreement.segment];
        found.start <= segment.end && segment.start <= found.end
    };
    shown.iter().position(overlaps).map_or(Under::Nothing, |place| Under::Shown(place, B::InForceWith))
}

/// The last segment that an agreement made or ended.
fn segment_of(agreements: &Of<'_, '_>, unique: usize) -> Option<usize> {
    let place = agreements.uniques.binary_search(&unique).ok()?;
    agreements.folded.of.get(place)?.last().copied()
}

/// The lines under one agreement: those that hold now; where none does, what ended last; and those to come.
fn lines(case: &Case<'_, '_>, own: &Of<'_, '_>, section: Section, attached: &[(usize, B)]) -> Vec<Shown> {
    let segments: Vec<Segment> = attached.iter().map(|(at, _)| own.folded.segments[*at].clone()).collect();
    let chosen = choose(&segments, &own.blocks, case.now);
    let ended = chosen.ended.map(|last| segments[last].end);
    let ended = segments.iter().enumerate().filter(|(_, found)| {
        chosen.current.is_empty() && found.end < case.now && Some(found.end) == ended && found.start <= case.now
    });
    let ended = ended.map(|(at, _)| at);
    let future = matches!(section, Section::Planned | Section::Later);
    let gone = matches!(section, Section::Interrupted | Section::RecentlyStopped | Section::History);
    let all = chosen.current.iter().copied().chain(chosen.planned.iter().copied()).chain(ended);
    let mut lines: Vec<Shown> = all
        .map(|at| {
            let segment = &segments[at];
            let holds = segment.start <= case.now && case.now <= segment.end;
            let to_come = segment.start > case.now;
            let aligned = match section {
                Section::Current => holds || to_come,
                _ if future => to_come,
                _ if gone => !holds && !to_come,
                _ => true,
            };
            let because = attached.get(at).map_or(B::OfShownAgreement, |(_, because)| *because);
            let mut found = vec![Found::new(because)];
            if !aligned {
                found.push(Found::new(B::NotAligned));
            }
            let own_section = if to_come && section == Section::Current { Section::Planned } else { section };
            case.line(own, segment, own_section, found)
        })
        .collect();
    lines.sort_by_key(|line| (line.section, std::cmp::Reverse(case.block(line.unique).order())));
    lines
}

/// Administration agreements whose agreement was not received: shown by themselves, and said so.
fn on_their_own(case: &Case<'_, '_>, own: &Of<'_, '_>, alone: &[(usize, B)], decided: &mut Decided) {
    let segments: Vec<Segment> = alone.iter().map(|(at, _)| own.folded.segments[*at].clone()).collect();
    let chosen = choose(&segments, &own.blocks, case.now);
    // Beside an agreement that holds, what ended says nothing any more.
    let holding = decided.parts.iter().any(|part| part.section == Section::Current);
    let ended = chosen.ended.filter(|_| !holding);
    let mut parts: Vec<Part> = Vec::new();
    for at in chosen.current.iter().chain(&chosen.planned).chain(&ended) {
        let segment = &segments[*at];
        let section = if segment.start > case.now {
            case.windows.of_start(segment.start, case.now)
        } else if segment.end >= case.now {
            Section::Current
        } else {
            section_of_ended(segment, &own.blocks, &case.windows, case.now)
        };
        let line = case.line(own, segment, section, vec![Found::new(standing(section)), Found::new(B::NoAgreement)]);
        match parts.iter_mut().find(|part| part.section == section) {
            Some(part) => part.lines.push(line),
            None => parts.push(Part { section, lines: vec![line] }),
        }
    }
    decided.parts.extend(parts);
}

/// Which agreement was in force when.
struct InForce {
    running: Running,
    /// Segments by the order of their starts.
    order: Vec<usize>,
}

impl InForce {
    fn of(segments: &[Segment]) -> InForce {
        let mut order: Vec<usize> = (0..segments.len()).filter(|at| segments[*at].cancelled.is_none()).collect();
        order.sort_by_key(|at| segments[*at].start);
        let mut running = Running::new(order.iter().map(|at| segments[*at].start).collect());
        for (place, at) in order.iter().enumerate() {
            let segment = &segments[*at];
            // One that was replaced from its very start was never in force.
            if segment.end >= segment.start || !matches!(segment.closed, Closed::Replaced(_)) {
                running.set(place, segment.end.max(segment.start));
            }
        }
        InForce { running, order }
    }

    fn at(&self, moment: Moment) -> Option<usize> {
        self.running.covering(moment).and_then(|place| self.order.get(place)).copied()
    }
}
