//! The use cases of `profiles/`: each loads, and its cases hold and could fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests may panic, and say how many rows they held"
)]

mod decision_table;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use fhir::interaction::Method;
use fhir::{Bsn, FhirVersion, Interaction, Ura};
use policy::cases::{FolderTexts, check_folder};
use policy::findings::{Consent, ConsentDecision, Finding, NotFoundOut, TreatmentRelation};
use policy::{
    Caller, Data, DataHolder, DenialCode, Direction, Findings, Organisation, PatientScope, Person, Request, UseCaseId,
    UseCases,
};
use proptest::prelude::*;

fn profiles() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles")
}

fn texts(folder: &Path) -> FolderTexts {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mut cases: Vec<(String, String)> = fs::read_dir(folder.join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    cases.sort();
    FolderTexts {
        id: folder.file_name().unwrap().to_str().unwrap().to_owned(),
        capability: read("capability.json"),
        policy: read("policy.rego"),
        release: read("release.toml"),
        matrix: fs::read_to_string(folder.join("matrix.toml")).ok(),
        cases,
    }
}

#[test]
fn every_use_case_loads_and_its_cases_hold() {
    let mut folders = 0;
    for entry in fs::read_dir(profiles()).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("capability.json").exists() {
            continue;
        }
        folders += 1;
        match check_folder(&texts(&folder), true) {
            Ok(report) => assert!(report.cases.iter().all(|result| result.passed())),
            Err(fault) => panic!("{fault}"),
        }
    }
    assert!(folders >= 2, "the use cases were not found");
}

#[test]
fn a_development_use_case_does_not_load_elsewhere() {
    assert!(check_folder(&texts(&profiles().join("development-try")), false).is_err());
    assert!(check_folder(&texts(&profiles().join("health-overview")), false).is_ok());
}

#[test]
fn a_health_overview_that_allows_by_default_fails_its_cases() {
    let mut texts = texts(&profiles().join("health-overview"));
    texts.policy = texts.policy.replace("default allow := false", "default allow := true");
    assert!(check_folder(&texts, true).unwrap_err().what.contains("cases/"));
}

#[test]
fn no_condition_of_a_use_case_of_care_can_be_left_out_unnoticed() {
    for (use_case, least) in [
        ("health-overview", 15),
        ("bgz", 15),
        ("medication-transfer", 15),
        ("medication-overview", 15),
        ("laboratory-for-pharmacies", 15),
        ("emergency-overview", 5),
    ] {
        let whole = texts(&profiles().join(use_case));
        let mut left_out = 0;
        for (at, line) in whole.policy.lines().enumerate() {
            // A condition stands on a line of its own, indented; names of the lists end with a comma.
            let listed = line.contains(", #") || line.trim_end().ends_with(',') || line.trim_start().starts_with('#');
            if !line.starts_with('\t') || listed {
                continue;
            }
            let without = whole.policy.lines().enumerate().filter(|(other, _)| *other != at).map(|(_, line)| line);
            let policy = without.collect::<Vec<_>>().join("\n");
            let fault = check_folder(&FolderTexts { policy, ..whole.clone() }, true);
            assert!(fault.is_err(), "{use_case}: line {} can be left out: {line}", at + 1);
            left_out += 1;
        }
        assert!(left_out > least, "only {left_out} conditions were found in {use_case}");
    }
}

fn any_why() -> impl Strategy<Value = NotFoundOut> {
    prop_oneof![
        Just(NotFoundOut::TimedOut),
        Just(NotFoundOut::Unreachable),
        Just(NotFoundOut::Unusable),
        Just(NotFoundOut::NobodyToAsk),
        Just(NotFoundOut::NotAsked),
    ]
}

fn any_finding<T: Clone + std::fmt::Debug>(fact: impl Strategy<Value = T>) -> impl Strategy<Value = Finding<T>> {
    prop_oneof![
        3 => fact.prop_map(Finding::Found),
        1 => Just(Finding::Absent),
        1 => any_why().prop_map(Finding::NotFoundOut),
    ]
}

fn any_findings() -> impl Strategy<Value = Findings> {
    let relation = ("[a-z-]{1,12}", "[a-z0-9]{0,8}").prop_map(|(kind, reference)| TreatmentRelation {
        kind,
        reference,
        age_days: None,
    });
    let decision = prop_oneof![2 => Just(ConsentDecision::Permit), 1 => Just(ConsentDecision::Deny)];
    let consent = (decision, prop_oneof!["local", "mitz"], "[a-z0-9]{0,8}")
        .prop_map(|(decision, source, reference)| Consent { decision, source, reference, withhold: Vec::new() });
    (any_finding(relation), any_finding(consent))
        .prop_map(|(treatment_relation, consent)| Findings { treatment_relation, consent })
}

fn any_caller() -> impl Strategy<Value = Caller> {
    let role = prop_oneof![3 => Just("01.015"), 2 => Just("30.000"), 1 => Just("01.048"), 1 => Just("")];
    let kind = prop_oneof![3 => Just(Some("V6")), 1 => Just(Some("X3")), 1 => Just(Some("Q9")), 1 => Just(None)];
    (proptest::option::weighted(0.9, role), kind).prop_map(|(role, kind)| Caller {
        client_id: "c".to_owned(),
        organisation: Organisation {
            ura: Ura::parse("90000101").unwrap(),
            name: None,
            kind: kind.map(ToOwned::to_owned),
        },
        person: role.map(|role| Person { id: "p".to_owned(), name: None, role: role.to_owned() }),
        responsible: None,
        use_cases: vec![UseCaseId::parse("health-overview").unwrap()],
        patient: None,
        treatment_relation: None,
        emergency: None,
        token_id: None,
    })
}

fn request(caller: Caller, direction: Direction, path: &str) -> Request {
    Request {
        caller,
        direction,
        holder: DataHolder(Ura::parse("90000201").unwrap()),
        holder_kind: Some("V6".to_owned()),
        version: FhirVersion::R4,
        interaction: Interaction::read(FhirVersion::R4, Method::Get, path, "", None).unwrap(),
        patient: PatientScope::One(Bsn::parse("999911120").unwrap()),
        data: Data::Sources,
        use_case: None,
    }
}

fn overview() -> UseCases {
    UseCases::new(vec![check_folder(&texts(&profiles().join("health-overview")), false).unwrap().use_case])
}

#[test]
fn at_the_holders_gate_a_yes_means_relation_found_and_consent_permitted() {
    let use_cases = overview();
    let (yes, no) = (Cell::new(0), Cell::new(0));
    proptest!(|(findings in any_findings(), caller in any_caller())| {
        let person = caller.person.clone();
        let admitted = use_cases.admissible(request(caller, Direction::Holder, "Condition")).unwrap();
        match use_cases.decide(&admitted, &findings) {
            Ok(permit) => {
                yes.set(yes.get() + 1);
                prop_assert!(findings.treatment_relation.found().is_some());
                let consent = findings.consent.found();
                prop_assert!(consent.is_some_and(|consent| consent.decision == ConsentDecision::Permit));
                prop_assert!(person.is_some_and(|person| !person.role.is_empty()));
                prop_assert!(!permit.obligations().is_empty());
            }
            Err(denial) => {
                no.set(no.get() + 1);
                prop_assert_eq!(denial.code, DenialCode::PolicyDenied);
                prop_assert!(!denial.reasons.is_empty());
            }
        }
    });
    assert!(yes.get() > 5 && no.get() > 5, "both answers must occur");
}

#[test]
fn at_the_users_gate_a_yes_means_a_person_and_a_relation() {
    let use_cases = overview();
    proptest!(|(findings in any_findings(), caller in any_caller())| {
        let known = caller.person.as_ref().is_some_and(|person| !person.role.is_empty());
        let admitted = use_cases.admissible(request(caller, Direction::User, "Patient/$health-overview")).unwrap();
        let allowed = use_cases.decide(&admitted, &findings).is_ok();
        prop_assert_eq!(allowed, known && findings.treatment_relation.found().is_some());
    });
}

#[test]
fn the_overview_asks_every_source_its_searches_and_releases_the_types_it_names() {
    let use_cases = overview();
    let caller = Caller {
        client_id: "c".to_owned(),
        organisation: Organisation { ura: Ura::parse("90000101").unwrap(), name: None, kind: None },
        person: Some(Person { id: "p".to_owned(), name: None, role: "30.000".to_owned() }),
        responsible: None,
        use_cases: vec![UseCaseId::parse("health-overview").unwrap()],
        patient: None,
        treatment_relation: None,
        emergency: None,
        token_id: None,
    };
    let findings = Findings {
        treatment_relation: Finding::Found(TreatmentRelation {
            kind: "k".to_owned(),
            reference: "r".to_owned(),
            age_days: None,
        }),
        consent: Finding::NotFoundOut(NotFoundOut::NotAsked),
    };
    let admitted = use_cases.admissible(request(caller, Direction::User, "Patient/$health-overview")).unwrap();
    let permit = use_cases.decide(&admitted, &findings).unwrap();
    let types: Vec<&str> =
        permit.plan().iter().filter_map(|search| search.resource_type()).map(|found| found.name()).collect();
    for expected in ["Patient", "Condition", "AllergyIntolerance", "MedicationRequest", "Observation", "Consent"] {
        assert!(types.contains(&expected), "{expected}");
    }
    assert!(permit.plan().iter().all(|search| search.code() == "search-type"));
    assert!(permit.may_release("Medication") && permit.may_release("Condition"));
    assert!(!permit.may_release("Claim") && !permit.may_release("AuditEvent") && !permit.may_release("Binary"));
}
