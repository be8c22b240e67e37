//! Attacks by what a source holds: records that lead to another patient or another host, a label on what must stay, a
//! patient twice, medication that says no. Each is planted in the source over the wire and lifted again.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::attempt::{Attempt, NODE, OTHER, World, entries, names};
use super::reading::attack;
use crate::callers::Wire;
use crate::suites::overview::{Overview, SHOWCASE, local};
use crate::suites::setting::{BSN_SYSTEM, Setting};
use crate::suites::{Check, Flaw, Judgement, ensure};

/// What the source's own system calls confidentiality.
const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

/// A host that must never be called.
pub struct Sink {
    pub base: String,
    called: Arc<AtomicUsize>,
}

impl Sink {
    pub fn open() -> Result<Self, Flaw> {
        let cannot = |fault: std::io::Error| Flaw::NotRun(format!("no sink: {fault}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(cannot)?;
        let port = listener.local_addr().map_err(cannot)?.port();
        let called = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&called);
        std::thread::spawn(move || {
            // One byte is enough to know; the process ends the thread.
            while let Ok((mut stream, _)) = listener.accept() {
                counting.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0_u8; 1]);
            }
        });
        Ok(Sink { base: format!("http://127.0.0.1:{port}"), called })
    }

    pub fn untouched(&self) -> Judgement {
        let called = self.called.load(Ordering::SeqCst);
        ensure(called == 0, || format!("a foreign host was called {called} times"))
    }
}

/// What stands in the hospital's source until it is lifted.
struct Planted {
    source: Wire,
    base: String,
    places: Vec<String>,
}

impl Planted {
    async fn of(setting: &Setting, resources: &[Value]) -> Result<Self, Flaw> {
        let key = format!("{NODE}-source");
        let simulator = setting.ready.simulators.iter().find(|simulator| simulator.key == key);
        let simulator = simulator.ok_or_else(|| Flaw::NotRun("the source is not played".to_owned()))?;
        let mut planted = Planted { source: Wire::new(None, None)?, base: simulator.base.clone(), places: Vec::new() };
        for resource in resources {
            let place = format!("{}/{}", planted.base, local(resource));
            let kind = [("content-type", "application/fhir+json")];
            let body = Bytes::from(resource.to_string());
            let answer = planted.source.raw(Method::PUT, &place, &kind, body).await?;
            planted.places.push(place);
            if answer.status >= 300 {
                planted.lift().await?;
                return Err(Flaw::NotRun(format!("the source does not take it: {}", answer.status)));
            }
        }
        Ok(planted)
    }

    async fn lift(self) -> Judgement {
        for place in &self.places {
            self.source.raw(Method::DELETE, place, &[], Bytes::new()).await?;
        }
        Ok(())
    }
}

/// Plants, attacks, lifts, whatever came of it.
async fn while_planted(world: &World<'_>, resources: &[Value], attack: impl AsyncFnOnce() -> Judgement) -> Judgement {
    let planted = Planted::of(world.setting, resources).await?;
    let judged = attack().await;
    planted.lift().await?;
    judged
}

pub fn checks() -> Vec<Check> {
    vec![
        attack("ATT-13: an include out of the compartment brings nothing along", |world| Box::pin(included(world))),
        attack("ATT-23: a label stands before trimming: what is restricted stays, however it is asked", |world| {
            Box::pin(labelled(world))
        }),
        attack("ATT-30: a patient that was merged into another is not there", |world| Box::pin(merged(world))),
        attack("ATT-41: a resource of another in the answer to a good question is dropped", |world| {
            Box::pin(misplaced(world))
        }),
        attack("ATT-42: two patients for one number are one source's trouble", |world| Box::pin(twice(world))),
        attack("ATT-50: an address in a document reference is called by nobody", |world| Box::pin(foreign(world))),
        attack("ATT-141: what turns medication into its opposite arrives unchanged", |world| {
            Box::pin(negations(world))
        }),
    ]
}

fn observation(id: &str, patient: &str) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "Gewicht"},
        "subject": {"reference": format!("Patient/{patient}")}, "effectiveDateTime": "2026-11-01",
        "valueQuantity": {"value": 54.2, "unit": "kg"}})
}

async fn included(world: &World<'_>) -> Judgement {
    let theirs = format!("Observation/{}", world.id_of("Observation", &world.b)?);
    let mut own = observation("att-13", &world.a);
    own["hasMember"] = json!([{"reference": theirs}]);
    while_planted(world, &[own], async || {
        for include in ["*", "Observation:has-member", "Observation:derived-from"] {
            world.refused(&Attempt::get(format!("Observation?patient={}&_include={include}", world.a))).await?;
        }
        let found = world.send(&Attempt::get(format!("Observation?patient={}", world.a))).await?;
        let bundle = found.json().unwrap_or_default();
        let shown = names(&bundle);
        ensure(shown.contains("Observation/att-13") && !shown.contains(&theirs), || "another's came along".to_owned())?;
        ensure(bundle["total"] == shown.len(), || format!("the total is {} of {}", bundle["total"], shown.len()))
    })
    .await
}

async fn labelled(world: &World<'_>) -> Judgement {
    let mut restricted = observation("att-23", &world.a);
    restricted["meta"] = json!({"security": [{"system": CONFIDENTIALITY, "code": "R"}]});
    while_planted(world, &[restricted, observation("att-23-open", &world.a)], async || {
        let found = world.tried(&Attempt::get(format!("Observation?patient={}", world.a)), 1).await?;
        let shown = names(&found.json().unwrap_or_default());
        ensure(shown.contains("Observation/att-23-open") && !shown.contains("Observation/att-23"), || {
            "what is restricted is shown".to_owned()
        })?;
        // Not offered here; the surface suite trims where it is.
        for trimmed in ["_elements=value", "_summary=data", "_summary=true", "_summary=count"] {
            world.refused(&Attempt::get(format!("Observation?patient={}&{trimmed}", world.a))).await?;
        }
        world.as_absent(&Attempt::get("Observation/att-23"), &Attempt::get("Observation/nope")).await
    })
    .await
}

async fn merged(world: &World<'_>) -> Judgement {
    let patient = json!({"resourceType": "Patient", "id": "att-30", "active": false,
        "link": [{"type": "replaced-by", "other": {"reference": format!("Patient/{}", world.b)}}]});
    while_planted(world, &[patient], async || {
        let (old, nowhere) = (Attempt::get("Patient/att-30"), Attempt::get("Patient/nope"));
        world.as_absent(&old, &nowhere).await?;
        let answer = world.send(&old).await?;
        ensure(answer.header("location").is_none(), || "it leads to the other".to_owned())
    })
    .await
}

async fn misplaced(world: &World<'_>) -> Judgement {
    // Answers about the token's patient, with another's record inside the answer.
    let mut other = observation("att-41", &world.a);
    other["contained"] = json!([{"resourceType": "Patient", "id": "p",
        "identifier": [{"system": BSN_SYSTEM, "value": OTHER}]}]);
    other["subject"] =
        json!({"reference": format!("Patient/{}", world.a), "identifier": {"system": BSN_SYSTEM, "value": OTHER}});
    while_planted(world, &[other], async || {
        let mark = world.setting.mark(NODE).await?;
        let found = world.tried(&Attempt::get(format!("Observation?patient={}", world.a)), 1).await?;
        ensure(!names(&found.json().unwrap_or_default()).contains("Observation/att-41"), || "it is shown".to_owned())?;
        let records = world.setting.since(&mark, NODE)?;
        let sources = records[0]["sources"].as_array().into_iter().flatten();
        let withheld = sources.filter_map(|source| source["withheld"].as_u64()).sum::<u64>();
        ensure(withheld > 0, || "the record does not say that something was withheld".to_owned())
    })
    .await
}

async fn twice(world: &World<'_>) -> Judgement {
    let number = json!([{"system": BSN_SYSTEM, "value": SHOWCASE}]);
    let second = json!({"resourceType": "Patient", "id": "att-42", "identifier": number,
        "name": [{"family": "Anders"}], "birthDate": "1990-01-01"});
    while_planted(world, &[second, observation("att-42-o", "att-42")], async || {
        let caller = world.setting.person("koster")?;
        let overview = Overview::ask(world.setting, NODE, &caller, SHOWCASE).await?;
        for provider in ["pharmacy", "general-practice", "nursing-home"] {
            overview.shows(world.setting, provider, "answered")?;
        }
        world.discreet(&overview.answer)
    })
    .await
}

async fn foreign(world: &World<'_>) -> Judgement {
    let sink = Sink::open()?;
    let url = format!("{}/x", sink.base);
    let reference = json!({"resourceType": "DocumentReference", "id": "att-50", "status": "current",
        "subject": {"reference": format!("Patient/{}", world.a)},
        "content": [{"attachment": {"contentType": "application/pdf", "url": url}}]});
    while_planted(world, &[reference], async || {
        let read = world.tried(&Attempt::get("DocumentReference/att-50"), 1).await?;
        ensure(read.status == 200, || format!("the read answers {}", read.status))?;
        let found = world.tried(&Attempt::get("DocumentReference"), 1).await?;
        ensure(names(&found.json().unwrap_or_default()).contains("DocumentReference/att-50"), || {
            "the document reference is not found".to_owned()
        })?;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        sink.untouched()
    })
    .await
}

async fn negations(world: &World<'_>) -> Judgement {
    let request = |id: &str, more: Value| {
        let mut one = json!({"resourceType": "MedicationRequest", "id": id, "status": "active", "intent": "order",
            "medicationCodeableConcept": {"text": "Paracetamol 500 mg"},
            "subject": {"reference": format!("Patient/{}", world.a)}});
        for (name, value) in more.as_object().into_iter().flatten() {
            one[name] = value.clone();
        }
        one
    };
    let unknown = json!({"modifierExtension": [{"url": "https://example.org/StructureDefinition/not-given",
        "valueBoolean": true}]});
    let planted = [
        request("att-141-a", unknown),
        request("att-141-b", json!({"status": "entered-in-error"})),
        request("att-141-c", json!({"doNotPerform": true})),
    ];
    while_planted(world, &planted, async || {
        let found = world.tried(&Attempt::get("MedicationRequest"), 1).await?.json().unwrap_or_default();
        let caller = world.setting.person("koster")?;
        let overview = Overview::ask(world.setting, NODE, &caller, SHOWCASE).await?;
        for one in &planted {
            for (where_, bundle) in [("the search", &found), ("the overview", &overview.bundle)] {
                let shown = entries(bundle).into_iter().find(|shown| local(shown) == local(one));
                let same = shown.is_some_and(|shown| {
                    let mut shown = shown.clone();
                    let _ = shown.as_object_mut().map(|shown| shown.remove("meta"));
                    shown == *one
                });
                ensure(same, || format!("{} is not unchanged in {where_}", local(one)))?;
            }
        }
        let xml = Attempt::get("MedicationRequest").with("accept", "application/fhir+xml");
        let text = String::from_utf8_lossy(&world.send(&xml).await?.body).into_owned();
        for kept in [
            "<doNotPerform value=\"true\"/>",
            "<status value=\"entered-in-error\"/>",
            "<modifierExtension url=\"https://example.org/StructureDefinition/not-given\">",
        ] {
            ensure(text.contains(kept), || format!("in XML {kept} is missing"))?;
        }
        Ok(())
    })
    .await
}
