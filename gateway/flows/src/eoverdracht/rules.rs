//! What a handoff that is sent has to keep to beyond being one: the sections of the standard with the date of the transfer
//! (Nictiz eOverdracht 4.0 to 4.2), and what its qualification asks of every resource that is served (codes with their system,
//! words beside codes and references, identifiers that say whose they are).
//!
//! It measures; whether a handoff that falls short is refused is for others to say. A receiver is never held to it: it takes
//! what it does not know. What it says names places and ids, never values.

use fhir::elements::{self, Child, Form, TypeDef};
use fhir::json::{Kind, Value};
use serde::Serialize;

use super::codes::{SECTIONS, SNOMED, TRANSFER_DATE, TRANSFER_DATE_SECTION};
use super::task::has_coding;
use super::{Handoff, VERSION};

/// Most that is said of one handoff.
pub const MOST: usize = 100;
/// Deepest nesting that is walked.
const DEPTH: usize = 64;
/// Where the value sets of zibs have their OIDs: none of them is a code system.
const ZIB_VALUE_SETS: &str = "urn:oid:2.16.840.1.113883.2.4.3.11.60.40.2";

/// One place where a handoff falls short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shortcoming {
    /// `Type/id`.
    pub resource: String,
    /// Elements from the resource down, with the places in lists: `section[0].code`.
    pub place: String,
    pub rule: Rule,
}

/// What is not kept to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A section has a code that no release of the standard has.
    UnknownSection,
    /// No section of administrative documentation tells when the transfer is.
    NoTransferDate,
    /// A Coding has no system or no code.
    BareCode,
    /// The system of a Coding is that of a value set.
    ValueSetAsSystem,
    /// A CodeableConcept has neither text nor a display.
    NoWords,
    /// A Reference has no display.
    NoDisplay,
    /// An Identifier has no value, or says neither system nor type.
    UnknownIdentifier,
}

impl std::fmt::Display for Shortcoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let says = match self.rule {
            Rule::UnknownSection => "is a section that the standard does not have",
            Rule::NoTransferDate => "lacks the date of the transfer",
            Rule::BareCode => "has no system or no code",
            Rule::ValueSetAsSystem => "has a value set for its system",
            Rule::NoWords => "has neither text nor display",
            Rule::NoDisplay => "has no display",
            Rule::UnknownIdentifier => "has no value, or neither system nor type",
        };
        if self.place.is_empty() {
            return write!(f, "{} {says}", self.resource);
        }
        write!(f, "{} {} {says}", self.resource, self.place)
    }
}

/// Where a handoff falls short, in the order of its resources; at most [`MOST`].
pub fn shortcomings(handoff: &Handoff) -> Vec<Shortcoming> {
    let mut found = Found::default();
    for (at, resource) in handoff.resources().iter().enumerate() {
        found.resource = format!("{}/{}", resource.resource_type(), resource.id().unwrap_or_default());
        if at == 0 {
            found.composition(resource.root());
        }
        if let Some(of) = elements::type_of(VERSION, &resource.resource_type()) {
            found.walk(resource.root(), of, &mut String::new(), DEPTH);
        }
    }
    found.all
}

#[derive(Default)]
struct Found {
    resource: String,
    all: Vec<Shortcoming>,
}

impl Found {
    fn say(&mut self, place: &str, rule: Rule) {
        if self.all.len() < MOST {
            self.all.push(Shortcoming { resource: self.resource.clone(), place: place.to_owned(), rule });
        }
    }

    fn composition(&mut self, root: Value<'_>) {
        self.sections(root, "", DEPTH);
        let dated = root.all("section").into_iter().any(|section| {
            let is_date = |extension: &Value<'_>| {
                let url = extension.get("url").and_then(|url| url.as_text());
                url.as_deref() == Some(TRANSFER_DATE) && extension.get("valueDateTime").is_some()
            };
            has_coding(section.get("code"), TRANSFER_DATE_SECTION) && section.all("extension").iter().any(is_date)
        });
        if !dated {
            self.say("", Rule::NoTransferDate);
        }
    }

    fn sections(&mut self, of: Value<'_>, below: &str, depth: usize) {
        for (at, section) in of.all("section").into_iter().enumerate() {
            let place = format!("{below}section[{at}]");
            let code = section.get("code");
            let known = |coding: &Value<'_>| {
                let text = |name| coding.get(name).and_then(|value| value.as_text());
                text("system").as_deref() == Some(SNOMED)
                    && text("code").is_some_and(|code| SECTIONS.contains(&code.as_ref()))
            };
            if !code.is_some_and(|code| code.all("coding").iter().any(known)) {
                self.say(&format!("{place}.code"), Rule::UnknownSection);
            }
            if depth > 0 {
                self.sections(section, &format!("{place}."), depth - 1);
            }
        }
    }

    /// An object of this type, at this place.
    fn walk(&mut self, value: Value<'_>, of: &'static TypeDef, place: &mut String, depth: usize) {
        if value.kind() != Kind::Object || depth == 0 {
            return;
        }
        if let Some(rule) = broken(of.name, value) {
            self.say(place, rule);
        }
        for (name, member) in value.members() {
            let Some(child) = of.child(&name) else { continue };
            if !matches!(child.form, Form::Complex | Form::Resource) {
                continue;
            }
            let length = place.len();
            if length > 0 {
                place.push('.');
            }
            place.push_str(child.name);
            match member.kind() {
                Kind::List => {
                    for (at, item) in member.items().enumerate() {
                        let length = place.len();
                        place.push_str(&format!("[{at}]"));
                        self.child(item, child, place, depth - 1);
                        place.truncate(length);
                    }
                }
                _ => self.child(member, child, place, depth - 1),
            }
            place.truncate(length);
        }
    }

    fn child(&mut self, value: Value<'_>, child: &'static Child, place: &mut String, depth: usize) {
        let of = match child.form {
            Form::Resource => {
                let named = value.get("resourceType").and_then(|name| name.as_text());
                named.and_then(|name| elements::type_of(VERSION, &name))
            }
            _ => child.type_def(),
        };
        if let Some(of) = of {
            self.walk(value, of, place, depth);
        }
    }
}

/// Which rule a value of this type breaks.
fn broken(kind: &str, value: Value<'_>) -> Option<Rule> {
    // What is said to be absent, by an extension in its place, is not missing.
    let has = |name: &str| value.get(name).is_some() || value.get(&format!("_{name}")).is_some();
    let excused = value.get("extension").is_some();
    match kind {
        "Coding" => {
            let system = value.get("system").and_then(|system| system.as_text());
            if system.is_some_and(|system| system.starts_with(ZIB_VALUE_SETS)) {
                return Some(Rule::ValueSetAsSystem);
            }
            (!(excused || has("system") && has("code"))).then_some(Rule::BareCode)
        }
        "CodeableConcept" => {
            let told = |coding: &Value<'_>| coding.get("display").is_some() || coding.get("extension").is_some();
            let words = excused || has("text") || value.all("coding").iter().any(told);
            (!words).then_some(Rule::NoWords)
        }
        "Reference" => (!excused && !has("display")).then_some(Rule::NoDisplay),
        "Identifier" => {
            let known = has("value") && (has("system") || has("type"));
            (!excused && !known).then_some(Rule::UnknownIdentifier)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use fhir::Resource;
    use fhir::json::Node;

    use super::*;

    const GOOD: &str = r#"{"resourceType":"Bundle","type":"document","entry":[
        {"resource":{"resourceType":"Composition","id":"c","status":"final",
            "type":{"coding":[{"system":"http://snomed.info/sct","code":"11171000146100","display":"x"}]},
            "subject":{"reference":"Patient/p","display":"x"},"date":"2026-11-20","title":"Overdracht","author":[{"display":"x"}],
            "section":[{"extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/eOverdracht-TransferDate",
                    "valueDateTime":"2026-11-21"}],
                "code":{"coding":[{"system":"http://snomed.info/sct","code":"405624007","display":"x"}]},
                "section":[{"code":{"coding":[{"system":"http://snomed.info/sct","code":"302147001","display":"x"}]},
                    "entry":[{"reference":"Condition/k","display":"x"}]}]}]}},
        {"resource":{"resourceType":"Patient","id":"p",
            "identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911120"}]}},
        {"resource":{"resourceType":"Condition","id":"k","patient-is":"below","code":{"text":"x"}}}]}"#;

    /// The subject of the Condition.
    const SUBJECT: &str = r#""subject":{"reference":"Patient/p","display":"x"}"#;

    /// The good handoff, but for one thing.
    fn handoff(from: &str, to: &str) -> Handoff {
        let good = GOOD.replace(r#""patient-is":"below""#, SUBJECT);
        assert!(good.contains(from), "{from}");
        let at = good.rfind(from).unwrap();
        let changed = format!("{}{to}{}", &good[..at], &good[at + from.len()..]);
        Handoff::of_bundle(&Resource::from_node(&Node::read(&changed).unwrap()), |_| true).unwrap()
    }

    #[test]
    fn each_rule_names_the_place_where_it_is_broken() {
        assert_eq!(shortcomings(&handoff("x", "x")), []);
        let code = r#""code":{"text":"x"}"#;
        for (from, to, resource, place, rule) in [
            (r#""302147001""#, r#""1""#, "Composition/c", "section[0].section[0].code", Rule::UnknownSection),
            ("eOverdracht-TransferDate", "another", "Composition/c", "", Rule::NoTransferDate),
            (code, r#""code":{"text":"x","coding":[{"code":"1"}]}"#, "Condition/k", "code.coding[0]", Rule::BareCode),
            (
                code,
                r#""code":{"text":"x","coding":[{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.60.40.2.1","code":"1"}]}"#,
                "Condition/k",
                "code.coding[0]",
                Rule::ValueSetAsSystem,
            ),
            (code, r#""code":{"coding":[{"system":"urn:x","code":"1"}]}"#, "Condition/k", "code", Rule::NoWords),
            (SUBJECT, r#""subject":{"reference":"Patient/p"}"#, "Condition/k", "subject", Rule::NoDisplay),
            (
                code,
                r#""code":{"text":"x"},"identifier":[{"system":"urn:x","value":"1"},{"value":"2"}]"#,
                "Condition/k",
                "identifier[1]",
                Rule::UnknownIdentifier,
            ),
            (
                code,
                r#""code":{"text":"x"},"contained":[{"resourceType":"Practitioner","id":"a","identifier":[{"system":"urn:x"}]}]"#,
                "Condition/k",
                "contained[0].identifier[0]",
                Rule::UnknownIdentifier,
            ),
            (
                code,
                r#""code":{"text":"x"},"extension":[{"url":"urn:x","valueReference":{"reference":"Practitioner/a"}}]"#,
                "Condition/k",
                "extension[0].valueReference",
                Rule::NoDisplay,
            ),
        ] {
            let expected = Shortcoming { resource: resource.to_owned(), place: place.to_owned(), rule };
            assert_eq!(shortcomings(&handoff(from, to)), [expected], "{to}");
        }
    }

    #[test]
    fn what_is_said_to_be_absent_is_not_missing() {
        let absent = r#""extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]"#;
        let subject = format!(r#""subject":{{"reference":"Patient/p",{absent}}}"#);
        assert_eq!(shortcomings(&handoff(SUBJECT, &subject)), []);
        assert_eq!(shortcomings(&handoff(r#""code":{"text":"x"}"#, &format!(r#""code":{{{absent}}}"#))), []);
    }

    #[test]
    fn no_more_is_said_than_the_most() {
        let many = vec![r#"{"code":{"text":"x"}}"#; 500].join(",");
        let from =
            r#""section":[{"code":{"coding":[{"system":"http://snomed.info/sct","code":"302147001","display":"x"}]},"#;
        let found = shortcomings(&handoff(from, &format!(r#""section":[{many},{{"title":"x","#)));
        assert_eq!(found.len(), MOST);
        let says = "Composition/c section[0].section[0].code is a section that the standard does not have";
        assert_eq!(found[0].to_string(), says);
    }

    #[test]
    fn the_published_handoffs_fall_short_of_nothing() {
        let published = super::super::content_tests::published();
        if published.is_empty() {
            eprintln!("SKIPPED: the published eOverdracht fixtures are not here (ZORGSLUIS_SHARED)");
            return;
        }
        for (name, resources) in published {
            let handoff = Handoff::of_resources(resources, |_| true).unwrap();
            assert_eq!(shortcomings(&handoff), [], "{name}");
        }
    }
}
