//! A transfer whose sender asks first, driven from both ends: the played partner asks, the nursing home is asked.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::{Parties, Partner, RECEIVER, WITHIN, by_name, fresh, handoff, notice};
use crate::callers::Wire;
use crate::handoff_partner::{PARTNER, Seen, Sends};
use crate::region::{NURSING_HOME, patients};
use crate::suites::{Flaw, Judgement, Setting, ensure};

/// One that is asked.
pub(crate) struct Asking {
    pub partner: Partner,
    pub parties: Parties,
    teller: (Wire, String),
    pub run: String,
    /// The id of its Task.
    pub task: String,
    /// The handoff that comes after.
    pub bundle: Value,
}

impl Asking {
    /// A Task that asks, at the partner and told.
    pub async fn begin(setting: &Setting) -> Result<Self, Flaw> {
        let patient = patients().first().ok_or_else(|| Flaw::NotRun("no patient".to_owned()))?.bsn;
        let run = fresh();
        let node = setting.organisation(PARTNER.0, NURSING_HOME.key)?;
        let wire = node.signed_in(RECEIVER, None).await?;
        let base = format!("{}/eoverdracht/notification", setting.node(NURSING_HOME.key)?.outer);
        let asking = Asking {
            partner: Partner::of(setting)?,
            parties: Parties::of(setting)?,
            teller: (wire, base),
            task: format!("taak-{run}"),
            bundle: handoff(patient, &run),
            run,
        };
        asking.sends(super::asking(&asking.task, (PARTNER.0, PARTNER.1), &asking.notice(1)), "2026-11-30").await?;
        asking.tell().await?;
        Ok(asking)
    }

    pub fn notice(&self, number: u32) -> String {
        format!("aanmelding-{}-{number}", self.run)
    }

    /// The partner has this Task now, both notices (the second of another date), and the handoff.
    async fn sends(&self, task: Value, transfer: &str) -> Judgement {
        let mut resources = vec![task, notice(&self.notice(1), "2026-11-30"), notice(&self.notice(2), transfer)];
        resources.extend(by_name(&self.bundle).into_values());
        self.partner.sends(&self.task, &Sends { resources, ..Sends::default() }).await
    }

    /// The Task at the partner, changed so and told.
    pub async fn becomes(&self, change: impl FnOnce(&mut Value)) -> Judgement {
        let mut sends = self.partner.sent(&self.task).await?;
        let found = sends.resources.iter_mut().find(|one| one["resourceType"] == "Task");
        change(found.ok_or_else(|| Flaw::NotRun("the partner has no Task".to_owned()))?);
        self.partner.sends(&self.task, &sends).await?;
        self.tell().await
    }

    pub async fn tell(&self) -> Judgement {
        let (wire, base) = &self.teller;
        let answer = wire.raw(Method::POST, &format!("{base}/{}", self.task), &[], Bytes::new()).await?;
        ensure(answer.status == 202, || format!("a notification is answered with {}", answer.status))
    }

    /// Waits until the nursing home's list says this of it.
    pub async fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Result<Value, Flaw> {
        let began = Instant::now();
        loop {
            let found = self.parties.received(&self.task).await?;
            ensure(found.len() <= 1, || "it is a transfer more than once".to_owned())?;
            if let Some(one) = found.first().filter(|one| is(one)) {
                return Ok((*one).clone());
            }
            if began.elapsed() > WITHIN {
                return Err(Flaw::Broken(format!("it is not {what}, but {found:?}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn until_waiting(&self, status: &str, notice: &str) -> Result<String, Flaw> {
        let what = format!("waiting ({status}) with the notice {notice}");
        let is = |one: &Value| one["state"] == "waiting" && one["waiting"] == status && one["notice"] == notice;
        let found = self.until(&what, is).await?;
        Ok(found["id"].as_str().unwrap_or_default().to_owned())
    }

    /// What the node asked of the partner.
    pub async fn asked(&self) -> Result<Vec<Seen>, Flaw> {
        let all = self.partner.seen("/fhir/stu3/").await?;
        let ours = |seen: &Seen| seen.token.as_ref().is_some_and(|token| token.base.as_ref() == Some(&self.task));
        Ok(all.into_iter().filter(ours).collect())
    }

    pub async fn partner_has(&self, status: &str) -> Judgement {
        let has = self.partner.status(&self.task).await?;
        ensure(has == status, || format!("the partner's Task is {has}, not {status}"))
    }
}
