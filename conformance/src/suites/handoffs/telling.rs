//! ES: what a receiver sees that is told of a handoff: how, when, how often, and what becomes of a sender whom nobody answers.

use std::time::Duration;

use serde_json::json;

use super::super::setting::names_a_patient;
use super::super::{Flaw, Judgement, Setting, ensure};
use super::{Receiver, is};
use crate::handoff::{Parties, Partner, RECEIVER, Transfer, by_name};
use crate::handoff_partner::{PARTNER, Seen, Takes};
use crate::region::{GENERAL_PRACTICE, HOSPITAL, NURSING_HOME, Provider};

/// Within so many milliseconds a change is told (the region's nodes give a partner ten seconds to answer).
const SOON: u64 = 10_000;

fn now() -> u64 {
    u64::try_from(time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}

/// One provider of the region, and the partner that it tells.
struct Teller {
    parties: Parties,
    partner: Partner,
}

impl Teller {
    fn of(setting: &Setting, sender: &'static Provider) -> Result<Self, Flaw> {
        Ok(Teller { parties: Parties::between(setting, sender, NURSING_HOME)?, partner: Partner::of(setting)? })
    }

    async fn push(&self) -> Result<Transfer, Flaw> {
        self.parties.push_to(PARTNER.0, |_| {}).await
    }

    /// Waits until the sender says so of its transfer.
    async fn until(&self, transfer: &Transfer, what: &str, holds: impl Fn(&serde_json::Value) -> bool) -> Judgement {
        for _ in 0..500 {
            if holds(&self.parties.sent(transfer).await?) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let sent = self.parties.sent(transfer).await?;
        Err(Flaw::Broken(format!("the sender says {} {}, and not {what}", sent["state"], sent["effort"])))
    }
}

/// An empty POST to the Task's id, of the sender, with a token for that and nothing else.
fn is_empty_post(seen: &Seen, transfer: &Transfer) -> Judgement {
    let path = format!("/notification/{}", transfer.task);
    ensure(seen.method == "POST" && seen.path == path && seen.length == 0, || {
        format!("told by {} {} with {} bytes", seen.method, seen.path, seen.length)
    })?;
    ensure(seen.certificate.as_deref() == Some(HOSPITAL.ura), || "told with another certificate".to_owned())?;
    let token = seen.token.as_ref().ok_or_else(|| Flaw::Broken("told without a token".to_owned()))?;
    ensure(token.scope == RECEIVER && !token.person && token.base.is_none(), || {
        "told with a token that is for more than telling".to_owned()
    })
}

pub(super) async fn told(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, HOSPITAL)?;
    let began = now();
    let transfer = teller.push().await?;
    let seen = teller.partner.until_seen(&transfer.task, 1).await?;
    is_empty_post(&seen[0], &transfer)?;
    ensure(seen[0].at.saturating_sub(began) < SOON, || "it was told of the Task late".to_owned())?;
    let node = setting.organisation(PARTNER.0, HOSPITAL.key)?;
    let receiver = Receiver::coming_back(&node, &transfer.task, &teller.parties).await?;
    let path = format!("Task/{}", transfer.task);
    let mut task = receiver.get(&path).await?.json().unwrap_or_default();
    task["status"] = json!("completed");
    let put = now();
    is(&receiver.put(&path, &task).await?, 200, "the Task put back")?;
    let seen = teller.partner.until_seen(&transfer.task, 2).await?;
    is_empty_post(&seen[1], &transfer)?;
    ensure(seen[1].at.saturating_sub(put) < SOON, || "it was told of the change late".to_owned())?;
    teller.until(&transfer, "told", |sent| sent["told"] == true && sent["state"] == "completed").await
}

pub(super) async fn told_again(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, HOSPITAL)?;
    let wrong = [200, 503, 204];
    teller.partner.takes(&Takes { answers: wrong.to_vec(), slow_ms: 0 }).await?;
    let transfer = teller.push().await?;
    let seen = teller.partner.until_seen(&transfer.task, wrong.len() + 1).await;
    teller.partner.takes(&Takes::default()).await?;
    let seen = seen?;
    let answered: Vec<u16> = seen.iter().map(|one| one.status).collect();
    ensure(answered == [200, 503, 204, 202], || format!("the notifications were answered with {answered:?}"))?;
    let waits: Vec<u64> = seen.windows(2).map(|two| two[1].at.saturating_sub(two[0].at)).collect();
    // The region's nodes wait for one second, and each time twice as long.
    let grow = waits.iter().zip([1_000, 2_000, 4_000]).all(|(wait, least)| *wait >= least - 100);
    ensure(grow, || format!("it was told again after {waits:?} ms"))?;
    teller.until(&transfer, "told", |sent| sent["told"] == true).await?;
    given_up(setting).await
}

/// A sender whom nobody answers gives up, says so, and tells again when somebody wants it.
async fn given_up(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, GENERAL_PRACTICE)?;
    teller.partner.takes(&Takes { answers: vec![500; 100], slow_ms: 0 }).await?;
    let transfer = teller.push().await?;
    let seen = teller.until(&transfer, "given up", |sent| sent["effort"]["given_up"] == true).await;
    let listed = teller.parties.sent(&transfer).await?;
    teller.partner.takes(&Takes::default()).await?;
    seen?;
    let why = listed["effort"]["failed"].as_str().unwrap_or_default();
    ensure(why.contains("500") && !names_a_patient(why) && listed["told"] == false, || {
        format!("the operator reads {why:?}")
    })?;
    let before = teller.partner.seen(&transfer.task).await?.len();
    ensure(before == 3, || format!("it was told {before} times, and not as often as its configuration says"))?;
    teller.parties.resend(&transfer).await?;
    teller.until(&transfer, "told", |sent| sent["told"] == true && sent["effort"]["given_up"] == false).await
}

/// The other shape, to its end: told by a Notification Task, pulled with what it gave, completed, told again.
pub(super) async fn by_notification_task(setting: &Setting) -> Judgement {
    let teller = Teller::of(setting, GENERAL_PRACTICE)?;
    let transfer = teller.push().await?;
    let seen = teller.partner.until_seen(&transfer.task, 1).await?;
    ensure(seen[0].path == "/notification/Task" && seen[0].status == 201, || format!("told at {}", seen[0].path))?;
    let task = &seen[0].body;
    let input = |code: &str| {
        let of = |input: &&serde_json::Value| {
            input["type"]["coding"][0]["system"] == "http://fhir.nl/fhir/NamingSystem/TaskParameter"
                && input["type"]["coding"][0]["code"] == code
        };
        task["input"].as_array().into_iter().flatten().find(of).cloned().unwrap_or_default()
    };
    let ura = |party: &serde_json::Value| party["identifier"]["value"].as_str().unwrap_or_default().to_owned();
    let good = task["status"] == "requested"
        && task["intent"] == "proposal"
        && task["code"]["coding"][0]["system"] == "http://fhir.nl/fhir/NamingSystem/TaskCode"
        && task["code"]["coding"][0]["code"] == "pull-notification"
        && task["identifier"][0]["value"].as_str().is_some_and(|value| value.starts_with("urn:uuid:"))
        && task["groupIdentifier"]["value"].is_string()
        && task["basedOn"][0]["reference"] == format!("Task/{}", transfer.task)
        && ura(&task["requester"]["onBehalfOf"]) == GENERAL_PRACTICE.ura
        && ura(&task["owner"]) == PARTNER.0
        && input("get-workflow-task")["valueBoolean"] == true
        && task["restriction"]["period"]["end"].is_string();
    ensure(good && !names_a_patient(&task.to_string()), || "it is no Notification Task as it should be".to_owned())?;
    let base = input("authorization-base")["valueString"].as_str().unwrap_or_default().to_owned();
    ensure(!base.is_empty() && base != transfer.task, || "it gives nothing to come back with".to_owned())?;
    let node = setting.organisation(PARTNER.0, GENERAL_PRACTICE.key)?;
    let receiver = Receiver::coming_back(&node, &base, &teller.parties).await?;
    let path = format!("Task/{}", transfer.task);
    let answer = receiver.without_person.get(&receiver.url(&path)).await?;
    is(&answer, 200, "the Task")?;
    let document = receiver.get(&format!("Composition/{}/$document", transfer.composition)).await?;
    is(&document, 200, "$document")?;
    let came = by_name(&document.json().unwrap_or_default());
    let sent = by_name(&transfer.bundle);
    let whole = sent.iter().all(|(name, one)| name.starts_with("Binary/") || came.get(name) == Some(one));
    ensure(whole && came.len() + 1 == sent.len(), || "the document is not what was pushed".to_owned())?;
    let binary = receiver.get("Binary/overdracht-brief").await?;
    ensure(binary.json().as_ref() == sent.get("Binary/overdracht-brief"), || {
        "the Binary is not what was pushed".to_owned()
    })?;
    let mut task = answer.json().unwrap_or_default();
    task["status"] = json!("completed");
    is(&receiver.put(&path, &task).await?, 200, "the Task put back")?;
    let seen = teller.partner.until_seen(&transfer.task, 2).await?;
    let group = |seen: &Seen| seen.body["groupIdentifier"].clone();
    ensure(seen[0].body["identifier"] != seen[1].body["identifier"] && group(&seen[0]) == group(&seen[1]), || {
        "the second notification is not a new one of the same group".to_owned()
    })?;
    teller.until(&transfer, "told", |sent| sent["told"] == true && sent["state"] == "completed").await
}
