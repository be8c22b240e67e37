//! A handoff that is replaced after it was pushed: both sides end with its newest version, and of the one before nothing is given.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::{Judgement, Setting, ensure};
use super::{JSON, Receiver, is};
use crate::callers::Answer;
use crate::handoff::{Parties, Transfer, differences};
use crate::region::HOSPITAL;
use crate::suites::Flaw;

/// The same handoff with something newer in it.
fn newer(bundle: &Value, date: &str) -> Value {
    let mut newer = bundle.clone();
    for entry in newer["entry"].as_array_mut().into_iter().flatten() {
        if entry["resource"]["resourceType"] == "Condition" {
            entry["resource"]["onsetDateTime"] = json!(date);
        }
    }
    newer
}

async fn put(parties: &Parties, id: &str, bundle: &Value) -> Result<Answer, Flaw> {
    let url = format!("{}/handoffs/sent/{id}", parties.sender_inner);
    let body = Bytes::from(bundle.to_string());
    Ok(parties.epd.raw(Method::PUT, &url, &[("content-type", JSON)], body).await?)
}

async fn replaced(parties: &Parties, transfer: &Transfer, bundle: &Value, version: u32) -> Judgement {
    let answer = put(parties, &transfer.id, bundle).await?;
    is(&answer, 200, "a newer version")?;
    let told = answer.json().unwrap_or_default();
    ensure(
        told["version"] == version && told["state"] == "in-progress" && told["task"] == transfer.task.as_str(),
        || format!("it is answered with {told}"),
    )
}

pub(super) async fn newest(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let mark = setting.mark(HOSPITAL.key).await?;
    let transfer = parties.push().await?;
    let id = parties.until(&transfer.task, "offered").await?;
    let (second, third) = (newer(&transfer.bundle, "2026-11-13"), newer(&transfer.bundle, "2026-11-14"));
    replaced(&parties, &transfer, &second, 2).await?;
    replaced(&parties, &transfer, &second, 2).await?;
    replaced(&parties, &transfer, &third, 3).await?;
    parties.until_told(&transfer).await?;
    // Whichever version is pushed again: it is this transfer.
    for bundle in [&transfer.bundle, &second, &third] {
        let again = parties.push_bundle(bundle).await?;
        is(&again, 200, "a version that is pushed again")?;
        let told = again.json().unwrap_or_default();
        ensure(told["id"] == transfer.id.as_str(), || "it is another transfer".to_owned())?;
    }
    parties.take(&id).await?;
    parties.until(&transfer.task, "completed").await?;
    parties.until_sent(&transfer, "completed").await?;
    let differ = differences(&third, &parties.document(&id).await?);
    ensure(differ.is_empty(), || differ.join("; "))?;
    let received = parties.received(&transfer.task).await?;
    ensure(received.len() == 1 && received[0]["version"].as_u64() > Some(1), || {
        format!("the receiver has {received:?}")
    })?;
    is(&put(&parties, &transfer.id, &second).await?, 409, "a newer version of what was confirmed")?;
    let records = setting.since(&mark, HOSPITAL.key)?;
    let composition = format!("Composition/{}", transfer.composition);
    let updates = records.iter().filter(|one| {
        one["asked"]["interaction"] == "update"
            && one["asked"]["resource"] == composition.as_str()
            && one["patient"].is_string()
    });
    ensure(updates.count() == 4, || "not each newer version is on record".to_owned())
}

pub(super) async fn older(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let transfer = parties.push().await?;
    parties.until(&transfer.task, "offered").await?;
    let receiver = Receiver::of(setting, &parties, &transfer).await?;
    let task = format!("Task/{}", transfer.task);
    let before = receiver.get(&task).await?.json().unwrap_or_default();
    let second = newer(&transfer.bundle, "2026-11-13");
    replaced(&parties, &transfer, &second, 2).await?;
    let served = receiver.get(&format!("Composition/{}/$document", transfer.composition)).await?;
    is(&served, 200, "$document")?;
    let text = served.json().unwrap_or_default().to_string();
    ensure(text.contains("2026-11-13") && !text.contains("2026-11-12"), || {
        "the version before is served still".to_owned()
    })?;
    let completed = |task: &Value| {
        let mut task = task.clone();
        task["status"] = json!("completed");
        task
    };
    // Who read the Task before it was replaced has not got what is offered now.
    is(&receiver.put(&task, &completed(&before)).await?, 422, "a confirmation of the version before")?;
    let now = receiver.get(&task).await?.json().unwrap_or_default();
    ensure(now["status"] == "in-progress" && now["meta"]["versionId"] != before["meta"]["versionId"], || {
        format!("the Task is {} in version {}", now["status"], now["meta"]["versionId"])
    })?;
    let mut unsaid = completed(&now);
    unsaid.as_object_mut().map(|task| task.remove("meta"));
    is(&receiver.put(&task, &unsaid).await?, 422, "a confirmation that does not say of which version")?;
    is(&receiver.put(&task, &completed(&now)).await?, 200, "a confirmation of the newest version")
}

pub(super) async fn refused(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let transfer = parties.push().await?;
    let second = newer(&transfer.bundle, "2026-11-13");
    let other = setting.ready.patients.iter().find(|patient| !transfer.bundle.to_string().contains(&patient.bsn));
    if let Some(other) = other {
        let run = crate::handoff::fresh();
        let mut another = crate::handoff::handoff(&other.bsn, &run);
        let text = another.to_string().replace("overdracht-patient", &format!("patient-{run}"));
        another = serde_json::from_str(&text).unwrap_or_default();
        is(&put(&parties, &transfer.id, &another).await?, 409, "another patient's")?;
    }
    is(&put(&parties, &transfer.id, &json!({"resourceType": "Patient"})).await?, 422, "no handoff")?;
    is(&put(&parties, "00000000000000000000000000000000", &second).await?, 404, "of a transfer that is not there")?;
    let theirs = parties.push().await?;
    is(&put(&parties, &transfer.id, &theirs.bundle).await?, 409, "what was pushed as another transfer")?;
    let sent = parties.sent(&transfer).await?;
    ensure(sent["version"] == 1, || "what is refused changed something".to_owned())?;
    let url = format!("{}/handoffs/sent/{}/cancel", parties.sender_inner, transfer.id);
    is(&parties.epd.raw(Method::POST, &url, &[], Bytes::new()).await?, 202, "to take it back")?;
    is(&put(&parties, &transfer.id, &second).await?, 409, "of what was taken back")
}
