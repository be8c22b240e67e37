//! A patient whom only the answer tells: what leaves is about that one, and the record says who it was.

use exchange::{Gate, Handle, Inbound, Recorded, Refusal, SourceStatus};
use policy::{UseCase, UseCaseId};
use serde_json::{Value, json};

use crate::world::*;

const TOLD: &str = r#"{
  "title": "Test receiving", "purpose": "COC", "patient": "told",
  "versions": {"r4": {"interactions": [
    {"type": "Task", "codes": ["read", "update"]},
    {"type": "Composition", "codes": ["read", "$document"]},
    {"type": "Patient", "codes": ["read"]},
    {"type": "Condition", "codes": ["read"]},
    {"type": "Organization", "codes": ["read"]}
  ]}}
}"#;

const YES: &str = "package test_told\nimport rego.v1\nallow := true\n";

async fn ask(path: &str, gate: Gate, has: Vec<Value>) -> (Result<Recorded, Refusal>, Value) {
    let world = World::in_order();
    let mut caller = caller();
    caller.use_cases = vec![UseCaseId::parse("test-told").unwrap()];
    *world.identity.lock().unwrap() = Ok(caller);
    world.has(has);
    let told = UseCase::load("test-told", TOLD, YES, "version = \"1.0.0\"\ntitle = \"Test\"\n", false).unwrap();
    let stack = exchange::stack(wiring(&world, vec![told]));
    let answer = stack.handle(Inbound { gate, ..get(path) }).await;
    (answer, world.record())
}

fn names(recorded: &Recorded) -> Vec<String> {
    recorded.released().items().map(|(_, item)| item.reference()).collect()
}

fn patient(id: &str, bsn: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "_mode": "include", "identifier": [
        {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": bsn}]})
}

fn composition(of: &str) -> Value {
    json!({"resourceType": "Composition", "id": "c1", "subject": {"reference": format!("Patient/{of}")}})
}

fn condition(id: &str, of: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "_mode": "include", "subject": {"reference": format!("Patient/{of}")}})
}

#[tokio::test]
async fn a_document_is_about_the_one_patient_in_it_and_the_record_says_who() {
    let has = vec![composition("x"), patient("x", ANNA), condition("k1", "x"), condition("k2", "y")];
    let (answer, record) = ask("Composition/c1/$document", Gate::Inner, has).await;
    let recorded = answer.unwrap();
    assert_eq!(names(&recorded), ["Composition/c1", "Patient/x", "Condition/k1"]);
    let part = &recorded.released().parts()[0];
    assert_eq!((part.mistrusted(), part.status()), (1, SourceStatus::Partly), "another patient's does not leave");
    assert_eq!(record["patient"], ANNA);
}

#[tokio::test]
async fn an_answer_about_two_patients_or_nobody_clear_is_about_none() {
    let nobody = json!({"resourceType": "Patient", "id": "x", "_mode": "include"});
    for has in [
        vec![composition("x"), patient("x", ANNA), patient("y", BRAM), condition("k1", "x")],
        vec![composition("x"), nobody, condition("k1", "x")],
        vec![composition("x"), condition("k1", "y")],
    ] {
        let (answer, record) = ask("Composition/c1/$document", Gate::Inner, has).await;
        assert!(matches!(answer, Err(Refusal::NotFound)));
        assert!(record["patient"].is_null());
    }
}

#[tokio::test]
async fn what_names_no_patient_itself_is_about_one_that_is_not_known_yet() {
    let task = |of: Value| json!({"resourceType": "Task", "id": "t1", "for": of});
    let (answer, record) = ask("Task/t1", Gate::Inner, vec![task(json!({"reference": "Patient/x"}))]).await;
    assert_eq!(names(&answer.unwrap()), ["Task/t1"]);
    assert!(record["patient"].is_null() && record["outcome"]["result"] == "released");
    for of in [json!({"reference": "Group/g"}), json!({"display": "Anna"}), Value::Null] {
        assert!(matches!(ask("Task/t1", Gate::Inner, vec![task(of)]).await.0, Err(Refusal::NotFound)));
    }
    // It is read with whatever else is put beside it, and gets what was asked for.
    let has = vec![json!({"resourceType": "Task", "id": "t2", "for": {"reference": "Patient/x"}})];
    assert!(ask("Task/t1", Gate::Inner, has).await.0.is_err());
    let organisation = json!({"resourceType": "Organization", "id": "o1"});
    assert!(ask("Organization/o1", Gate::Inner, vec![organisation]).await.0.is_ok());
}

#[tokio::test]
async fn another_provider_asks_us_about_nobody_in_that_way() {
    let has = vec![composition("anna"), patient("anna", ANNA)];
    let (answer, record) = ask("Composition/c1/$document", Gate::Outer, has).await;
    assert!(matches!(answer, Err(Refusal::Denied(_))));
    assert_eq!(record["outcome"]["result"], "refused");
}

/// Whoever asks about somebody whom nobody may name yet.
async fn unnamed(path: &str, gate: Gate, has: Vec<Value>) -> (Result<Recorded, Refusal>, Value) {
    let world = World::in_order();
    let mut caller = caller();
    caller.use_cases = vec![UseCaseId::parse("test-unnamed").unwrap()];
    *world.identity.lock().unwrap() = Ok(caller);
    world.has(has);
    let capability = TOLD.replace("\"told\"", "\"unnamed\"");
    let policy = YES.replace("test_told", "test_unnamed");
    let release = "version = \"1.0.0\"\ntitle = \"Test\"\n";
    let use_case = UseCase::load("test-unnamed", &capability, &policy, release, false).unwrap();
    let stack = exchange::stack(wiring(&world, vec![use_case]));
    let answer = stack.handle(Inbound { gate, ..get(path) }).await;
    (answer, world.record())
}

#[tokio::test]
async fn what_is_told_of_somebody_unnamed_comes_without_whatever_says_who_it_is_and_the_record_names_nobody() {
    let plain = json!({"resourceType": "Patient", "id": "x", "_mode": "include", "gender": "female"});
    let with_bsn = json!({"resourceType": "Condition", "id": "k2", "_mode": "include", "subject": {"reference": "Patient/x",
        "identifier": {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": ANNA}}});
    for (patient, comes) in [(plain, true), (patient("x", ANNA), false)] {
        let has = vec![composition("x"), patient, condition("k1", "x"), with_bsn.clone()];
        let (answer, record) = unnamed("Composition/c1/$document", Gate::Inner, has).await;
        let recorded = answer.unwrap();
        let expected: Vec<&str> = ["Composition/c1", "Patient/x", "Condition/k1"]
            .into_iter()
            .filter(|name| comes || *name != "Patient/x")
            .collect();
        assert_eq!(names(&recorded), expected);
        let part = &recorded.released().parts()[0];
        assert_eq!((part.mistrusted(), part.withheld()), (0, if comes { 1 } else { 2 }));
        assert!(record["patient"].is_null() && record["outcome"]["result"] == "released");
    }
    let (answer, record) = unnamed("Patient/x", Gate::Inner, vec![patient("x", ANNA)]).await;
    assert!(matches!(answer, Err(Refusal::NotFound)) && record["patient"].is_null());
}

#[tokio::test]
async fn what_is_about_two_who_are_unnamed_is_about_none_and_no_other_provider_asks_us_so() {
    for has in [
        vec![composition("x"), condition("k1", "y")],
        vec![composition("x"), json!({"resourceType": "Patient", "id": "y", "_mode": "include"})],
        vec![json!({"resourceType": "Composition", "id": "c1", "subject": {"display": "Anna"}})],
        vec![json!({"resourceType": "Composition", "id": "c1"})],
    ] {
        let (answer, _) = unnamed("Composition/c1/$document", Gate::Inner, has).await;
        assert!(matches!(answer, Err(Refusal::NotFound)));
    }
    let (answer, record) = unnamed("Composition/c1/$document", Gate::Outer, vec![composition("x")]).await;
    assert!(matches!(answer, Err(Refusal::Denied(_))));
    assert_eq!(record["outcome"]["result"], "refused");
}
