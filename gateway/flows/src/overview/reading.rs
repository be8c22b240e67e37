//! Reads what an element says to a person, by its shape and not by its declared type, so that an element this code
//! has never heard of is still shown rather than lost.

use std::collections::HashMap;

use fhir::Resource;
use fhir::json::{Kind, Value};

use super::fields::{reach, text};
use super::timing;

/// Longest text that is shown of one element, in characters. The Bundle has the whole of it.
const LONGEST: usize = 600;

/// How many items of a list are shown.
const MOST: usize = 12;

/// How deep a text may hold another (a reference to a product, the component of a component).
const DEEPEST: usize = 3;

/// Resources by type and id, of one provider: an id means nothing anywhere else.
pub(crate) type Beside<'a> = HashMap<(String, String), &'a Resource>;

/// Reads one resource. References lead to what it contains and to what the same provider released beside it.
pub(crate) struct Reader<'a> {
    pub resource: &'a Resource,
    pub beside: &'a Beside<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn root(&self) -> Value<'a> {
        self.resource.root()
    }

    /// What the elements at a path say, each text once.
    pub(super) fn texts(&self, path: &str) -> Vec<String> {
        self.join_once(reach(self.root(), path), 0)
    }

    /// What the elements at a path say together.
    pub(crate) fn say_at(&self, path: &str) -> Option<String> {
        joined(self.texts(path), ", ")
    }

    /// What an element says.
    pub(crate) fn say(&self, value: Value<'_>) -> Option<String> {
        self.say_within(value, 0)
    }

    fn join_once(&self, values: Vec<Value<'_>>, depth: usize) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        let mut more = false;
        for text in values.into_iter().filter_map(|value| self.say_within(value, depth)) {
            if texts.len() == MOST {
                more = true;
                break;
            }
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if more {
            texts.push("…".to_owned());
        }
        texts
    }

    fn say_within(&self, value: Value<'_>, depth: usize) -> Option<String> {
        if depth > DEEPEST {
            return None;
        }
        let said = match value.kind() {
            Kind::Null => None,
            Kind::Bool => value.as_bool().map(|yes| if yes { "ja" } else { "nee" }.to_owned()),
            Kind::Number => value.as_number().map(number),
            Kind::Text => value.as_text().map(|text| text.into_owned()),
            Kind::List => joined(self.join_once(value.items().collect(), depth + 1), ", "),
            Kind::Object => self.say_object(value, depth),
        };
        said.map(|text| clip(text.trim())).filter(|text| !text.is_empty())
    }

    /// The shapes of the data types of FHIR that say something, from the most telling.
    fn say_object(&self, value: Value<'_>, depth: usize) -> Option<String> {
        let member = |name: &str| value.get(name).and_then(|found| self.say_within(found, depth + 1));
        // CodeableConcept, Annotation, Dosage and HumanName put their own words first.
        if let Some(words) = plain(value, "text") {
            return Some(words);
        }
        if let Some(coding) = value.get("coding") {
            return concept(coding);
        }
        if value.get("doseAndRate").is_some() || value.get("timing").is_some() {
            let dose = reach(value, "doseAndRate.dose[x]");
            let dose = joined(self.join_once(dose, depth + 1), ", ");
            let when = value.get("timing").and_then(timing::say);
            return joined(dose.into_iter().chain(when).collect(), ", ");
        }
        if value.get("repeat").is_some() {
            return timing::say(value);
        }
        if value.get("family").is_some() || value.get("given").is_some() {
            return name(value);
        }
        if let Some(display) = plain(value, "display") {
            return Some(display);
        }
        if let Some(reference) = plain(value, "reference") {
            return self.follow(&reference, depth).or(Some(reference));
        }
        if value.get("numerator").is_some() || value.get("denominator").is_some() {
            return joined(member("numerator").into_iter().chain(member("denominator")).collect(), " / ");
        }
        if value.get("low").is_some() || value.get("high").is_some() {
            return range(member("low"), member("high"));
        }
        if value.get("start").is_some() || value.get("end").is_some() {
            return Some(period(plain(value, "start"), plain(value, "end")));
        }
        if let Some(number) = value.get("value") {
            let unit = plain(value, "unit").or_else(|| plain(value, "code")).filter(|unit| unit != "1");
            let parts = [plain(value, "comparator"), self.say_within(number, depth + 1), unit];
            return joined(parts.into_iter().flatten().collect(), " ");
        }
        // Attachment; a bare Coding; what holds a concept (a reaction, an activity).
        ["title", "code", "concept", "identifier", "url"].iter().find_map(|name| member(name))
    }

    /// What the resource at a reference is called, if it came along.
    fn follow(&self, reference: &str, depth: usize) -> Option<String> {
        let target = self.target(reference)?;
        ["code", "name", "deviceName.name", "type", "title", "description"]
            .iter()
            .find_map(|path| joined(self.join_once(reach(target, path), depth + 1), ", "))
    }

    /// The resource at a reference: contained in this one, or released beside it by the same provider.
    pub(super) fn target(&self, reference: &str) -> Option<Value<'a>> {
        if let Some(id) = reference.strip_prefix('#') {
            return reach(self.root(), "contained")
                .into_iter()
                .find(|contained| contained.get("id").and_then(|found| found.as_text()).as_deref() == Some(id));
        }
        let mut parts = reference.split("/_history/").next()?.rsplit('/');
        let (id, kind) = (parts.next()?, parts.next()?);
        self.beside.get(&(kind.to_owned(), id.to_owned())).map(|found| found.root())
    }

    /// The codes of the concepts at a path, with the system they belong to. A reference gives the codes of its target.
    pub(super) fn codings(&self, path: &str) -> Vec<(String, String)> {
        let mut codings: Vec<(String, String)> = Vec::new();
        for value in reach(self.root(), path) {
            let target = plain(value, "reference").and_then(|reference| self.target(&reference));
            let concepts = match target {
                Some(target) => reach(target, "code.coding"),
                None => reach(value, "coding"),
            };
            codings.extend(
                concepts.into_iter().filter_map(|coding| Some((plain(coding, "system")?, plain(coding, "code")?))),
            );
        }
        codings
    }
}

/// A number as one writes it here: `68.40` would be read as a large one by some.
pub(super) fn number(digits: &str) -> String {
    digits.replace('.', ",")
}

/// A name for people: as it is to be written, or its parts in their order (FHIR R4, HumanName).
pub(crate) fn name(value: Value<'_>) -> Option<String> {
    if let Some(words) = plain(value, "text") {
        return Some(clip(&words));
    }
    let parts = ["prefix", "given", "family", "suffix"];
    let parts = parts.iter().flat_map(|part| reach(value, part)).filter_map(|part| part.as_text());
    joined(parts.map(|part| clip(part.trim())).filter(|part| !part.is_empty()).take(MOST).collect(), " ")
}

/// The code of a concept or a plain code; without any, its words.
pub(super) fn code(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::Object => text(value, "coding.code").or_else(|| plain(value, "code")).or_else(|| plain(value, "text")),
        _ => value.as_text().map(|text| clip(&text)),
    }
}

/// The words of a list of codings: the one that the user chose, else the first with words, else the first code.
fn concept(codings: Value<'_>) -> Option<String> {
    let codings: Vec<Value<'_>> = codings.each().collect();
    let chosen = |coding: &&Value<'_>| coding.get("userSelected").and_then(|chosen| chosen.as_bool()) == Some(true);
    let chosen = codings.iter().find(chosen).and_then(|coding| plain(*coding, "display"));
    chosen
        .or_else(|| codings.iter().find_map(|coding| plain(*coding, "display")))
        .or_else(|| codings.iter().find_map(|coding| plain(*coding, "code")))
}

fn range(low: Option<String>, high: Option<String>) -> Option<String> {
    match (low, high) {
        (Some(low), Some(high)) => Some(format!("{low} – {high}")),
        (Some(low), None) => Some(format!("≥ {low}")),
        (None, Some(high)) => Some(format!("≤ {high}")),
        (None, None) => None,
    }
}

fn period(start: Option<String>, end: Option<String>) -> String {
    format!("{} – {}", start.unwrap_or_default(), end.unwrap_or_default()).trim().to_owned()
}

fn plain(value: Value<'_>, name: &str) -> Option<String> {
    let text = value.get(name)?.as_text()?;
    let text = text.trim();
    (!text.is_empty()).then(|| clip(text))
}

pub(super) fn joined(texts: Vec<String>, between: &str) -> Option<String> {
    (!texts.is_empty()).then(|| texts.join(between))
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::resource;

    fn said(element: &str) -> Option<String> {
        let found = resource(&format!(
            r##"{{"resourceType":"Basic","contained":[{{"resourceType":"Medication","id":"m","code":{{"text":"Product M"}}}}],
                "x":{element}}}"##
        ));
        let beside = Beside::new();
        Reader { resource: &found, beside: &beside }.say_at("x")
    }

    #[test]
    fn every_shape_says_what_it_holds() {
        let cases = [
            (r#"{"text":"Own words","coding":[{"display":"Display"}]}"#, "Own words"),
            (r#"{"text":" ","coding":[{"code":"1"},{"code":"2","display":"Second"}]}"#, "Second"),
            (r#"{"coding":[{"display":"First"},{"display":"Chosen","userSelected":true}]}"#, "Chosen"),
            (r#"{"coding":[{"code":"only-code"}]}"#, "only-code"),
            (r#"{"value":5.60,"unit":"mmol/L"}"#, "5,60 mmol/L"),
            (r#"{"value":5,"comparator":"<","code":"mg"}"#, "< 5 mg"),
            (r#"{"value":1,"unit":"1"}"#, "1"),
            (r#"{"low":{"value":1},"high":{"value":2,"unit":"g"}}"#, "1 – 2 g"),
            (r#"{"high":{"value":2,"unit":"g"}}"#, "≤ 2 g"),
            (r#"{"numerator":{"value":1},"denominator":{"value":128}}"#, "1 / 128"),
            (r#"{"start":"2024-01-01","end":"2024-02-01"}"#, "2024-01-01 – 2024-02-01"),
            (r#"{"start":"2024-01-01"}"#, "2024-01-01 –"),
            (r#"{"reference":"Practitioner/1","display":"Dr. Een"}"#, "Dr. Een"),
            (r##"{"reference":"#m"}"##, "Product M"),
            (r#"{"reference":"Practitioner/unknown"}"#, "Practitioner/unknown"),
            (r#"{"given":["Anna","Maria"],"family":"Test","prefix":["mw."]}"#, "mw. Anna Maria Test"),
            (r#"{"doseAndRate":[{"doseQuantity":{"value":1,"unit":"stuk"}}]}"#, "1 stuk"),
            (r#"{"system":"s","value":"X-1"}"#, "X-1"),
            (r#"{"title":"Brief.pdf"}"#, "Brief.pdf"),
            ("true", "ja"),
            ("3.10", "3,10"),
            (r#"["a","b","a"]"#, "a, b"),
        ];
        for (element, expected) in cases {
            assert_eq!(said(element).as_deref(), Some(expected), "{element}");
        }
        for nothing in ["null", "\"\"", "{}", "[]", r#"{"text":""}"#, r#"{"coding":[]}"#] {
            assert_eq!(said(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_long_text_and_a_long_list_are_cut_visibly() {
        let long = said(&format!("\"{}\"", "é".repeat(5_000))).unwrap();
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
        let items: Vec<String> = (0..100).map(|at| format!("\"{at}\"")).collect();
        assert!(said(&format!("[{}]", items.join(","))).unwrap().ends_with("11, …"));
    }

    #[test]
    fn a_reference_that_leads_to_itself_ends() {
        let found = resource(
            r##"{"resourceType":"Basic","contained":[{"resourceType":"Group","id":"g","code":{"reference":"#g"}}],"x":{"reference":"#g"}}"##,
        );
        let beside = Beside::new();
        assert!(Reader { resource: &found, beside: &beside }.say_at("x").is_some());
    }

    proptest! {
        #[test]
        fn any_text_in_any_place_is_read_without_panic(words in "\\PC{0,40}", member in "(text|display|reference|value|code|start|given|title|low|timing|repeat)") {
            let words = fhir::json::Node::text(words).write();
            let _ = said(&format!("{{\"{member}\":{words}}}"));
            let _ = said(&format!("{{\"{member}\":{{\"{member}\":{words}}}}}"));
        }
    }
}
