//! One search over a shelf: its filters, and what it brings along.

use std::collections::HashSet;

use super::includes::Include;
use super::latest_stop::{LatestStops, asks_for_latest_stops};
use super::shelf::Shelf;
use super::values::identity;
use super::{Filters, NoValueSets, SearchFault, SearchQuery, ValueSets};
use crate::bundle::SearchMode;
use crate::interaction::ResourceType;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// One search of one type, read whole: what cannot be evaluated is refused by name before anything is looked at.
/// How the answer looks (`_sort`, `_count`, `_summary` …) is [`super::Presentation`]'s and passed over here.
pub struct Search {
    version: FhirVersion,
    filters: Filters,
    includes: Vec<Include>,
    latest: Option<LatestStops>,
}

/// What a search found: the matches in the shelf's order, then what they bring along; each resource once.
pub struct Found {
    pub items: Vec<(Resource, SearchMode)>,
    /// There is more than the bound let through.
    pub cut_short: bool,
}

impl Search {
    /// Reads the filters, `_include` and `_revinclude` of a query.
    pub fn read(version: FhirVersion, kind: ResourceType, query: &SearchQuery) -> Result<Search, SearchFault> {
        Search::read_with(version, kind, query, &NoValueSets)
    }

    /// The same, with the value sets that `:in` and `:not-in` may name.
    pub fn read_with(
        version: FhirVersion,
        kind: ResourceType,
        query: &SearchQuery,
        sets: &dyn ValueSets,
    ) -> Result<Search, SearchFault> {
        let latest = LatestStops::read(version, kind, query, sets)?;
        let plain = |parameter: &&super::Parameter| !asks_for_latest_stops(version, kind, parameter);
        let filters = SearchQuery { parameters: query.parameters.iter().filter(plain).cloned().collect() };
        let filters = Filters::read_with(version, kind, &filters, sets)?;
        let includes = query.parameters.iter().filter_map(|parameter| Include::read(version, parameter).transpose());
        Ok(Search { version, filters, includes: includes.collect::<Result<_, _>>()?, latest })
    }

    /// At most `most` resources, matches and what they bring along together.
    pub fn run(&self, shelf: &dyn Shelf, most: usize) -> Result<Found, SearchFault> {
        let mut set = Set { known: HashSet::new(), items: Vec::new(), most, cut_short: false };
        for candidate in self.filters.choose(shelf)? {
            set.add(candidate, SearchMode::Match);
        }
        if let Some(latest) = &self.latest {
            for stop in latest.choose(shelf)? {
                set.add(stop, SearchMode::Match);
            }
        }
        // Each round looks at what the last one brought; the first one at the matches.
        let (mut from, mut first) = (0, true);
        while from < set.items.len() && !set.cut_short {
            let looked_at: Vec<&Resource> = set.items.iter().skip(from).map(|(resource, _)| *resource).collect();
            from = set.items.len();
            for include in self.includes.iter().filter(|include| first || include.again) {
                for found in include.along(shelf, self.version, &looked_at) {
                    set.add(found, SearchMode::Include);
                }
            }
            first = false;
        }
        let items = set.items.into_iter().map(|(resource, mode)| (resource.clone(), mode)).collect();
        Ok(Found { items, cut_short: set.cut_short })
    }
}

/// Resources, each once, up to a bound.
struct Set<'s> {
    /// By where their text is: clones of a resource are one.
    known: HashSet<*const str>,
    items: Vec<(&'s Resource, SearchMode)>,
    most: usize,
    cut_short: bool,
}

impl<'s> Set<'s> {
    fn add(&mut self, resource: &'s Resource, mode: SearchMode) {
        let text = identity(resource);
        if self.known.contains(&text) {
            return;
        }
        if self.items.len() >= self.most {
            self.cut_short = true;
            return;
        }
        self.known.insert(text);
        self.items.push((resource, mode));
    }
}
