//! `Observation/$lastn`: of each group of observations the newest (FHIR, operation observation-lastn).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::page::reached;
use super::shelf::literal;
use super::{SearchFault, SearchQuery, dates, paths, sorting};
use crate::bundle::SearchMode;
use crate::definitions::{SearchDefinition, search_parameter};
use crate::interaction::ResourceType;
use crate::reference::Target;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// Most observations per group that can be asked for.
const LARGEST_MAX: usize = 1_000_000;

/// How many of each group, and what of the others the kept ones bring along.
#[derive(Clone, Debug)]
pub struct LastN {
    max: usize,
    /// The parameters of `_include=Observation:…`.
    included: Vec<&'static SearchDefinition>,
}

impl LastN {
    /// Takes `max` (default 1) out of the operation's parameters; the rest is an ordinary search on Observation.
    pub fn read(query: &SearchQuery) -> Result<(LastN, SearchQuery), SearchFault> {
        let mut max = None;
        for parameter in query.named("max") {
            if parameter.modifier.is_some() {
                return Err(SearchFault::unsupported(&parameter.key()));
            }
            let digits = parameter.value.bytes().all(|byte| byte.is_ascii_digit());
            let wanted = parameter.value.parse().ok().filter(|wanted: &usize| digits && *wanted > 0 && max.is_none());
            max = Some(wanted.ok_or_else(|| SearchFault::value("max"))?.min(LARGEST_MAX));
        }
        let mut rest = query.clone();
        rest.parameters.retain(|parameter| parameter.name != "max");
        let named = query.named("_include").filter_map(|include| include.value.trim().strip_prefix("Observation:"));
        let names: Vec<&str> = named.filter_map(|parameter| parameter.split(':').next()).collect();
        // Each version has its own elements, so that the paths of both together are right for either.
        let known = |version| {
            let observation = ResourceType::parse(version, "Observation");
            names.iter().filter_map(move |name| search_parameter(version, observation?, name))
        };
        let included = FhirVersion::ALL.into_iter().flat_map(known).collect();
        Ok((LastN { max: max.unwrap_or(1), included }, rest))
    }

    /// Of each group of matches the newest, newest first, then what they bring along and outcomes. Observations
    /// that share a coding (or, without one, the text of their code) are one group, also by way of a third. In a
    /// tie at the end of a group all stay.
    ///
    /// An observation that is not among the newest stays when one of them brings it along by `_include`.
    pub fn keep<T>(&self, items: Vec<T>, get: impl Fn(&T) -> (&Resource, SearchMode)) -> Vec<T> {
        self.keep_marked(items, get).into_iter().map(|(item, _)| item).collect()
    }

    /// The same, with what each item is now: a match that stays only because it is brought along is an include.
    pub fn keep_marked<T>(&self, items: Vec<T>, get: impl Fn(&T) -> (&Resource, SearchMode)) -> Vec<(T, SearchMode)> {
        let matches: Vec<usize> = positions(&items, |item| get(item).1 == SearchMode::Match);
        let resource = |at: &usize| items.get(*at).map(|item| get(item).0);
        let effective: HashMap<usize, Option<i128>> =
            matches.iter().map(|at| (*at, resource(at).and_then(effective))).collect();
        let moment = |at: usize| effective.get(&at).copied().flatten();
        let mut kept: Vec<usize> = Vec::new();
        for mut group in groups(&matches, resource) {
            group.sort_by(|a, b| sorting::newest_first(moment(*a), moment(*b)));
            let last = self.max.checked_sub(1).and_then(|at| group.get(at)).map(|at| moment(*at));
            let tied = |(place, at): &(usize, &usize)| *place < self.max || last == Some(moment(**at));
            kept.extend(group.iter().enumerate().filter(tied).map(|(_, at)| *at));
        }
        kept.sort_by(|a, b| sorting::newest_first(moment(*a), moment(*b)).then(a.cmp(b)));
        let brought = self.brought(&matches, &kept, resource);
        let mode = |at: usize, item: &T| if brought.contains(&at) { SearchMode::Include } else { get(item).1 };
        let modes: Vec<SearchMode> = items.iter().enumerate().map(|(at, item)| mode(at, item)).collect();
        let order = reached(&items, &kept, mode, &get);
        let mut slots: Vec<Option<(T, SearchMode)>> = items.into_iter().zip(modes).map(Some).collect();
        order.into_iter().filter_map(|at| slots.get_mut(at)?.take()).collect()
    }

    /// The matches that are not kept but that a kept one brings along.
    fn brought<'r>(
        &self,
        matches: &[usize],
        kept: &[usize],
        resource: impl Fn(&usize) -> Option<&'r Resource>,
    ) -> HashSet<usize> {
        let targets = |observation: &Resource| -> Vec<String> {
            let elements = self.included.iter().flat_map(|known| paths::elements(observation.root(), known.paths));
            let id = |literal: Cow<'_, str>| match Target::of(&literal) {
                Target::Typed { resource_type: "Observation", id, .. } => Some(id.to_owned()),
                _ => None,
            };
            elements.filter_map(literal).filter_map(id).collect()
        };
        let wanted: HashSet<String> = kept.iter().filter_map(&resource).flat_map(targets).collect();
        let kept: HashSet<usize> = kept.iter().copied().collect();
        let other = |at: &&usize| !kept.contains(at) && resource(at).is_some_and(|one| is_wanted(one, &wanted));
        matches.iter().filter(other).copied().collect()
    }
}

fn is_wanted(observation: &Resource, ids: &HashSet<String>) -> bool {
    observation.id().is_some_and(|id| ids.contains(id.as_ref()))
}

/// [`LastN`] in one step, for an answer to the operation's parameters.
pub fn last_n<T>(
    query: &SearchQuery,
    items: Vec<T>,
    get: impl Fn(&T) -> (&Resource, SearchMode),
) -> Result<Vec<T>, SearchFault> {
    Ok(LastN::read(query)?.0.keep(items, get))
}

fn positions<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    items.iter().enumerate().filter(|(_, item)| wanted(item)).map(|(at, _)| at).collect()
}

/// Positions in groups of equivalent codes, in order of first appearance. One without any code is alone.
fn groups<'r>(matches: &[usize], resource: impl Fn(&usize) -> Option<&'r Resource>) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group_of: HashMap<String, usize> = HashMap::new();
    for at in matches {
        let codes = resource(at).map(codes).unwrap_or_default();
        let mut joined: Vec<usize> = codes.iter().filter_map(|code| group_of.get(code).copied()).collect();
        joined.sort_unstable();
        joined.dedup();
        let into = joined.first().copied().unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        for other in joined.iter().skip(1) {
            let moved = groups.get_mut(*other).map(std::mem::take).unwrap_or_default();
            if let Some(group) = groups.get_mut(into) {
                group.extend(moved);
            }
            group_of.values_mut().filter(|group| *group == other).for_each(|group| *group = into);
        }
        if let Some(group) = groups.get_mut(into) {
            group.push(*at);
        }
        group_of.extend(codes.into_iter().map(|code| (code, into)));
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// The codings of an observation's code as texts that are equal when system and code are; without codings its text.
fn codes(observation: &Resource) -> Vec<String> {
    let root = observation.root();
    let text = |value: crate::json::Value<'_>, name: &str| {
        value.get(name).and_then(|text| text.as_text()).unwrap_or_default().into_owned()
    };
    let coded: Vec<String> = root
        .all("code.coding")
        .into_iter()
        .filter(|coding| coding.get("code").is_some())
        .map(|coding| format!("{}|{}", text(coding, "system"), text(coding, "code")))
        .collect();
    if !coded.is_empty() {
        return coded;
    }
    root.all("code.text").into_iter().filter_map(|words| Some(format!("text {}", words.as_text()?))).collect()
}

/// When it was so, the end of a period; an observation without a time is older than all others.
fn effective(observation: &Resource) -> Option<i128> {
    const EFFECTIVE: [&str; 4] = ["effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming"];
    let root = observation.root();
    EFFECTIVE.iter().filter_map(|name| root.get(name)).find_map(dates::bounds).map(|bounds| dates::point(bounds, true))
}
