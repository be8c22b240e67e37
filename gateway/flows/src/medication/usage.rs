//! A9: what is really used (medicatiegebruik). The newest word of each author counts, as long as it is about what is shown
//! and not older than the agreements that it would have to know.

use std::cmp::Reverse;

use super::because::{Because as B, Found};
use super::block::{Author, Block, Kind, Stop};
use super::choosing::Section;
use super::deciding::{Case, Decided, Of, Part, Shown, standing};
use super::moment::Moment;

/// Adds medication use to the part that it is about, or as a part of its own where nobody agreed on anything.
pub(super) fn add(case: &Case<'_, '_>, agreed: [&Of<'_, '_>; 2], unclear: &mut Vec<Shown>, decided: &mut Decided) {
    let mut uses = case.of_kind(Kind::MedicationUse);
    if uses.is_empty() {
        return;
    }
    uses.sort_by(|one, other| {
        let by = |unique: &usize| (Reverse(case.block(*unique).order()), &case.block(*unique).id);
        by(one).cmp(&by(other)).then_with(|| {
            let text = |unique: &usize| case.block(*unique).resource.text();
            text(one).cmp(text(other))
        })
    });
    let latest = latest_agreement(case, agreed);
    let mut counted: [Option<usize>; 3] = [None; 3];
    let mut lines = Vec::new();
    for unique in uses {
        let block = case.block(unique);
        if let Some(about) = not_shown(case, decided, unique) {
            decided.aside.push((unique, Found::by(B::OfWhatIsNotShown, [about])));
        } else if let Some((_, agreement)) = latest.filter(|(moment, _)| block.order() < *moment) {
            decided.aside.push((unique, Found::by(B::OlderThanAgreement, [agreement])));
        } else if let Some(newer) = counted[author(block)] {
            decided.aside.push((unique, Found::by(B::NewerOfSameAuthor, [newer])));
        } else if !block.is_dated() {
            let because = if block.period.condition.is_some() { B::OnlyCondition } else { B::NoTime };
            unclear.push(case.shown(unique, None, Section::Unclear, vec![Found::new(because)]));
        } else {
            counted[author(block)] = Some(unique);
            lines.push(unique);
        }
    }
    // An agreement that cannot be dated is an agreement all the same.
    let agreement = |line: &&Shown| {
        matches!(case.block(line.unique).kind, Kind::MedicationAgreement | Kind::AdministrationAgreement)
    };
    let undated = unclear.iter().find(agreement).map(|line| line.unique);
    place(case, &lines, undated, decided);
}

fn author(block: &Block<'_>) -> usize {
    match block.author {
        Author::Professional => 0,
        Author::Patient => 1,
        Author::Unknown => 2,
    }
}

/// The registration of the last agreement that has begun.
fn latest_agreement(case: &Case<'_, '_>, agreed: [&Of<'_, '_>; 2]) -> Option<(Moment, usize)> {
    let begun = agreed.into_iter().flat_map(|of| of.uniques.iter().copied().zip(of.blocks.iter()));
    let begun = begun.filter(|(_, block)| block.start() <= case.now);
    begun.map(|(unique, block)| (block.order(), unique)).max()
}

/// The agreement that it is about, when that is known and not shown.
fn not_shown(case: &Case<'_, '_>, decided: &Decided, unique: usize) -> Option<usize> {
    let agreement = |kind: Kind| matches!(kind, Kind::MedicationAgreement | Kind::AdministrationAgreement);
    let about: Vec<usize> =
        case.links.basis[unique].iter().copied().filter(|target| agreement(case.block(*target).kind)).collect();
    let first = *about.first()?;
    let seen = |target: usize| lines(decided).any(|line| line.unique == target || line.behind == Some(target));
    (!about.into_iter().any(seen)).then_some(first)
}

fn lines(decided: &Decided) -> impl Iterator<Item = &Shown> {
    decided.parts.iter().flat_map(|part| &part.lines)
}

fn place(case: &Case<'_, '_>, uses: &[usize], undated: Option<usize>, decided: &mut Decided) {
    let mut alone: Option<Part> = None;
    for unique in uses {
        let block = case.block(*unique);
        let mut found = vec![Found::new(B::NewestOfItsAuthor)];
        if block.not_used {
            found.push(Found::new(B::SaysNotUsed));
        }
        let about = decided.parts.iter().position(|part| {
            let is = |line: &Shown| {
                case.links.basis[*unique].iter().any(|target| *target == line.unique || Some(*target) == line.behind)
            };
            part.lines.iter().any(is)
        });
        // Without a word about which it goes with the first: what holds, or ended last, stands before what is planned.
        let about = about.or(if decided.parts.is_empty() { None } else { Some(0) });
        if let Some(part) = about.and_then(|at| decided.parts.get_mut(at)) {
            let section = part.section;
            part.lines.push(case.shown(*unique, None, section, found));
            continue;
        }
        let section = alone.as_ref().map_or_else(|| of_use(case, block), |part| part.section);
        let alone_because =
            undated.map_or(Found::new(B::OnlyUse), |agreement| Found::by(B::AgreementUnclear, [agreement]));
        found.splice(0..0, [alone_because, Found::new(standing(section))]);
        let line = case.shown(*unique, None, section, found);
        match &mut alone {
            Some(part) => part.lines.push(line),
            None => alone = Some(Part { section, lines: vec![line] }),
        }
    }
    decided.parts.extend(alone);
}

/// The section of a treatment of which only the use is known.
fn of_use(case: &Case<'_, '_>, block: &Block<'_>) -> Section {
    let (start, end) = (block.start(), block.end());
    match block.stop {
        _ if start > case.now => case.windows.of_start(start, case.now),
        _ if end >= case.now => Section::Current,
        Some(Stop::Interrupted) => case.windows.of_interruption(end, case.now),
        _ => case.windows.of_end(end, case.now),
    }
}
