//! A referral with the basic data set driven from both ends, as the two record systems do it: the hospital's refers, the nursing
//! home's has it taken and gets the data. What is between them is the nodes' own.

mod chart;
mod clinic;

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use crate::callers::{Answer, InnerCaller, OuterCaller};
use crate::region::{self, HOSPITAL, NURSING_HOME, Patient};
use crate::suites::{Flaw, Setting};

pub use chart::{chart, patient_id, write_folder};
pub use clinic::{Clinic, ClinicHandle, Message, Script};

/// What a sender offers, and a receiver is told by.
pub const SENDER: &str = "bgz-sender";
pub const RECEIVER: &str = "bgz-receiver";

/// How long anything may take that the nodes do by themselves.
const WITHIN: Duration = Duration::from_secs(30);

/// Both record systems, and where their nodes are.
pub struct Parties {
    pub epd: InnerCaller,
    pub other: InnerCaller,
    /// Without a slash at the end.
    pub hospital_inner: String,
    pub home_inner: String,
    pub hospital_outer: String,
    pub home_outer: String,
}

/// A referral, as its sender knows it.
pub struct Referral {
    pub id: String,
    pub task: String,
    pub episode: String,
    pub patient: Patient,
}

impl Parties {
    /// # Errors
    /// The region is not set up for referrals.
    pub fn of(setting: &Setting) -> Result<Self, Flaw> {
        let system = |key: &str| {
            let of_node = |caller: &&crate::ready::Caller| {
                caller.node.as_deref() == Some(key) && caller.client_id.as_deref() == Some("referral-system")
            };
            let found = setting.ready.callers.iter().find(of_node);
            let found = found.ok_or_else(|| Flaw::NotRun(format!("{key} has no record system that refers")))?;
            Ok::<_, Flaw>(InnerCaller::of(&setting.ready, &found.name)?)
        };
        let (hospital, home) = (setting.node(HOSPITAL.key)?, setting.node(NURSING_HOME.key)?);
        Ok(Parties {
            epd: system(HOSPITAL.key)?,
            other: system(NURSING_HOME.key)?,
            hospital_inner: hospital.inner.clone(),
            home_inner: home.inner.clone(),
            hospital_outer: hospital.outer.clone(),
            home_outer: home.outer.clone(),
        })
    }

    /// The nursing home's node itself, on its way to the hospital's.
    ///
    /// # Errors
    /// The region does not show its key.
    pub fn home_node(&self, setting: &Setting) -> Result<OuterCaller, Flaw> {
        setting.organisation(NURSING_HOME.ura, HOSPITAL.key)
    }

    /// The hospital's node itself, on its way to the nursing home's.
    ///
    /// # Errors
    /// The region does not show its key.
    pub fn hospital_node(&self, setting: &Setting) -> Result<OuterCaller, Flaw> {
        setting.organisation(HOSPITAL.ura, NURSING_HOME.key)
    }

    /// What refers this patient, under this name.
    pub fn wanted(patient: &Patient, episode: &str) -> Value {
        json!({"receiver": NURSING_HOME.ura, "episode": episode,
            "patient": {"bsn": patient.bsn, "id": patient_id(patient)}})
    }

    /// Refers the hospital's first patient.
    ///
    /// # Errors
    /// It was not taken.
    pub async fn push(&self) -> Result<Referral, Flaw> {
        let patient = at_the_hospital()?.remove(0);
        let episode = format!("verwijzing-{:x}", time::OffsetDateTime::now_utc().unix_timestamp_nanos());
        let answer = self.push_body(&Parties::wanted(&patient, &episode)).await?;
        let told = answer.json().unwrap_or_default();
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        if answer.status != 201 {
            return Err(Flaw::Broken(format!("a referral is answered with {}", answer.status)));
        }
        Ok(Referral { id: text("id"), task: text("task"), episode, patient })
    }

    /// # Errors
    /// No answer came.
    pub async fn push_body(&self, body: &Value) -> Result<Answer, Flaw> {
        Ok(self.epd.post_json(&format!("{}/referrals", self.hospital_inner), body).await?)
    }

    /// What the hospital's record system does with a referral: `cancel`, `renew`, `resend`.
    ///
    /// # Errors
    /// No answer came.
    pub async fn sender_does(&self, id: &str, what: &str) -> Result<Answer, Flaw> {
        let url = format!("{}/referrals/sent/{id}/{what}", self.hospital_inner);
        Ok(self.epd.raw(Method::POST, &url, &[], Bytes::new()).await?)
    }

    /// What the nursing home's does: `take`, `reject`, `withdraw`, `complete`, `retry`.
    ///
    /// # Errors
    /// No answer came.
    pub async fn receiver_does(&self, id: &str, what: &str) -> Result<Answer, Flaw> {
        let url = format!("{}/referrals/received/{id}/{what}", self.home_inner);
        Ok(self.other.raw(Method::POST, &url, &[], Bytes::new()).await?)
    }

    /// How far the sender has come.
    ///
    /// # Errors
    /// It does not say.
    pub async fn sent(&self, id: &str) -> Result<Value, Flaw> {
        json_of(self.epd.get(&format!("{}/referrals/sent/{id}", self.hospital_inner)).await?)
    }

    /// Every referral of this Task that the receiver lists.
    ///
    /// # Errors
    /// It does not list them.
    pub async fn received(&self, task: &str) -> Result<Vec<Value>, Flaw> {
        let mut found = Vec::new();
        let mut url = format!("{}/referrals/received", self.home_inner);
        loop {
            let listed = json_of(self.other.get(&url).await?)?;
            let referrals = listed["referrals"].as_array().cloned().unwrap_or_default();
            found.extend(referrals.into_iter().filter(|one| one["task"] == task));
            let Some(next) = listed["next"].as_str() else { return Ok(found) };
            url = format!("{}/referrals/received?behind={next}", self.home_inner);
        }
    }

    /// Waits until the receiver has the referral in this state; as it is there then.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn until(&self, task: &str, state: &str) -> Result<Value, Flaw> {
        let began = Instant::now();
        loop {
            let found = self.received(task).await?;
            if let Some(one) = found.iter().find(|one| one["state"] == state) {
                return Ok(one.clone());
            }
            if began.elapsed() > WITHIN {
                let states: Vec<_> = found.iter().map(|one| format!("{} {}", one["state"], one["effort"])).collect();
                return Err(Flaw::Broken(format!("the receiver has {states:?}, and not {state}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the sender's Task has this status and the receiver was told what there is to tell.
    ///
    /// # Errors
    /// It takes too long.
    pub async fn until_sent(&self, id: &str, state: &str) -> Result<(), Flaw> {
        let began = Instant::now();
        loop {
            let sent = self.sent(id).await?;
            if sent["state"] == state && sent["told"] == true {
                return Ok(());
            }
            if began.elapsed() > WITHIN {
                let (now, effort) = (&sent["state"], &sent["effort"]);
                return Err(Flaw::Broken(format!("the sender has {now} {effort}, and not {state}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Everything that came, as the nursing home's record system gets it.
    ///
    /// # Errors
    /// It gets nothing.
    pub async fn bundle(&self, id: &str) -> Result<Value, Flaw> {
        json_of(self.other.get(&format!("{}/referrals/received/{id}/bundle", self.home_inner)).await?)
    }

    /// A referral that is told, taken and pulled: as its sender and its receiver know it.
    ///
    /// # Errors
    /// It does not come so far.
    pub async fn pulled(&self) -> Result<(Referral, Value), Flaw> {
        let referral = self.push().await?;
        let offered = self.until(&referral.task, "offered").await?;
        self.take(&offered).await?;
        let pulled = self.until(&referral.task, "pulled").await?;
        Ok((referral, pulled))
    }

    /// # Errors
    /// It is not taken.
    pub async fn take(&self, offered: &Value) -> Result<(), Flaw> {
        let answer = self.receiver_does(offered["id"].as_str().unwrap_or_default(), "take").await?;
        if answer.status == 202 {
            Ok(())
        } else {
            Err(Flaw::Broken(format!("taking it is answered with {}", answer.status)))
        }
    }
}

/// The patients that the hospital knows.
///
/// # Errors
/// There are none.
pub fn at_the_hospital() -> Result<Vec<Patient>, Flaw> {
    let known: Vec<Patient> =
        region::patients().into_iter().filter(|patient| patient.known_at.contains(&HOSPITAL.key)).collect();
    if known.len() < 2 { Err(Flaw::NotRun("the hospital knows fewer than two patients".to_owned())) } else { Ok(known) }
}

fn json_of(answer: Answer) -> Result<Value, Flaw> {
    match answer.json() {
        Some(json) if answer.status == 200 => Ok(json),
        _ => Err(Flaw::Broken(format!("answered with {}", answer.status))),
    }
}
