//! What a value says to a person: by its shape, so that an element that nobody here has heard of is shown as well. Nothing is
//! shortened, and nothing is left out but what says the same again.

use std::collections::{BTreeMap, BTreeSet};

use fhir::Resource;
use fhir::identifiers::systems;
use fhir::json::{Kind, Value};

use super::codes::code;
use super::labels::{extension, is_repetition, label};
use super::text::{coding, is_specification, joined, narrative, plain, specification};
use super::{Said, title_of};
use crate::overview::{person_name, timing};
use crate::words::date;

/// How deep a resource is shown within another.
const DEEPEST: usize = 3;

/// Elements of a resource that are about the resource, or about whom the whole handoff is.
const ASIDE: [&str; 9] =
    ["resourceType", "id", "meta", "text", "implicitRules", "language", "subject", "patient", "beneficiary"];

/// Types that are named where they are referred to, and shown in a place of their own.
const NAMED: [&str; 8] = [
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "RelatedPerson",
    "Location",
    "HealthcareService",
    "Encounter",
];

/// Reads the resources of one handoff.
pub(super) struct Reading<'a> {
    /// By `Type/id`.
    pub all: BTreeMap<String, &'a Resource>,
    /// Those that a section refers to: they have a place of their own.
    pub placed: BTreeSet<String>,
    /// Those that were shown within another.
    pub within: BTreeSet<String>,
    /// Those in which we are now.
    path: Vec<String>,
}

/// What a value says in words, and what stands below them.
#[derive(Default)]
struct Told {
    text: String,
    inner: Vec<Said>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(resources: &'a [Resource]) -> Self {
        let name = |one: &Resource| Some(format!("{}/{}", one.resource_type(), one.id()?));
        let all = resources.iter().filter_map(|one| Some((name(one)?, one))).collect();
        Reading { all, placed: BTreeSet::new(), within: BTreeSet::new(), path: Vec::new() }
    }

    /// Everything that a resource says.
    pub(super) fn resource(&mut self, resource: &Resource) -> Vec<Said> {
        let kind = resource.resource_type().into_owned();
        let name = format!("{kind}/{}", resource.id().unwrap_or_default());
        self.path.push(name);
        let mut said = self.members(resource.root(), &kind, &ASIDE);
        self.path.pop();
        // A narrative says again what the elements say, unless it says that it says more.
        let text = resource.root().get("text");
        let more = text.filter(|text| plain(*text, "status").as_deref() == Some("additional"));
        if let Some(text) = more.and_then(narrative) {
            said.push(Said { name: "Beschrijving".to_owned(), known: true, text, inner: Vec::new() });
        }
        said
    }

    /// What the members of an object say, but for these.
    fn members(&mut self, object: Value<'_>, kind: &str, but: &[&str]) -> Vec<Said> {
        let mut said = Vec::new();
        for (element, value) in object.members() {
            if but.contains(&element.as_ref()) || matches!(element.as_ref(), "id" | "fhir_comments") {
                continue;
            }
            match element.as_ref() {
                "extension" => said.extend(self.extensions(value, "")),
                // What changes the meaning of the rest is never told in passing.
                "modifierExtension" => said.extend(self.extensions(value, "Let op: ")),
                "contained" => {
                    for one in value.items() {
                        let kind = one.get("resourceType").and_then(|kind| kind.as_text()).unwrap_or_default();
                        let inner = self.members(one, &kind, &ASIDE);
                        push(&mut said, "Ingesloten".to_owned(), Told { text: String::new(), inner }, true);
                    }
                }
                // What belongs to a primitive value (`_name`): where there is no value, it says why.
                element if element.starts_with('_') => {
                    let inner: Vec<Said> = value.each().flat_map(|one| self.extensions_in(one)).collect();
                    if !inner.is_empty() {
                        let (name, known) = label(kind, element.trim_start_matches('_'));
                        push(&mut said, name, Told { text: String::new(), inner }, known);
                    }
                }
                element => {
                    let (name, known) = label(kind, element);
                    // A code that the sender has specified in the zib's own words is told in those.
                    let companion = object.get(&format!("_{element}")).and_then(specification);
                    for one in value.each() {
                        // A part of something measured is named by what was measured.
                        if let Some((of, told)) = self.measured(one, kind) {
                            push(&mut said, of, told, true);
                            continue;
                        }
                        let told = match (&companion, one.kind()) {
                            (Some(words), Kind::Text) => Told { text: words.clone(), inner: Vec::new() },
                            _ => self.tell(one, kind, element),
                        };
                        push(&mut said, name.clone(), told, known);
                    }
                }
            }
        }
        said
    }

    /// What a section says itself, without what stands in it.
    pub(super) fn section(&mut self, section: Value<'_>) -> Vec<Said> {
        let mut said = self.members(section, "", &["title", "code", "section", "entry", "text"]);
        if let Some(text) = section.get("text").and_then(narrative) {
            said.insert(0, Said { name: "Tekst".to_owned(), known: true, text, inner: Vec::new() });
        }
        said
    }

    /// What the extensions of an element say.
    fn extensions_in(&mut self, of: Value<'_>) -> Vec<Said> {
        of.get("extension").map(|list| self.extensions(list, "")).unwrap_or_default()
    }

    fn extensions(&mut self, list: Value<'_>, before: &str) -> Vec<Said> {
        let mut said = Vec::new();
        for one in list.each() {
            let Some(url) = one.get("url").and_then(|url| url.as_text()) else { continue };
            if is_repetition(&url) || is_specification(&url) {
                continue;
            }
            let (name, known) = extension(&url);
            let mut told = Told { text: String::new(), inner: self.extensions_in(one) };
            for (member, value) in one.members().filter(|(member, _)| member.starts_with("value")) {
                let value = self.tell(value, "", &member);
                told.text.push_str(&value.text);
                told.inner.extend(value.inner);
            }
            push(&mut said, format!("{before}{name}"), told, known);
        }
        said
    }

    fn tell(&mut self, value: Value<'_>, kind: &str, element: &str) -> Told {
        let text = match value.kind() {
            Kind::Null => String::new(),
            Kind::Bool => if value.as_bool() == Some(true) { "ja" } else { "nee" }.to_owned(),
            Kind::Number => value.as_number().unwrap_or_default().replace('.', ","),
            Kind::Text => date(&code(element, value.as_text().unwrap_or_default().trim())),
            Kind::List => {
                let told: Vec<Told> = value.items().map(|one| self.tell(one, kind, element)).collect();
                let texts: Vec<&str> =
                    told.iter().map(|one| one.text.as_str()).filter(|text| !text.is_empty()).collect();
                let text = texts.join(", ");
                return Told { text, inner: told.into_iter().flat_map(|one| one.inner).collect() };
            }
            Kind::Object => return self.tell_object(value, kind, element),
        };
        Told { text, inner: Vec::new() }
    }

    /// The shapes of FHIR's data types; anything else is told member by member.
    fn tell_object(&mut self, value: Value<'_>, kind: &str, element: &str) -> Told {
        let has = |name: &str| value.get(name).is_some();
        let kind_of = |name: &str| value.get(name).map(|found| found.kind());
        if has("coding") {
            return self.concept(value);
        }
        if has("system") && has("code") && !has("value") {
            return Told {
                text: coding(value),
                inner: self.rest(value, &["system", "code", "display", "version", "userSelected"]),
            };
        }
        if has("family") || has("given") {
            let text = person_name(value).unwrap_or_default();
            let inner = self.rest(value, &["family", "given", "prefix", "suffix", "use", "text"]);
            return Told { text, inner };
        }
        if has("reference") && kind_of("reference") == Some(Kind::Text) || (has("display") && !has("code")) {
            return self.reference(value);
        }
        if kind_of("value") == Some(Kind::Number) {
            let unit = plain(value, "unit").or_else(|| plain(value, "code")).filter(|unit| unit != "1");
            let number =
                value.get("value").and_then(|number| number.as_number()).map(|number| number.replace('.', ","));
            let text = joined([plain(value, "comparator"), number, unit], " ");
            return Told { text, inner: self.rest(value, &["value", "unit", "code", "system", "comparator"]) };
        }
        if has("low") || has("high") {
            let (low, high) = (self.part(value, "low"), self.part(value, "high"));
            let text = match (low.is_empty(), high.is_empty()) {
                (false, false) => format!("{low} tot {high}"),
                (false, true) => format!("vanaf {low}"),
                _ => format!("tot {high}"),
            };
            return Told { text, inner: self.rest(value, &["low", "high"]) };
        }
        if has("numerator") || has("denominator") {
            let text = format!("{} per {}", self.part(value, "numerator"), self.part(value, "denominator"));
            return Told { text, inner: self.rest(value, &["numerator", "denominator"]) };
        }
        if has("start") || has("end") {
            let day = |name: &str| plain(value, name).map(|moment| date(&moment));
            let text = joined(
                [day("start").map(|day| format!("vanaf {day}")), day("end").map(|day| format!("tot {day}"))],
                " ",
            );
            return Told { text, inner: self.rest(value, &["start", "end"]) };
        }
        if has("postalCode") || has("city") || has("line") {
            let lines: Vec<String> =
                value.all("line").iter().filter_map(|line| line.as_text()).map(|line| line.into_owned()).collect();
            let street = Some(lines.join(", ")).filter(|street| !street.is_empty());
            let place = joined([plain(value, "postalCode"), plain(value, "city")], " ");
            let text = plain(value, "text")
                .unwrap_or_else(|| joined([street, Some(place).filter(|place| !place.is_empty())], ", "));
            return Told { text, inner: self.rest(value, &["line", "postalCode", "city", "text", "type"]) };
        }
        if has("value") && has("system") {
            return self.identifier(value);
        }
        if has("contentType") || has("data") {
            let text =
                plain(value, "title").or_else(|| plain(value, "contentType")).unwrap_or_else(|| "bestand".to_owned());
            return Told {
                text,
                inner: self.rest(value, &["title", "contentType", "url", "data", "size", "hash", "language"]),
            };
        }
        if has("repeat") {
            let text = timing(value).unwrap_or_default();
            // A scheme that cannot be said in words is told as it is.
            let said: &[&str] = if text.is_empty() { &[] } else { &["repeat", "code"] };
            return Told { text, inner: self.rest(value, said) };
        }
        match plain(value, "text") {
            Some(text) => Told { text, inner: self.rest(value, &["text"]) },
            None => Told { text: String::new(), inner: self.members(value, kind_within(kind, element), &[]) },
        }
    }

    /// A part of something measured (`Observation.component`): what was measured, and its value.
    fn measured(&mut self, value: Value<'_>, kind: &str) -> Option<(String, Told)> {
        let (value_of, found) = value.members().find(|(member, _)| is_value(member))?;
        let of = value.get("code").filter(|code| code.get("coding").is_some() || code.get("text").is_some())?;
        let of = self.tell(of, kind, "code");
        let Told { text, mut inner } = self.tell(found, kind, &value_of);
        inner.splice(0..0, of.inner);
        inner.extend(self.members(value, kind, &["code", &value_of]));
        (!of.text.is_empty()).then_some((of.text, Told { text, inner }))
    }

    /// A CodeableConcept: its own words, and what its codings say besides.
    fn concept(&mut self, value: Value<'_>) -> Told {
        let codings: Vec<String> = value.all("coding").into_iter().map(coding).collect();
        let mut texts: Vec<String> = Vec::new();
        for text in plain(value, "text").into_iter().chain(codings) {
            if !text.is_empty() && !texts.contains(&text) {
                texts.push(text);
            }
        }
        let (first, others) =
            texts.split_first().map(|(first, others)| (first.clone(), others.join("; "))).unwrap_or_default();
        let text = if others.is_empty() { first } else { format!("{first} ({others})") };
        let mut inner: Vec<Said> = value.all("coding").into_iter().flat_map(|one| self.extensions_in(one)).collect();
        inner.extend(self.rest(value, &["coding", "text"]));
        Told { text, inner }
    }

    fn identifier(&mut self, value: Value<'_>) -> Told {
        let system = plain(value, "system").unwrap_or_default();
        let number = plain(value, "value").unwrap_or_default();
        // A way to reach somebody has its kind where an identifier has its system.
        let named = match system.as_str() {
            systems::URA => Some("URA"),
            systems::AGB => Some("AGB"),
            systems::UZI_PERSON => Some("UZI"),
            "http://fhir.nl/fhir/NamingSystem/uzovi" => Some("UZOVI"),
            systems::BSN | systems::BSN_OID => Some("BSN"),
            "phone" => Some("telefoon"),
            "email" => Some("e-mail"),
            _ => None,
        };
        let aside: &[&str] = if named.is_some() { &["system", "value"] } else { &["value", "system"] };
        let text = match named {
            Some(named) => format!("{number} ({named})"),
            None => number,
        };
        Told { text, inner: self.rest(value, aside) }
    }

    /// A Reference: how the sender names it, and what it leads to where that has no place of its own.
    fn reference(&mut self, value: Value<'_>) -> Told {
        let target = plain(value, "reference").unwrap_or_default();
        let found = self.all.get(&target).copied();
        let title = found.and_then(title_of);
        let display = plain(value, "display");
        let number = value.get("identifier").map(|number| self.tell(number, "", "identifier").text);
        let text = display.or(title).or(number).unwrap_or_else(|| target.clone());
        let mut inner = self.rest(value, &["reference", "display", "identifier"]);
        let kind = target.split('/').next().unwrap_or_default();
        let apart = self.placed.contains(&target) || NAMED.contains(&kind) || self.path.contains(&target);
        if let Some(found) = found.filter(|_| !apart && self.path.len() < DEEPEST) {
            self.within.insert(target);
            inner.extend(self.resource(found));
        }
        Told { text, inner }
    }

    /// What a value says besides these members.
    fn rest(&mut self, value: Value<'_>, but: &[&str]) -> Vec<Said> {
        self.members(value, "", but)
    }

    fn part(&mut self, value: Value<'_>, name: &str) -> String {
        value.get(name).map(|part| self.tell(part, "", name).text).unwrap_or_default()
    }
}

/// Adds what is said, where anything is. Equal names stand together.
fn push(said: &mut Vec<Said>, name: String, told: Told, known: bool) {
    if told.text.is_empty() && told.inner.is_empty() {
        return;
    }
    let plain_after = |last: &Said| last.name == name && last.inner.is_empty() && told.inner.is_empty();
    match said.last_mut() {
        Some(last) if plain_after(last) => {
            if last.text != told.text {
                last.text = format!("{}, {}", last.text, told.text);
            }
        }
        _ => said.push(Said { name, text: told.text, inner: told.inner, known }),
    }
}

/// The type in whose words a part of a resource is named.
fn kind_within<'k>(kind: &'k str, element: &str) -> &'k str {
    // A part's `code` is not what the whole resource is about.
    if element == "component" { kind } else { "" }
}

fn is_value(member: &str) -> bool {
    member.strip_prefix("value").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}
