//! The provider's own record system is told of each step of a handoff by a signed webhook, which names the transfer and nobody; what
//! is there it then fetches. While it is ill, nothing is lost and nothing is told twice under another id.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::setting::{Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;
use crate::handoff::Parties;
use crate::ready::Simulator;
use crate::referral;
use crate::webhook::{Fault, Taken};

const KIND: &str = "record-system";
/// How long anything may take that the nodes do by themselves.
const PATIENCE: Duration = Duration::from_secs(40);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "the record systems of both sides are told of each step of a handoff, and nobody is named",
            |setting| Box::pin(told(setting)),
        ),
        Check::new(
            "while a record system is ill a handoff goes on, and it is told the newest state once it is well",
            |setting| Box::pin(ill(setting)),
        ),
        Check::new(
            "the record systems of both sides are told of each step of a referral, and nobody is named",
            |setting| Box::pin(referred(setting)),
        ),
        Check::new(
            "a handoff that is taken back is told to both record systems, and cannot be fetched any more",
            |setting| Box::pin(taken_back(setting)),
        ),
    ]
}

struct Receiver<'s> {
    wire: Wire,
    simulator: &'s Simulator,
}

impl<'s> Receiver<'s> {
    fn of(setting: &'s Setting) -> Result<Self, Flaw> {
        let simulator = setting.ready.services.iter().find(|simulator| simulator.kind == KIND);
        let simulator = simulator.ok_or_else(|| Flaw::NotRun("no record system is told anything".to_owned()))?;
        Ok(Receiver { wire: Wire::new(Some(&setting.ready.ca_file), None)?, simulator })
    }

    /// What was taken about this transfer; a message that was not as it should be is a flaw.
    async fn about(&self, transfer: &str) -> Result<Vec<Taken>, Flaw> {
        let told = self.wire.get(&format!("{}/notices", self.simulator.control)).await?.json().unwrap_or_default();
        ensure(told["rejected"] == json!([]), || format!("messages were not as they should be: {}", told["rejected"]))?;
        let all: Vec<Taken> = serde_json::from_value(told["taken"].clone())
            .map_err(|_| Flaw::NotRun("the receiver does not tell what it took".to_owned()))?;
        Ok(all.into_iter().filter(|taken| taken.body["data"]["id"] == transfer).collect())
    }

    async fn until(&self, transfer: &str, state: &str) -> Result<Vec<Taken>, Flaw> {
        let began = Instant::now();
        loop {
            let about = self.about(transfer).await?;
            if about.iter().any(|taken| taken.body["data"]["state"] == state) {
                return Ok(about);
            }
            if began.elapsed() > PATIENCE {
                let states: Vec<&Value> = about.iter().map(|taken| &taken.body["data"]["state"]).collect();
                return Err(Flaw::Broken(format!("told {states:?}, and not {state}")));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn ails(&self, fault: Fault) -> Judgement {
        let (url, kind) = (format!("{}/fault", self.simulator.control), [("content-type", "application/json")]);
        let answer = self.wire.raw(Method::PUT, &url, &kind, json!(fault).to_string().into()).await?;
        ensure(answer.status == 204, || "the receiver takes no orders".to_owned())
    }
}

/// Each message is of this side, names nobody, and has an id of its own.
fn are_sober(messages: &[Taken], side: &str) -> Judgement {
    let ids: BTreeSet<&str> = messages.iter().map(|taken| taken.id.as_str()).collect();
    ensure(ids.len() == messages.len(), || "two messages have one id".to_owned())?;
    for message in messages {
        let kind = format!("{side}.changed");
        ensure(message.body["type"] == kind.as_str(), || format!("a message of {}", message.body["type"]))?;
        let mut members: Vec<&str> =
            message.body["data"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        members.sort_unstable();
        ensure(members == ["given_up", "id", "state"], || format!("a message says {members:?}"))?;
        ensure(!names_a_patient(&message.text), || "a message names a patient".to_owned())?;
    }
    Ok(())
}

async fn told(setting: &Setting) -> Judgement {
    let (parties, receiver) = (Parties::of(setting)?, Receiver::of(setting)?);
    let transfer = parties.push().await?;
    let id = parties.until(&transfer.task, "offered").await?;
    receiver.until(&id, "offered").await?;
    parties.take(&id).await?;
    let received = receiver.until(&id, "completed").await?;
    are_sober(&received, "handoff.received")?;
    let sent = receiver.until(&transfer.id, "completed").await?;
    are_sober(&sent, "handoff.sent")?;
    // What it was told of is there to be fetched.
    let document = parties.document(&id).await?;
    ensure(document["resourceType"] == "Bundle", || "there is no document to be fetched".to_owned())
}

async fn referred(setting: &Setting) -> Judgement {
    let (parties, receiver) = (referral::Parties::of(setting)?, Receiver::of(setting)?);
    let (referred, _) = parties.pulled().await?;
    let found = parties.until(&referred.task, "pulled").await?;
    let id = found["id"].as_str().unwrap_or_default();
    are_sober(&receiver.until(id, "pulled").await?, "referral.received")?;
    are_sober(&receiver.until(&referred.id, "accepted").await?, "referral.sent")?;
    let answer = parties.receiver_does(id, "complete").await?;
    ensure(answer.status == 202, || format!("completing it is answered with {}", answer.status))?;
    are_sober(&receiver.until(id, "completed").await?, "referral.received")?;
    are_sober(&receiver.until(&referred.id, "completed").await?, "referral.sent")
}

async fn ill(setting: &Setting) -> Judgement {
    let (parties, receiver) = (Parties::of(setting)?, Receiver::of(setting)?);
    receiver.ails(Fault::Status { code: 503 }).await?;
    let done = async {
        let transfer = parties.push().await?;
        let id = parties.until(&transfer.task, "offered").await?;
        parties.take(&id).await?;
        parties.until(&transfer.task, "completed").await?;
        parties.until_sent(&transfer, "completed").await?;
        // Where the handoff goes into the own record system, that is a step that is told as well.
        parties.until_filed(&transfer.task).await?;
        ensure(receiver.about(&id).await?.is_empty(), || "a receiver that is ill took something".to_owned())?;
        Ok::<_, Flaw>((transfer, id))
    };
    let done = done.await;
    receiver.ails(Fault::None).await?;
    let (transfer, id) = done?;
    let received = receiver.until(&id, "completed").await?;
    ensure(received.len() == 1, || format!("{} messages, and the newest state is one", received.len()))?;
    are_sober(&received, "handoff.received")?;
    are_sober(&receiver.until(&transfer.id, "completed").await?, "handoff.sent")
}

async fn taken_back(setting: &Setting) -> Judgement {
    let (parties, receiver) = (Parties::of(setting)?, Receiver::of(setting)?);
    let transfer = parties.push().await?;
    let id = parties.until(&transfer.task, "offered").await?;
    let url = format!("{}/handoffs/sent/{}/cancel", parties.sender_inner, transfer.id);
    let answer = parties.epd.raw(Method::POST, &url, &[], Bytes::new()).await?;
    ensure(answer.status == 202, || format!("taking it back is answered with {}", answer.status))?;
    parties.until(&transfer.task, "cancelled").await?;
    parties.until_sent(&transfer, "cancelled").await?;
    receiver.until(&id, "cancelled").await?;
    receiver.until(&transfer.id, "cancelled").await?;
    let taken = parties.take(&id).await;
    ensure(taken.is_err(), || "what was taken back can still be taken".to_owned())?;
    let url = format!("{}/handoffs/received/{id}/document", parties.receiver_inner);
    let status = parties.ecd.get(&url).await?.status;
    ensure(status == 404 || status == 403, || format!("its document is answered with {status}"))?;
    // What is completed is not taken back.
    let (whole, _) = parties.whole().await?;
    let url = format!("{}/handoffs/sent/{}/cancel", parties.sender_inner, whole.id);
    let answer = parties.epd.raw(Method::POST, &url, &[], Bytes::new()).await?;
    ensure(answer.status == 409, || format!("taking back what is completed is answered with {}", answer.status))
}
