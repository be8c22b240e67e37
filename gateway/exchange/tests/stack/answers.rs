//! What leaves: only what the permit covers, from every source with its true status.

use std::time::Duration;

use exchange::ports::SourceFault;
use exchange::{Gate, Inbound, Refusal, SourceStatus};
use policy::{Finding, NotFoundOut};
use serde_json::{Value, json};

use crate::world::*;

fn ids(recorded: &exchange::Recorded) -> Vec<String> {
    recorded.released().items().filter_map(|(_, item)| item.resource().id().map(|id| id.into_owned())).collect()
}

#[tokio::test]
async fn what_is_allowed_is_released_and_recorded_by_reference() {
    let world = World::in_order();
    let recorded = world.ask(about(ANNA, "Condition")).await.unwrap();
    assert_eq!(ids(&recorded), ["c1"]);
    let record = world.record();
    assert_eq!(record["outcome"]["result"], "released");
    assert_eq!(record["patient"], ANNA);
    assert_eq!(record["caller"]["organisation"], "90000222");
    assert_eq!(record["caller"]["person"]["id"], "n-1");
    assert_eq!(record["sources"][0]["disclosed"], json!(["Condition/c1/_history/2"]));
    assert_eq!(record["decision"]["permitted"], true);
    assert_eq!(record["decision"]["policy"]["version"], "1.0.0");
    assert_eq!(record["consent"]["detail"]["reference"], "c-1");
    assert_eq!(record["treatment_relation"]["finding"], "found");
}

#[tokio::test]
async fn another_patients_data_in_an_answer_does_not_leave() {
    let smuggled: Vec<Value> = vec![
        json!({"resourceType": "Condition", "id": "evil1", "subject": {"reference": "Patient/bram"}}),
        json!({"resourceType": "Condition", "id": "evil2"}),
        json!({"resourceType": "Condition", "id": "evil3", "subject": {"identifier": {
            "system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BRAM}}}),
        json!({"resourceType": "Condition", "id": "evil4", "subject": {"reference": "#p"}, "contained": [
            {"resourceType": "Patient", "id": "p", "identifier": [
                {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BRAM}]}]}),
        json!({"resourceType": "Condition", "id": "evil5", "subject": {"reference": "Group/g"}}),
        json!({"resourceType": "Patient", "id": "evil6", "identifier": [
            {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BRAM}]}),
        json!({"resourceType": "Patient", "id": "evil7"}),
        json!({"resourceType": "Patient", "id": "evil8", "identifier": [
            {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": ANNA},
            {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BRAM}]}),
    ];
    let world = World::in_order();
    let all = annas().into_iter().chain(smuggled.clone()).collect();
    *world.source().doing.lock().unwrap() = Doing::Answer(all);
    let recorded = world.ask(about(ANNA, "Condition")).await.unwrap();
    assert_eq!(ids(&recorded), ["c1"]);
    let part = &recorded.released().parts()[0];
    assert_eq!((part.mistrusted(), part.status()), (smuggled.len(), SourceStatus::Partly));
    assert!(!recorded.released().is_complete(), "an answer with foreign data is not trusted to be whole");
    assert_eq!(world.record()["sources"][0]["withheld"], smuggled.len());
}

#[tokio::test]
async fn what_names_no_patient_leaves_with_what_it_hangs_on_and_never_alone() {
    let condition = |id: &str, patient: &str| {
        json!({"resourceType": "Condition", "id": id,
        "subject": {"reference": format!("Patient/{patient}")}, "evidence": [{"detail": [{"reference": format!("Device/of-{id}")}]}]})
    };
    let device = |id: &str| json!({"resourceType": "Device", "id": id, "_mode": "include"});
    let provenance = |id: &str, targets: &[&str]| {
        let targets: Vec<Value> = targets.iter().map(|target| json!({"reference": target})).collect();
        json!({"resourceType": "Provenance", "id": id, "target": targets, "_mode": "include"})
    };
    let world = World::in_order();
    *world.source().doing.lock().unwrap() = Doing::Answer(vec![
        condition("c1", "anna"),
        condition("c9", "bram"),
        device("of-c1"),
        device("of-c9"),
        device("alone"),
        json!({"resourceType": "Device", "id": "evil-alone"}),
        provenance("p1", &["Condition/c1"]),
        provenance("p2", &["Condition/c1/_history/2", "Device/of-c1"]),
        provenance("p3", &["Condition/c1", "Condition/c9"]),
        provenance("p4", &["https://elsewhere.example/fhir/Condition/c1"]),
        provenance("p5", &[]),
        provenance("p6", &["Observation/vouched", "Condition/c1"]),
        provenance("p7", &["Observation/vouched"]),
    ]);
    let recorded = world.ask(about(ANNA, "Condition")).await.unwrap();
    let (left, part) = (ids(&recorded), &recorded.released().parts()[0]);
    assert_eq!((left.join(" ").as_str(), part.withheld(), part.mistrusted()), ("c1 of-c1 p1 p2 p6", 0, 8));
}

#[tokio::test]
async fn a_device_that_is_read_by_itself_leaves_when_its_source_vouches_for_it_and_otherwise_never() {
    for (id, leaves) in [("vouched", true), ("alone", false)] {
        let world = World::in_order();
        world.identity.lock().unwrap().as_mut().unwrap().patient = Some(fhir::Bsn::parse(ANNA).unwrap());
        *world.source().doing.lock().unwrap() =
            Doing::Answer(vec![json!({"resourceType": "Device", "id": id, "_mode": "match"})]);
        let answer = world.ask(get(&format!("Device/{id}"))).await;
        assert_eq!(answer.is_ok(), leaves, "{id}");
    }
}

#[tokio::test]
async fn labelled_resources_and_types_outside_the_use_case_are_withheld() {
    let world = World::in_order();
    let label =
        |code: &str| json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code}]);
    *world.source().doing.lock().unwrap() = Doing::Answer(vec![
        json!({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/anna"}}),
        json!({"resourceType": "Condition", "id": "c2", "meta": {"security": label("R")},
            "subject": {"reference": "Patient/anna"}}),
        json!({"resourceType": "Condition", "id": "c3", "meta": {"security": label("N")},
            "subject": {"reference": "Patient/anna"}}),
        json!({"resourceType": "Encounter", "id": "evil-but-annas", "subject": {"reference": "Patient/anna"}}),
        json!({"resourceType": "Practitioner", "id": "evil-but-included"}),
        json!({"resourceType": "Organization", "id": "evil-not-included"}),
    ]);
    let recorded = world.ask(about(ANNA, "Condition")).await.unwrap();
    assert_eq!(ids(&recorded), ["c1", "c3", "evil-but-included"]);
    assert_eq!(recorded.released().parts()[0].withheld(), 3);
}

#[tokio::test]
async fn a_read_answers_with_that_resource_or_with_nothing() {
    let read = |text: &str, bound: &str| {
        let world = World::in_order();
        world.identity.lock().unwrap().as_mut().unwrap().patient = Some(fhir::Bsn::parse(bound).unwrap());
        let inbound = get(text);
        async move { (world.ask(inbound).await, world) }
    };
    let (good, world) = read("Condition/c1", ANNA).await;
    // The stub answers a read with all it has: the other resources are no answer to it.
    assert_eq!(ids(&good.unwrap()), ["c1"]);
    assert_eq!(world.record()["outcome"]["result"], "released");
    let (absent, _) = read("Condition/nope", ANNA).await;
    let (foreign, world) = read("Condition/c1", BRAM).await;
    assert_eq!(absent.as_ref().unwrap_err(), &Refusal::NotFound);
    assert_eq!(foreign.as_ref().unwrap_err(), &Refusal::NotFound);
    assert_eq!(world.record()["outcome"]["reason"], "not-found");
}

#[tokio::test(start_paused = true)]
async fn a_lone_source_that_fails_is_said_to_fail() {
    for (doing, status) in [
        (Doing::Fault(SourceFault::Unreachable), 502),
        (Doing::Fault(SourceFault::Unusable("rubbish")), 502),
        (Doing::Fault(SourceFault::TimedOut), 504),
        (Doing::Hang, 504),
        (Doing::Fault(SourceFault::TooLarge), 502),
    ] {
        let world = World::in_order();
        *world.source().doing.lock().unwrap() = doing;
        let refusal = world.ask(about(ANNA, "Condition")).await.unwrap_err();
        assert_eq!(refusal.row().status, status);
        assert_eq!(world.record()["outcome"]["result"], "refused");
    }
}

#[tokio::test]
async fn what_no_source_can_search_is_refused_by_name() {
    let cannot = || Doing::Fault(SourceFault::Unsupported { parameter: "code:above".into() });
    for (second, refused) in
        [(cannot(), true), (Doing::Fault(SourceFault::Unreachable), true), (Doing::Answer(annas()), false)]
    {
        let world = World::in_order();
        *world.sources.lock().unwrap() =
            vec![StubSource::new("90000111", "one", cannot()), StubSource::new("90000112", "two", second)];
        match world.ask(about(ANNA, "Condition")).await {
            Err(refusal) => {
                assert!(refused && refusal.row().status == 400 && refusal.row().says.contains("code:above"));
            }
            Ok(recorded) => assert!(!refused && !recorded.released().is_complete()),
        }
    }
}

#[tokio::test]
async fn a_resource_is_said_to_be_nowhere_only_when_every_source_said_so() {
    let absent = || Doing::Fault(SourceFault::NotFound);
    let broken = || Doing::Fault(SourceFault::Unreachable);
    for (first, second, reason) in [
        (absent(), absent(), "not-found"),
        (absent(), broken(), "source-unreachable"),
        (broken(), absent(), "source-unreachable"),
        (absent(), Doing::Answer(annas()), "released"),
        (broken(), Doing::Answer(annas()), "released"),
    ] {
        let world = World::in_order();
        world.identity.lock().unwrap().as_mut().unwrap().patient = Some(fhir::Bsn::parse(ANNA).unwrap());
        *world.source().doing.lock().unwrap() = first;
        world.sources.lock().unwrap().push(StubSource::new("90000111", "second", second));
        let answer = world.ask(get("Condition/c1")).await;
        let outcome = world.record()["outcome"].clone();
        let recorded = if answer.is_ok() { &outcome["result"] } else { &outcome["reason"] };
        assert_eq!(recorded, reason);
        assert_eq!(world.record()["sources"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn every_source_of_a_gathering_is_shown_with_its_status() {
    let world = World::in_order();
    *world.index.lock().unwrap() = Finding::Found(5);
    let doings = [
        ("90000111", Doing::Answer(annas())),
        ("90000112", Doing::Answer(Vec::new())),
        ("90000113", Doing::Fault(SourceFault::Refused)),
        ("90000114", Doing::Hang),
        ("90000115", Doing::Fault(SourceFault::Unreachable)),
        ("90000116", Doing::Answer(annas())),
    ];
    *world.sources.lock().unwrap() = doings.into_iter().map(|(ura, doing)| StubSource::new(ura, ura, doing)).collect();
    let started = tokio::time::Instant::now();
    let inbound = Inbound { gate: Gate::Inner, path: "Patient/$gather".into(), ..about(ANNA, "Patient") };
    let recorded = world.ask(inbound).await.unwrap();
    assert!(started.elapsed() < Duration::from_millis(500), "a dead source costs its patience, no more");
    let statuses: Vec<SourceStatus> = recorded.released().parts().iter().map(|part| part.status()).collect();
    use SourceStatus::{Answered, NotAsked, NothingThere, Refused, TimedOut, Unreachable};
    assert_eq!(
        statuses,
        [Answered, NothingThere, Refused, TimedOut, Unreachable, NotAsked],
        "the sixth is over the bound"
    );
    assert!(!recorded.released().is_complete());
    assert_eq!(recorded.released().parts()[0].items().len(), 3);
    assert_eq!(world.record()["sources"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn an_index_that_could_not_say_makes_the_answer_incomplete() {
    for (index, complete) in [
        (Finding::Found(0), true),
        (Finding::Absent, true),
        (Finding::NotFoundOut(NotFoundOut::NotAsked), true),
        (Finding::NotFoundOut(NotFoundOut::Unreachable), false),
        (Finding::NotFoundOut(NotFoundOut::NobodyToAsk), false),
    ] {
        let world = World::in_order();
        *world.index.lock().unwrap() = index.clone();
        let recorded = world.ask(about(ANNA, "Condition")).await.unwrap();
        assert_eq!(recorded.released().is_complete(), complete, "{index:?}");
    }
}

#[tokio::test]
async fn a_write_goes_to_one_place() {
    let world = World::in_order();
    let second = StubSource::new("90000112", "second", Doing::Answer(Vec::new()));
    world.sources.lock().unwrap().push(second.clone());
    let body = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": "Patient/anna"}});
    let inbound = post("Observation", exchange::BodyKind::Json, body.to_string());
    world.ask(inbound).await.unwrap();
    assert_eq!((world.source().times_asked(), second.times_asked()), (1, 0));
}

#[tokio::test]
async fn a_change_goes_to_the_source_that_has_the_resource_or_nowhere() {
    let update = |id: &str| {
        let body = json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/anna"}});
        Inbound {
            method: Some(fhir::Method::Put),
            ..post(&format!("Observation/{id}"), exchange::BodyKind::Json, body.to_string())
        }
    };
    let holds = |id: &str| {
        Doing::Answer(vec![json!({"resourceType": "Observation", "id": id, "subject": {"reference": "Patient/anna"}})])
    };
    // (what the first does, what the second does, how often each is asked, whether the change is made)
    for (first, second, asked, made) in [
        (holds("o9"), holds("o1"), (1, 2), true),
        (holds("o1"), holds("o9"), (2, 0), true),
        // Nobody has it: it is made at the first.
        (holds("o8"), holds("o9"), (2, 1), true),
        // The second cannot say: nothing is changed anywhere.
        (holds("o9"), Doing::Fault(SourceFault::Unreachable), (1, 1), false),
    ] {
        let world = World::in_order();
        let sources = [StubSource::new("90000111", "first", first), StubSource::new("90000111", "second", second)];
        *world.sources.lock().unwrap() = sources.to_vec();
        let result = world.ask(update("o1")).await;
        assert_eq!((sources[0].times_asked(), sources[1].times_asked(), result.is_ok()), (asked.0, asked.1, made));
        assert_eq!(world.record()["outcome"]["result"], if made { "released" } else { "refused" });
    }
}

#[tokio::test]
async fn a_write_about_another_patient_than_the_tokens_is_denied() {
    let world = World::in_order();
    world.identity.lock().unwrap().as_mut().unwrap().patient = Some(fhir::Bsn::parse(ANNA).unwrap());
    let body = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": "Patient/bram"}});
    let refusal = world.ask(post("Observation", exchange::BodyKind::Json, body.to_string())).await.unwrap_err();
    assert_eq!(refusal.row().status, 403);
    assert_eq!(world.source().times_asked(), 0);
}

#[tokio::test]
async fn a_source_is_asked_for_the_codes_of_a_known_value_set() {
    let world = World::in_order();
    for (set, asked) in [
        ("http%3A%2F%2Fset.example%2Fpressure", "code=http%3A%2F%2Floinc.org%7C85354-9"),
        ("http%3A%2F%2Fset.example%2Fother", "code%3Ain=http%3A%2F%2Fset.example%2Fother"),
    ] {
        let patient = format!("patient.identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C{ANNA}");
        let form = format!("{patient}&code:in={set}");
        world.ask(post("Observation/_search", exchange::BodyKind::Form, form)).await.unwrap();
        let question = world.source().questions.lock().unwrap().last().unwrap().clone();
        assert_eq!(question, format!("search-type Observation?{asked}"));
    }
}
