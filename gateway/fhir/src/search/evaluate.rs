//! Decides whether a resource satisfies a search, for sources that cannot search themselves.

use std::collections::HashSet;

use super::chains::{Chain, Has};
use super::presentation::is_presentation;
use super::shelf::{Nothing, Shelf};
use super::value_sets::{self, NoValueSets, ValueSets};
use super::values::{Scene, Wanted, identity};
use super::{Parameter, SearchFault, SearchQuery, paths};
use crate::definitions::{SearchDefinition, SearchKind, search_parameter};
use crate::interaction::ResourceType;
use crate::json::{Kind, Value};
use crate::resource::Resource;
use crate::version::FhirVersion;

/// Whether this resource satisfies the filters of the query, told from the resource alone (result parameters such
/// as `_count`, `_sort`, `_include` are not filters and are ignored here). A filter that cannot be evaluated is a
/// fault, never ignored.
///
/// For many resources read the [`Filters`] once.
pub fn matches(
    version: FhirVersion,
    resource_type: ResourceType,
    resource: &Resource,
    query: &SearchQuery,
) -> Result<bool, SearchFault> {
    Filters::read(version, resource_type, query)?.accept(resource)
}

/// Whether a filter looks beyond the resource itself, at what references lead to or come from: a chain or `_has`. Such
/// a filter cannot be judged from the resource alone, except by a reference that holds the identifier itself.
pub fn looks_beyond(parameter: &Parameter) -> bool {
    parameter.name == "_has" || parameter.key().contains('.')
}

/// The filters of one search, read once and applied to many resources. A search that cannot be evaluated is
/// refused even when there is nothing to search.
pub struct Filters {
    version: FhirVersion,
    resource_type: ResourceType,
    filters: Vec<Filter>,
}

/// Most filters that one search may become: a chain becomes one for each type that it may lead to.
const MOST_FILTERS: usize = 2_000;

/// What is at hand while filters are read.
pub(super) struct Reading<'r> {
    pub(super) version: FhirVersion,
    sets: &'r dyn ValueSets,
    /// References followed so far.
    pub(super) depth: usize,
    left: usize,
}

/// Where a filter is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Place<'d> {
    pub(super) root: Value<'d>,
    /// The resource itself; nothing for a contained one.
    pub(super) resource: Option<&'d Resource>,
    /// The resource that contains it, or itself.
    container: Value<'d>,
}

/// One filter.
pub(super) struct Filter {
    definition: &'static SearchDefinition,
    test: Test,
}

/// What must hold of the elements at the definition's paths.
enum Test {
    /// `:missing`
    Missing(bool),
    /// At least one of them is one of the alternatives.
    Any(Vec<Wanted>),
    /// `:not`, `:not-in`: none of them is.
    None(Vec<Wanted>),
    /// `Patient?deceased`: a date of death means yes.
    Deceased(bool),
    Chain(Chain),
    Has(Box<Has>),
    /// `is-latest-stop=false`: nothing is asked.
    Always,
}

impl Filters {
    /// Reads the filters of a query for one type. Value sets are not known: `:in` is refused.
    pub fn read(version: FhirVersion, resource_type: ResourceType, query: &SearchQuery) -> Result<Self, SearchFault> {
        Filters::read_with(version, resource_type, query, &NoValueSets)
    }

    /// Reads the filters of a query for one type, with the value sets that `:in` and `:not-in` may name.
    pub fn read_with(
        version: FhirVersion,
        resource_type: ResourceType,
        query: &SearchQuery,
        sets: &dyn ValueSets,
    ) -> Result<Self, SearchFault> {
        let mut reading = Reading { version, sets, depth: 0, left: MOST_FILTERS };
        let filters = query.parameters.iter().filter(|parameter| !is_result_parameter(&parameter.name));
        let filters =
            filters.map(|parameter| Filter::read(&mut reading, resource_type, parameter)).collect::<Result<_, _>>()?;
        Ok(Filters { version, resource_type, filters })
    }

    /// Whether a resource is of the type and satisfies every filter, told from the resource alone.
    pub fn accept(&self, resource: &Resource) -> Result<bool, SearchFault> {
        self.accept_on(resource, &Nothing)
    }

    /// What on the shelf is of the type and satisfies every filter, in the shelf's order.
    pub(super) fn choose<'s>(&self, shelf: &'s dyn Shelf) -> Result<Vec<&'s Resource>, SearchFault> {
        let pointed_at: Vec<_> =
            self.filters.iter().map(|filter| filter.pointed_at(self.version, shelf)).collect::<Result<_, _>>()?;
        let mut chosen = Vec::new();
        for candidate in shelf.of_type(self.resource_type) {
            let mut accepted = true;
            for (filter, pointed_at) in self.filters.iter().zip(&pointed_at) {
                accepted &= match pointed_at {
                    Some(pointed_at) => pointed_at.contains(&identity(candidate)),
                    None => filter.accepts(Place::of(candidate), self.version, shelf)?,
                };
            }
            if accepted {
                chosen.push(candidate);
            }
        }
        Ok(chosen)
    }

    /// Whether a resource is of the type and satisfies every filter; chains lead to what is on the shelf.
    pub fn accept_on(&self, resource: &Resource, shelf: &dyn Shelf) -> Result<bool, SearchFault> {
        let mut accepted = resource.resource_type() == self.resource_type.name();
        for filter in &self.filters {
            // Every filter is tried, so that a fault does not depend on the order of the parameters.
            accepted &= filter.accepts(Place::of(resource), self.version, shelf)?;
        }
        Ok(accepted)
    }
}

/// Parameters that do not choose among the resources of the type.
fn is_result_parameter(name: &str) -> bool {
    is_presentation(name) || matches!(name, "_include" | "_revinclude")
}

impl<'d> Place<'d> {
    pub(super) fn of(resource: &'d Resource) -> Self {
        Place { root: resource.root(), resource: Some(resource), container: resource.root() }
    }

    /// The contained resource with this id, the containing one for an empty id; nothing when two have it.
    pub(super) fn contained(self, id: &str) -> Option<Self> {
        if id.is_empty() {
            return Some(Place { root: self.container, ..self });
        }
        let has_id = |value: &Value<'d>| value.get("id").and_then(|own| own.as_text()).is_some_and(|own| own == id);
        let mut found = self.container.all("contained").into_iter().filter(has_id);
        let root = found.next().filter(|_| found.next().is_none())?;
        Some(Place { root, resource: None, ..self })
    }
}

impl Filter {
    fn read(reading: &mut Reading<'_>, kind: ResourceType, parameter: &Parameter) -> Result<Self, SearchFault> {
        Filter::read_key(reading, kind, &parameter.key(), parameter)
    }

    /// Reads `name[:modifier]` or `name[:Type].rest` for a type, with the value of the parameter.
    pub(super) fn read_key(
        reading: &mut Reading<'_>,
        kind: ResourceType,
        key: &str,
        parameter: &Parameter,
    ) -> Result<Self, SearchFault> {
        let unsupported = || SearchFault::unsupported(&parameter.key());
        reading.left = reading.left.checked_sub(1).ok_or_else(unsupported)?;
        let (link, chain) = match key.split_once('.') {
            Some((link, chain)) => (link, Some(chain)),
            None => (key, None),
        };
        if link == "_has" || (link.starts_with("_has:") && chain.is_none()) {
            let has = Has::read(reading, kind, parameter)?;
            return Ok(Filter { definition: has.definition(), test: Test::Has(Box::new(has)) });
        }
        let (name, modifier) = match link.split_once(':') {
            Some((name, modifier)) => (name, Some(modifier)),
            None => (link, None),
        };
        let definition = search_parameter(reading.version, kind, name).ok_or_else(unsupported)?;
        if name == "is-latest-stop" && definition.custom && modifier.is_none() && parameter.value == "false" {
            return Ok(Filter { definition, test: Test::Always });
        }
        if definition.paths.is_empty() {
            return Err(unsupported());
        }
        let test = match chain {
            Some(rest) => Test::Chain(Chain::read(reading, definition, modifier, rest, parameter)?),
            None => Test::read(reading, kind, definition, modifier, &parameter.alternatives())
                .ok_or_else(unsupported)?
                .ok_or_else(|| SearchFault::value(&parameter.name))?,
        };
        Ok(Filter { definition, test })
    }

    /// For `_has`: everything on the shelf that satisfies it.
    fn pointed_at(&self, version: FhirVersion, shelf: &dyn Shelf) -> Result<Option<HashSet<*const str>>, SearchFault> {
        match &self.test {
            Test::Has(has) => has.pointed_at(version, shelf).map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn accepts(
        &self,
        place: Place<'_>,
        version: FhirVersion,
        shelf: &dyn Shelf,
    ) -> Result<bool, SearchFault> {
        let scene = Scene { version, shelf, definition: self.definition };
        let elements = || paths::elements(place.root, self.definition.paths);
        let any = |wanted: &[Wanted]| {
            for element in elements() {
                for wanted in wanted {
                    if wanted.accepts(element, &scene)? {
                        return Ok(true);
                    }
                }
            }
            Ok(false)
        };
        match &self.test {
            Test::Missing(missing) => Ok(elements().iter().all(|element| element.kind() == Kind::Null) == *missing),
            Test::Any(wanted) => any(wanted),
            Test::None(unwanted) => any(unwanted).map(|found| !found),
            Test::Deceased(wanted) => Ok(elements().iter().any(|element| element.as_bool() != Some(false)) == *wanted),
            Test::Chain(chain) => chain.accepts(place, &scene),
            Test::Has(has) => match place.resource {
                Some(resource) => Ok(has.pointed_at(version, shelf)?.contains(&identity(resource))),
                None => Ok(false),
            },
            Test::Always => Ok(true),
        }
    }
}

impl Test {
    /// Nothing: this combination is not evaluated here. Nothing inside: a value is malformed.
    fn read(
        reading: &Reading<'_>,
        kind: ResourceType,
        definition: &'static SearchDefinition,
        modifier: Option<&str>,
        texts: &[String],
    ) -> Option<Option<Self>> {
        let flag = || match texts {
            [text] if text == "true" => Some(true),
            [text] if text == "false" => Some(false),
            _ => None,
        };
        let token = definition.kind == SearchKind::Token;
        let read = |modifier: Option<&str>| -> Option<Option<Vec<Wanted>>> {
            let mut wanted = Vec::new();
            for text in texts {
                match Wanted::read(reading.version, definition, modifier, text)? {
                    Some(read) => wanted.push(read),
                    None => return Some(None),
                }
            }
            Some(Some(wanted))
        };
        Some(match modifier {
            Some("missing") if definition.kind != SearchKind::Composite => flag().map(Test::Missing),
            _ if definition.name == "deceased" && kind.name() == "Patient" => match modifier {
                None => flag().map(Test::Deceased),
                Some("not") => flag().map(|unwanted| Test::Deceased(!unwanted)),
                Some(_) => return None,
            },
            Some("in" | "not-in") if token => {
                let tokens = value_sets::tokens(reading.sets, texts)?;
                let wanted = tokens.into_iter().map(Wanted::Token).collect();
                Some(if modifier == Some("in") { Test::Any(wanted) } else { Test::None(wanted) })
            }
            Some("not") if token => read(None)?.map(Test::None),
            modifier => read(modifier)?.map(Test::Any),
        })
    }
}
