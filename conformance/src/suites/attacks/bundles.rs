//! Batches, transactions and writes: an entry is decided as it would be alone, and nothing of another patient is
//! touched, found out or moved.

use reqwest::Method;
use serde_json::{Value, json};

use super::attempt::{Attempt, NOBODY, OTHER, World};
use super::reading::{as_absent, attack, refused};
use crate::suites::setting::BSN_SYSTEM;
use crate::suites::{Check, Judgement, ensure};

fn observation(subject: &Value) -> Value {
    json!({"resourceType": "Observation", "status": "final", "code": {"text": "Gewicht"}, "subject": subject})
}

fn of(patient: &str) -> Value {
    json!({"reference": format!("Patient/{patient}")})
}

fn get(url: String) -> Value {
    json!({"request": {"method": "GET", "url": url}})
}

fn bundle(kind: &str, entries: Vec<Value>) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

pub fn checks() -> Vec<Check> {
    vec![
        attack("ATT-31: an entry of a batch is decided as it would be alone", |world| Box::pin(batch(world))),
        attack("ATT-33: a batch inside a batch is never carried out", |world| Box::pin(nested(world))),
        as_absent("ATT-34: a conditional create tells nothing of another patient", |world| {
            let ask = |patient: &str| {
                Attempt::send(Method::POST, "Observation", &observation(&of(patient)))
                    .with("if-none-exist", format!("patient=Patient/{patient}&code=a"))
            };
            Ok(vec![(ask(&world.b), ask("nope"))])
        }),
        as_absent("ATT-35: a conditional reference tells nothing of another patient", |_| {
            let ask = |bsn: &str| {
                let subject = json!({"reference": format!("Patient?identifier={BSN_SYSTEM}|{bsn}")});
                let request = json!({"method": "POST", "url": "Observation"});
                let entry = json!({"resource": observation(&subject), "request": request});
                Attempt::send(Method::POST, "", &bundle("transaction", vec![entry]))
            };
            Ok(vec![(ask(OTHER), ask(NOBODY))])
        }),
        refused("ATT-37: a write moves no record to or from another patient", |world| {
            let task = |patient: &str| json!({"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order", "for": of(patient)});
            Ok(vec![
                Attempt::send(Method::PUT, "Task/t1", &task(&world.b)),
                Attempt::send(Method::PUT, "Task/t1", &task(&world.a)),
            ])
        }),
        refused("ATT-38: a contained patient with another's number is matched to nobody", |_| {
            let contained = json!({"resourceType": "Patient", "id": "p",
                "identifier": [{"system": BSN_SYSTEM, "value": OTHER}]});
            let body = json!({"resourceType": "Communication", "status": "completed", "contained": [contained],
                "subject": {"reference": "#p"}});
            Ok(vec![Attempt::send(Method::POST, "Communication", &body)])
        }),
        refused("ATT-39: what a writer says of labels, versions and times is not believed", |world| {
            let mut body = observation(&of(&world.a));
            body["id"] = json!("o-own");
            body["meta"] = json!({"versionId": "9", "lastUpdated": "2020-01-01T00:00:00Z",
                "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}],
                "tag": [{"system": "https://example.org", "code": "released"}]});
            Ok(vec![
                Attempt::send(Method::POST, "Observation", &body),
                Attempt::send(Method::PUT, "Observation/o-own", &body),
            ])
        }),
    ]
}

/// The statuses of a batch's responses, in order.
fn statuses(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let statuses = entries.filter_map(|entry| entry["response"]["status"].as_str());
    statuses.map(|status| status.chars().take(3).collect()).collect()
}

async fn batch(world: &World<'_>) -> Judgement {
    let (a, b) = (&world.a, &world.b);
    let theirs = format!("Observation/{}", world.id_of("Observation", b)?);
    let entries = vec![get(format!("Patient/{a}")), get(theirs), get(format!("Observation?patient={b}"))];
    let sent = Attempt::send(Method::POST, "", &bundle("batch", entries));
    let answer = world.tried(&sent, 3).await?;
    let told = statuses(&answer.json().unwrap_or_default());
    ensure(answer.status == 200 && told == ["200", "404", "403"], || {
        format!("the batch answers {} with {told:?}", answer.status)
    })
}

async fn nested(world: &World<'_>) -> Judgement {
    let inner = bundle("batch", vec![get(format!("Observation?patient={}", world.b)), get("Condition".into())]);
    let request = |url: &str| json!({"method": "POST", "url": url});
    let entries = ["", "Bundle", "/"].map(|url| json!({"resource": inner, "request": request(url)}));
    let mark = world.setting.mark(super::attempt::NODE).await?;
    let answer = world.tried(&Attempt::send(Method::POST, "", &bundle("batch", entries.to_vec())), 3).await?;
    let told = statuses(&answer.json().unwrap_or_default());
    ensure(told.len() == 3 && told.iter().all(|status| status.starts_with('4')), || format!("it answers {told:?}"))?;
    world.setting.no_source_was_asked(&mark).await
}
