//! `_sort`: keys by parameter kind (FHIR search, sorting).

use std::cmp::{Ordering, Reverse};

use super::numbers::{self, Decimal};
use super::{SearchFault, dates, paths, period_of_use, strings};
use crate::definitions::{SearchDefinition, SearchKind, search_parameter};
use crate::interaction::ResourceType;
use crate::json::{Kind, Value};
use crate::resource::Resource;
use crate::version::FhirVersion;

/// One key of `_sort`.
pub(super) struct SortKey {
    definition: &'static SearchDefinition,
    descending: bool,
}

/// A resource's value for one key. The order of the variants puts what is missing last, in either direction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortValue {
    Up(Comparable),
    Down(Reverse<Comparable>),
    Missing,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Comparable {
    /// Nanoseconds since 1970.
    Moment(i128),
    Number(Decimal),
    Text(String),
}

impl SortKey {
    /// Reads `[-]parameter`; refused when the type has no such parameter, or none that can be put in order.
    pub(super) fn read(version: FhirVersion, kind: ResourceType, text: &str) -> Result<Self, SearchFault> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let sortable = |kind: SearchKind| kind != SearchKind::Composite;
        let definition = search_parameter(version, kind, name)
            .filter(|definition| !definition.paths.is_empty() && sortable(definition.kind))
            .ok_or_else(|| SearchFault::unsupported("_sort"))?;
        Ok(SortKey { definition, descending })
    }

    pub(super) fn values(keys: &[SortKey], resource: &Resource) -> Vec<SortValue> {
        keys.iter().map(|key| key.value(resource)).collect()
    }

    /// Of several values the lowest counts going up, the highest going down.
    fn value(&self, resource: &Resource) -> SortValue {
        let root = resource.root();
        let elements = paths::elements(root, self.definition.paths).into_iter();
        let values = elements.filter_map(|element| comparable(self.definition.kind, element, self.descending));
        let best = if self.descending { values.max_by(Ord::cmp) } else { values.min_by(Ord::cmp) };
        match best {
            Some(value) if self.descending => SortValue::Down(Reverse(value)),
            Some(value) => SortValue::Up(value),
            None => SortValue::Missing,
        }
    }
}

fn comparable(kind: SearchKind, element: Value<'_>, descending: bool) -> Option<Comparable> {
    let text = |value: Value<'_>| value.as_text().map(|text| Comparable::Text(strings::fold(&text)));
    match (kind, element.kind()) {
        (SearchKind::Date, _) => {
            dates::bounds(element).map(|bounds| Comparable::Moment(dates::point(bounds, descending)))
        }
        // The only special parameter that has paths.
        (SearchKind::Special, _) => {
            period_of_use::bounds(element).map(|bounds| Comparable::Moment(dates::point(bounds, descending)))
        }
        (SearchKind::Number | SearchKind::Quantity, Kind::Number) => {
            Decimal::parse(element.raw()).map(Comparable::Number)
        }
        (SearchKind::Number | SearchKind::Quantity, _) => {
            let value = element.get(if descending { "high" } else { "low" }).unwrap_or(element);
            numbers::number_of(value).map(Comparable::Number)
        }
        (_, Kind::Text) => text(element),
        (_, Kind::Bool) => Some(Comparable::Text(element.raw().to_owned())),
        (_, Kind::Object) => {
            const PARTS: [&str; 9] =
                ["code", "value", "text", "family", "given", "line", "city", "display", "reference"];
            let coded = element.all("coding.code").into_iter().find_map(text);
            coded.or_else(|| PARTS.iter().flat_map(|part| element.all(part)).find_map(text))
        }
        (_, Kind::Null | Kind::Number | Kind::List) => None,
    }
}

/// Newest first by one date; what has none comes last.
pub(super) fn newest_first(a: Option<i128>, b: Option<i128>) -> Ordering {
    b.cmp(&a)
}
