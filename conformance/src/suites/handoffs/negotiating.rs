//! The nursing home's node before a sender that asks first whether it can take somebody (the negotiation phase of Nictiz
//! eOverdracht 4.0, until January 2026): the played partner, which writes the patient's name wherever there is room for one.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::{Flaw, Judgement, Setting, ensure};
use super::is;
use crate::callers::Wire;
use crate::handoff::{
    Parties, Partner, RECEIVER, asked_with, asking, by_name, differences, fresh, handoff, notice, task,
};
use crate::handoff_partner::{PARTNER, Seen, Sends};
use crate::region::{NURSING_HOME, patients};

/// How long anything may take that the node does by itself.
const WITHIN: Duration = Duration::from_secs(20);
/// What nobody may learn from a notice; of each, as it stands in what is sent.
const NAMES: [&str; 2] = ["van der Berg", "NamingSystem/bsn"];

/// One that is asked.
struct Asking {
    partner: Partner,
    parties: Parties,
    teller: (Wire, String),
    run: String,
    task: String,
    bundle: Value,
}

impl Asking {
    /// A Task that asks, at the partner and told.
    async fn begin(setting: &Setting) -> Result<Self, Flaw> {
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
        asking.sends(self::asking(&asking.task, (PARTNER.0, PARTNER.1), &asking.notice(1)), "2026-11-30").await?;
        asking.tell().await?;
        Ok(asking)
    }

    fn notice(&self, number: u32) -> String {
        format!("aanmelding-{}-{number}", self.run)
    }

    /// The partner has this Task now, both notices (the second of another date), and the handoff.
    async fn sends(&self, task: Value, transfer: &str) -> Judgement {
        let mut resources = vec![task, notice(&self.notice(1), "2026-11-30"), notice(&self.notice(2), transfer)];
        resources.extend(by_name(&self.bundle).into_values());
        self.partner.sends(&self.task, &Sends { resources, ..Sends::default() }).await
    }

    /// The Task at the partner, changed so and told.
    async fn becomes(&self, change: impl FnOnce(&mut Value)) -> Judgement {
        let mut sends = self.partner.sent(&self.task).await?;
        let found = sends.resources.iter_mut().find(|one| one["resourceType"] == "Task");
        change(found.ok_or_else(|| Flaw::NotRun("the partner has no Task".to_owned()))?);
        self.partner.sends(&self.task, &sends).await?;
        self.tell().await
    }

    async fn tell(&self) -> Judgement {
        let (wire, base) = &self.teller;
        let answer = wire.raw(Method::POST, &format!("{base}/{}", self.task), &[], Bytes::new()).await?;
        is(&answer, 202, "a notification")
    }

    /// Waits until the nursing home's list says this of it.
    async fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Result<Value, Flaw> {
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

    async fn until_waiting(&self, status: &str, notice: &str) -> Result<String, Flaw> {
        let what = format!("waiting ({status}) with the notice {notice}");
        let is = |one: &Value| one["state"] == "waiting" && one["waiting"] == status && one["notice"] == notice;
        let found = self.until(&what, is).await?;
        Ok(found["id"].as_str().unwrap_or_default().to_owned())
    }

    /// The notice as the record system gets it, which names nobody.
    async fn unnamed_notice(&self, id: &str) -> Result<Value, Flaw> {
        let answer = self.parties.notice(id).await?;
        is(&answer, 200, "a notice that is here")?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        for name in NAMES {
            ensure(!text.contains(name), || format!("the notice names somebody ({name})"))?;
        }
        answer.json().ok_or_else(|| Flaw::Broken("the notice is no JSON".to_owned()))
    }

    /// What the node asked of the partner.
    async fn asked(&self) -> Result<Vec<Seen>, Flaw> {
        let all = self.partner.seen("/fhir/stu3/").await?;
        let ours = |seen: &Seen| seen.token.as_ref().is_some_and(|token| token.base.as_ref() == Some(&self.task));
        Ok(all.into_iter().filter(ours).collect())
    }

    async fn partner_has(&self, status: &str) -> Judgement {
        let has = self.partner.status(&self.task).await?;
        ensure(has == status, || format!("the partner's Task is {has}, not {status}"))
    }
}

pub(super) async fn accepted(setting: &Setting) -> Judgement {
    let mark = setting.mark(NURSING_HOME.key).await?;
    let asking = Asking::begin(setting).await?;
    let id = asking.until_waiting("requested", "offered").await?;
    let early = asking.parties.answer(&id, &json!({"answer": "accepted"})).await?;
    is(&early, 409, "an answer to a notice that nobody saw")?;
    is(&asking.parties.notice(&id).await?, 404, "a notice that is not here yet")?;
    asking.parties.take(&id).await?;
    asking.until_waiting("requested", "held").await?;
    let bundle = asking.unnamed_notice(&id).await?;
    let kinds = bundle["entry"].as_array().into_iter().flatten().map(|one| one["resource"]["resourceType"].clone());
    let kinds: Vec<Value> = kinds.collect();
    ensure(kinds.first() == Some(&json!("Composition")) && kinds.contains(&json!("Condition")), || {
        format!("the notice has {kinds:?}")
    })?;
    let answer = asking.parties.answer(&id, &json!({"answer": "accepted"})).await?;
    is(&answer, 202, "an answer")?;
    asking.until_waiting("accepted", "held").await?;
    asking.partner_has("accepted").await?;
    let of_notices = asking.asked().await?;
    let document = of_notices.iter().find(|one| one.path.ends_with("$document"));
    ensure(document.is_some_and(|one| one.token.as_ref().is_some_and(|token| token.person)), || {
        "the notice was not fetched in the name of a person".to_owned()
    })?;
    let records = setting.since(&mark, NURSING_HOME.key)?;
    let named = |one: &&Value| {
        one["decision"]["use_case"] == "eoverdracht-notice" || one.to_string().contains("eoverdracht-notice")
    };
    let of_it: Vec<&Value> = records.iter().filter(named).collect();
    ensure(of_it.len() >= 2 && of_it.iter().all(|one| one["patient"].is_null()), || {
        format!("{} records of the notice, or one names a patient", of_it.len())
    })?;
    // We are chosen; the handoff comes after.
    asking.becomes(|task| task["status"] = json!("in-progress")).await?;
    asking.until_waiting("in-progress", "held").await?;
    let composition = format!("overdracht-{}", asking.run);
    let handed = task(&asking.task, (PARTNER.0, PARTNER.1), &composition)["input"][0].clone();
    let first = asked_with(&asking.notice(1));
    asking.becomes(|task| task["input"] = json!([first, handed])).await?;
    asking.parties.until(&asking.task, "offered").await?;
    asking.parties.take(&id).await?;
    asking.parties.until(&asking.task, "completed").await?;
    let differ = differences(&asking.bundle, &asking.parties.document(&id).await?);
    ensure(differ.is_empty(), || differ.join("; "))?;
    asking.partner_has("completed").await
}

pub(super) async fn another_date(setting: &Setting) -> Judgement {
    let asking = Asking::begin(setting).await?;
    let id = asking.until_waiting("requested", "offered").await?;
    asking.parties.take(&id).await?;
    asking.until_waiting("requested", "held").await?;
    let answer = json!({"answer": "on-hold", "date": "2026-12-03"});
    is(&asking.parties.answer(&id, &answer).await?, 202, "another date")?;
    asking.until_waiting("on-hold", "held").await?;
    let put = asking.asked().await?.into_iter().rfind(|one| one.method == "PUT");
    let put = put.ok_or_else(|| Flaw::Broken("nothing was put".to_owned()))?.body;
    let output = &put["output"][0];
    ensure(
        output["type"]["coding"][0]["code"] == "146851000146105" && output["valueDateTime"] == "2026-12-03",
        || format!("the other date was put as {output}"),
    )?;
    let second = asked_with(&asking.notice(2));
    asking
        .becomes(|task| {
            task["status"] = json!("requested");
            task["input"] = json!([second]);
            let _ = task.as_object_mut().and_then(|task| task.remove("output"));
        })
        .await?;
    asking.until_waiting("requested", "held").await?;
    let again = asking.unnamed_notice(&id).await?;
    ensure(again["entry"][0]["resource"]["id"] == asking.notice(2).as_str(), || {
        "the newer notice was not fetched".to_owned()
    })?;
    let no = json!({"answer": "rejected", "reason": "Geen plaats"});
    is(&asking.parties.answer(&id, &no).await?, 202, "a no")?;
    asking.until("rejected", |one| one["state"] == "rejected").await?;
    asking.partner_has("rejected").await?;
    let put = asking.asked().await?.into_iter().rfind(|one| one.method == "PUT").map(|one| one.body);
    let reason = put.map(|put| put["statusReason"]["text"].clone()).unwrap_or_default();
    ensure(reason == "Geen plaats", || format!("the reason was put as {reason}"))?;
    // The sender confirms.
    asking.becomes(|task| task["status"] = json!("cancelled")).await?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    asking.until("rejected still", |one| one["state"] == "rejected").await.map(drop)
}

pub(super) async fn over(setting: &Setting) -> Judgement {
    let asking = Asking::begin(setting).await?;
    asking.tell().await?;
    let id = asking.until_waiting("requested", "offered").await?;
    asking.parties.take(&id).await?;
    asking.parties.take(&id).await?;
    asking.until_waiting("requested", "held").await?;
    for wrong in [
        json!({"answer": "completed"}),
        json!({"answer": "on-hold"}),
        json!({"answer": "accepted", "date": "2026-12-03"}),
        json!({"answer": "accepted", "more": 1}),
        json!({}),
    ] {
        is(&asking.parties.answer(&id, &wrong).await?, 400, &format!("{wrong}"))?;
    }
    asking.partner_has("requested").await?;
    // The sender is not well when it is answered.
    let mut sends = asking.partner.sent(&asking.task).await?;
    sends.faults.insert(format!("PUT Task/{}", asking.task), vec![503]);
    asking.partner.sends(&asking.task, &sends).await?;
    is(&asking.parties.answer(&id, &json!({"answer": "accepted"})).await?, 202, "an answer")?;
    asking.until_waiting("accepted", "held").await?;
    asking.partner_has("accepted").await?;
    asking.becomes(|task| task["status"] = json!("cancelled")).await?;
    asking.until("cancelled", |one| one["state"] == "cancelled").await?;
    is(&asking.parties.notice(&id).await?, 404, "the notice of one that is over")?;
    let late = asking.parties.answer(&id, &json!({"answer": "rejected"})).await?;
    is(&late, 409, "an answer to one that is over")
}
