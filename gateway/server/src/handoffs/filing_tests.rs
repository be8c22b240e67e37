//! A handoff on its way into the own record system, which speaks FHIR over a real socket: whole, once, about the patient whom it
//! knows, and never before the sender knows that it was received.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use conformance::callers::Wire;
use conformance::source_server::{Fault, FhirVersion as Speaks, SourceHandle, SourceServer};
use connectors::http::{HttpClient, HttpSettings, WebAddress};
use connectors::sources::fhir::{FhirSource, FhirSourceConfig};
use fhir::FhirVersion;
use flows::eoverdracht::Stage;
use policy::DataHolder;
use serde_json::{Value, json};
use store::transfers::Id;

use super::filing::Filing;
use super::names;
use super::testing::{BSN, OWN, World, ura};

fn patient(id: &str, bsn: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "identifier": [
        {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": bsn}]})
}

/// A record system that knows these.
struct Ecd {
    server: SourceHandle,
    wire: Wire,
}

impl Ecd {
    fn knowing(patients: Vec<Value>) -> Self {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let server = SourceServer::start(Speaks::Stu3, patients, any).unwrap();
        Ecd { server, wire: Wire::new(None, None).unwrap() }
    }

    fn source(&self) -> Arc<FhirSource> {
        let base = WebAddress::parse(&self.server.base_url).unwrap();
        let config = FhirSourceConfig::new(base, FhirVersion::Stu3);
        let http = HttpClient::new(HttpSettings::default()).unwrap();
        Arc::new(FhirSource::new(config, DataHolder(ura(OWN)), "De Linde", http).unwrap())
    }

    /// All that it has of a type.
    async fn all(&self, kind: &str) -> Vec<Value> {
        let answer = self.wire.get(&format!("{}/{kind}?_count=1000", self.server.base_url)).await.unwrap();
        let bundle = answer.json().unwrap();
        bundle["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"].clone()).collect()
    }

    async fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for kind in ["Composition", "Condition", "Practitioner", "Patient"] {
            counts.insert(kind, self.all(kind).await.len());
        }
        counts
    }
}

/// A world whose handoff is received, and is to be stored.
async fn received(ecd: &Ecd) -> (World, Id) {
    let world = World::filing(ecd.source());
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 1).await;
    assert_eq!((world.stage(id), world.received(id).filing), (Stage::Taken, None), "not before the sender knows");
    world.steps(id, 1).await;
    assert_eq!((world.stage(id), world.received(id).filing), (Stage::Completed, Some(Filing::Owed)));
    (world, id)
}

fn is_stored(world: &World, id: Id) -> bool {
    matches!(world.received(id).filing, Some(Filing::Stored { .. }))
}

#[tokio::test]
async fn it_is_stored_whole_about_the_own_patient_and_then_nothing_more_is_done() {
    let ecd = Ecd::knowing(vec![patient("own-7", BSN), patient("own-8", "999911612")]);
    let (world, id) = received(&ecd).await;
    let before = world.records.load(std::sync::atomic::Ordering::SeqCst);
    world.steps(id, 3).await;
    let compositions = ecd.all("Composition").await;
    let [composition] = compositions.as_slice() else { panic!("{compositions:?}") };
    let Some(Filing::Stored { composition: known, .. }) = world.received(id).filing else { panic!() };
    assert_eq!(composition["id"], known.as_str());
    assert_eq!(composition["subject"]["reference"], "Patient/own-7");
    let condition = ecd.all("Condition").await.remove(0);
    let to = format!("Condition/{}", condition["id"].as_str().unwrap());
    assert_eq!(composition["section"][0]["entry"][0]["reference"], to.as_str());
    assert_eq!(condition["subject"]["reference"], "Patient/own-7");
    let at_the_sender = "https://127.0.0.1:9/fhir";
    assert_eq!(condition["asserter"]["reference"], format!("{at_the_sender}/Practitioner/gone"));
    assert_eq!(condition["identifier"][1]["value"], format!("{at_the_sender}/Condition/k1"));
    let practitioner = ecd.all("Practitioner").await.remove(0);
    let author = format!("Practitioner/{}", practitioner["id"].as_str().unwrap());
    assert_eq!(composition["author"][0]["reference"], author.as_str());
    let counts = BTreeMap::from([("Composition", 1), ("Condition", 1), ("Practitioner", 1), ("Patient", 2)]);
    assert_eq!(ecd.counts().await, counts);
    let after = world.records.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(after - before, 2, "who was looked for and what was stored are on record");
    // What the sender tells afterwards changes nothing.
    world.told(3).await;
    assert_eq!(ecd.counts().await, counts);
}

#[tokio::test]
async fn a_patient_whom_the_record_system_does_not_know_or_knows_twice_waits_for_somebody() {
    for patients in [vec![patient("own-8", "999911612")], vec![patient("own-7", BSN), patient("own-9", BSN)]] {
        let ecd = Ecd::knowing(patients);
        let (world, id) = received(&ecd).await;
        world.steps(id, 1).await;
        let effort = world.received(id).effort;
        assert!(effort.given_up && !effort.failed.unwrap().contains(BSN));
        assert_eq!((world.at_sender().as_str(), ecd.all("Composition").await.len()), ("completed", 0));
        assert!(world.handoffs.books.received.due(i64::MAX, 9).unwrap().is_empty());
    }
    let ecd = Ecd::knowing(Vec::new());
    let (world, id) = received(&ecd).await;
    world.steps(id, 1).await;
    assert!(world.handoffs.retry(id).await.unwrap());
    assert_eq!(world.handoffs.books.received.due(i64::MAX, 9).unwrap(), [id], "somebody has it tried again");
    let url = format!("{}/Patient/own-7", ecd.server.base_url);
    let registered = ecd.wire.raw(
        "PUT".parse().unwrap(),
        &url,
        &[("content-type", "application/fhir+json")],
        patient("own-7", BSN).to_string().into(),
    );
    assert_eq!(registered.await.unwrap().status, 201);
    world.steps(id, 1).await;
    assert!(is_stored(&world, id));
    assert!(!world.handoffs.retry(names::fresh()).await.unwrap());
}

#[tokio::test]
async fn a_record_system_that_fails_is_asked_again_and_given_up_visibly_and_nothing_is_half_there() {
    for fault in [
        Fault::Dead,
        Fault::Status { code: 422 },
        Fault::Status { code: 503 },
        Fault::Rubbish { form: conformance::source_server::Rubbish::Json },
    ] {
        let ecd = Ecd::knowing(vec![patient("own-7", BSN)]);
        let (world, id) = received(&ecd).await;
        ecd.server.set_fault(fault.clone());
        for attempts in 1..=3 {
            world.steps(id, 1).await;
            let effort = world.received(id).effort;
            assert_eq!((effort.attempts, effort.given_up), (attempts, attempts == 3), "{fault:?}");
        }
        ecd.server.set_fault(Fault::None);
        assert_eq!(ecd.all("Composition").await.len(), 0, "{fault:?}");
        assert!(world.handoffs.retry(id).await.unwrap());
        world.steps(id, 1).await;
        assert!(is_stored(&world, id), "{fault:?}: {:?}", world.received(id).effort.failed);
        assert_eq!(ecd.all("Composition").await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn what_was_taken_and_whose_answer_was_lost_is_found_and_not_stored_again() {
    let ecd = Ecd::knowing(vec![patient("own-7", BSN)]);
    let (world, id) = received(&ecd).await;
    let there = async { while ecd.all("Composition").await.is_empty() {} };
    tokio::select! {
        biased;
        // Cut off as soon as it is there: whatever came of it, nobody here knows.
        () = there => {}
        () = world.steps(id, 1) => {}
    }
    assert_eq!(ecd.all("Composition").await.len(), 1);
    world.steps(id, 2).await;
    assert!(is_stored(&world, id));
    let counts = BTreeMap::from([("Composition", 1), ("Condition", 1), ("Practitioner", 1), ("Patient", 1)]);
    assert_eq!(ecd.counts().await, counts);
}

/// Cut off at moments that nobody chose, with a record system whose answers get torn, late or lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_often_it_is_cut_off_every_handoff_is_stored_once() {
    let ecd = Ecd::knowing(vec![patient("own-7", BSN)]);
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = move |most: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % most
    };
    let rounds = 8;
    for round in 0..rounds {
        let (world, id) = received(&ecd).await;
        for _ in 0..6 {
            ecd.server.set_fault(match below(4) {
                0 => Fault::Truncated,
                1 => Fault::Slow { ms: below(60) },
                2 => Fault::Dead,
                _ => Fault::None,
            });
            let cut = Duration::from_millis(below(80));
            let _ = tokio::time::timeout(cut, world.steps(id, 1)).await;
        }
        ecd.server.set_fault(Fault::None);
        for _ in 0..200 {
            if is_stored(&world, id) {
                break;
            }
            // What was sent before it was cut off may still be under way.
            world.steps(id, 1).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(is_stored(&world, id), "round {round}: {:?}", world.received(id).effort);
    }
    let expected = usize::try_from(rounds).unwrap();
    let counts = BTreeMap::from([
        ("Composition", expected),
        ("Condition", expected),
        ("Practitioner", expected),
        ("Patient", 1),
    ]);
    assert_eq!(ecd.counts().await, counts);
}

#[tokio::test]
async fn a_node_without_such_a_source_stores_nothing_and_waits_for_nothing() {
    let world = World::new(true);
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 4).await;
    assert_eq!((world.stage(id), world.received(id).filing), (Stage::Completed, None));
    assert!(world.handoffs.books.received.due(i64::MAX, 9).unwrap().is_empty());
}
