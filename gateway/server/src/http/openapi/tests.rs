use std::collections::BTreeSet;

use super::*;
use crate::http::testing::{development, use_cases};

fn of(use_cases: &UseCases) -> Value {
    document(use_cases, &FhirVersion::ALL, "https://node.example", "Ziekenhuis Maasdal")
}

/// Every object of the document.
fn walk<'v>(value: &'v Value, see: &mut dyn FnMut(&'v Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            see(members);
            members.values().for_each(|member| walk(member, see));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}

/// Follows a reference within the document, and keeps to it.
fn resolve<'v>(document: &'v Value, value: &'v Value) -> &'v Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => value,
    }
}

#[test]
fn every_operation_answers_takes_what_its_path_names_and_refers_to_what_is_there() {
    for document in [of(&use_cases()), of(&development())] {
        let mut references = 0;
        walk(&document, &mut |members| {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references += 1;
                assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
            }
        });
        assert!(references > 10);
        let mut ids = BTreeSet::new();
        let mut operations = 0_usize;
        for (path, item) in document["paths"].as_object().unwrap() {
            assert!(path.starts_with('/') && !path.contains('?'), "{path}");
            for (method, operation) in item.as_object().unwrap() {
                operations += 1;
                let place = format!("{method} {path}");
                assert!(["get", "post", "put", "patch", "delete"].contains(&method.as_str()), "{place}");
                assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{place}: its id is another's");
                let responses = operation["responses"].as_object().unwrap();
                assert!(!responses.is_empty(), "{place} has no response");
                for (status, response) in responses {
                    let known =
                        status == "default" || status.parse::<u16>().is_ok_and(|code| (200..600).contains(&code));
                    assert!(known, "{place}: {status}");
                    assert!(resolve(&document, response)["description"].is_string(), "{place}: {status}");
                }
                let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
                let parameters: Vec<&Value> = parameters.iter().map(|given| resolve(&document, given)).collect();
                let mut names = BTreeSet::new();
                for parameter in &parameters {
                    let name = (parameter["in"].as_str().unwrap(), parameter["name"].as_str().unwrap());
                    assert!(names.insert(name), "{place}: {name:?} twice");
                    assert!(parameter["schema"].is_object(), "{place}: {name:?}");
                    assert_eq!(parameter["required"] == true, name.0 == "path", "{place}: {name:?}");
                }
                let templated: BTreeSet<&str> =
                    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
                let taken: BTreeSet<&str> =
                    names.iter().filter(|(at, _)| *at == "path").map(|(_, name)| *name).collect();
                assert_eq!(templated, taken, "{place}");
                if path.starts_with("/fhir/") {
                    let refused = resolve(&document, &responses["default"]);
                    assert!(refused["content"]["application/fhir+json"].is_object(), "{place}");
                    assert!(refused["content"]["application/fhir+xml"].is_object(), "{place}");
                }
            }
        }
        assert!(operations > 50);
        for required in [&document["openapi"], &document["info"]["title"], &document["info"]["version"]] {
            assert!(required.is_string());
        }
    }
}

#[test]
fn it_offers_what_the_use_cases_offer_to_the_own_people() {
    let document = of(&use_cases());
    let has = |method: &str, path: &str| document["paths"][path][method].is_object();
    for (method, path) in [
        ("get", "/health/live"),
        ("get", "/openapi.json"),
        ("get", "/fhir/r4/metadata"),
        ("post", "/fhir/r4"),
        ("get", "/fhir/r4/Condition"),
        ("post", "/fhir/r4/Condition/_search"),
        ("get", "/fhir/r4/Condition/{id}"),
        ("get", "/fhir/r4/Patient/$health-overview"),
    ] {
        assert!(has(method, path), "{method} {path}");
    }
    for (method, path) in [
        ("post", "/fhir/r4/Condition"),
        ("delete", "/fhir/r4/Condition/{id}"),
        ("get", "/fhir/r4/Condition/{id}/_history"),
        ("get", "/fhir/r4/Claim"),
        ("get", "/fhir/stu3/Condition"),
        ("get", "/fhir/r4/Patient/{id}/$health-overview"),
    ] {
        assert!(!has(method, path), "{method} {path}");
    }
    let form = &document["paths"]["/fhir/r4/Condition/_search"]["post"]["requestBody"]["content"];
    let properties = &form["application/x-www-form-urlencoded"]["schema"]["properties"];
    assert!(properties["patient.identifier"].is_object() && properties["clinical-status"].is_object());
    // A BSN has no place in a URL that we tell anyone to make.
    let parameters = document["paths"]["/fhir/r4/Condition"]["get"]["parameters"].to_string();
    assert!(parameters.contains("clinical-status") && !parameters.contains("patient.identifier"));
}
