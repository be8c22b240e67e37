//! `is-latest-stop=true` of the Dutch medication process (<http://nictiz.nl/fhir/SearchParameter/is-latest-stop>): besides
//! what the other parameters find, the latest stopped block of each pharmaceutical treatment, also when its period of use
//! lies outside the one that is asked for. So a client that asks for a window learns that a treatment was stopped before.
//!
//! Only `period-of-use` is lifted for it; every other filter holds. A treatment's blocks of different kinds (category) have a
//! latest stop each. The latest is the one whose period of use ends last, and of those the one registered last.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::shelf::Shelf;
use super::{Filters, Parameter, SearchFault, SearchQuery, ValueSets, dates, paths, period_of_use};
use crate::definitions::search_parameter;
use crate::interaction::ResourceType;
use crate::json::Value;
use crate::resource::Resource;
use crate::version::FhirVersion;

const NAME: &str = "is-latest-stop";
const PERIOD: &str = "period-of-use";
pub(super) const STOP_TYPE: &str = "modifierExtension[url=http://nictiz.nl/fhir/StructureDefinition/ext-StopType]";
const TREATMENT: &str =
    "extension[url=http://nictiz.nl/fhir/StructureDefinition/ext-PharmaceuticalTreatment.Identifier].valueIdentifier";
const REGISTERED: &str = "extension[url=http://nictiz.nl/fhir/StructureDefinition/ext-RegistrationDateTime].valueDateTime|authoredOn|dateAsserted";

/// The latest stops that a search asks for as well.
pub(super) struct LatestStops {
    /// Every filter but the period of use.
    others: Filters,
    period: &'static str,
}

/// Whether a parameter asks for the latest stops. Where a type has no such parameter it is no other than any unknown one.
pub fn asks_for_latest_stops(version: FhirVersion, kind: ResourceType, parameter: &Parameter) -> bool {
    let known = || search_parameter(version, kind, NAME).is_some_and(|definition| definition.custom);
    parameter.name == NAME && parameter.modifier.is_none() && parameter.value == "true" && known()
}

impl LatestStops {
    /// Nothing when they are not asked for.
    pub fn read(
        version: FhirVersion,
        kind: ResourceType,
        query: &SearchQuery,
        sets: &dyn ValueSets,
    ) -> Result<Option<Self>, SearchFault> {
        if !query.parameters.iter().any(|parameter| asks_for_latest_stops(version, kind, parameter)) {
            return Ok(None);
        }
        let asks =
            |parameter: &&Parameter| parameter.name != PERIOD && !asks_for_latest_stops(version, kind, parameter);
        let others = SearchQuery { parameters: query.parameters.iter().filter(asks).cloned().collect() };
        let others = Filters::read_with(version, kind, &others, sets)?;
        let period = search_parameter(version, kind, PERIOD).map_or("", |definition| definition.paths);
        Ok(Some(LatestStops { others, period }))
    }

    /// The latest stopped block of each treatment and kind, in the shelf's order. One without a treatment stands alone.
    pub fn choose<'s>(&self, shelf: &'s dyn Shelf) -> Result<Vec<&'s Resource>, SearchFault> {
        let stopped =
            self.others.choose(shelf)?.into_iter().filter(|one| !paths::elements(one.root(), STOP_TYPE).is_empty());
        let mut chosen: Vec<&Resource> = Vec::new();
        let mut places: HashMap<(String, String), usize> = HashMap::new();
        for candidate in stopped {
            let root = candidate.root();
            let Some(treatment) = treatment(root) else {
                chosen.push(candidate);
                continue;
            };
            let place = *places.entry((treatment, category(root))).or_insert_with(|| {
                chosen.push(candidate);
                chosen.len() - 1
            });
            if let Some(known) = chosen.get_mut(place)
                && later(self.period, candidate, known) == Ordering::Greater
            {
                *known = candidate;
            }
        }
        Ok(chosen)
    }
}

/// Which of two stops is the later one: by the end of its period of use, then by when it was registered.
pub(super) fn later(period: &str, one: &Resource, other: &Resource) -> Ordering {
    let ends = |resource: &Resource| {
        let found = paths::elements(resource.root(), period).into_iter().find_map(period_of_use::bounds);
        found.map_or(i128::MIN, |bounds| dates::point(bounds, true))
    };
    // By its text last of all, so that the order on the shelf decides nothing.
    let by_end = ends(one).cmp(&ends(other)).then_with(|| registered(one).cmp(&registered(other)));
    by_end.then_with(|| one.text().cmp(other.text()))
}

/// When a block was registered, in nanoseconds since 1970; before everything else where nothing says so.
pub(super) fn registered(resource: &Resource) -> i128 {
    let found = paths::elements(resource.root(), REGISTERED).into_iter().next();
    found.and_then(dates::bounds).map_or(i128::MIN, |bounds| dates::point(bounds, false))
}

/// The pharmaceutical treatment of a block, as one text.
pub(super) fn treatment(root: Value<'_>) -> Option<String> {
    paths::elements(root, TREATMENT).into_iter().next().map(identifier)
}

pub(super) fn identifier(identifier: Value<'_>) -> String {
    let half = |name: &str| identifier.get(name).and_then(|half| half.as_text()).unwrap_or_default();
    format!("{}|{}", half("system"), half("value").trim())
}

/// Every code of the category, whichever way the type repeats it.
pub(super) fn category(root: Value<'_>) -> String {
    let mut codes: Vec<String> = root
        .all("category.coding.code")
        .into_iter()
        .filter_map(|code| code.as_text())
        .map(|code| code.into_owned())
        .collect();
    codes.sort();
    codes.join(",")
}
