//! The overview as a page shows it: who, from whom, and what, with every source's own words kept apart.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::fmt;

use exchange::{Part, Released, SourceStatus};
use fhir::{Bsn, FhirVersion, Interaction, Resource};
use policy::{Finding, NotFoundOut, PatientScope, Permit};

use super::grouping::{Group, Section, sections};
use super::kinds::SectionKind;
use super::line::line;
use super::person::Person;
use super::reading::Beside;

/// What the index of other providers (lokalisatie) said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// It named this many providers beside us.
    Known(usize),
    /// It knows of nobody who has data of this patient.
    Nowhere,
    /// It could not say, so other providers may hold data that nobody asked for.
    NotFoundOut(NotFoundOut),
}

/// One provider and how it fared.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    pub ura: String,
    pub name: String,
    /// Whether it is the provider whose node this is.
    pub own: bool,
    /// The FHIR version in which it was asked, where that is another than the request's.
    pub version: Option<FhirVersion>,
    pub status: SourceStatus,
    /// How many resources it released.
    pub items: usize,
    /// How many resources were kept back.
    pub withheld: usize,
    /// How many resources were dropped because they were not this patient's.
    pub mistrusted: usize,
    /// Resource types whose question failed.
    pub failed: Vec<String>,
    /// Resource types that are asked in the request's FHIR version and not in that of this source, because nothing is known
    /// there that says the same. What it has of them is not here.
    pub unasked: Vec<String>,
}

impl Source {
    /// Whether everything was received that it has and may release.
    pub fn is_complete(&self) -> bool {
        self.status.is_complete() && self.mistrusted == 0 && self.failed.is_empty()
    }
}

/// The content of the page. Debug shows numbers only.
#[derive(Clone, PartialEq, Eq)]
pub struct Overview {
    /// Whether every provider that could hold data is known, was asked and answered in full.
    pub complete: bool,
    pub index: Index,
    /// How many providers the index named that could not be placed, so that they are not among the sources.
    pub unplaced: usize,
    pub bsn: Option<Bsn>,
    pub person: Person,
    /// Our own first, then by name.
    pub sources: Vec<Source>,
    /// In reading order; none is empty.
    pub sections: Vec<Section>,
}

impl Overview {
    /// Reads what was released. The order of the sources and of their answers changes nothing.
    pub fn of(released: &Released) -> Overview {
        Overview::of_what(released, &|_| true)
    }

    /// The same with lines for these resources only; who, from whom and how complete are those of all.
    pub(crate) fn of_what(released: &Released, wanted: &dyn Fn(&Resource) -> bool) -> Overview {
        let own = released.permit().holder();
        let parts = in_order(released);
        let mut person = Person::default();
        let mut lines = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let beside = beside(part);
            for item in part.items().iter().filter(|item| wanted(item.resource())) {
                match item.resource().resource_type().as_ref() {
                    "Patient" => person.add(item.resource(), at),
                    _ => lines.push(line(item, at, &beside)),
                }
            }
        }
        person.settle();
        let sources: Vec<Source> =
            parts.iter().map(|part| source(released.permit(), part, part.holder() == own)).collect();
        let answered: Vec<usize> =
            sources.iter().enumerate().filter(|(_, source)| source.is_complete()).map(|(at, _)| at).collect();
        let mut sections = sections(lines, &answered);
        sections.iter_mut().flat_map(|section| &mut section.groups).for_each(|group| one_voice(group, &sources));
        Overview {
            complete: is_complete(released),
            index: index(released),
            unplaced: unplaced(released),
            bsn: match released.permit().patient() {
                PatientScope::One(bsn) => Some(bsn.clone()),
                PatientScope::Nobody | PatientScope::Any | PatientScope::Told | PatientScope::Unnamed => None,
            },
            person,
            sections,
            sources,
        }
    }

    /// The sources from which something is missing.
    pub fn missing(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| !source.is_complete())
    }

    /// How many providers were asked: one that has several sources is one.
    pub fn providers(&self) -> usize {
        self.sources.iter().map(|source| source.ura.as_str()).collect::<BTreeSet<_>>().len()
    }

    pub fn section(&self, kind: SectionKind) -> Option<&Section> {
        self.sections.iter().find(|section| section.kind == kind)
    }

    /// How many resources were kept back in all.
    pub fn withheld(&self) -> usize {
        self.sources.iter().map(|source| source.withheld).sum()
    }
}

impl fmt::Debug for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overview")
            .field("complete", &self.complete)
            .field("sources", &self.sources.len())
            .field("lines", &self.sections.iter().map(Section::lines).sum::<usize>())
            .finish()
    }
}

/// What one source of a provider leaves out and another of it has, the provider did not leave out.
fn one_voice(group: &mut Group, sources: &[Source]) {
    let provider = |at: &usize| sources.get(*at).map(|source| source.ura.as_str());
    let known: BTreeSet<&str> = group.known_at.iter().filter_map(provider).collect();
    group.not_mentioned_at.retain(|at| !provider(at).is_some_and(|provider| known.contains(provider)));
}

/// The sources, our own first, in an order that rests on what they are: [`Overview::sources`].
pub(crate) fn in_order(released: &Released) -> Vec<&Part> {
    let own = released.permit().holder();
    let mut parts: Vec<&Part> = released.parts().iter().collect();
    parts.sort_by(|one, other| (other.holder() == own).cmp(&(one.holder() == own)).then_with(|| order(one, other)));
    parts
}

/// Whether nothing is missing. An index that was never asked leaves open who else holds data, so it counts as missing.
pub(super) fn is_complete(released: &Released) -> bool {
    released.is_complete()
        && matches!(index(released), Index::Known(_) | Index::Nowhere)
        && unplaced(released) == 0
        && released.parts().iter().all(|part| part.failed().is_empty())
}

pub(super) fn index(released: &Released) -> Index {
    match released.index() {
        Finding::Found(named) => Index::Known(*named),
        Finding::Absent => Index::Nowhere,
        Finding::NotFoundOut(why) => Index::NotFoundOut(*why),
    }
}

/// How many providers the index named beyond those that there are parts of.
pub(super) fn unplaced(released: &Released) -> usize {
    let own = released.permit().holder();
    let others: HashSet<_> = released.parts().iter().map(Part::holder).filter(|holder| *holder != own).collect();
    match index(released) {
        Index::Known(named) => named.saturating_sub(others.len()),
        Index::Nowhere | Index::NotFoundOut(_) => 0,
    }
}

/// The types of what the operation collects that are not among what it collects in the version of this part.
pub(super) fn unasked(permit: &Permit, part: &Part) -> Vec<String> {
    let judged = permit.elsewhere().find(|(version, _)| Some(*version) == part.other_version());
    // Where nothing was asked at all, that is said already.
    let Some((_, Ok(other))) = judged else { return Vec::new() };
    let types = |permit: &Permit| -> BTreeSet<&'static str> {
        permit.plan().iter().filter_map(Interaction::resource_type).map(|kind| kind.name()).collect()
    };
    types(permit).difference(&types(other)).map(|name| (*name).to_owned()).collect()
}

fn source(permit: &Permit, part: &Part, own: bool) -> Source {
    let mut failed = part.failed().to_vec();
    failed.sort();
    Source {
        unasked: unasked(permit, part),
        ura: part.holder().0.to_string(),
        name: part.name().to_owned(),
        own,
        version: part.other_version(),
        status: part.status(),
        items: part.items().len(),
        withheld: part.withheld(),
        mistrusted: part.mistrusted(),
        failed,
    }
}

/// An order of parts that rests on what they are and hold, never on who answered first.
fn order(one: &Part, other: &Part) -> Ordering {
    let outside = |part: &Part| (part.name().to_owned(), part.holder().0.to_string(), part.other_version());
    outside(one).cmp(&outside(other)).then_with(|| inside(one).cmp(&inside(other)))
}

fn inside(part: &Part) -> (u8, Vec<&str>, usize, usize, Vec<String>) {
    let mut items: Vec<&str> = part.items().iter().map(|item| item.resource().text()).collect();
    items.sort_unstable();
    let mut failed = part.failed().to_vec();
    failed.sort();
    (part.status() as u8, items, part.withheld(), part.mistrusted(), failed)
}

fn beside(part: &Part) -> Beside<'_> {
    let named = |item: &'_ exchange::ReleasedItem| {
        let resource = item.resource();
        Some((resource.resource_type().into_owned(), resource.id()?.into_owned()))
    };
    part.items().iter().filter_map(|item| Some((named(item)?, item.resource()))).collect()
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
