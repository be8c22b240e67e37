//! How a care information building block (zib, release 2020) looks as a FHIR R4 resource of
//! the nl-core profiles. One file per group of building blocks; here what all of them use.
//!
//! Only the elements that the stories need are written. Structure, profile names and category
//! codes follow the zib 2020 R4 package and, for medication, the MP9 package.

mod care;
mod directives;
mod functioning;
mod measurements;
mod medication;
mod problems;
mod treatments;

use serde_json::{Value, json};

use super::codes::{Concept, UCUM};

pub use care::{Contact, Soap, body, place};
pub use directives::Directive;
pub use functioning::ability;
pub use measurements::lab;
pub use medication::{Medicine, daily, weekly};
pub use problems::{Against, Severity};
pub use treatments::Stopping;
pub(super) use treatments::TREATMENTS;

/// Where the profiles and extensions of Nictiz live.
pub const PROFILES: &str = "http://nictiz.nl/fhir/StructureDefinition/";

/// A CodeableConcept of one Coding.
pub fn coded(concept: Concept) -> Value {
    json!({"coding": [coding(concept)]})
}

/// A Coding, with the words that belong to it.
pub fn coding(concept: Concept) -> Value {
    json!({"system": concept.system, "code": concept.code, "display": concept.display})
}

/// A literal reference with its type and display.
pub fn reference(kind: &str, id: &str, display: &str) -> Value {
    json!({"reference": format!("{kind}/{id}"), "type": kind, "display": display})
}

/// A Quantity in UCUM; `unit` is how people write it.
fn quantity(value: f64, unit: &str, code: &str) -> Value {
    json!({"value": number(value), "unit": unit, "system": UCUM, "code": code})
}

/// Whole numbers without a fraction, as people write them.
#[allow(clippy::cast_possible_truncation, reason = "only whole numbers of a few digits come here")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

/// `meta` with one profile of Nictiz.
fn meta(profile: &str) -> Value {
    json!({"profile": [format!("{PROFILES}{profile}")]})
}

/// An extension of Nictiz.
fn extension(name: &str, key: &str, value: Value) -> Value {
    json!({"url": format!("{PROFILES}{name}"), key: value})
}

/// A code of a code system of HL7's terminology server.
fn hl7(system: &'static str, code: &'static str, display: &'static str) -> Value {
    json!({"coding": [{
        "system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code, "display": display
    }]})
}

/// The Dutch day as it is written in instructions: `3 nov 2026`.
fn written_out(date: &str) -> String {
    const MONTHS: [&str; 12] = ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"];
    let part = |range: std::ops::Range<usize>| date.get(range).and_then(|text| text.parse::<usize>().ok());
    match (part(0..4), part(5..7).and_then(|m| MONTHS.get(m.wrapping_sub(1))), part(8..10)) {
        (Some(year), Some(month), Some(day)) => format!("{day} {month} {year}"),
        (Some(year), Some(month), None) => format!("{month} {year}"),
        _ => date.to_owned(),
    }
}
