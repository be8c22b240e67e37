use fhir::elements::{Child, TypeDef, type_of};
use fhir::json::Limits;
use fhir::{Resource, structure};
use policy::{Direction, UseCases};

use super::*;
use crate::http::testing::{development, of_versions, supervision, use_cases};

/// Much of what can be offered, in both versions.
const MUCH: &str = r#"{
  "interactions": [
    { "type": "Patient", "codes": ["read", "search-type", "$everything"], "search": ["_count"] },
    { "type": "Composition", "codes": ["read", "vread", "$document"] },
    { "type": "Practitioner", "codes": ["read"] },
    { "type": "Consent", "codes": ["update"], "search": ["_count"] },
    { "type": "Provenance", "codes": ["read"] },
    { "type": "Observation",
      "codes": ["read", "vread", "history-instance", "search-type", "create", "update", "delete", "$lastn"],
      "search": ["code", "category", "_sort", "_count", "_include", "_revinclude", "performer.identifier", "_lastUpdated"] }
  ],
  "system": ["transaction"],
  "included": ["Organization"]
}"#;

fn much() -> UseCases {
    of_versions("much", &format!(r#"{{ "stu3": {MUCH}, "r4": {MUCH} }}"#))
}

fn of(use_cases: &UseCases, version: FhirVersion, direction: Direction) -> Value {
    let endpoint = "https://node.example/oauth/token".to_owned();
    let about = About {
        provider: "Ziekenhuis Maasdal",
        base: "https://node.example/fhir",
        since: "2026-11-22T20:00:00Z",
        token_endpoint: (direction == Direction::Holder).then_some(&endpoint),
    };
    statement(&Offers::of(use_cases.all(), version, direction), &about)
}

fn resource<'v>(statement: &'v Value, kind: &str) -> &'v Value {
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    resources.iter().find(|resource| resource["type"] == kind).unwrap()
}

/// Holds an object against the elements of its type: all are known, none that must be is missing, lists are lists
/// and never empty.
fn hold(at: &str, object: &Map<String, Value>, def: &'static TypeDef) {
    for (name, value) in object.iter().filter(|(name, _)| *name != "resourceType") {
        let at = format!("{at}.{name}");
        let child: &Child = def.child(name).unwrap_or_else(|| panic!("{at} is not known"));
        assert_eq!(value.is_array(), child.is_list(), "{at}");
        let values = if let Value::Array(items) = value { items.as_slice() } else { std::slice::from_ref(value) };
        assert!(!values.is_empty(), "{at} is empty");
        for value in values {
            match (child.is_primitive(), child.type_def(), value) {
                (false, Some(def), Value::Object(members)) => hold(&at, members, def),
                (primitive, _, value) => assert!(primitive && !value.is_object() && !value.is_null(), "{at}"),
            }
        }
    }
    for element in def.children().iter().filter(|element| element.min > 0 && element.choice().is_none()) {
        assert!(object.contains_key(element.name), "{at}.{} is missing", element.name);
    }
}

#[test]
fn a_statement_is_structurally_right_in_both_versions() {
    let nothing = UseCases::new(Vec::new());
    for use_cases in [use_cases(), much(), development(), nothing] {
        for version in FhirVersion::ALL {
            for direction in [Direction::Holder, Direction::User] {
                let statement = of(&use_cases, version, direction);
                let def = type_of(version, "CapabilityStatement").unwrap();
                hold("CapabilityStatement", statement.as_object().unwrap(), def);
                let text = serde_json::to_vec(&statement).unwrap();
                let resource = Resource::parse(text.into(), &Limits::default()).unwrap();
                structure::check(version, &resource).unwrap();
            }
        }
    }
}

#[test]
fn what_is_offered_stands_in_it_and_nothing_else() {
    for version in FhirVersion::ALL {
        let statement = of(&much(), version, Direction::Holder);
        assert_eq!(statement["fhirVersion"], version.full());
        assert_eq!(statement["format"], json!(["application/fhir+json", "application/fhir+xml"]));
        let rest = &statement["rest"][0];
        assert_eq!(rest["interaction"], json!([{ "code": "batch" }, { "code": "transaction" }]));
        assert_eq!(rest["resource"].as_array().unwrap().len(), 6);
        let observation = resource(&statement, "Observation");
        let codes: Vec<_> = observation["interaction"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
        let expected = ["create", "delete", "history-instance", "read", "search-type", "update", "vread"];
        assert_eq!(codes, expected);
        for (flag, expected) in [
            ("versioning", json!("versioned-update")),
            ("readHistory", json!(true)),
            ("conditionalCreate", json!(true)),
            ("conditionalRead", json!(CONDITIONAL_READ)),
            ("conditionalUpdate", json!(true)),
            ("conditionalDelete", json!("single")),
        ] {
            assert_eq!(observation[flag], expected, "{flag}");
        }
        let practitioner = resource(&statement, "Practitioner");
        assert_eq!(practitioner["versioning"], "no-version");
        assert_eq!(practitioner["conditionalCreate"], false);
        assert_eq!(practitioner["conditionalRead"], CONDITIONAL_READ);
        // Without a parameter to tell by, a condition would be one on everything.
        let consent = resource(&statement, "Consent");
        assert_eq!(
            (&consent["conditionalUpdate"], &consent["versioning"]),
            (&json!(false), &json!("versioned-update"))
        );
        assert!(practitioner.get("searchParam").is_none());
    }
}

#[test]
fn parameters_have_kind_definition_and_a_word_about_them() {
    let statement = of(&much(), FhirVersion::R4, Direction::Holder);
    let observation = resource(&statement, "Observation");
    let parameters = observation["searchParam"].as_array().unwrap();
    let names: Vec<_> = parameters.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["_lastUpdated", "category", "code", "patient", "performer", "subject"]);
    let find = |name: &str| &parameters[names.iter().position(|known| *known == name).unwrap()];
    let core = |id: &str| json!(format!("http://hl7.org/fhir/SearchParameter/{id}"));
    assert_eq!(find("code")["definition"], core("clinical-code"));
    assert_eq!(find("code")["type"], "token");
    assert!(find("code")["documentation"].as_str().unwrap().contains("code"));
    assert_eq!(find("_lastUpdated")["definition"], core("Resource-lastUpdated"));
    assert!(find("patient")["documentation"].as_str().unwrap().contains("patient.identifier"));
    assert!(find("performer")["documentation"].as_str().unwrap().contains("Only in chains: performer.identifier."));
    assert!(observation["documentation"].as_str().unwrap().contains("_count, _sort"));
    let texts = |name: &str| -> Vec<String> { serde_json::from_value(observation[name].clone()).unwrap() };
    let includes = texts("searchInclude");
    assert!(includes.contains(&"Observation:performer".to_owned()));
    assert!(includes.contains(&"Observation:has-member".to_owned()));
    assert!(!includes.contains(&"Observation:specimen".to_owned()), "a Specimen may not leave");
    let revincludes = texts("searchRevInclude");
    assert!(revincludes.contains(&"Provenance:target".to_owned()));
    assert!(revincludes.iter().all(|value| !value.starts_with("DiagnosticReport")), "it may not leave");
    let patient = resource(&statement, "Patient");
    assert!(patient.get("searchInclude").is_none());
    assert!(patient["searchParam"].to_string().contains("by BSN"));
}

#[test]
fn whoever_supervises_the_access_log_is_told_by_what_it_is_searched() {
    let statement = of(&supervision(), FhirVersion::R4, Direction::User);
    let parameters = resource(&statement, "AuditEvent")["searchParam"].as_array().unwrap();
    let told = |name: &str| parameters.iter().find(|one| one["name"] == name);
    for (name, kind) in [("agent", "reference"), ("date", "date"), ("patient", "reference"), ("purpose", "token")] {
        assert_eq!(told(name).map(|one| &one["type"]), Some(&json!(kind)), "{name}");
    }
    assert_eq!(told("purpose").unwrap().get("definition"), None, "R4 defines none");
    assert!(told("patient").unwrap()["documentation"].as_str().unwrap().contains("patient.identifier"));
    assert_eq!(told("entity-name"), None, "nothing that is not offered");
}

#[test]
fn operations_refer_to_what_is_published_and_others_are_told_in_words() {
    let lastn = "http://hl7.org/fhir/OperationDefinition/Observation-lastn";
    let r4 = of(&much(), FhirVersion::R4, Direction::User);
    assert_eq!(resource(&r4, "Observation")["operation"], json!([{ "name": "lastn", "definition": lastn }]));
    assert_eq!(resource(&r4, "Patient")["operation"][0]["name"], "everything");
    assert_eq!(resource(&r4, "Composition")["operation"][0]["name"], "document");
    let stu3 = of(&much(), FhirVersion::Stu3, Direction::User);
    let operations = stu3["rest"][0]["operation"].as_array().unwrap();
    assert_eq!(operations.len(), 3);
    assert!(operations.contains(&json!({ "name": "lastn", "definition": { "reference": lastn } })));
    let overview = of(&use_cases(), FhirVersion::R4, Direction::User);
    let patient = resource(&overview, "Patient");
    assert!(patient.get("operation").is_none());
    assert!(patient["documentation"].as_str().unwrap().contains("Patient/$health-overview"));
    let outside = of(&use_cases(), FhirVersion::R4, Direction::Holder);
    assert!(!outside.to_string().contains("$health-overview"), "it is for the own people only");
}

#[test]
fn the_latest_stops_are_told_of_both_their_types_and_of_the_system() {
    let offer = r#"{ "r4": { "interactions": [
        { "type": "MedicationRequest", "codes": ["search-type", "$latest-stops"] },
        { "type": "MedicationDispense", "codes": ["$latest-stops"] } ], "system": ["$latest-stops"] } }"#;
    let told = of(&of_versions("stops", offer), FhirVersion::R4, Direction::Holder);
    let canonical = "http://nictiz.nl/fhir/OperationDefinition/mp-latest-stops";
    let expected = json!([{ "name": "latest-stops", "definition": canonical }]);
    assert_eq!(told["rest"][0]["operation"], expected);
    for kind in ["MedicationRequest", "MedicationDispense"] {
        assert_eq!(resource(&told, kind)["operation"], expected, "{kind}");
    }
    let not = of(&much(), FhirVersion::R4, Direction::Holder);
    assert!(!not.to_string().contains("latest-stops"), "where it is not offered");
}

#[test]
fn the_way_to_a_token_is_told_at_the_gate_that_wants_one() {
    for version in FhirVersion::ALL {
        let outside = of(&much(), version, Direction::Holder);
        assert!(outside["rest"][0]["security"].to_string().contains("https://node.example/oauth/token"));
        assert!(of(&much(), version, Direction::User)["rest"][0].get("security").is_none());
    }
}

#[test]
fn who_has_no_use_case_is_offered_nothing() {
    let statement = of(&UseCases::new(Vec::new()), FhirVersion::R4, Direction::Holder);
    let rest = statement["rest"][0].as_object().unwrap();
    assert_eq!(rest.keys().collect::<Vec<_>>(), ["mode", "security"]);
}
