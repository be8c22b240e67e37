//! The nursing handoff (eOverdracht) between two nodes, by the checks of its roles: ES at the sender, ER at the receiver, CO of
//! both. The nursing home's own node pulls by itself; where the sender is to be tried, its key is used beside it.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::setting::{Mark, names_a_patient};
use super::{Check, Flaw, Judgement, Setting, ensure};
use crate::callers::{Acting, Answer, ClientAssertion, OuterCaller, TreatmentRelation, User, Wire};
use crate::handoff::{Parties, RECEIVER, SENDER, Transfer, by_name, differences};
use crate::region::{HOSPITAL, NURSING_HOME, PHARMACY};

const XML: &str = "application/fhir+xml";
const JSON: &str = "application/fhir+json";

/// Checks of the roles that are not shown here yet, each with what is missing. A test holds that every check of the roles is
/// either here or shown.
#[cfg(test)]
const NOT_YET: [(&str, &str); 11] = [
    ("ES2", "a receiver that does not answer, played; the backoff and what is given up are tested in the node"),
    ("ES6", "a check of section codes when a handoff is pushed: unknown sections are passed on"),
    ("ES13", "content rules are measured by the profiles, not refused"),
    ("ER4", "a sender whose Task is another's, played; what is refused is tested in the node"),
    ("ER5", "a sender that makes no documents, played; its parts are then fetched one by one"),
    ("ER6", "Binary: a handoff that has one is refused when it is pushed"),
    (
        "ER8",
        "a sender with unknown inputs and extensions, played; the Task that has them is read in a test of the node",
    ),
    ("ER10", "a page that shows where a handoff is routed; it stands in the list of transfers"),
    ("ER11", "a sender that fails, played; the state machine and its tests hold it"),
    ("CO1", "shown by the certificates' checks, of which handoffs are no exception"),
    ("CO5", "the measures are keys of the configuration, held by its tests"),
];

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "CO4, ER9: a handoff that is pushed is in the other record system, resource for resource",
            |setting| Box::pin(whole(setting)),
        ),
        Check::new(
            "ES1, ER3, ER7: the receiver is told, reads the Task by itself and the document for a person",
            |setting| Box::pin(told(setting)),
        ),
        Check::new("ES3, ES4: the Task says what is ready and names nobody, in JSON and in XML", |setting| {
            Box::pin(task(setting))
        }),
        Check::new("ES5: the document begins with its Composition, and every reference in it resolves", |setting| {
            Box::pin(document(setting))
        }),
        Check::new("ES7: the Composition and each resource that it leads to can be read by themselves", |setting| {
            Box::pin(one_by_one(setting))
        }),
        Check::new(
            "ES8, ES10: the Task put back as completed is the answer; then the data is gone and the Task is not",
            |setting| Box::pin(completed(setting)),
        ),
        Check::new("ES9: a Task that is put back otherwise is 422 and changes nothing", |setting| {
            Box::pin(spoiled(setting))
        }),
        Check::new("ES11: another organisation, no person, or no value that we gave: no data", |setting| {
            Box::pin(strangers(setting))
        }),
        Check::new(
            "ES12, CO3: each read and the change is a record at the sender, and no technical line names the patient",
            |setting| Box::pin(recorded(setting)),
        ),
        Check::new(
            "ER1: a notification is an empty POST to the id of a Task, answered with 202 and nothing",
            |setting| Box::pin(notification(setting)),
        ),
        Check::new(
            "ER2: a notification that comes again is no second transfer, and a push that does is none either",
            |setting| Box::pin(doubled(setting)),
        ),
        Check::new("CO2: the token to tell of handoffs with reads none, and lives no longer than others", |setting| {
            Box::pin(scopes(setting))
        }),
        Check::new("what is no handoff is refused when it is pushed, and nothing of it stays", |setting| {
            Box::pin(refused(setting))
        }),
    ]
}

/// The nursing home's node at the hospital's gate, with what it was given for one transfer.
struct Receiver {
    wire: Wire,
    without_person: Wire,
    base: String,
}

impl Receiver {
    async fn of(setting: &Setting, parties: &Parties, transfer: &Transfer) -> Result<Self, Flaw> {
        let node = parties.home_node(setting)?;
        let wire = token(&node, &of_a_nurse(&node), &transfer.task).await?;
        let without_person = token(&node, &node.assertion(None), &transfer.task).await?;
        let base = format!("{}/fhir/stu3", parties.hospital_outer);
        Ok(Receiver { wire, without_person, base })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    async fn get(&self, path: &str) -> Result<Answer, Flaw> {
        Ok(self.wire.get(&self.url(path)).await?)
    }

    async fn put(&self, path: &str, body: &Value) -> Result<Answer, Flaw> {
        let body = Bytes::from(body.to_string());
        Ok(self.wire.raw(Method::PUT, &self.url(path), &[("content-type", JSON)], body).await?)
    }
}

/// An assertion that a nurse asks, about nobody in particular.
fn of_a_nurse(node: &OuterCaller) -> ClientAssertion {
    let mut assertion = node.assertion(None);
    let nurse = User { id: "overdracht-toets".to_owned(), role: "30.000".to_owned(), name: "T. Oets".to_owned() };
    assertion.claims.insert("user".to_owned(), json!(nurse));
    assertion
}

/// The node with a token that rests on what it was given.
async fn token(node: &OuterCaller, assertion: &ClientAssertion, base: &str) -> Result<Wire, Flaw> {
    let answer = node.come_back(assertion, SENDER, base).await?;
    let body = answer.json().unwrap_or_default();
    let token = body["access_token"].as_str().map(|token| node.with_token(token));
    token.ok_or_else(|| Flaw::Broken(format!("a token request is answered {} {}", answer.status, body["error"])))
}

/// A transfer that waits, and the receiver at its sender's gate.
async fn offered(setting: &Setting) -> Result<(Parties, Transfer, Receiver), Flaw> {
    let parties = Parties::of(setting)?;
    let transfer = parties.push().await?;
    parties.until(&transfer.task, "offered").await?;
    let receiver = Receiver::of(setting, &parties, &transfer).await?;
    Ok((parties, transfer, receiver))
}

fn is(answer: &Answer, status: u16, what: &str) -> Judgement {
    ensure(answer.status == status, || format!("{what} is answered with {}, not {status}", answer.status))
}

async fn whole(setting: &Setting) -> Judgement {
    let (transfer, document) = Parties::of(setting)?.whole().await?;
    let differ = differences(&transfer.bundle, &document);
    ensure(differ.is_empty(), || differ.join("; "))?;
    let count = by_name(&document).len();
    ensure(count == 18, || format!("{count} resources came"))
}

/// The records that both logs got.
fn both(setting: &Setting, sender: &Mark, receiver: &Mark) -> Result<(Vec<Value>, Vec<Value>), Flaw> {
    Ok((setting.since(sender, HOSPITAL.key)?, setting.since(receiver, NURSING_HOME.key)?))
}

fn asked<'r>(records: &'r [Value], resource: &str, interaction: &str) -> Vec<&'r Value> {
    let is = |record: &&Value| {
        record["asked"]["resource"].as_str() == Some(resource)
            && record["asked"]["interaction"].as_str() == Some(interaction)
    };
    records.iter().filter(is).collect()
}

async fn told(setting: &Setting) -> Judgement {
    let (sender, receiver) = (setting.mark(HOSPITAL.key).await?, setting.mark(NURSING_HOME.key).await?);
    let (transfer, _) = Parties::of(setting)?.whole().await?;
    let (at_sender, at_receiver) = both(setting, &sender, &receiver)?;
    let task = format!("Task/{}", transfer.task);
    let told = asked(&at_receiver, &task, "create");
    ensure(!told.is_empty() && told.iter().all(|one| one["caller"]["organisation"] == HOSPITAL.ura), || {
        format!("{} notifications are on record at the receiver", told.len())
    })?;
    let read = asked(&at_sender, &task, "read");
    ensure(!read.is_empty() && read.iter().all(|one| one["caller"]["organisation"] == NURSING_HOME.ura), || {
        format!("{} reads of the Task are on record at the sender", read.len())
    })?;
    ensure(read[0]["caller"]["person"].is_null(), || "the Task was first read in somebody's name".to_owned())?;
    let composition = format!("Composition/{}", transfer.composition);
    let document: Vec<_> = asked(&at_sender, &composition, "operation");
    ensure(document.len() == 1 && document[0]["caller"]["person"]["id"].is_string(), || {
        format!("{} fetches of the document are on record at the sender, with a person", document.len())
    })?;
    let put = asked(&at_sender, &task, "update");
    let place = |one: &Value| at_sender.iter().position(|record| record == one);
    ensure(put.len() == 1 && place(put[0]) > place(document[0]), || {
        format!("the Task was put back {} times, or before the document was fetched", put.len())
    })
}

async fn task(setting: &Setting) -> Judgement {
    let (_, transfer, receiver) = offered(setting).await?;
    let url = receiver.url(&format!("Task/{}", transfer.task));
    let answer = receiver.without_person.get(&url).await?;
    is(&answer, 200, "a read of the Task")?;
    let task = answer.json().unwrap_or_default();
    let handoffs: Vec<_> = task["input"].as_array().into_iter().flatten().collect();
    let good = task["status"] == "in-progress"
        && task["code"]["coding"][0]["code"] == "308292007"
        && task["for"]["reference"].is_string()
        && task["requester"]["agent"].is_object()
        && task["owner"]["identifier"]["value"] == NURSING_HOME.ura
        && handoffs.len() == 1
        && handoffs[0]["type"]["coding"][0]["code"] == "11171000146100"
        && handoffs[0]["valueReference"]["reference"] == format!("Composition/{}", transfer.composition);
    ensure(good, || "the Task is not that of a handoff which is ready".to_owned())?;
    let text = task.to_string();
    ensure(!names_a_patient(&text) && !text.contains("van der Berg") && !text.contains("1941"), || {
        "the Task names the patient".to_owned()
    })?;
    let xml = receiver.without_person.raw(Method::GET, &url, &[("accept", XML)], Bytes::new()).await?;
    let text = String::from_utf8_lossy(&xml.body).into_owned();
    let is_xml = xml.header("content-type").unwrap_or_default().starts_with(XML) && text.contains("<Task");
    ensure(xml.status == 200 && is_xml && text.contains("11171000146100"), || {
        "the Task does not come as XML".to_owned()
    })
}

/// Every relative reference in a value.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str().filter(|_| name == "reference") {
                    Some(text) if !text.starts_with('#') => found.push(text.to_owned()),
                    _ => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

async fn document(setting: &Setting) -> Judgement {
    let (_, transfer, receiver) = offered(setting).await?;
    let answer = receiver.get(&format!("Composition/{}/$document", transfer.composition)).await?;
    is(&answer, 200, "$document")?;
    let bundle = answer.json().unwrap_or_default();
    ensure(bundle["type"] == "document" && bundle["entry"][0]["resource"]["resourceType"] == "Composition", || {
        "the answer is no document that begins with its Composition".to_owned()
    })?;
    let there = by_name(&bundle);
    let mut found = Vec::new();
    there.values().for_each(|resource| references(resource, &mut found));
    let lost: Vec<_> = found.iter().filter(|reference| !there.contains_key(*reference)).collect();
    ensure(lost.is_empty() && found.len() > 30, || format!("{} of {} references lead nowhere", lost.len(), found.len()))
}

async fn one_by_one(setting: &Setting) -> Judgement {
    let (_, transfer, receiver) = offered(setting).await?;
    for (name, resource) in by_name(&transfer.bundle) {
        // A device names no patient: it is the patient's beside what refers to it, and comes with the document.
        if name.starts_with("Device/") {
            continue;
        }
        let answer = receiver.get(&name).await?;
        is(&answer, 200, &name)?;
        ensure(answer.json() == Some(resource), || format!("{name} is not what was pushed"))?;
    }
    let found = receiver.get("Observation").await?.json().unwrap_or_default();
    ensure(by_name(&found).len() == 3, || "a search does not find the three observations".to_owned())
}

async fn completed(setting: &Setting) -> Judgement {
    let (_, transfer, receiver) = offered(setting).await?;
    let path = format!("Task/{}", transfer.task);
    let document = format!("Composition/{}/$document", transfer.composition);
    is(&receiver.get(&document).await?, 200, "$document")?;
    let mut task = receiver.get(&path).await?.json().unwrap_or_default();
    task["status"] = json!("completed");
    for time in ["first", "second"] {
        // The second is the first whose answer was lost.
        let answer = receiver.put(&path, &task).await?;
        is(&answer, 200, "the Task put back")?;
        let body = answer.json().unwrap_or_default();
        ensure(
            body["status"] == "completed" && body["resourceType"] == "Task" && body["input"] == task["input"],
            || format!("the {time} answer is not the updated Task"),
        )?;
    }
    is(&receiver.get(&document).await?, 403, "$document after the end")?;
    is(&receiver.get("Patient/overdracht-patient").await?, 403, "the patient after the end")?;
    let answer = receiver.get(&path).await?;
    is(&answer, 200, "the Task after the end")?;
    ensure(answer.json().unwrap_or_default()["status"] == "completed", || "the Task is not completed".to_owned())
}

async fn spoiled(setting: &Setting) -> Judgement {
    let (parties, transfer, receiver) = offered(setting).await?;
    let path = format!("Task/{}", transfer.task);
    let task = receiver.get(&path).await?.json().unwrap_or_default();
    let changed = |name: &str, value: Value| {
        let mut task = task.clone();
        task["status"] = json!("completed");
        task[name] = value;
        task
    };
    for (what, spoiled) in [
        ("another owner", changed("owner", json!({"display": "Somebody else"}))),
        ("a description", changed("description", json!("done"))),
        ("no handoff", changed("input", json!([]))),
        ("a status that is none of a handoff", changed("status", json!("failed"))),
        ("a status that is not the receiver's", changed("status", json!("cancelled"))),
        ("a status of before", changed("status", json!("requested"))),
    ] {
        let answer = receiver.put(&path, &spoiled).await?;
        let refused = answer.json().unwrap_or_default()["resourceType"] == "OperationOutcome";
        // An empty list is no FHIR, and is refused as that.
        let expected: &[u16] = if what == "no handoff" { &[400, 422] } else { &[422] };
        ensure(expected.contains(&answer.status) && refused, || format!("{what} is answered with {}", answer.status))?;
    }
    let after = receiver.get(&path).await?.json().unwrap_or_default();
    ensure(after == task, || "the Task was changed".to_owned())?;
    let sent = parties.sent(&transfer).await?;
    ensure(sent["state"] == "in-progress", || format!("the transfer is {}", sent["state"]))
}

async fn strangers(setting: &Setting) -> Judgement {
    let (parties, transfer, receiver) = offered(setting).await?;
    let composition = format!("Composition/{}", transfer.composition);
    for path in [format!("{composition}/$document"), composition.clone(), "Patient/overdracht-patient".to_owned()] {
        let answer = receiver.without_person.get(&receiver.url(&path)).await?;
        is(&answer, 403, "what is about the patient, in nobody's name,")?;
        setting.keeps_quiet(&answer)?;
    }
    let pharmacy = setting.organisation(PHARMACY.ura, HOSPITAL.key)?;
    let answer = pharmacy.come_back(&pharmacy.assertion(None), SENDER, &transfer.task).await?;
    let body = answer.json().unwrap_or_default();
    ensure(answer.status == 400 && body["error"] == "invalid_grant", || {
        format!("another organisation with our value gets {} {}", answer.status, body["error"])
    })?;
    let node = parties.home_node(setting)?;
    let answer = node.come_back(&node.assertion(None), SENDER, "00000000-0000-4000-8000-000000000000").await?;
    is(&answer, 400, "a value that was never given")?;
    // Whoever asserts a relation of its own gets no further than the door.
    let patient = transfer.bundle["entry"][1]["resource"]["identifier"][0]["value"].as_str().unwrap_or_default();
    let acting = Acting {
        user: User { id: "overdracht-toets".to_owned(), role: "30.000".to_owned(), name: "T. Oets".to_owned() },
        patient: patient.to_owned(),
        treatment_relation: TreatmentRelation { kind: "transfer".to_owned(), reference: transfer.id.clone() },
    };
    let wire = node.signed_in(SENDER, Some(&acting)).await?;
    for path in [format!("Task/{}", transfer.task), format!("{composition}/$document")] {
        is(&wire.get(&receiver.url(&path)).await?, 403, "a token that rests on no transfer")?;
    }
    let nobody = Wire::new(Some(&setting.ready.ca_file), None)?;
    is(&nobody.get(&receiver.url(&composition)).await?, 401, "nobody")
}

async fn recorded(setting: &Setting) -> Judgement {
    let mark = setting.mark(HOSPITAL.key).await?;
    let (transfer, _) = Parties::of(setting)?.whole().await?;
    let records = setting.since(&mark, HOSPITAL.key)?;
    let ours: Vec<_> = records.iter().filter(|one| one["caller"]["organisation"] == NURSING_HOME.ura).collect();
    let ground = format!("{:?}", transfer.id);
    for one in &ours {
        ensure(one["outcome"]["result"] == "released" && one["patient"].is_string(), || {
            format!("a record says {} of {}", one["outcome"], one["asked"]["resource"])
        })?;
        ensure(one["treatment_relation"].to_string().contains(&ground), || {
            "a record does not say on what ground".to_owned()
        })?;
    }
    let kinds: Vec<_> = ours.iter().filter_map(|one| one["asked"]["interaction"].as_str()).collect();
    for kind in ["read", "operation", "update"] {
        ensure(kinds.contains(&kind), || format!("no {kind} is on record"))?;
    }
    let pushed = asked(&records, &format!("Composition/{}", transfer.composition), "create");
    ensure(pushed.len() == 1 && pushed[0]["patient"].is_string(), || "the push is not on record".to_owned())?;
    for node in [HOSPITAL.key, NURSING_HOME.key] {
        let lines = std::fs::read_to_string(setting.ready.state.join(node).join("node.log"))
            .map_err(|fault| Flaw::NotRun(format!("no technical log: {fault}")))?;
        ensure(!names_a_patient(&lines) && !lines.contains("van der Berg"), || {
            format!("a line of {node} names the patient")
        })?;
    }
    Ok(())
}

/// The hospital's node at the nursing home's door, with a token to tell of handoffs with.
async fn teller(setting: &Setting) -> Result<(Wire, String), Flaw> {
    let parties = Parties::of(setting)?;
    let node = setting.organisation(HOSPITAL.ura, NURSING_HOME.key)?;
    let wire = node.signed_in(RECEIVER, None).await?;
    Ok((wire, format!("{}/eoverdracht/notification", parties.home_outer)))
}

async fn notification(setting: &Setting) -> Judgement {
    let (wire, base) = teller(setting).await?;
    let send = |method: Method, path: &str, body: &'static str| {
        let kind: &[(&str, &str)] = if body.is_empty() { &[] } else { &[("content-type", JSON)] };
        let (wire, url) = (wire.clone(), format!("{base}{path}"));
        async move { wire.raw(method, &url, kind, Bytes::from_static(body.as_bytes())).await }
    };
    for (what, method, path, body) in [
        ("a body", Method::POST, "/no-task-of-anyone", "{}"),
        ("another method", Method::PUT, "/no-task-of-anyone", ""),
        ("a read", Method::GET, "/no-task-of-anyone", ""),
        ("more of a path", Method::POST, "/no-task-of-anyone/more", ""),
        ("no id", Method::POST, "", ""),
        ("what is no id", Method::POST, "/no%20id", ""),
        ("a query", Method::POST, "/no-task-of-anyone?x=1", ""),
        (
            "a Notification Task that is none",
            Method::POST,
            "/Task",
            "{\"resourceType\":\"Task\",\"status\":\"requested\"}",
        ),
    ] {
        let answer = send(method, path, body).await?;
        ensure((400..500).contains(&answer.status), || format!("{what} is answered with {}", answer.status))?;
    }
    let parties = Parties::of(setting)?;
    ensure(parties.received("no-task-of-anyone").await?.is_empty(), || "one of them became a transfer".to_owned())?;
    let nobody = Wire::new(Some(&setting.ready.ca_file), None)?;
    let answer = nobody.raw(Method::POST, &format!("{base}/no-task-of-anyone"), &[], Bytes::new()).await?;
    is(&answer, 401, "a notification of nobody")?;
    let answer = send(Method::POST, "/a-task-of-the-hospital", "").await?;
    ensure(answer.status == 202 && answer.body.is_empty(), || {
        format!("a notification is answered with {} and {} bytes", answer.status, answer.body.len())
    })
}

async fn doubled(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let transfer = parties.push().await?;
    parties.until(&transfer.task, "offered").await?;
    let (wire, base) = teller(setting).await?;
    for _ in 0..5 {
        let answer = wire.raw(Method::POST, &format!("{base}/{}", transfer.task), &[], Bytes::new()).await?;
        is(&answer, 202, "a notification that comes again")?;
    }
    let again = parties.push_bundle(&transfer.bundle).await?;
    ensure(again.status == 200 && again.json().unwrap_or_default()["id"] == transfer.id.as_str(), || {
        format!("the same push is answered with {}", again.status)
    })?;
    let id = parties.until(&transfer.task, "offered").await?;
    parties.take(&id).await?;
    parties.until(&transfer.task, "completed").await?;
    for _ in 0..3 {
        wire.raw(Method::POST, &format!("{base}/{}", transfer.task), &[], Bytes::new()).await?;
    }
    parties.until(&transfer.task, "completed").await?;
    let all = parties.received(&transfer.task).await?;
    ensure(all.len() == 1, || format!("{} transfers of one Task", all.len()))
}

async fn scopes(setting: &Setting) -> Judgement {
    let (parties, transfer, receiver) = offered(setting).await?;
    let node = parties.home_node(setting)?;
    let answer = node.request_token(&node.assertion(None), RECEIVER).await?;
    let body = answer.json().unwrap_or_default();
    let life = body["expires_in"].as_u64().unwrap_or(u64::MAX);
    ensure(life <= 300, || format!("a token lives for {life} s"))?;
    let wire = node.with_token(body["access_token"].as_str().unwrap_or_default());
    for path in [format!("Task/{}", transfer.task), format!("Composition/{}/$document", transfer.composition)] {
        is(&wire.get(&receiver.url(&path)).await?, 403, "a token to tell of handoffs with, shown for one,")?;
    }
    Ok(())
}

async fn refused(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let patient = setting.ready.patients.first().ok_or_else(|| Flaw::NotRun("no patient".to_owned()))?;
    let good = crate::handoff::handoff(&patient.bsn, "spoiled");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        bundle
    };
    for (what, bundle) in [
        ("no Bundle", json!({"resourceType": "Patient"})),
        ("a Bundle to be carried out", changed(&|bundle| bundle["type"] = json!("transaction"))),
        (
            "another document",
            changed(&|bundle| {
                bundle["entry"][0]["resource"]["type"]["coding"][0]["code"] = json!("371535009");
            }),
        ),
        ("no patient", changed(&|bundle| drop(bundle["entry"].as_array_mut().map(|entries| entries.remove(1))))),
        (
            "another patient's",
            changed(&|bundle| {
                bundle["entry"][10]["resource"]["subject"]["reference"] = json!("Patient/another");
            }),
        ),
    ] {
        let answer = parties.push_bundle(&bundle).await?;
        is(&answer, 422, what)?;
        setting.keeps_quiet(&answer)?;
    }
    let url = format!("{}/handoffs?receiver={}", parties.hospital_inner, "90019999");
    is(&parties.epd.post_json(&url, &good).await?, 422, "a receiver that is nobody's")?;
    let nurse = setting.ready.callers.iter().find(|caller| {
        caller.node.as_deref() == Some(HOSPITAL.key)
            && caller.person.is_some()
            && caller.use_cases.iter().all(|held| held != SENDER)
    });
    if let Some(nurse) = nurse {
        let nurse = crate::callers::InnerCaller::of(&setting.ready, &nurse.name)?;
        let url = format!("{}/handoffs?receiver={}", parties.hospital_inner, NURSING_HOME.ura);
        is(&nurse.post_json(&url, &good).await?, 403, "somebody who may not hand over")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_of_the_roles_is_shown_or_is_said_to_be_missing() {
        let shown = |id: &str| {
            let names = |check: &Check| {
                let head = check.name.split(':').next().unwrap_or_default();
                head.split(", ").any(|word| word == id)
            };
            checks().iter().filter(|check| names(check)).count()
        };
        let all = (1..=13).map(|n| format!("ES{n}")).chain((1..=11).map(|n| format!("ER{n}")));
        for id in all.chain((1..=5).map(|n| format!("CO{n}"))) {
            let missing = NOT_YET.iter().filter(|(known, why)| *known == id && !why.is_empty()).count();
            assert_eq!(shown(&id) + missing, 1, "{id}");
        }
    }

    #[test]
    fn the_sample_is_one_document_whose_references_resolve() {
        let bundle = crate::handoff::handoff("999911120", "test");
        let there = by_name(&bundle);
        let mut found = Vec::new();
        there.values().for_each(|resource| references(resource, &mut found));
        assert!(found.iter().all(|reference| there.contains_key(reference)), "{found:?}");
        assert_eq!(there.len(), 18);
        assert_eq!(differences(&bundle, &bundle), Vec::<String>::new());
        let mut other = bundle.clone();
        other["entry"][10]["resource"]["onsetDateTime"] = json!("2026");
        assert_eq!(differences(&bundle, &other).len(), 1);
    }
}
