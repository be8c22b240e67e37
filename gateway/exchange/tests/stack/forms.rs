//! What is asked in other forms than a search: the operations of the standard, histories, conditional reads.

use exchange::{Conditions, Handle, Inbound, Recorded, Refusal};
use serde_json::{Value, json};

use crate::world::*;

fn ids(recorded: &Recorded) -> Vec<String> {
    recorded.released().items().filter_map(|(_, item)| item.resource().id().map(|id| id.into_owned())).collect()
}

fn anna(kind: &str, id: &str, more: Value) -> Value {
    let mut json = json!({"resourceType": kind, "id": id, "subject": {"reference": "Patient/anna"}});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json
}

fn observation(id: &str, code: &str, day: &str) -> Value {
    let code = json!({"coding": [{"system": "http://loinc.org", "code": code}]});
    anna("Observation", id, json!({"code": code, "effectiveDateTime": day}))
}

#[tokio::test]
async fn of_each_kind_of_observation_the_last_n_are_given_over_all_sources() {
    let world = World::of_anna();
    world.has(vec![
        observation("old", "8480-6", "2025-01-01"),
        observation("new", "8480-6", "2026-01-01"),
        observation("weight", "29463-7", "2024-01-01"),
    ]);
    let second =
        StubSource::new("90000111", "second", Doing::Answer(vec![observation("newest", "8480-6", "2026-02-01")]));
    world.sources.lock().unwrap().push(second);
    let one = world.ask(get("Observation/$lastn?code=http://loinc.org%7C8480-6")).await.unwrap();
    assert_eq!(ids(&one), ["newest", "weight"]);
    assert_eq!(one.released().page().unwrap().total(), Some(2));
    let asked = world.source().questions.lock().unwrap()[0].clone();
    assert_eq!(asked, "search-type Observation?code=http%3A%2F%2Floinc.org%7C8480-6&_sort=-date");
    let record = world.record();
    assert_eq!(
        (&record["asked"]["interaction"], &record["asked"]["operation"]),
        (&json!("operation"), &json!("lastn"))
    );
    assert_eq!(record["sources"][0]["disclosed"], json!(["Observation/weight"]), "what was not given did not leave");
    world.log.records.lock().unwrap().clear();

    let stack = stack(&world);
    let two = stack.handle(get("Observation/$lastn?max=2&_count=2")).await.unwrap();
    assert_eq!(ids(&two), ["newest", "new"]);
    let token = two.released().page().unwrap().next().unwrap().as_str().to_owned();
    assert_eq!(ids(&stack.handle(get(&format!("Observation?_page={token}"))).await.unwrap()), ["weight"]);
    for bad in ["max=0", "max=x", "max=1&max=2"] {
        let row = world.ask(get(&format!("Observation/$lastn?{bad}"))).await.unwrap_err().row();
        assert_eq!((row.status, row.record.as_str()), (400, "query-value"), "{bad}");
    }
}

fn agreed(kind: &str, id: &str, category: &str, period: Value, stop: bool) -> Value {
    let base = "http://nictiz.nl/fhir/StructureDefinition";
    let coded = |code: &str| json!({"coding": [{"system": "http://snomed.info/sct", "code": code}]});
    let category = if kind == "MedicationRequest" { json!([coded(category)]) } else { coded(category) };
    let mut block = anna(
        kind,
        id,
        json!({"category": category, "medicationReference": {"reference": format!("Medication/of-{id}")},
            "extension": [
            {"url": format!("{base}/ext-PharmaceuticalTreatment.Identifier"),
             "valueIdentifier": {"system": "urn:oid:1", "value": "t1"}},
            {"url": format!("{base}/ext-TimeInterval.Period"), "valuePeriod": period}]}),
    );
    if stop {
        block["modifierExtension"] =
            json!([{"url": format!("{base}/ext-StopType"), "valueCodeableConcept": coded("410546004")}]);
    }
    block
}

#[tokio::test]
async fn what_is_active_and_what_stopped_last_is_found_over_all_sources_though_none_knows_the_operation() {
    let world = World::of_anna();
    world.has(vec![
        agreed("MedicationRequest", "stopped", "33633005", json!({"start": "2020-01-01"}), false),
        json!({"resourceType": "Medication", "id": "of-stopped", "_mode": "include"}),
        json!({"resourceType": "MedicationRequest", "id": "of-bram", "subject": {"reference": "Patient/bram"}}),
    ]);
    let ended = json!({"start": "2020-01-01", "end": "2020-02-01"});
    let second = StubSource::new(
        "90000111",
        "second",
        Doing::Answer(vec![
            agreed("MedicationRequest", "stop", "33633005", ended, true),
            agreed("MedicationRequest", "new", "33633005", json!({"start": "2020-03-01"}), false),
            json!({"resourceType": "Medication", "id": "of-stop", "_mode": "include"}),
        ]),
    );
    world.sources.lock().unwrap().push(second);
    let one = world.ask(get("MedicationRequest/$latest-stops?mbh=urn:oid:1%7Ct1")).await.unwrap();
    assert_eq!(ids(&one), ["stop", "new", "of-stop"], "the stop of one source ends the agreement of another");
    assert_eq!(one.released().page().unwrap().total(), None, "not all that came was released");
    let asked = world.source().questions.lock().unwrap().clone();
    assert_eq!(
        asked,
        [
            "search-type MedicationRequest?category=http%3A%2F%2Fsnomed.info%2Fsct%7C33633005%2Chttp%3A%2F%2Fsnomed.info%2F\
          sct%7C395067002&pharmaceutical-treatment-identifier=urn%3Aoid%3A1%7Ct1&_include=MedicationRequest%3Amedication"
        ]
    );
    let record = world.record();
    assert_eq!(record["asked"]["operation"], "latest-stops");
    assert_eq!(record["sources"][0]["disclosed"], json!([]), "what was not given did not leave");
    assert_eq!(record["sources"][1]["disclosed"].as_array().map(Vec::len), Some(3));
    world.log.records.lock().unwrap().clear();

    let stack = stack(&world);
    let details = stack.handle(get("MedicationRequest/$latest-stops?include-details=true")).await.unwrap();
    assert_eq!(ids(&details), ["stop", "new", "stopped", "of-stopped", "of-stop"]);
    let all = stack.handle(get("$latest-stops")).await.unwrap();
    assert!(ids(&all).contains(&"new".to_owned()));
    for (bad, status) in [
        ("MedicationRequest/$latest-stops?mbh=t1", 400),
        ("MedicationRequest/$latest-stops?category=373784005", 400),
        ("MedicationStatement/$latest-stops", 403),
        ("MedicationRequest/$latest-stops?patient=bram", 403),
    ] {
        assert_eq!(stack.handle(get(bad)).await.unwrap_err().row().status, status, "{bad}");
    }
}

#[tokio::test]
async fn everything_of_a_patient_is_what_the_use_case_offers_of_it_and_of_nobody_else() {
    let world = World::of_anna();
    let mut all = annas();
    all.push(json!({"resourceType": "Observation", "id": "evil1", "subject": {"reference": "Patient/bram"}}));
    world.has(all);
    let stack = stack(&world);
    let one = stack.handle(get("Patient/anna/$everything?_count=2")).await.unwrap();
    assert_eq!(ids(&one), ["anna", "c1"]);
    assert_eq!(one.released().parts()[0].mistrusted(), 3, "it is noticed at each of the three searches");
    let asked = world.source().questions.lock().unwrap().clone();
    assert_eq!(asked, ["search-type Patient?", "search-type Condition?", "search-type Observation?"]);
    let token = one.released().page().unwrap().next().unwrap().as_str().to_owned();
    assert_eq!(ids(&stack.handle(get(&format!("Patient?_page={token}"))).await.unwrap()), ["o1"]);

    let some = stack.handle(get("Patient/anna/$everything?_type=Condition")).await.unwrap();
    assert_eq!(ids(&some), ["c1"]);
    assert!(stack.handle(get("Patient/$everything")).await.is_ok(), "whose it is stands in the token");
    for (request, status) in [("Patient/bram/$everything", 403), ("Patient/anna/$everything?_type=Claim", 400)] {
        assert_eq!(stack.handle(get(request)).await.unwrap_err().row().status, status, "{request}");
    }
}

#[tokio::test]
async fn a_document_keeps_its_order_and_is_none_without_its_composition() {
    let world = World::of_anna();
    let whole = vec![
        anna("Composition", "d1", json!({})),
        anna("Observation", "o2", json!({})),
        anna("Observation", "o1", json!({})),
        json!({"resourceType": "Practitioner", "id": "p1"}),
        anna("Patient", "x", json!({})),
    ];
    let request = || get("Composition/d1/$document");
    world.has(whole.clone());
    let document = world.ask(request()).await.unwrap();
    // The Patient without a BSN is nobody we know.
    assert_eq!(ids(&document), ["d1", "o2", "o1", "p1"]);
    assert!(document.released().page().is_none());
    assert_eq!(world.source().questions.lock().unwrap()[0], "operation Composition?");
    world.log.records.lock().unwrap().clear();

    let restricted = json!({"security": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]});
    for composition in [
        anna("Composition", "d2", json!({})),
        anna("Composition", "d1", json!({"meta": restricted})),
        json!({"resourceType": "Composition", "id": "d1", "subject": {"reference": "Patient/bram"}}),
    ] {
        let mut answer = whole.clone();
        answer[0] = composition;
        world.has(answer);
        assert_eq!(world.ask(request()).await.unwrap_err(), Refusal::NotFound);
        let record = world.last_record();
        assert_eq!(
            (&record["outcome"]["reason"], &record["sources"][0]["disclosed"]),
            (&json!("not-found"), &json!([]))
        );
    }
}

#[tokio::test]
async fn a_document_is_taken_from_the_source_that_has_it() {
    let world = World::of_anna();
    *world.source().doing.lock().unwrap() = Doing::Fault(exchange::ports::SourceFault::NotFound);
    let second = StubSource::new("90000111", "second", Doing::Answer(vec![anna("Composition", "d1", json!({}))]));
    world.sources.lock().unwrap().push(second.clone());
    assert_eq!(ids(&world.ask(get("Composition/d1/$document")).await.unwrap()), ["d1"]);
    *second.doing.lock().unwrap() = Doing::Fault(exchange::ports::SourceFault::NotFound);
    assert_eq!(world.ask(get("Composition/d1/$document")).await.unwrap_err(), Refusal::NotFound);
}

#[tokio::test]
async fn a_history_holds_every_version_that_is_the_patients() {
    let world = World::of_anna();
    let version = |version: &str, patient: &str| {
        json!({"resourceType": "Condition", "id": "c1", "meta": {"versionId": version},
            "subject": {"reference": format!("Patient/{patient}")}})
    };
    let other = json!({"resourceType": "Condition", "id": "c2", "subject": {"reference": "Patient/anna"}});
    world.has(vec![version("3", "anna"), version("3", "anna"), version("2", "bram"), version("1", "anna"), other]);
    let stack = stack(&world);
    let one = stack.handle(get("Condition/c1/_history?_count=1")).await.unwrap();
    assert_eq!(world.last_record()["sources"][0]["disclosed"], json!(["Condition/c1/_history/3"]));
    assert_eq!(one.released().parts()[0].mistrusted(), 2, "another's version, and another resource");
    assert!(!one.released().is_complete());
    let token = one.released().page().unwrap().next().unwrap().as_str().to_owned();
    stack.handle(get(&format!("Condition?_page={token}"))).await.unwrap();
    assert_eq!(world.last_record()["sources"][0]["disclosed"], json!(["Condition/c1/_history/1"]));
    assert_eq!(world.last_record()["asked"]["interaction"], "history-instance");

    world.has(vec![version("2", "bram")]);
    let refusal = world.ask(get("Condition/c1/_history")).await.unwrap_err();
    assert_eq!(refusal, Refusal::NotFound, "what is another's is not there");
}

#[tokio::test]
async fn a_resource_that_the_caller_has_is_not_sent_again_and_the_record_says_so() {
    let read = |path: &str, version: &str| Inbound {
        conditions: Conditions { if_none_match: Some(format!("W/\"{version}\"")), ..Conditions::default() },
        ..get(path)
    };
    for path in ["Condition/c1", "Condition/c1/_history/2"] {
        let world = World::of_anna();
        let known = world.ask(read(path, "2")).await.unwrap();
        assert_eq!(known.released().not_modified().unwrap().version_id(), Some("2"), "{path}");
        assert_eq!(known.released().items().count(), 0, "{path}");
        let record = world.record();
        assert_eq!(record["outcome"], json!({"result": "not-modified"}), "{path}");
        assert_eq!(record["sources"][0]["disclosed"], json!([]), "{path}");
        world.log.records.lock().unwrap().clear();

        let changed = world.ask(read(path, "1")).await.unwrap();
        assert!(changed.released().not_modified().is_none(), "{path}");
        assert_eq!(ids(&changed), ["c1"], "{path}");
        assert_eq!(world.record()["outcome"]["result"], "released", "{path}");
    }
    // It says nothing about what the caller may not have.
    let world = World::of_anna();
    world.has(vec![json!({"resourceType": "Condition", "id": "c1", "meta": {"versionId": "2"},
        "subject": {"reference": "Patient/bram"}})]);
    assert_eq!(world.ask(read("Condition/c1", "2")).await.unwrap_err(), Refusal::NotFound);
    // Only a read is conditional in this way.
    let world = World::of_anna();
    assert!(world.ask(read("Condition", "2")).await.unwrap().released().not_modified().is_none());
}
