//! Sources of two FHIR versions under one request: each is asked in its own, and none is missing in silence.

use std::sync::Arc;

use exchange::ports::SourceFault;
use exchange::{Gate, Inbound, Recorded, Refusal, SourceStatus};
use fhir::FhirVersion::{self, R4, Stu3};
use policy::{Finding, UseCaseId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::*;

/// A world whose caller may collect in both versions, with these sources.
fn world(sources: Vec<Arc<StubSource>>) -> Arc<World> {
    let world = World::in_order();
    let mut caller = caller();
    caller.use_cases = vec![UseCaseId::parse("test-mixed").unwrap()];
    *world.identity.lock().unwrap() = Ok(caller);
    let others = sources.iter().map(|source| policy_holder(source)).filter(|ura| ura != OWN);
    let others: std::collections::BTreeSet<String> = others.collect();
    *world.index.lock().unwrap() = Finding::Found(others.len());
    *world.sources.lock().unwrap() = sources;
    world
}

fn policy_holder(source: &StubSource) -> String {
    exchange::ports::Source::holder(source).0.to_string()
}

const OWN: &str = "90000111";

fn gathering() -> Inbound {
    Inbound { gate: Gate::Inner, ..about_with_operation() }
}

fn about_with_operation() -> Inbound {
    let form = format!("identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C{ANNA}");
    post("Patient/$gather-both", exchange::BodyKind::Form, form)
}

fn patient() -> Value {
    annas().swap_remove(0)
}

/// A use of medication as the older version writes it.
fn of_stu3(id: &str) -> Value {
    json!({"resourceType": "MedicationStatement", "id": id, "status": "active", "taken": "y",
        "subject": {"reference": "Patient/anna"}, "effectivePeriod": {"start": "2026-01-01"}})
}

fn of_r4(id: &str) -> Value {
    json!({"resourceType": "MedicationStatement", "id": id, "status": "active",
        "subject": {"reference": "Patient/anna"}, "statusReason": [{"text": "x"}]})
}

fn stub(speaks: &[FhirVersion], ura: &str, doing: Doing) -> Arc<StubSource> {
    StubSource::speaking(speaks, ura, &format!("Provider {ura}"), doing)
}

fn statuses(recorded: &Recorded) -> Vec<(String, Option<FhirVersion>, SourceStatus, usize)> {
    let of_part =
        |part: &exchange::Part| (part.holder().0.to_string(), part.other_version(), part.status(), part.items().len());
    recorded.released().parts().iter().map(of_part).collect()
}

#[tokio::test]
async fn each_source_is_asked_in_its_own_version_and_all_of_it_is_on_record() {
    let (own, older) = (
        stub(&[R4], OWN, Doing::Answer(vec![patient(), of_r4("m1")])),
        stub(&[Stu3], OWN, Doing::Answer(vec![patient(), of_stu3("m2")])),
    );
    let peer = stub(&[], "90000333", Doing::Answer(vec![patient(), of_r4("m3")]));
    let both = stub(
        &[R4, Stu3],
        "90000444",
        Doing::ByVersion {
            r4: vec![patient(), of_r4("m4")],
            stu3: vec![
                patient(),
                of_stu3("m5"),
                json!({"resourceType": "ProcedureRequest", "id": "p1",
            "status": "active", "intent": "order", "code": {"text": "x"}, "subject": {"reference": "Patient/anna"}}),
            ],
        },
    );
    let world = world(vec![own.clone(), older.clone(), peer.clone(), both.clone()]);
    let recorded = world.ask(gathering()).await.unwrap();
    let (answered, stu3) = (SourceStatus::Answered, Some(Stu3));
    assert_eq!(
        statuses(&recorded),
        [
            (OWN.to_owned(), None, answered, 2),
            (OWN.to_owned(), stu3, answered, 2),
            ("90000333".to_owned(), None, answered, 2),
            ("90000444".to_owned(), None, answered, 2),
            ("90000444".to_owned(), stu3, answered, 2),
        ]
    );
    assert!(recorded.released().is_complete());
    // Each was asked what is asked in that version, and nothing of the other.
    assert!(own.questions.lock().unwrap().iter().any(|question| question == "search-type ServiceRequest?"));
    assert_eq!(*own.versions.lock().unwrap(), [R4; 3]);
    let asked = older.questions.lock().unwrap().clone();
    assert_eq!(
        asked,
        ["search-type Patient?", "search-type MedicationStatement?category=6", "search-type ProcedureRequest?"]
    );
    assert_eq!(*older.versions.lock().unwrap(), [Stu3; 3]);
    assert_eq!((peer.times_asked(), both.times_asked()), (3, 6));
    // What the version obliges to was done there.
    let record = world.record();
    assert_eq!(record["sources"][4]["withheld"], 1);
    assert_eq!(record["sources"][4]["fhir_version"], "stu3");
    assert_eq!(record["sources"][4]["disclosed"], json!(["Patient/anna", "MedicationStatement/m5"]));
    assert_eq!(record["sources"][3].get("fhir_version"), None);
    assert_eq!(record["decision"]["elsewhere"][0]["fhir_version"], "stu3");
    assert_eq!(record["decision"]["elsewhere"][0]["permitted"], true);
    assert_eq!(record["decision"]["elsewhere"][0]["obligations"][0]["resource_type"], "ProcedureRequest");
}

#[tokio::test]
async fn a_version_that_was_not_permitted_is_asked_of_nobody_and_shown_as_missing() {
    let older = stub(&[Stu3], "90000333", Doing::Answer(vec![patient(), of_stu3("m2")]));
    let own = stub(&[R4], OWN, Doing::Answer(vec![patient(), of_r4("m1")]));
    let world = world(vec![own, older.clone()]);
    world.identity.lock().unwrap().as_mut().unwrap().person.as_mut().unwrap().role = "01.015".into();
    let recorded = world.ask(gathering()).await.unwrap();
    assert_eq!(older.times_asked(), 0);
    assert_eq!(statuses(&recorded)[1], ("90000333".to_owned(), Some(Stu3), SourceStatus::NotAsked, 0));
    assert!(!recorded.released().is_complete());
    let record = world.record();
    assert_eq!(record["decision"]["permitted"], true);
    let elsewhere = &record["decision"]["elsewhere"][0];
    assert_eq!((&elsewhere["permitted"], &elsewhere["denial"]), (&json!(false), &json!("policy-denied")));
    assert_eq!(elsewhere["reasons"][0]["code"], "not-in-version");
    assert_eq!(record["sources"][1]["status"], "not-asked");
}

#[tokio::test]
async fn an_answer_in_another_version_than_was_asked_is_a_failed_source() {
    for (speaks, answer, failed) in [
        (Stu3, of_r4("m1"), true),
        (R4, of_stu3("m1"), true),
        (Stu3, of_stu3("m1"), false),
        (R4, of_r4("m1"), false),
        // What is well-formed in neither, or in both, is as it is.
        (
            Stu3,
            json!({"resourceType": "MedicationStatement", "id": "m", "own": 1, "subject": {"reference": "Patient/anna"}}),
            false,
        ),
        (
            R4,
            json!({"resourceType": "MedicationStatement", "id": "m", "subject": {"reference": "Patient/anna"}}),
            false,
        ),
    ] {
        let source = stub(&[speaks], "90000333", Doing::Answer(vec![patient(), answer.clone()]));
        let world = world(vec![source]);
        let recorded = world.ask(gathering()).await.unwrap();
        let (_, _, status, items) = statuses(&recorded).remove(0);
        let expected = if failed { (SourceStatus::Failed, 0) } else { (SourceStatus::Answered, 2) };
        assert_eq!((status, items), expected, "{speaks} {answer}");
        assert_eq!(recorded.released().is_complete(), !failed);
        assert_eq!(world.record()["sources"][0]["status"], if failed { "failed" } else { "answered" });
    }
}

#[tokio::test]
async fn what_a_provider_has_in_a_version_that_it_was_not_asked_in_is_missing() {
    let says = |speaks: &[FhirVersion], ura: &str, versions: &[FhirVersion]| {
        stub(speaks, ura, Doing::Further(vec![patient()], versions.to_vec()))
    };
    use SourceStatus::{Answered, Partly};
    for (sources, expected) in [
        (vec![says(&[], "90000333", &[])], vec![Answered]),
        (vec![says(&[], "90000333", &[Stu3])], vec![Partly]),
        (vec![says(&[R4, Stu3], "90000333", &[Stu3])], vec![Answered, Answered]),
        (vec![says(&[R4, Stu3], "90000333", &[Stu3, R4])], vec![Answered, Answered]),
        (vec![says(&[Stu3], "90000333", &[R4])], vec![Partly]),
        // Another provider's answer is no answer of this one.
        (vec![says(&[R4], "90000333", &[Stu3]), says(&[Stu3], "90000444", &[])], vec![Partly, Answered]),
    ] {
        let world = world(sources);
        let recorded = world.ask(gathering()).await.unwrap();
        let found: Vec<SourceStatus> = statuses(&recorded).into_iter().map(|(_, _, status, _)| status).collect();
        assert_eq!(found, expected);
        assert_eq!(recorded.released().is_complete(), expected.iter().all(|status| *status == Answered));
    }
}

#[tokio::test]
async fn one_provider_that_is_asked_twice_does_not_stand_for_another_that_nobody_could_reach() {
    let both = stub(&[R4, Stu3], "90000333", Doing::Answer(vec![patient()]));
    let world = world(vec![both]);
    *world.index.lock().unwrap() = Finding::Found(2);
    let recorded = world.ask(gathering()).await.unwrap();
    assert_eq!(recorded.released().parts().len(), 2);
    assert!(!recorded.released().is_complete());
}

#[tokio::test]
async fn more_places_than_are_asked_at_all_are_shown_with_their_version() {
    let both = |ura: &str| stub(&[R4, Stu3], ura, Doing::Answer(vec![patient()]));
    // Five are asked at most.
    let world = world(vec![both("90000333"), both("90000444"), both("90000555")]);
    let recorded = world.ask(gathering()).await.unwrap();
    let last = statuses(&recorded).pop().unwrap();
    assert_eq!(last, ("90000555".to_owned(), Some(Stu3), SourceStatus::NotAsked, 0));
    assert!(!recorded.released().is_complete());
}

#[tokio::test]
async fn what_is_asked_in_one_version_is_asked_of_sources_that_speak_it() {
    let (r4, stu3) = (
        stub(&[R4], OWN, Doing::Answer(vec![patient(), of_r4("m1")])),
        stub(&[Stu3], OWN, Doing::Answer(vec![patient(), of_stu3("m2")])),
    );
    let at_the_holder = |version: FhirVersion| Inbound { version, ..about(ANNA, "MedicationStatement") };
    let world_of_both = world(vec![r4.clone(), stu3.clone()]);
    for (version, asked, other) in [(R4, &r4, Stu3), (Stu3, &stu3, R4)] {
        let recorded = world_of_both.ask(at_the_holder(version)).await.unwrap();
        assert_eq!(recorded.released().items().count(), 1, "{version}");
        assert_eq!(asked.times_asked(), 1, "{version}");
        // The answer does not look like all that there is.
        assert!(!recorded.released().is_complete());
        assert_eq!(statuses(&recorded)[1], (OWN.to_owned(), Some(other), SourceStatus::NotAsked, 0));
        assert!(recorded.released().permit().offers(other));
    }
    // A provider that has nothing in this version says that it cannot.
    let world_of_one = world(vec![stu3.clone()]);
    let refusal = world_of_one.ask(at_the_holder(R4)).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Source(SourceFault::NotSupported)), "{refusal:?}");
    assert_eq!(world_of_one.record()["sources"][0]["fhir_version"], "stu3");
    // One resource is of one version: nothing of the other is missing, and what is written goes where it can be.
    let world_to_write = world(vec![stu3.clone(), r4.clone()]);
    let read = Inbound { version: R4, ..get("MedicationStatement/m1") };
    let mut of_anna = world_to_write.identity.lock().unwrap().clone().unwrap();
    of_anna.patient = Some(fhir::Bsn::parse(ANNA).unwrap());
    *world_to_write.identity.lock().unwrap() = Ok(of_anna);
    *r4.doing.lock().unwrap() = Doing::Answer(vec![of_r4("m1")]);
    let before = stu3.times_asked();
    let recorded = world_to_write.ask(read).await.unwrap();
    assert_eq!((recorded.released().parts().len(), recorded.released().is_complete()), (1, true));
    assert_eq!(stu3.times_asked(), before);
}

/// A source as it may be in a region of both versions, and what it gives.
#[derive(Clone, Debug)]
struct Played {
    speaks: Vec<FhirVersion>,
    fault: Option<SourceFault>,
    wrong: bool,
}

fn played() -> impl Strategy<Value = Played> {
    let speaks = prop_oneof![Just(vec![]), Just(vec![R4]), Just(vec![Stu3]), Just(vec![R4, Stu3])];
    let fault = prop_oneof![
        3 => Just(None),
        1 => Just(Some(SourceFault::Refused)),
        1 => Just(Some(SourceFault::Unreachable)),
        1 => Just(Some(SourceFault::NotSupported)),
    ];
    (speaks, fault, prop::bool::weighted(0.2)).prop_map(|(speaks, fault, wrong)| Played { speaks, fault, wrong })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_source_that_is_missing_is_always_seen_whatever_it_speaks(all in prop::collection::vec(played(), 1..4)) {
        let sources = all.iter().zip(["90000333", "90000444", "90000555"]).map(|(one, ura)| {
            let (r4, stu3) = (vec![patient(), of_r4("m")], vec![patient(), of_stu3("m")]);
            let doing = match &one.fault {
                Some(fault) => Doing::Fault(fault.clone()),
                None if one.wrong => Doing::ByVersion { r4: stu3, stu3: r4 },
                None => Doing::ByVersion { r4, stu3 },
            };
            stub(&one.speaks, ura, doing)
        });
        let sources: Vec<_> = sources.collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let world = world(sources.clone());
        let recorded = runtime.block_on(world.ask(gathering())).unwrap();
        let asked: usize = all.iter().map(|one| one.speaks.len().max(1)).sum();
        let parts = recorded.released().parts();
        prop_assert_eq!(parts.len(), asked);
        let well = all.iter().zip(&sources).all(|(one, source)| {
            let mine = parts.iter().filter(|part| part.holder() == exchange::ports::Source::holder(source.as_ref()));
            let good = one.fault.is_none() && !one.wrong;
            mine.into_iter().all(|part| part.status().is_complete() == good) && good
        });
        let within = asked <= 5;
        prop_assert_eq!(recorded.released().is_complete(), well && within);
        // Every one of them is on record, in the version in which it was asked.
        let record = world.record();
        prop_assert_eq!(record["sources"].as_array().unwrap().len(), asked);
        for (part, told) in parts.iter().zip(record["sources"].as_array().unwrap()) {
            let version = part.other_version().map(FhirVersion::segment);
            prop_assert_eq!(told.get("fhir_version").and_then(Value::as_str), version);
        }
        for source in &sources {
            let versions = source.versions.lock().unwrap();
            let speaks = exchange::ports::Source::asked_in(source.as_ref(), &UseCaseId::parse("test-mixed").unwrap());
            let fits = |version: &FhirVersion| if speaks.is_empty() { *version == R4 } else { speaks.contains(version) };
            prop_assert!(versions.iter().all(fits));
        }
    }
}
