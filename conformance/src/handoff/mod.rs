//! A nursing handoff driven from both ends, as the two record systems do it: the hospital's pushes, the nursing home's has it
//! taken and gets it. What is between them is the nodes' own.

mod asking;
mod ecd;
mod load;
mod partner;
mod sample;
mod story;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use crate::callers::{Answer, InnerCaller, OuterCaller};
use crate::region::{self, HOSPITAL, NURSING_HOME, Provider};
use crate::suites::{Flaw, Setting};

pub(crate) use asking::Asking;
pub use ecd::Ecd;
pub use load::{Load, Outcome, large, put_through};
pub use partner::Partner;
pub use sample::{asked_with, asking, handoff, notice, task};
pub use story::shown;

/// What a sender offers, and a receiver is told by.
pub const SENDER: &str = "eoverdracht-sender";
pub const RECEIVER: &str = "eoverdracht-receiver";

/// How long anything may take that the nodes do by themselves.
const WITHIN: Duration = Duration::from_secs(20);

/// Both record systems, and where their nodes are.
pub struct Parties {
    pub epd: InnerCaller,
    pub ecd: InnerCaller,
    sender: &'static Provider,
    receiver: &'static Provider,
    /// Without a slash at the end.
    pub sender_inner: String,
    pub receiver_inner: String,
    pub sender_outer: String,
    pub receiver_outer: String,
}

/// A transfer, as its sender knows it.
pub struct Transfer {
    pub id: String,
    pub task: String,
    /// The id of the Composition.
    pub composition: String,
    /// What was pushed.
    pub bundle: Value,
}

impl Parties {
    /// The hospital sends, the nursing home receives.
    ///
    /// # Errors
    /// The region is not set up for handoffs.
    pub fn of(setting: &Setting) -> Result<Self, Flaw> {
        Parties::between(setting, HOSPITAL, NURSING_HOME)
    }

    /// One provider of the region sends, another receives.
    ///
    /// # Errors
    /// The region is not set up for handoffs.
    pub fn between(setting: &Setting, sender: &'static Provider, receiver: &'static Provider) -> Result<Self, Flaw> {
        let system = |key: &str| {
            let of_node = |caller: &&crate::ready::Caller| {
                caller.node.as_deref() == Some(key) && caller.client_id.as_deref() == Some("handoff-system")
            };
            let found = setting.ready.callers.iter().find(of_node);
            let found = found.ok_or_else(|| Flaw::NotRun(format!("{key} has no record system that hands over")))?;
            Ok::<_, Flaw>(InnerCaller::of(&setting.ready, &found.name)?)
        };
        let (from, to) = (setting.node(sender.key)?, setting.node(receiver.key)?);
        Ok(Parties {
            epd: system(sender.key)?,
            ecd: system(receiver.key)?,
            sender,
            receiver,
            sender_inner: from.inner.clone(),
            receiver_inner: to.inner.clone(),
            sender_outer: from.outer.clone(),
            receiver_outer: to.outer.clone(),
        })
    }

    /// The receiver's node itself, on its way to the sender's.
    ///
    /// # Errors
    /// The region does not show its key.
    pub fn receiver_node(&self, setting: &Setting) -> Result<OuterCaller, Flaw> {
        setting.organisation(self.receiver.ura, self.sender.key)
    }

    /// Pushes a handoff of its own about the region's patient.
    ///
    /// # Errors
    /// It was not taken.
    pub async fn push(&self) -> Result<Transfer, Flaw> {
        self.push_to(self.receiver.ura, |_| {}).await
    }

    /// Pushes a handoff of its own, changed so, to whoever has this URA.
    ///
    /// # Errors
    /// It was not taken.
    pub async fn push_to(&self, receiver: &str, change: impl FnOnce(&mut Value)) -> Result<Transfer, Flaw> {
        let patient = region::patients().into_iter().find(|patient| patient.known_at.contains(&HOSPITAL.key));
        let patient = patient.ok_or_else(|| Flaw::NotRun("the hospital knows no patient".to_owned()))?;
        let run = fresh();
        let mut bundle = handoff(patient.bsn, &run);
        change(&mut bundle);
        let answer = self.push_bundle_to(receiver, &bundle).await?;
        let told = answer.json().unwrap_or_default();
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        if answer.status != 201 {
            return Err(Flaw::Broken(format!("a push is answered with {}", answer.status)));
        }
        Ok(Transfer { id: text("id"), task: text("task"), composition: format!("overdracht-{run}"), bundle })
    }

    /// Pushes this Bundle to the receiver.
    ///
    /// # Errors
    /// No answer came.
    pub async fn push_bundle(&self, bundle: &Value) -> Result<Answer, Flaw> {
        self.push_bundle_to(self.receiver.ura, bundle).await
    }

    pub(crate) async fn push_bundle_to(&self, receiver: &str, bundle: &Value) -> Result<Answer, Flaw> {
        let url = format!("{}/handoffs?receiver={receiver}", self.sender_inner);
        Ok(self.epd.post_json(&url, bundle).await?)
    }

    /// How far the sender has come.
    ///
    /// # Errors
    /// It does not say.
    pub async fn sent(&self, transfer: &Transfer) -> Result<Value, Flaw> {
        json(self.epd.get(&format!("{}/handoffs/sent/{}", self.sender_inner, transfer.id)).await?)
    }

    /// Every transfer of this Task that the receiver lists.
    ///
    /// # Errors
    /// It does not list them.
    pub async fn received(&self, task: &str) -> Result<Vec<Value>, Flaw> {
        let mut found = Vec::new();
        let mut url = format!("{}/handoffs/received", self.receiver_inner);
        loop {
            let listed = json(self.ecd.get(&url).await?)?;
            let transfers = listed["transfers"].as_array().cloned().unwrap_or_default();
            found.extend(transfers.into_iter().filter(|one| one["task"] == task));
            let Some(next) = listed["next"].as_str() else { return Ok(found) };
            url = format!("{}/handoffs/received?behind={next}", self.receiver_inner);
        }
    }

    /// Waits until the receiver has the transfer in this state; its id there.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn until(&self, task: &str, state: &str) -> Result<String, Flaw> {
        let began = Instant::now();
        loop {
            let found = self.received(task).await?;
            if let Some(one) = found.iter().find(|one| one["state"] == state) {
                return Ok(one["id"].as_str().unwrap_or_default().to_owned());
            }
            if began.elapsed() > WITHIN {
                let states: Vec<_> = found.iter().map(|one| format!("{} {}", one["state"], one["effort"])).collect();
                return Err(Flaw::Broken(format!("the receiver has {states:?}, and not {state}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until nothing of it is owed to the receiver's own record system.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn until_filed(&self, task: &str) -> Result<(), Flaw> {
        let began = Instant::now();
        while self.received(task).await?.iter().any(|one| one["filing"] == "owed") {
            if began.elapsed() > WITHIN {
                return Err(Flaw::Broken("the handoff is not in the receiver's own record system".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Waits until the sender's Task has this status and the receiver was told.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn until_sent(&self, transfer: &Transfer, state: &str) -> Result<(), Flaw> {
        let began = Instant::now();
        loop {
            let sent = self.sent(transfer).await?;
            if sent["state"] == state && sent["told"] == true {
                return Ok(());
            }
            if began.elapsed() > WITHIN {
                return Err(Flaw::Broken(format!(
                    "the sender has {} {}, and not {state}",
                    sent["state"], sent["effort"]
                )));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the receiver took what it was told.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn until_told(&self, transfer: &Transfer) -> Result<(), Flaw> {
        let began = Instant::now();
        loop {
            let sent = self.sent(transfer).await?;
            if sent["told"] == true {
                return Ok(());
            }
            if began.elapsed() > WITHIN {
                return Err(Flaw::Broken(format!("the receiver was not told: {}", sent["effort"])));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Has the sender tell again what it had given up.
    ///
    /// # Errors
    /// It does not.
    pub async fn resend(&self, transfer: &Transfer) -> Result<(), Flaw> {
        let url = format!("{}/handoffs/sent/{}/resend", self.sender_inner, transfer.id);
        accepted(&self.epd.raw(Method::POST, &url, &[], Bytes::new()).await?, "to tell it again")
    }

    /// Has the receiver try again what failed.
    ///
    /// # Errors
    /// It does not.
    pub async fn retry(&self, id: &str) -> Result<(), Flaw> {
        let url = format!("{}/handoffs/received/{id}/retry", self.receiver_inner);
        accepted(&self.ecd.raw(Method::POST, &url, &[], Bytes::new()).await?, "to try it again")
    }

    /// The receiver's nurse takes it.
    ///
    /// # Errors
    /// It is not taken.
    pub async fn take(&self, id: &str) -> Result<(), Flaw> {
        let url = format!("{}/handoffs/received/{id}/take", self.receiver_inner);
        accepted(&self.ecd.raw(Method::POST, &url, &[], Bytes::new()).await?, "to take it")
    }

    /// The receiver's nurse answers a notice.
    ///
    /// # Errors
    /// No answer came.
    pub async fn answer(&self, id: &str, answer: &Value) -> Result<Answer, Flaw> {
        let url = format!("{}/handoffs/received/{id}/answer", self.receiver_inner);
        Ok(self.ecd.post_json(&url, answer).await?)
    }

    /// The notice that the receiver's record system gets.
    ///
    /// # Errors
    /// No answer came.
    pub async fn notice(&self, id: &str) -> Result<Answer, Flaw> {
        Ok(self.ecd.get(&format!("{}/handoffs/received/{id}/notice", self.receiver_inner)).await?)
    }

    /// What the receiver's record system gets.
    ///
    /// # Errors
    /// It gets no document.
    pub async fn document(&self, id: &str) -> Result<Value, Flaw> {
        json(self.ecd.get(&format!("{}/handoffs/received/{id}/document", self.receiver_inner)).await?)
    }

    /// A whole transfer: pushed, taken, and completed at both sides. What was pushed and what came.
    ///
    /// # Errors
    /// It does not come to its end.
    pub async fn whole(&self) -> Result<(Transfer, Value), Flaw> {
        let transfer = self.push().await?;
        let id = self.until(&transfer.task, "offered").await?;
        self.take(&id).await?;
        self.until(&transfer.task, "completed").await?;
        self.until_sent(&transfer, "completed").await?;
        let document = self.document(&id).await?;
        Ok((transfer, document))
    }
}

/// A text that is no other's.
pub fn fresh() -> String {
    format!("{:x}", time::OffsetDateTime::now_utc().unix_timestamp_nanos())
}

fn accepted(answer: &Answer, what: &str) -> Result<(), Flaw> {
    if answer.status == 202 { Ok(()) } else { Err(Flaw::Broken(format!("{what} is answered with {}", answer.status))) }
}

/// The resources of a Bundle by type and id.
pub fn by_name(bundle: &Value) -> BTreeMap<String, Value> {
    let resources = bundle["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"].clone());
    let name =
        |one: &Value| format!("{}/{}", one["resourceType"].as_str().unwrap_or(""), one["id"].as_str().unwrap_or(""));
    resources.map(|one| (name(&one), one)).collect()
}

/// What differs between what was pushed and what came, resource for resource; empty when nothing does.
pub fn differences(pushed: &Value, came: &Value) -> Vec<String> {
    let (pushed, came) = (by_name(pushed), by_name(came));
    let mut all = Vec::new();
    for (name, resource) in &pushed {
        match came.get(name) {
            None => all.push(format!("{name} did not come")),
            Some(other) if other != resource => all.push(format!("{name} is not what it was")),
            Some(_) => {}
        }
    }
    all.extend(came.keys().filter(|name| !pushed.contains_key(*name)).map(|name| format!("{name} was not sent")));
    all
}

fn json(answer: Answer) -> Result<Value, Flaw> {
    match answer.json() {
        Some(json) if answer.status == 200 => Ok(json),
        _ => Err(Flaw::Broken(format!("answered with {}", answer.status))),
    }
}
