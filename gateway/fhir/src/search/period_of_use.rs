//! `period-of-use` of the Dutch medication process (MP9 3.0): a period whose missing end follows from a duration
//! (<http://nictiz.nl/fhir/SearchParameter/period-of-use>). After that it is a date parameter.

use super::dates::{self, Bounds};
use super::numbers::{Decimal, number_of};
use super::paths;
use crate::json::Value;

/// In the Period, as an extension; the definition also speaks of a modifier extension.
const DURATION: &str = concat!(
    "extension[url=http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Duration].valueDuration|",
    "modifierExtension[url=http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Duration].valueDuration"
);

const SECOND: i128 = 1_000_000_000;

/// The bounds of a period of use; nothing when it holds no readable time. Where a duration cannot be counted the end
/// stays open.
pub(super) fn bounds(period: Value<'_>) -> Option<Bounds> {
    let (start, end) = dates::bounds(period)?;
    if start.is_some() == end.is_some() {
        return Some((start, end));
    }
    let Some(duration) = paths::elements(period, DURATION).into_iter().next() else { return Some((start, end)) };
    let Some(length) = nanoseconds(duration) else { return Some((start, end)) };
    Some((start.or_else(|| end?.earlier(length)), end.or_else(|| start?.later(length))))
}

/// A duration in UCUM's units of time; a month and a year have UCUM's mean length.
fn nanoseconds(duration: Value<'_>) -> Option<i128> {
    let unit = duration.get("code").or_else(|| duration.get("unit"))?.as_text()?;
    let unit = match unit.as_ref() {
        "s" => SECOND,
        "min" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        "d" => 86_400 * SECOND,
        "wk" => 7 * 86_400 * SECOND,
        "mo" => 2_629_800 * SECOND,
        "a" => 31_557_600 * SECOND,
        _ => return None,
    };
    number_of(duration).and_then(|number: Decimal| number.times(unit))
}
