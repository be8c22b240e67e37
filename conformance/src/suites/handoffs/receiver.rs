//! ER: the receiver's door for notifications, and what a token for it opens.

use bytes::Bytes;
use reqwest::Method;

use super::super::{Flaw, Judgement, Setting, ensure};
use super::{JSON, is, offered};
use crate::callers::Wire;
use crate::handoff::{Parties, RECEIVER};
use crate::region::{GENERAL_PRACTICE, HOSPITAL, NURSING_HOME};

/// The hospital's node at the nursing home's door, with a token to tell of handoffs with.
async fn teller(setting: &Setting) -> Result<(Wire, String), Flaw> {
    let parties = Parties::of(setting)?;
    let node = setting.organisation(HOSPITAL.ura, NURSING_HOME.key)?;
    let wire = node.signed_in(RECEIVER, None).await?;
    Ok((wire, format!("{}/eoverdracht/notification", parties.receiver_outer)))
}

pub(super) async fn notification(setting: &Setting) -> Judgement {
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

/// Another partner tells of a Task that is not its own, known to us or not: the answer is the same, it is looked for at that
/// partner's own registered address only, and what the true owner sent is as it was.
pub(super) async fn forged(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let transfer = parties.push().await?;
    let id = parties.until(&transfer.task, "offered").await?;
    let node = setting.organisation(GENERAL_PRACTICE.ura, NURSING_HOME.key)?;
    let wire = node.signed_in(RECEIVER, None).await?;
    let base = format!("{}/eoverdracht/notification", parties.receiver_outer);
    let mut answers = Vec::new();
    for task in [transfer.task.as_str(), "a-task-of-nobody-at-all"] {
        let answer = wire.raw(Method::POST, &format!("{base}/{task}"), &[], Bytes::new()).await?;
        answers.push((answer.status, answer.body.len()));
    }
    ensure(answers[0] == answers[1] && [202, 401, 403].contains(&answers[0].0), || {
        format!("a known and an unknown Task are told apart: {answers:?}")
    })?;
    parties.take(&id).await?;
    parties.until(&transfer.task, "completed").await?;
    for one in parties.received(&transfer.task).await? {
        let whole = one["state"] == "completed" && one["resources"].as_u64().is_some_and(|number| number > 0);
        ensure(whole == (one["sender"] == HOSPITAL.ura), || {
            format!("a transfer of {} is {} with {} resources", one["sender"], one["state"], one["resources"])
        })?;
    }
    Ok(())
}

pub(super) async fn doubled(setting: &Setting) -> Judgement {
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

pub(super) async fn scopes(setting: &Setting) -> Judgement {
    let (parties, transfer, receiver) = offered(setting).await?;
    let node = parties.receiver_node(setting)?;
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
