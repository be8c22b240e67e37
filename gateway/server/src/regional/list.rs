//! The records of the index on the wire, seen from its side: the `List` of the ministry's guide (handbook: generic functions,
//! 3.3.1), read strictly, and written without whom it is about.

use connectors::nvi::IndexCategory;
use serde_json::{Value, json};
use store::regional_index::Registration;

const URA: &str = "http://fhir.nl/fhir/NamingSystem/ura";
const PATIENT: &str = "http://minvws.github.io/generiekefuncties-docs/NamingSystem/nvi-identifier";
const CUSTODIAN: &str =
    "http://minvws.github.io/generiekefuncties-docs/StructureDefinition/nl-gf-localization-custodian";
const CATEGORIES: &str = "http://minvws.github.io/generiekefuncties-docs/CodeSystem/nl-gf-data-categories-cs";
const EMPTY_REASON: &str = "http://terminology.hl7.org/CodeSystem/list-empty-reason";
/// The system of a source system's name: what the running code takes, and what the guide says.
const SOURCES: [&str; 2] =
    ["urn:ietf:rfc:3986", "http://minvws.github.io/generiekefuncties-docs/NamingSystem/oauth-client-id"];
/// What the profile forbids.
const FORBIDDEN: [&str; 5] = ["meta", "identifier", "title", "entry", "note"];

/// A record that is to be registered.
#[derive(Debug, PartialEq, Eq)]
pub struct New {
    /// Who says that it has the data.
    pub custodian: String,
    pub category: String,
    pub source: String,
    /// The patient token; never shown.
    pub patient: String,
}

/// Reads a record; the sentence says what is not of the profile.
pub fn read(list: &Value) -> Result<New, &'static str> {
    if list["resourceType"] != "List" || list["status"] != "current" || list["mode"] != "working" {
        return Err("The body is no current List in the mode working.");
    }
    if FORBIDDEN.iter().any(|name| !list[*name].is_null()) {
        return Err("The List has an element that its profile forbids.");
    }
    let withheld = list["emptyReason"]["coding"].as_array().into_iter().flatten();
    if !withheld.into_iter().any(|coding| coding["system"] == EMPTY_REASON && coding["code"] == "withheld") {
        return Err("The List is not empty for the reason withheld.");
    }
    let custodians = list["extension"].as_array().into_iter().flatten().filter(|one| one["url"] == CUSTODIAN);
    let custodians: Vec<_> = custodians.map(|one| identifier(&one["valueReference"], &[URA])).collect();
    let [Some(custodian)] = custodians.as_slice() else { return Err("The List names no one custodian by URA.") };
    let categories = list["code"]["coding"].as_array().into_iter().flatten();
    let categories = categories.filter(|coding| coding["system"] == CATEGORIES);
    let categories: Vec<_> = categories.map(|coding| coding["code"].as_str().and_then(IndexCategory::parse)).collect();
    let [Some(category)] = categories.as_slice() else { return Err("The List has no one data category.") };
    let source = identifier(&list["source"], &SOURCES).ok_or("The List names no source system.")?;
    let patient = identifier(&list["subject"], &[PATIENT]).ok_or("The List names no patient by a token.")?;
    Ok(New {
        custodian: (*custodian).to_owned(),
        category: category.as_str().to_owned(),
        source: source.to_owned(),
        patient: patient.to_owned(),
    })
}

/// A record as it is shown to members.
pub fn write(id: &str, known: &Registration) -> Value {
    let identifier = |system: &str, value: &str| json!({"identifier": {"system": system, "value": value}});
    let mut source = identifier(SOURCES[0], &known.source);
    source["type"] = "Device".into();
    json!({
        "resourceType": "List",
        "id": id,
        "extension": [{"url": CUSTODIAN, "valueReference": identifier(URA, &known.member)}],
        "status": "current",
        "mode": "working",
        "code": {"coding": [{"system": CATEGORIES, "code": known.category}]},
        "source": source,
        "emptyReason": {"coding": [{"system": EMPTY_REASON, "code": "withheld"}]},
    })
}

/// The answer of a search.
pub fn bundle(found: Vec<Value>) -> Value {
    let entries: Vec<Value> =
        found.into_iter().map(|resource| json!({"resource": resource, "search": {"mode": "match"}})).collect();
    json!({"resourceType": "Bundle", "type": "searchset", "total": entries.len(), "entry": entries})
}

/// The patient token of a search parameter.
pub fn patient_of(parameter: &str) -> Option<&str> {
    parameter.strip_prefix(PATIENT)?.strip_prefix('|')
}

/// The source system of a search parameter.
pub fn source_of(parameter: &str) -> Option<&str> {
    SOURCES.iter().find_map(|system| parameter.strip_prefix(system)?.strip_prefix('|'))
}

/// The category of a search parameter, with its system or without.
pub fn category_of(parameter: &str) -> Option<String> {
    let code = parameter.strip_prefix(CATEGORIES).and_then(|rest| rest.strip_prefix('|')).unwrap_or(parameter);
    IndexCategory::parse(code).map(|category| category.as_str().to_owned())
}

fn identifier<'v>(reference: &'v Value, systems: &[&str]) -> Option<&'v str> {
    let identifier = &reference["identifier"];
    let system = identifier["system"].as_str()?;
    systems.contains(&system).then(|| identifier["value"].as_str()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Value {
        let known = Registration { member: "90000901".into(), category: "Condition".into(), source: "EPD-1".into() };
        let mut list = write("x", &known);
        list["subject"] = json!({"identifier": {"system": PATIENT, "value": "dG9rZW4"}});
        list
    }

    #[test]
    fn a_record_of_the_profile_is_read_and_any_other_is_refused_with_a_sentence() {
        let read_back = New {
            custodian: "90000901".into(),
            category: "Condition".into(),
            source: "EPD-1".into(),
            patient: "dG9rZW4".into(),
        };
        assert_eq!(read(&good()), Ok(read_back));
        let mut guide = good();
        guide["source"]["identifier"]["system"] = SOURCES[1].into();
        assert!(read(&guide).is_ok());
        type Change = fn(&mut Value);
        let table: [(Change, &str); 12] = [
            (|list| list["resourceType"] = "Bundle".into(), "no current List"),
            (|list| list["status"] = "retired".into(), "no current List"),
            (|list| list["mode"] = "snapshot".into(), "no current List"),
            (|list| list["entry"] = json!([]), "forbids"),
            (|list| list["note"] = json!([{"text": "x"}]), "forbids"),
            (|list| list["emptyReason"] = Value::Null, "withheld"),
            (|list| list["extension"] = json!([]), "custodian"),
            (
                |list| {
                    let one = list["extension"][0].clone();
                    list["extension"].as_array_mut().unwrap().push(one);
                },
                "custodian",
            ),
            (|list| list["code"]["coding"][0]["system"] = "x".into(), "category"),
            (|list| list["code"]["coding"][0]["code"] = "two words".into(), "category"),
            (|list| list["source"]["identifier"]["system"] = "x".into(), "source"),
            (|list| list["subject"]["identifier"]["system"] = "http://fhir.nl/fhir/NamingSystem/bsn".into(), "patient"),
        ];
        for (change, says) in table {
            let mut list = good();
            change(&mut list);
            let fault = read(&list).unwrap_err();
            assert!(fault.contains(says), "{says} is not in: {fault}");
        }
    }

    #[test]
    fn parameters_are_read_with_their_systems() {
        assert_eq!(patient_of(&format!("{PATIENT}|abc")), Some("abc"));
        assert_eq!(patient_of("http://fhir.nl/fhir/NamingSystem/bsn|999911120"), None);
        assert_eq!(source_of("urn:ietf:rfc:3986|EPD-1"), Some("EPD-1"));
        assert_eq!(source_of("EPD-1"), None);
        assert_eq!(category_of(&format!("{CATEGORIES}|Condition")).as_deref(), Some("Condition"));
        assert_eq!(category_of("Condition").as_deref(), Some("Condition"));
        assert_eq!(category_of("other|Condition"), None);
    }
}
