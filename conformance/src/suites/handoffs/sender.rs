//! ES: what the receiver gets at the sender's gate, and what nobody gets.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::setting::names_a_patient;
use super::super::{Judgement, Setting, ensure};
use super::{is, of_a_nurse_about, offered, references};
use crate::callers::Wire;
use crate::handoff::{SENDER, by_name};
use crate::region::{HOSPITAL, NURSING_HOME, PHARMACY};

const XML: &str = "application/fhir+xml";

pub(super) async fn task(setting: &Setting) -> Judgement {
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

pub(super) async fn document(setting: &Setting) -> Judgement {
    let (_, transfer, receiver) = offered(setting).await?;
    let answer = receiver.get(&format!("Composition/{}/$document", transfer.composition)).await?;
    is(&answer, 200, "$document")?;
    let bundle = answer.json().unwrap_or_default();
    ensure(bundle["type"] == "document" && bundle["entry"][0]["resource"]["resourceType"] == "Composition", || {
        "the answer is no document that begins with its Composition".to_owned()
    })?;
    let there = by_name(&bundle);
    ensure(!there.contains_key("Binary/overdracht-brief"), || "a Binary is in the document".to_owned())?;
    let mut found = Vec::new();
    there.values().for_each(|resource| references(resource, &mut found));
    let lost: Vec<_> = found.iter().filter(|reference| !there.contains_key(*reference)).collect();
    ensure(lost.is_empty() && found.len() > 30, || format!("{} of {} references lead nowhere", lost.len(), found.len()))
}

pub(super) async fn one_by_one(setting: &Setting) -> Judgement {
    let (_, transfer, receiver) = offered(setting).await?;
    for (name, resource) in by_name(&transfer.bundle) {
        let answer = receiver.get(&name).await?;
        is(&answer, 200, &name)?;
        ensure(answer.json() == Some(resource), || format!("{name} is not what was pushed"))?;
    }
    let found = receiver.get("Observation").await?.json().unwrap_or_default();
    ensure(by_name(&found).len() == 3, || "a search does not find the three observations".to_owned())
}

pub(super) async fn completed(setting: &Setting) -> Judgement {
    let (_, transfer, receiver) = offered(setting).await?;
    let path = format!("Task/{}", transfer.task);
    let document = format!("Composition/{}/$document", transfer.composition);
    is(&receiver.get(&document).await?, 200, "$document")?;
    let mut task = receiver.get(&path).await?.json().unwrap_or_default();
    task["status"] = json!("completed");
    for time in ["first", "second"] {
        // The second is the first whose answer was lost; by then the Task says that it changed.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
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

pub(super) async fn spoiled(setting: &Setting) -> Judgement {
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

pub(super) async fn strangers(setting: &Setting) -> Judgement {
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
    let node = parties.receiver_node(setting)?;
    let answer = node.come_back(&node.assertion(None), SENDER, "00000000-0000-4000-8000-000000000000").await?;
    is(&answer, 400, "a value that was never given")?;
    // Whoever asserts a relation of its own gets no further than the door.
    let patient = transfer.bundle["entry"][1]["resource"]["identifier"][0]["value"].as_str().unwrap_or_default();
    let acting = of_a_nurse_about(patient, &transfer.id);
    let wire = node.signed_in(SENDER, Some(&acting)).await?;
    for path in [format!("Task/{}", transfer.task), format!("{composition}/$document")] {
        is(&wire.get(&receiver.url(&path)).await?, 403, "a token that rests on no transfer")?;
    }
    let nobody = Wire::new(Some(&setting.ready.ca_file), None)?;
    is(&nobody.get(&receiver.url(&composition)).await?, 401, "nobody")
}
