//! The region keeps the promises that the national test scripts check on every answer, and
//! those of its own stories.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

fn eleven(number: &str) -> bool {
    let weights = [9, 8, 7, 6, 5, 4, 3, 2, -1];
    let digits = number.chars().filter_map(|c| c.to_digit(10));
    let sum: i32 = digits.zip(weights).map(|(digit, weight)| i32::try_from(digit).unwrap() * weight).sum();
    number.len() == 9 && sum % 11 == 0
}

/// Visits every object in a resource with the path that leads to it.
fn objects(value: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Array(list) => list.iter().for_each(|item| objects(item, path, visit)),
        Value::Object(object) => {
            visit(path, value);
            for (name, item) in object {
                objects(item, &format!("{path}.{name}"), visit);
            }
        }
        _ => {}
    }
}

fn everything() -> Vec<(&'static str, Value)> {
    let of = |key: &'static str| resources(key).into_iter().map(move |resource| (key, resource));
    providers().into_iter().flat_map(|provider| of(provider.key)).collect()
}

fn local(resource: &Value) -> String {
    format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
}

/// The patient that a resource is about.
fn about(resource: &Value) -> Option<String> {
    if resource["resourceType"] == "Patient" {
        return Some(local(resource));
    }
    let reference = |name: &str| resource[name]["reference"].as_str().filter(|r| r.starts_with("Patient/"));
    reference("subject").or_else(|| reference("patient")).map(str::to_owned)
}

#[test]
fn there_are_twelve_patients_at_four_providers() {
    let (patients, providers) = (patients(), providers());
    assert_eq!((patients.len(), providers.len()), (12, 4));
    assert_eq!(patients[0].known_at, ["hospital", "nursing-home", "general-practice", "pharmacy"]);
    assert!(patients.iter().any(|patient| patient.known_at.len() == 1));
    let keys: Vec<_> = providers.iter().map(|provider| (provider.key, provider.kind, provider.source)).collect();
    assert_eq!(
        keys,
        [
            ("hospital", "V6", SourceKind::FhirServer),
            ("nursing-home", "X3", SourceKind::Files),
            ("general-practice", "Z3", SourceKind::Files),
            ("pharmacy", "J8", SourceKind::FhirServer),
        ]
    );
    for provider in providers {
        assert!(provider.ura.len() == 8 && !["90000901", "90000382"].contains(&provider.ura));
        assert!(patients.iter().filter(|patient| patient.known_at.contains(&provider.key)).count() >= 5);
    }
}

#[test]
fn every_bsn_passes_the_eleven_test_and_no_card_number_could_be_one() {
    let numbers: BTreeSet<_> = patients().iter().map(|patient| patient.bsn).collect();
    assert_eq!(numbers.len(), 12);
    assert!(numbers.iter().all(|number| eleven(number)), "{numbers:?}");
    for person in staff() {
        assert!(person.uzi_number.len() == 9 && !eleven(person.uzi_number), "{}", person.id);
    }
}

#[test]
fn a_bsn_stands_in_the_patients_identifier_and_nowhere_else() {
    for (key, resource) in everything() {
        let name = local(&resource);
        let mut text = resource;
        if let Some(identifiers) = text["identifier"].as_array_mut().filter(|_| name.starts_with("Patient/")) {
            assert_eq!(identifiers[0]["system"], "http://fhir.nl/fhir/NamingSystem/bsn");
            identifiers.remove(0);
        }
        let text = text.to_string();
        for patient in patients() {
            assert!(!text.contains(patient.bsn), "{key} {name}");
        }
    }
}

#[test]
fn ids_are_fit_unique_and_never_shared_between_providers() {
    let mut seen = BTreeSet::new();
    for (key, resource) in everything() {
        let id = resource["id"].as_str().unwrap().to_owned();
        assert!(id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.'), "{id}");
        assert!(seen.insert(local(&resource)), "{key} {}", local(&resource));
    }
}

#[test]
fn every_reference_resolves_within_its_provider() {
    for provider in providers() {
        let all = resources(provider.key);
        let known: BTreeSet<String> = all.iter().map(local).collect();
        for resource in &all {
            objects(resource, "", &mut |path, object| {
                if let Some(reference) = object.get("reference").and_then(Value::as_str) {
                    assert!(known.contains(reference), "{} {path}: {reference}", local(resource));
                }
            });
        }
    }
}

#[test]
fn what_the_test_scripts_assert_on_every_answer_holds() {
    for (_, resource) in everything() {
        let name = local(&resource);
        let profiles = resource["meta"]["profile"].as_array();
        assert!(profiles.is_some_and(|list| !list.is_empty()), "{name} has no profile");
        objects(&resource, "", &mut |path, object| {
            let text = |key: &str| object.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
            if path.ends_with(".coding") || path.ends_with(".class") {
                assert!(text("system") && text("code") && text("display"), "{name} {path}: {object}");
            }
            if object.get("coding").is_some_and(|list| list.as_array().is_some_and(Vec::is_empty)) {
                panic!("{name} {path} has an empty list of codings");
            }
            if object.get("reference").is_some_and(Value::is_string) {
                assert!(text("display"), "{name} {path} has no display");
            }
            if path.ends_with(".identifier") || path.ends_with(".valueIdentifier") {
                assert!(text("value") && text("system"), "{name} {path}");
            }
            for (element, value) in object.as_object().unwrap() {
                assert!(!value.is_null(), "{name} {path}.{element} is null");
            }
        });
    }
}

#[test]
fn a_chart_has_between_eight_and_forty_resources_of_its_patient() {
    for provider in providers() {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for resource in resources(provider.key) {
            if let Some(patient) = about(&resource) {
                *counts.entry(patient).or_default() += 1;
            }
        }
        let expected = patients().iter().filter(|patient| patient.known_at.contains(&provider.key)).count();
        assert_eq!(counts.len(), expected, "{}", provider.key);
        for (patient, count) in counts {
            assert!((8..=40).contains(&count), "{} {patient}: {count}", provider.key);
        }
    }
}

#[test]
fn the_records_are_as_rich_as_promised() {
    let kinds: BTreeSet<String> =
        everything().iter().map(|(_, resource)| resource["resourceType"].as_str().unwrap().to_owned()).collect();
    for kind in [
        "AllergyIntolerance",
        "CarePlan",
        "CareTeam",
        "Composition",
        "Condition",
        "Consent",
        "Device",
        "DeviceUseStatement",
        "Encounter",
        "Flag",
        "Goal",
        "Immunization",
        "Medication",
        "MedicationDispense",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Procedure",
        "RelatedPerson",
    ] {
        assert!(kinds.contains(kind), "{kind}");
    }
}

#[test]
fn the_providers_contradict_each_other_about_the_first_patient() {
    let allergies = |key: &str| {
        let of = resources(key).into_iter().filter(|r| r["resourceType"] == "AllergyIntolerance");
        of.filter(|r| r["patient"]["display"] == "Mien van der Heuvel").count()
    };
    assert_eq!(["hospital", "nursing-home", "general-practice", "pharmacy"].map(allergies), [0, 1, 1, 1]);
    let resuscitation = |key: &str| {
        let of = resources(key).into_iter().filter(|r| r["provision"]["code"][0]["coding"][0]["code"] == "89666000");
        of.filter(|r| r["patient"]["display"] == "Mien van der Heuvel")
            .map(|r| r["provision"]["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(resuscitation("hospital"), ["permit"]);
    assert_eq!(resuscitation("general-practice"), ["deny"]);
}

#[test]
fn consents_and_relations_have_their_exceptions() {
    let consents = consents();
    let charts: usize = patients().iter().map(|patient| patient.known_at.len()).sum();
    assert_eq!(consents.len(), charts);
    let at = |key: &str, state: &ConsentState| consents.iter().any(|c| c.holder == key && c.state == *state);
    assert!(at("pharmacy", &ConsentState::Deny));
    assert!(at("general-practice", &ConsentState::NotRecorded));
    assert!(consents.iter().any(|c| matches!(c.state, ConsentState::PermitSome(_))));
    let permitted = consents.iter().filter(|c| c.state == ConsentState::PermitAll).count();
    assert!(permitted * 4 > charts * 3);

    let relations = relations();
    let strangers: Vec<_> = staff()
        .iter()
        .filter(|person| relations.iter().all(|relation| relation.practitioner != Some(person.id)))
        .map(|person| person.id)
        .collect();
    assert_eq!(strangers, ["brouwer"]);
    for patient in patients() {
        for key in patient.known_at {
            let ura = providers().into_iter().find(|provider| provider.key == key).unwrap().ura;
            assert!(relations.contains(&Relation { ura, practitioner: None, bsn: patient.bsn }));
            let people = relations.iter().filter(|r| r.ura == ura && r.bsn == patient.bsn && r.practitioner.is_some());
            assert!(people.count() >= 1, "{key} has nobody who treats one of its patients");
        }
    }
}

#[test]
fn a_folder_holds_one_file_for_every_resource() {
    let folder = tempfile::tempdir().unwrap();
    write_folder("nursing-home", folder.path()).unwrap();
    let read = crate::source_server::read_folder(folder.path()).unwrap();
    assert_eq!(read.len(), resources("nursing-home").len());
    assert!(folder.path().join("Patient-dl2188.json").exists());
    assert!(resources("nowhere").is_empty());
}
