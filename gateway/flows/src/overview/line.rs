//! One released resource as one line of the overview.

use exchange::ReleasedItem;
use fhir::SearchMode;
use fhir::json::Value;
use fhir::masking::is_redacted;

use super::fields::{reach, text};
use super::kinds::{Aspect, SectionKind};
use super::reading::{Beside, Reader, code, joined, number};
use super::recipe::recipe;

/// A code with the system it belongs to.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    pub system: String,
    pub code: String,
}

/// One thing that a line tells besides its title.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Detail {
    pub aspect: Aspect,
    pub text: String,
}

/// One resource, told in one line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// When it holds or happened, as written (FHIR date, dateTime or instant; rarely words).
    pub date: Option<String>,
    /// What it is about; nothing when the resource does not say.
    pub title: Option<String>,
    pub details: Vec<Detail>,
    /// Codes of its statuses, as written: clinical, verification, life cycle.
    pub status: Vec<String>,
    pub resource_type: String,
    /// Which source it came from: the place in `Overview::sources`.
    pub source: usize,
    /// `Type/id/_history/version`, as far as known: the resource at its holder.
    pub reference: String,
    /// The resource carries an addition that can change its meaning (`modifierExtension`) and that is not told here.
    pub qualified: bool,
    /// Its holder left something out of it.
    pub redacted: bool,
    /// What it is about, as codes.
    pub codes: Vec<Code>,
}

/// Components of a blood pressure (LOINC).
const SYSTOLIC: &str = "8480-6";
const DIASTOLIC: &str = "8462-4";

/// Consent.scope codes (FHIR R4, <http://terminology.hl7.org/CodeSystem/consentscope>) that are no directive about
/// treatment: agreements about data and research.
const NO_DIRECTIVE: [&str; 2] = ["patient-privacy", "research"];

/// Reads one item of the source at this place, and says which section it belongs to.
pub(super) fn line(item: &ReleasedItem, source: usize, beside: &Beside<'_>) -> (SectionKind, Line) {
    let resource = item.resource();
    let reader = Reader { resource, beside };
    let resource_type = resource.resource_type().into_owned();
    let recipe = recipe(&resource_type);
    let title_path = recipe.title.iter().find(|path| reader.say_at(path).is_some());
    let title = title_path.and_then(|path| reader.say_at(path));
    let mut codes: Vec<Code> = title_path.map_or_else(Vec::new, |path| {
        reader.codings(path).into_iter().map(|(system, code)| Code { system, code }).collect()
    });
    codes.sort();
    codes.dedup();
    let mut details = Vec::new();
    if resource_type == "Observation" {
        details.extend(measured(&reader));
    }
    for (aspect, path) in recipe.details {
        let said = reader.texts(path).into_iter().filter(|said| Some(said) != title.as_ref()).collect();
        if let Some(text) = joined(said, ", ") {
            details.push(Detail { aspect: *aspect, text });
        }
    }
    details.dedup_by(|later, earlier| later == earlier);
    let line = Line {
        date: recipe
            .date
            .iter()
            .find_map(|path| reach(reader.root(), path).into_iter().find_map(|value| reader.say(value))),
        title,
        details,
        status: statuses(reader.root(), recipe.status),
        source,
        reference: item.reference(),
        redacted: is_redacted(resource),
        qualified: !reach(reader.root(), "modifierExtension").is_empty(),
        codes,
        resource_type,
    };
    (section(item, reader.root(), recipe.section), line)
}

fn section(item: &ReleasedItem, root: Value<'_>, usual: SectionKind) -> SectionKind {
    let scoped = |value: Value<'_>| value.as_text().is_some_and(|code| NO_DIRECTIVE.contains(&code.as_ref()));
    match usual {
        SectionKind::Other if item.mode() != SearchMode::Match => SectionKind::Supporting,
        SectionKind::Directives if reach(root, "scope.coding.code").into_iter().any(scoped) => SectionKind::Other,
        usual => usual,
    }
}

fn statuses(root: Value<'_>, paths: &[&str]) -> Vec<String> {
    let mut statuses: Vec<String> = Vec::new();
    // "Do not do this" is no detail: it turns the whole resource round.
    if root.get("doNotPerform").and_then(|value| value.as_bool()) == Some(true) {
        statuses.push("do-not-perform".to_owned());
    }
    for found in paths.iter().flat_map(|path| reach(root, path)).filter_map(code) {
        if !statuses.contains(&found) {
            statuses.push(found);
        }
    }
    statuses
}

/// What was measured: the value, the components, or why there is none.
fn measured(reader: &Reader<'_>) -> Vec<Detail> {
    let mut details = Vec::new();
    if let Some(text) = reader.say_at("value[x]") {
        details.push(Detail { aspect: Aspect::Value, text });
    }
    if let Some(text) = reader.say_at("dataAbsentReason") {
        details.push(Detail { aspect: Aspect::Missing, text });
    }
    let components: Vec<Value<'_>> = reach(reader.root(), "component");
    let (pressure, rest) = match blood_pressure(&components) {
        Some(pressure) => {
            (Some(pressure), components.into_iter().filter(|one| !is(*one, SYSTOLIC) && !is(*one, DIASTOLIC)).collect())
        }
        None => (None, components),
    };
    let told: Vec<String> =
        pressure.into_iter().chain(rest.into_iter().filter_map(|one| component(reader, one))).collect();
    if let Some(text) = joined(told, "; ") {
        details.push(Detail { aspect: Aspect::Value, text });
    }
    details
}

fn component(reader: &Reader<'_>, component: Value<'_>) -> Option<String> {
    let name = component.get("code").and_then(|code| reader.say(code));
    let value = ["value[x]", "dataAbsentReason"]
        .iter()
        .find_map(|path| reach(component, path).into_iter().find_map(|value| reader.say(value)));
    match (name, value) {
        (Some(name), Some(value)) => Some(format!("{name}: {value}")),
        (one, other) => one.or(other),
    }
}

/// `128/74 mmHg`, as everyone writes it. Only when both are there once, in one unit.
fn blood_pressure(components: &[Value<'_>]) -> Option<String> {
    let quantity = |code: &str| {
        let mut found = components.iter().filter(|component| is(**component, code));
        let only = found.next()?.get("valueQuantity")?;
        found.next().is_none().then_some(only)
    };
    let (upper, lower) = (quantity(SYSTOLIC)?, quantity(DIASTOLIC)?);
    let plain = |value: Value<'_>| value.get("comparator").is_none();
    let unit = |value: Value<'_>| text(value, "unit").or_else(|| text(value, "code"));
    let (high, low) = (upper.get("value")?.as_number()?, lower.get("value")?.as_number()?);
    if unit(upper) != unit(lower) || !plain(upper) || !plain(lower) {
        return None;
    }
    Some(format!("{}/{} {}", number(high), number(low), unit(upper).unwrap_or_default()).trim().to_owned())
}

fn is(component: Value<'_>, code: &str) -> bool {
    reach(component, "code.coding").into_iter().any(|coding| {
        text(coding, "system").as_deref() == Some("http://loinc.org") && text(coding, "code").as_deref() == Some(code)
    })
}
