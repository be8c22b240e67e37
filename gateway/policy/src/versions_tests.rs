use std::sync::Arc;

use fhir::FhirVersion::{R4, Stu3};

use super::*;
use crate::decision::{Denial, DenialCode, Obligation, Permit};
use crate::findings::{Finding, Findings};
use crate::request::{Admitted, Direction};
use crate::testing::{RELEASE, all_found, policy, request, use_case};
use crate::use_case::UseCases;

/// An operation that collects in both versions; consent and relation are asked for at the holder's gate.
const MIXED: &str = r#"{
  "title": "T", "purpose": "TREAT", "patient": "one",
  "findings": { "holder": ["treatment-relation", "consent"], "user": ["treatment-relation"] },
  "versions": {
    "stu3": { "interactions": [
      { "type": "Patient", "codes": ["search-type"] },
      { "type": "ProcedureRequest", "codes": ["search-type"], "search": ["status"] }
    ], "included": ["Medication"] },
    "r4": { "interactions": [
      { "type": "Patient", "codes": ["search-type"] },
      { "type": "ServiceRequest", "codes": ["search-type"] }
    ], "operations": {
      "requests": { "level": "type", "type": "Patient", "directions": ["user", "holder"],
                    "collects": ["Patient", "ServiceRequest"],
                    "collects-in": { "stu3": ["Patient", "ProcedureRequest?status=active"] } },
      "plain": { "level": "type", "type": "Patient", "directions": ["user"], "collects": ["Patient"] }
    } }
  }
}"#;

fn admitted(rules: &str, line: &str) -> (UseCases, Admitted) {
    let use_cases = UseCases::new(vec![use_case("one", MIXED, rules)]);
    let asked = Request { direction: Direction::User, ..request(&["one"], line) };
    let admitted = use_cases.admissible(asked).unwrap();
    (use_cases, admitted)
}

fn decided(rules: &str, line: &str) -> Result<Arc<Permit>, Denial> {
    let (use_cases, admitted) = admitted(rules, line);
    assert!(use_cases.is_decided_alike(&admitted, &all_found()));
    use_cases.decide(&admitted, &all_found()).map(Arc::new)
}

fn types(permit: &Permit) -> Vec<&str> {
    permit.plan().iter().filter_map(Interaction::resource_type).map(|kind| kind.name()).collect()
}

const OPERATION: &str = "GET Patient/$requests";

#[test]
fn a_permit_holds_in_each_version_what_was_judged_there_and_nothing_else() {
    let permit = decided("allow := true", OPERATION).unwrap();
    assert_eq!(types(permit.in_version(R4).unwrap()), ["Patient", "ServiceRequest"]);
    let other = permit.in_version(Stu3).unwrap();
    assert_eq!(other.version(), Stu3);
    assert_eq!(types(other), ["Patient", "ProcedureRequest"]);
    assert!(other.may_release("Medication") && !other.may_release("ServiceRequest"));
    assert!(!permit.may_release("ProcedureRequest"));
    // From the other version there is no way back: the request was made in this one.
    assert!(other.in_version(R4).is_none());
    assert!(permit.offers(Stu3) && other.offers(R4));
    // What does not collect elsewhere, and what collects nothing, is asked as it was made.
    for line in ["GET Patient/$plain", "GET Patient", "GET ServiceRequest"] {
        let permit = decided("allow := true", line).unwrap();
        assert!(permit.in_version(R4).is_some() && permit.in_version(Stu3).is_none(), "{line}");
        assert_eq!(permit.elsewhere().count(), 0, "{line}");
    }
}

#[test]
fn each_version_is_judged_by_itself_by_what_it_is_asked_in_it() {
    let stu3 =
        |decided: &Permit| decided.elsewhere().map(|(version, judged)| (version, judged.is_ok())).collect::<Vec<_>>();
    for (rules, own, elsewhere) in [
        ("allow := true", true, vec![(Stu3, true)]),
        ("default allow := false\nallow if input.context.fhir_version == \"r4\"", true, vec![(Stu3, false)]),
        (
            "default allow := false\nallow if not \"ProcedureRequest\" in input.resource.types",
            true,
            vec![(Stu3, false)],
        ),
        ("default allow := false\nallow if \"Patient\" in input.resource.types", true, vec![(Stu3, true)]),
        // No by the request's own version is no, whatever another one would say.
        ("default allow := false\nallow if input.context.fhir_version == \"stu3\"", false, vec![]),
        ("default allow := false\nallow if \"ProcedureRequest\" in input.resource.types", false, vec![]),
    ] {
        match decided(rules, OPERATION) {
            Ok(permit) => {
                assert!(own, "{rules}");
                assert_eq!(stu3(&permit), elsewhere, "{rules}");
                assert_eq!(permit.in_version(Stu3).is_some(), elsewhere == [(Stu3, true)], "{rules}");
            }
            Err(denial) => {
                assert!(!own, "{rules}");
                assert_eq!(denial.code, DenialCode::PolicyDenied);
            }
        }
    }
}

#[test]
fn what_a_version_obliges_to_goes_for_that_version() {
    let rules = "allow := true\nobligations contains {\"kind\": \"withhold-type\", \"resource_type\": \"Medication\"} if \
                 input.context.fhir_version == \"stu3\"";
    let permit = decided(rules, OPERATION).unwrap();
    assert!(permit.obligations().is_empty());
    let kept = Obligation::WithholdType { resource_type: "Medication".to_owned() };
    assert_eq!(permit.in_version(Stu3).unwrap().obligations(), [kept]);
    // A duty that cannot be met in a version leaves that version out, and no other.
    let rules = rules.replace("\"Medication\"", "\"ServiceRequest\"");
    let permit = decided(&rules, OPERATION).unwrap();
    assert!(permit.in_version(R4).is_some() && permit.in_version(Stu3).is_none());
    let codes: Vec<DenialCode> = permit.elsewhere().filter_map(|(_, judged)| Some(judged.err()?.code)).collect();
    assert_eq!(codes, [DenialCode::PolicyFailed]);
}

#[test]
fn what_bars_a_release_bars_it_in_every_version() {
    let use_cases = UseCases::new(vec![use_case("one", MIXED, "allow := true")]);
    let admitted = use_cases.admissible(request(&["one"], OPERATION)).unwrap();
    let nothing = Findings { treatment_relation: Finding::Absent, consent: Finding::Absent };
    assert!(use_cases.decide(&admitted, &nothing).is_ok(), "absence is the policy's to judge");
    let objection = Findings { consent: crate::testing::consent(crate::ConsentDecision::Deny), ..all_found() };
    assert!(use_cases.decide(&admitted, &objection).is_err());
}

#[test]
fn consent_is_asked_about_the_types_of_every_version() {
    let (_, of_all) = admitted("allow := true", OPERATION);
    assert_eq!(of_all.consent_types(), ["Patient", "ServiceRequest", "ProcedureRequest", "Medication"]);
    let (_, of_one) = admitted("allow := true", "GET Patient/$plain");
    assert_eq!(of_one.consent_types(), ["Patient", "ServiceRequest"]);
}

#[test]
fn a_policy_in_the_shadow_is_held_against_each_version() {
    let with_shadow = |rules: &str, shadow: &str| {
        let use_case = use_case("one", MIXED, rules).with_shadow(&policy("one", shadow), RELEASE).unwrap();
        let use_cases = UseCases::new(vec![use_case]);
        let asked = Request { direction: Direction::User, ..request(&["one"], OPERATION) };
        let admitted = use_cases.admissible(asked).unwrap();
        let decided = use_cases.decide(&admitted, &all_found());
        crate::differing(&admitted, &all_found(), decided.as_ref()).map(|differing| differing.allow)
    };
    let only_r4 = "default allow := false\nallow if input.context.fhir_version == \"r4\"";
    assert_eq!(with_shadow("allow := true", "allow := true"), None);
    assert_eq!(with_shadow("allow := true", only_r4), Some(false));
    assert_eq!(with_shadow(only_r4, "allow := true"), Some(true));
    assert_eq!(with_shadow(only_r4, only_r4), None);
    assert_eq!(with_shadow("allow := false", only_r4), Some(true), "by the request's own version");
}

#[test]
fn what_is_collected_in_another_version_must_be_offered_there() {
    let load = |part: &str, replacement: &str| {
        assert!(MIXED.contains(part), "{part}");
        UseCase::load("one", &MIXED.replacen(part, replacement, 1), &policy("one", "allow := true"), RELEASE, false)
            .map(|use_case| use_case.collects_in(Stu3))
            .map_err(|fault| fault.what)
    };
    assert_eq!(load("active", "completed"), Ok(true));
    assert_eq!(
        load(r#""collects-in": { "stu3": ["Patient", "ProcedureRequest?status=active"] }"#, r#""collects-in": {}"#),
        Ok(false)
    );
    for (part, replacement, says) in [
        (r#"{ "stu3": ["Patient""#, r#"{ "r4": ["Patient""#, "its own version"),
        (r#"{ "stu3": ["Patient""#, r#"{ "r5": ["Patient""#, "r5"),
        (r#"["Patient", "ProcedureRequest?status=active"]"#, "[]", "nothing in stu3"),
        ("ProcedureRequest?status", "ServiceRequest?status", "ServiceRequest"),
        ("ProcedureRequest?status=active", "ProcedureRequest?intent=order", "intent is not offered"),
        ("ProcedureRequest?status=active", "ProcedureRequest?_count=1", "never ordered or cut"),
        (
            r#"{ "stu3": ["Patient", "ProcedureRequest?status=active"] }"#,
            r#"{ "stu3": ["Patient"], "stu3": ["Patient"] }"#,
            "twice",
        ),
        (r#""stu3": { "interactions""#, r#""stu3": { "interactions": [] }, "stu3x": { "interactions""#, "stu3x"),
    ] {
        let fault = load(part, replacement).unwrap_err();
        assert!(fault.contains(says), "{replacement} gave: {fault}");
    }
    let only_r4 = MIXED.replacen("\"stu3\": { \"interactions\"", "\"r5\": { \"interactions\"", 1);
    assert!(UseCase::load("one", &only_r4, &policy("one", "allow := true"), RELEASE, false).is_err());
}
