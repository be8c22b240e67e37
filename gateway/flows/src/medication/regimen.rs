//! A8: variable dosing regimens (wisselende doseerschema's, of a thrombosis service for one). They say how much of a
//! running agreement; whether it runs they never decide.

use super::because::{Because as B, Found};
use super::block::Kind;
use super::choosing::Section;
use super::choosing::choose;
use super::deciding::{Agreement, Case, Decided, Of, Part};

/// Adds the regimen of now, and those planned, to the part of the current agreement.
pub(super) fn add(
    case: &Case<'_, '_>,
    agreements: &Of<'_, '_>,
    shown: &[Agreement],
    own: &Of<'_, '_>,
    decided: &mut Decided,
) {
    if own.folded.segments.is_empty() {
        return;
    }
    let current = shown.iter().position(|agreement| agreement.section == Section::Current);
    let of_current = |segment: &super::folding::Segment| {
        let named = case.links.basis[own.uniques[segment.block]].iter();
        let mut named = named.filter(|target| case.block(**target).kind == Kind::MedicationAgreement).peekable();
        let Some(place) = current else { return false };
        // One that names no agreement is of the one that holds.
        named.peek().is_none() || named.any(|target| is_of(agreements, shown[place].segment, *target))
    };
    let chosen = choose(&own.folded.segments, &own.blocks, case.now);
    let now = chosen.current.first().into_iter().chain(&chosen.planned);
    if agreements.folded.segments.is_empty() {
        // The agreement was not received: what the regimen is about is not known, and it must not be lost.
        let alone = now.chain(&chosen.ended).map(|at| {
            let found = vec![Found::new(B::NoAgreement)];
            case.line(own, &own.folded.segments[*at], Section::Unclear, found)
        });
        let lines: Vec<_> = alone.collect();
        if !lines.is_empty() {
            decided.parts.push(Part { section: Section::Unclear, lines });
        }
        return;
    }
    let mut lines = Vec::new();
    for at in now {
        let segment = &own.folded.segments[*at];
        if of_current(segment) {
            let section = if segment.start > case.now { Section::Planned } else { Section::Current };
            lines.push(case.line(own, segment, section, vec![Found::new(B::UnderCurrentAgreement)]));
        }
    }
    let because = if current.is_some() { B::NotTheRegimenOfNow } else { B::NotUnderCurrentAgreement };
    let not_shown = own.uniques.iter().filter(|unique| !lines.iter().any(|line| line.unique == **unique));
    decided.aside.extend(not_shown.map(|unique| (*unique, Found::new(because))));
    if let Some(part) = current.and_then(|place| decided.parts.get_mut(place)) {
        // Behind the agreement that they refine.
        part.lines.splice(1..1, lines);
    }
}

/// Whether a block made or ended this segment.
fn is_of(agreements: &Of<'_, '_>, segment: usize, unique: usize) -> bool {
    let place = agreements.uniques.binary_search(&unique).ok();
    place.and_then(|place| agreements.folded.of.get(place)).is_some_and(|of| of.contains(&segment))
}
