//! The computation as a whole, A2 to A11: blocks in, treatments out. What it costs grows with the number of blocks.

use std::collections::HashMap;

use fhir::Resource;

use super::because::{Because as B, Found};
use super::block::{Block, Id};
use super::choosing::{Section, Windows};
use super::deciding::{Case, Decided, decide};
use super::likeness::{ATC, OF_ONE_PRODUCT, OF_TRADE, is_comparable, unlike};
use super::links::Links;
use super::moment::Moment;
use super::sharing::{both, by_part};
use super::unique::{MOST_VERSIONS, Unique, unique};

/// A resource, and the place of the source that it came from.
#[derive(Clone, Copy, Debug)]
pub struct Received<'r> {
    pub source: usize,
    pub resource: &'r Resource,
}

/// A treatment, decided, with what goes for all of it.
pub(super) struct Treated<'r> {
    pub id: Option<&'r Id<'r>>,
    pub decided: Decided,
    pub found: Vec<Found>,
}

/// What the blocks come to.
pub(super) struct Computed<'r> {
    pub uniques: Vec<Unique<'r>>,
    /// Blocks that were taken back.
    pub nullified: Vec<Unique<'r>>,
    pub treatments: Vec<Treated<'r>>,
}

/// Works out where every block stands at that moment. Whatever the order of what was received, the result is the same.
pub(super) fn compute<'r>(blocks: &[&'r Block<'r>], now: Moment, windows: Windows) -> Computed<'r> {
    let (uniques, nullified) = unique(blocks);
    let (links, groups) = both(uniques.len(), || Links::of(&uniques), || Groups::of(&uniques));
    let treat = |members: &[usize]| {
        let case = |version| Case { uniques: &uniques, links: &links, members, version, now, windows };
        let mut decided = decide(&case(0));
        depends_on_version(&uniques, members, &mut decided, |version| decide(&case(version)));
        let id = members.first().and_then(|first| uniques[*first].first().treatment.as_ref());
        let mut found = Vec::new();
        if id.is_none() {
            found.push(Found::new(B::NoTreatmentIdentifier));
        }
        about_receipts(&uniques, &mut decided);
        found.extend(products_differ(&uniques, &decided));
        unlike_the_lead(&uniques, &mut decided);
        Treated { id, decided, found }
    };
    let members: Vec<&[usize]> = groups.each().collect();
    // A treatment knows nothing of another.
    let parts = by_part(&members, TOGETHER, |some| some.iter().map(|members| treat(members)).collect::<Vec<_>>());
    let mut treatments: Vec<Treated<'r>> = parts.into_iter().flatten().collect();
    same_product(&uniques, &mut treatments);
    Computed { uniques, nullified, treatments }
}

/// How many treatments are decided, or told, together by one processor.
pub(super) const TOGETHER: usize = 128;

/// A4: the blocks of each treatment, as places in their order, in one list; treatments in the order of their first blocks.
struct Groups {
    members: Vec<usize>,
    /// Where each treatment begins in it, and the end.
    bounds: Vec<usize>,
}

impl Groups {
    /// A block without an identifier of a treatment stands for itself.
    fn of(uniques: &[Unique<'_>]) -> Groups {
        // Sorting by a digest brings a treatment's blocks together; another treatment of the same digest is told apart.
        let mut digests: Vec<(u64, usize)> = Vec::with_capacity(uniques.len());
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for (at, unique) in uniques.iter().enumerate() {
            let block = unique.first();
            if block.treatment.is_some() {
                digests.push((block.of_treatment, at));
            } else {
                groups.push((at, at));
            }
        }
        digests.sort_unstable();
        // Per block: the first block of its treatment, with its own place.
        let treatment = |at: usize| uniques.get(at).and_then(|unique| unique.first().treatment.as_ref());
        let mut firsts: Vec<usize> = Vec::new();
        let mut last = None;
        for (digest, at) in digests {
            if last != Some(digest) {
                firsts.clear();
                last = Some(digest);
            }
            let first = firsts.iter().copied().find(|first| treatment(*first) == treatment(at));
            if first.is_none() {
                firsts.push(at);
            }
            groups.push((first.unwrap_or(at), at));
        }
        groups.sort_unstable();
        let mut bounds = Vec::new();
        let mut members = Vec::with_capacity(groups.len());
        let mut last = None;
        for (first, at) in groups {
            if last != Some(first) {
                bounds.push(members.len());
                last = Some(first);
            }
            members.push(at);
        }
        bounds.push(members.len());
        Groups { members, bounds }
    }

    fn each(&self) -> impl Iterator<Item = &[usize]> {
        self.bounds.windows(2).filter_map(|bounds| match bounds {
            [from, to] => self.members.get(*from..*to),
            _ => None,
        })
    }
}

/// Where originals contradict each other the treatment is decided for each version. When that puts it elsewhere, nobody
/// can say where it stands.
fn depends_on_version(
    uniques: &[Unique<'_>],
    members: &[usize],
    decided: &mut Decided,
    again: impl Fn(usize) -> Decided,
) {
    let versions = members.iter().map(|unique| uniques[*unique].conflicting.len()).max().unwrap_or(0);
    let stands = |decided: &Decided| -> Vec<(Section, Vec<Section>)> {
        let mut all: Vec<_> = decided
            .parts
            .iter()
            .map(|part| (part.section, part.lines.iter().map(|line| line.section).collect::<Vec<_>>()))
            .collect();
        all.sort();
        all
    };
    let first = stands(decided);
    let depends =
        versions > MOST_VERSIONS || (1..=versions.min(MOST_VERSIONS)).any(|number| stands(&again(number)) != first);
    if !depends {
        return;
    }
    for part in &mut decided.parts {
        part.section = Section::Unclear;
        if let Some(line) = part.lines.first_mut() {
            line.found.push(Found::new(B::DependsOnVersion));
        }
    }
    if decided.parts.is_empty() {
        // Nothing is shown by the first version, and something by another.
        let unclear = again(1);
        decided.parts = unclear.parts;
        for part in &mut decided.parts {
            part.section = Section::Unclear;
            if let Some(line) = part.lines.first_mut() {
                line.found.push(Found::new(B::DependsOnVersion));
            }
        }
        decided.aside.clone_from(&unclear.aside);
    }
}

/// A3: how each block that is shown was received.
fn about_receipts(uniques: &[Unique<'_>], decided: &mut Decided) {
    for line in decided.parts.iter_mut().flat_map(|part| &mut part.lines) {
        for unique in [Some(line.unique), line.behind].into_iter().flatten() {
            let unique = &uniques[unique];
            if !unique.conflicting.is_empty() {
                line.found.push(Found::new(B::VersionsDiffer));
            }
            if !unique.deviating.is_empty() {
                line.found.push(Found::new(B::CopyDiffers));
            }
        }
        if uniques[line.unique].is_copy_only() {
            line.found.push(Found::new(B::CopyOnly));
        }
    }
}

/// A treatment can be shared by courses that have nothing to do with each other (a pharmacist's generic identifier): when
/// what is shown of it is of different products, that is said.
fn products_differ(uniques: &[Unique<'_>], decided: &Decided) -> Option<Found> {
    // One for each of the systems at most.
    let mut codes: Vec<(&str, &str, usize)> = Vec::new();
    for line in decided.parts.iter().flat_map(|part| &part.lines) {
        for (system, code) in &uniques[line.unique].first().product {
            if !OF_ONE_PRODUCT.contains(&system.as_ref()) || !is_comparable(system, code) {
                continue;
            }
            match codes.iter().find(|(known, ..)| *known == system.as_ref()) {
                Some((_, known, first)) if *known != code.as_ref() => {
                    return Some(Found::by(B::ProductsDiffer, [*first, line.unique]));
                }
                Some(_) => {}
                None => codes.push((system, code, line.unique)),
            }
        }
    }
    None
}

/// What the lines of a section take for the product of the one that leads it, as far as no code shows that it is.
fn unlike_the_lead(uniques: &[Unique<'_>], decided: &mut Decided) {
    for part in &mut decided.parts {
        let [lead, others @ ..] = part.lines.as_mut_slice() else { continue };
        for line in others {
            let because = unlike(uniques[lead.unique].first(), uniques[line.unique].first());
            line.found.extend(because.map(|because| Found::by(because, [lead.unique])));
        }
    }
}

/// Two treatments of one product or substance that hold, or are to come, may be one given twice.
fn same_product(uniques: &[Unique<'_>], treatments: &mut [Treated<'_>]) {
    let mut of: HashMap<(&str, &str), Vec<(usize, usize)>> = HashMap::new();
    for (at, treated) in treatments.iter().enumerate() {
        let parts = treated.decided.parts.iter();
        let running = parts.filter(|part| matches!(part.section, Section::Current | Section::Planned));
        let mut own: Vec<((&str, &str), usize)> = Vec::new();
        // A treatment is named by the line that leads it, whichever line has the code.
        let led = running.filter_map(|part| Some((part.lines.first()?.unique, &part.lines)));
        for (lead, line) in led.flat_map(|(lead, lines)| lines.iter().map(move |line| (lead, line))) {
            for (system, code) in &uniques[line.unique].first().product {
                let names_a_product =
                    system == ATC || [OF_ONE_PRODUCT, OF_TRADE].iter().any(|of| of.contains(&system.as_ref()));
                if names_a_product && is_comparable(system, code) {
                    own.push(((system, code), lead));
                }
            }
        }
        own.sort_unstable();
        own.dedup_by_key(|(product, _)| *product);
        for (product, unique) in own {
            of.entry(product).or_default().push((at, unique));
        }
    }
    let mut elsewhere: Vec<(usize, usize)> = Vec::new();
    for places in of.values().filter(|places| places.len() > 1) {
        // Each is told of the first other one: who looks there finds the next.
        for (at, _) in places {
            let other = places.iter().find(|(other, _)| other != at);
            elsewhere.extend(other.map(|(_, unique)| (*at, *unique)));
        }
    }
    elsewhere.sort_unstable();
    elsewhere.dedup_by_key(|(at, _)| *at);
    for (at, unique) in elsewhere {
        if let Some(treated) = treatments.get_mut(at) {
            treated.found.push(Found::by(B::SameProductElsewhere, [unique]));
        }
    }
}
