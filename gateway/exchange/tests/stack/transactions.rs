//! Transactions: every entry offered, all about one patient, all at one source, all of it recorded.

use exchange::ports::SourceFault;
use exchange::{BodyKind, Conditions, Inbound, Refusal};
use serde_json::{Value, json};

use crate::world::*;

fn entry(method: &str, url: &str, resource: Value) -> Value {
    let mut entry = json!({"request": {"method": method, "url": url}});
    if !resource.is_null() {
        entry["resource"] = resource;
    }
    entry
}

fn request(subject: Value) -> Value {
    json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "medicationCodeableConcept": {"text": "x"}, "subject": subject})
}

fn patient(full_url: &str, bsn: &str) -> Value {
    let mut entry = entry(
        "POST",
        "Patient",
        json!({"resourceType": "Patient", "identifier": [
        {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": bsn}]}),
    );
    entry["fullUrl"] = json!(full_url);
    entry
}

fn send(entries: Vec<Value>) -> Inbound {
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    post("", BodyKind::Json, bundle.to_string())
}

fn anna() -> Value {
    json!({"reference": "Patient/anna"})
}

#[tokio::test]
async fn a_transaction_is_written_at_one_source_and_recorded_entry_by_entry() {
    let world = World::of_anna();
    world.identity.lock().unwrap().as_mut().unwrap().patient = None;
    *world.source().doing.lock().unwrap() = Doing::Write(vec![("p9", "1"), ("m1", "1"), ("m2", "3")]);
    let second = StubSource::new("90000111", "second", Doing::Answer(Vec::new()));
    world.sources.lock().unwrap().push(second.clone());
    let to_the_patient = json!({"reference": "urn:uuid:p"});
    let sent = world
        .ask(send(vec![
            patient("urn:uuid:p", ANNA),
            entry("POST", "MedicationRequest", request(to_the_patient)),
            entry(
                "POST",
                "MedicationRequest",
                request(json!({"identifier": {
                "system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": ANNA}})),
            ),
        ]))
        .await
        .unwrap();
    let written = sent.released().transaction();
    assert_eq!(written.iter().map(|one| one.id.as_deref().unwrap()).collect::<Vec<_>>(), ["p9", "m1", "m2"]);
    assert_eq!((world.source().times_asked(), second.times_asked()), (1, 0));
    assert_eq!(world.source().questions.lock().unwrap()[0], "transaction ?");
    let record = world.record();
    assert_eq!((&record["patient"], &record["asked"]["interaction"]), (&json!(ANNA), &json!("transaction")));
    assert_eq!(
        record["asked"]["entries"],
        json!(["create Patient", "create MedicationRequest", "create MedicationRequest"])
    );
    assert_eq!(
        record["sources"][0]["written"],
        json!(["Patient/p9/_history/1", "MedicationRequest/m1/_history/1", "MedicationRequest/m2/_history/3"])
    );
}

#[tokio::test]
async fn what_is_about_another_or_about_nobody_clear_is_not_written() {
    let bsn = |digits: &str| json!({"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": digits}});
    let with = |subject: Value| entry("POST", "MedicationRequest", request(subject));
    let nameless = entry("POST", "Patient", json!({"resourceType": "Patient"}));
    let cases: Vec<(&str, Vec<Value>, u16, &str)> = vec![
        ("two patients", vec![with(bsn(ANNA)), with(bsn(BRAM))], 400, "several-patients"),
        ("two Patients", vec![patient("urn:uuid:p", ANNA), patient("urn:uuid:q", BRAM)], 400, "several-patients"),
        ("another's", vec![with(bsn(BRAM))], 403, "denied: patient-binding"),
        ("another's id", vec![with(json!({"reference": "Patient/bram"}))], 403, "denied: patient-binding"),
        ("an id we do not know", vec![with(json!({"reference": "Patient/zz"}))], 403, "denied: patient-binding"),
        ("a Patient of nowhere", vec![with(json!({"reference": "urn:uuid:p"}))], 400, "patient-parameter"),
        ("a Patient without a BSN", vec![with(anna()), nameless], 400, "patient-parameter"),
        (
            "an entry that is no Patient",
            vec![
                json!({"fullUrl": "urn:uuid:p", "resource": request(anna()),
                    "request": {"method": "POST", "url": "MedicationRequest"}}),
                with(json!({"reference": "urn:uuid:p"})),
            ],
            400,
            "patient-parameter",
        ),
        ("a conditional reference", vec![with(json!({"reference": "Patient?identifier=1"}))], 422, "transaction"),
        ("a search", vec![entry("GET", "Condition", Value::Null)], 422, "transaction"),
        ("no entries", vec![], 422, "transaction"),
        ("another resource", vec![entry("POST", "Observation", request(anna()))], 422, "transaction"),
        (
            "what is not offered",
            vec![entry("POST", "Claim", json!({"resourceType": "Claim"}))],
            403,
            "denied: not-in-use-case",
        ),
        (
            "a delete that is not offered",
            vec![entry("DELETE", "Observation/o1", Value::Null)],
            403,
            "denied: not-in-use-case",
        ),
        (
            "one entry that is not offered",
            vec![with(anna()), entry("DELETE", "MedicationRequest/m1", Value::Null)],
            403,
            "denied: not-in-use-case",
        ),
        (
            "an element that is not R4's",
            vec![entry("POST", "Observation", json!({"resourceType": "Observation", "x": 1}))],
            422,
            "body-structure",
        ),
    ];
    for (what, entries, status, reason) in cases {
        let world = World::of_anna();
        let row = world.ask(send(entries)).await.expect_err(what).row();
        assert_eq!((row.status, row.record.as_str()), (status, reason), "{what}");
        assert_eq!(world.source().times_asked(), 0, "{what}");
        assert_eq!(world.record()["outcome"]["reason"], reason, "{what}");
        assert!(![ANNA, BRAM].iter().any(|bsn| row.says.contains(bsn)), "{what}");
    }
}

#[tokio::test]
async fn a_transaction_is_decided_like_everything_else() {
    let world = World::of_anna();
    *world.consent.lock().unwrap() = policy::Finding::Absent;
    let entries = vec![entry("POST", "MedicationRequest", request(anna()))];
    assert_eq!(world.ask(send(entries)).await.unwrap_err().row().status, 403);
    assert_eq!(world.source().times_asked(), 0);
}

#[tokio::test]
async fn changes_go_to_the_source_that_has_the_resources_and_never_to_two() {
    let condition = |id: &str| json!({"resourceType": "Condition", "id": id, "subject": anna()});
    let entries = || vec![entry("PUT", "Condition/c1", condition("c1")), entry("DELETE", "Condition/c2", Value::Null)];
    let holds = |ids: &[&str]| Doing::Answer(ids.iter().map(|id| condition(id)).collect());
    // The stub writes nothing, so that what would be written shows as an unusable answer of the source that was asked.
    for (first, second, outcome) in [
        (holds(&["c1"]), holds(&["c2"]), SourceFault::Conflict),
        (holds(&["c2"]), holds(&["c1"]), SourceFault::Conflict),
        (Doing::Fault(SourceFault::Unreachable), holds(&["c1", "c2"]), SourceFault::Unreachable),
    ] {
        let world = World::of_anna();
        *world.source().doing.lock().unwrap() = first;
        world.sources.lock().unwrap().push(StubSource::new("90000111", "second", second));
        assert_eq!(world.ask(send(entries())).await.unwrap_err(), Refusal::Source(outcome));
        let asked: Vec<String> =
            world.sources.lock().unwrap().iter().flat_map(|one| one.questions.lock().unwrap().clone()).collect();
        assert!(asked.iter().all(|question| question.starts_with("read ")), "{asked:?}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_cover_every_entry_is_not_believed() {
    let world = World::of_anna();
    *world.source().doing.lock().unwrap() = Doing::Write(vec![("m1", "1")]);
    let entries =
        vec![entry("POST", "MedicationRequest", request(anna())), entry("POST", "MedicationRequest", request(anna()))];
    let refusal = world.ask(send(entries)).await.unwrap_err();
    assert_eq!(refusal.row().record, "source-unusable");
}

#[tokio::test]
async fn a_conditional_create_asks_for_its_own_identifier_only() {
    let create = |condition: &str| {
        let body = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": anna(),
            "identifier": [{"system": "s", "value": "1"}]});
        let conditions = Conditions { if_none_exist: Some(condition.to_owned()), ..Conditions::default() };
        Inbound { conditions, ..post("Observation", BodyKind::Json, body.to_string()) }
    };
    let world = World::of_anna();
    assert!(world.ask(create("identifier=s%7C1")).await.is_ok());
    for other in ["identifier=s%7C2", "code=x", "patient=bram&identifier=s%7C1"] {
        let asked = world.source().times_asked();
        assert_eq!(world.ask(create(other)).await.unwrap_err(), Refusal::CreateCondition, "{other}");
        assert_eq!(world.source().times_asked(), asked, "{other}");
    }
}
