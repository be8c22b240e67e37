//! Handoffs and referrals as people work them off at the pages, as systems find them in the API's own description, and as whoever
//! watches the node counts them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::people::logging_in::Desk;
use super::setting::names_a_patient;
use super::{Check, Flaw, Judgement, Setting, ensure};
use crate::callers::{Answer, Browser, Wire, field};
use crate::handoff::{Asking, Parties};
use crate::referral;
use crate::region::{HOSPITAL, NURSING_HOME};

/// A nurse of the nursing home.
const NURSE: &str = "bos";
/// How long anything may take that the nodes do by themselves.
const WITHIN: Duration = Duration::from_secs(20);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "a nurse finds who is referred in a list that names nobody, takes one, reads the data and ends it, on record",
            |setting| Box::pin(referred(setting)),
        ),
        Check::new(
            "a nurse says no to a referral at the pages, a sender takes one back there, and nobody does what is another's",
            |setting| Box::pin(refused(setting)),
        ),
        Check::new(
            "a nurse opens an advance notice at the pages, reads it without a name, and answers it",
            |setting| Box::pin(asked_first(setting)),
        ),
        Check::new("the metrics count handoffs and referrals by side and state, and name nobody", |setting| {
            Box::pin(counted(setting))
        }),
        Check::new(
            "every route of handoffs and referrals that /openapi.json tells of is there, and nobody gets in without a token",
            |setting| Box::pin(described(setting)),
        ),
    ]
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Somebody of a provider at its pages.
struct AtThePages<'s> {
    desk: Desk<'s>,
    browser: Browser,
}

impl<'s> AtThePages<'s> {
    async fn sign_in(setting: &'s Setting, node: &str, person: &str) -> Result<Self, Flaw> {
        let desk = Desk::of(setting, node)?;
        let browser = desk.browser()?;
        let code = setting.ready.person(person).and_then(|one| one.bearer_token.clone());
        let code = code.ok_or_else(|| Flaw::NotRun(format!("{person} has no code")))?;
        let answer = desk.guess(&browser, &code).await?;
        ensure(answer.status == 303, || format!("{person} signs in with {}", answer.status))?;
        Ok(AtThePages { desk, browser })
    }

    async fn page(&self, path: &str) -> Result<String, Flaw> {
        let answer = self.browser.open(&format!("{}{path}", self.desk.portal())).await?;
        ensure(answer.status == 200, || format!("{path} is answered with {}", answer.status))?;
        Ok(text(&answer))
    }

    /// Presses the button of this path, which the page has.
    async fn press(&self, page: &str, path: &str, with: &[(&str, &str)]) -> Judgement {
        let shown = self.browser.open(&format!("{}{page}", self.desk.portal())).await?;
        ensure(text(&shown).contains(&format!("{path}\"")), || format!("{page} has no button for {path}"))?;
        let csrf = field(&shown, "csrf").ok_or_else(|| Flaw::Broken(format!("{page} has no form")))?;
        let form: Vec<(&str, &str)> = [("csrf", csrf.as_str())].into_iter().chain(with.iter().copied()).collect();
        let pressed = self.browser.send(&format!("{}{path}", self.desk.portal()), &form).await?;
        ensure(pressed.status == 303, || format!("{path} is answered with {}", pressed.status))
    }

    /// Waits until a page says this.
    async fn until(&self, path: &str, says: &str) -> Judgement {
        let began = Instant::now();
        while !self.page(path).await?.contains(says) {
            ensure(began.elapsed() < WITHIN, || format!("{path} does not say {says}"))?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}

fn id_of(one: &Value) -> String {
    one["id"].as_str().unwrap_or_default().to_owned()
}

async fn referred(setting: &Setting) -> Judgement {
    let parties = referral::Parties::of(setting)?;
    let referral = parties.push().await?;
    let id = id_of(&parties.until(&referral.task, "offered").await?);
    let nurse = AtThePages::sign_in(setting, NURSING_HOME.key, NURSE).await?;
    let list = nurse.page("/referrals/received").await?;
    ensure(list.contains(&id) && list.contains("Te beoordelen"), || "the list has not got it".to_owned())?;
    ensure(!names_a_patient(&list) && !list.contains(&referral.patient.name), || {
        "the list names a patient".to_owned()
    })?;
    let mark = setting.mark(NURSING_HOME.key).await?;
    let path = format!("/referrals/received/{id}");
    nurse.press(&path, &format!("{path}/take"), &[]).await?;
    parties.until(&referral.task, "pulled").await?;
    nurse.until(&path, "In behandeling").await?;
    let data = nurse.page(&format!("{path}/data")).await?;
    ensure(data.contains(referral.patient.bsn), || "the data does not say whose it is".to_owned())?;
    nurse.press(&path, &format!("{path}/complete"), &[]).await?;
    parties.until(&referral.task, "completed").await?;
    parties.until_sent(&referral.id, "completed").await?;
    let records = setting.since(&mark, NURSING_HOME.key)?;
    let hers = |one: &&Value| one["caller"]["person"]["name"] == "S. Bos" || one["caller"]["person"]["id"] == NURSE;
    let task = format!("Task/{}", referral.task);
    let done = records.iter().filter(hers).filter(|one| one.to_string().contains(&task)).count();
    ensure(done >= 2, || format!("{done} of two acts are on record in her name"))?;
    let read = records.iter().filter(hers).any(|one| one["patient"].as_str() == Some(referral.patient.bsn));
    ensure(read, || "that she read the data is not on record".to_owned())
}

async fn refused(setting: &Setting) -> Judgement {
    let parties = referral::Parties::of(setting)?;
    let (first, second) = (parties.push().await?, parties.push().await?);
    let nurse = AtThePages::sign_in(setting, NURSING_HOME.key, NURSE).await?;
    let id = id_of(&parties.until(&first.task, "offered").await?);
    let path = format!("/referrals/received/{id}");
    let url = format!("{}{path}", nurse.desk.portal());
    let forged = nurse.browser.send(&format!("{url}/take"), &[("csrf", "made-up")]).await?;
    ensure(forged.status == 403, || format!("a forged form is answered with {}", forged.status))?;
    let stranger = nurse.desk.browser()?.open(&url).await?;
    ensure(stranger.status == 401, || format!("nobody is answered with {}", stranger.status))?;
    nurse.press(&path, &format!("{path}/reject"), &[]).await?;
    parties.until(&first.task, "rejected").await?;
    parties.until_sent(&first.id, "rejected").await?;
    nurse.until("/referrals/received", "Afgewezen").await?;
    // At the other side a sender takes back what was not taken yet.
    parties.until(&second.task, "offered").await?;
    let doctor = AtThePages::sign_in(setting, HOSPITAL.key, "okafor").await?;
    let list = doctor.page("/referrals/sent").await?;
    ensure(list.contains(&second.id) && !names_a_patient(&list), || {
        "what is sent is not listed, or names somebody".to_owned()
    })?;
    let path = format!("/referrals/sent/{}", second.id);
    doctor.press(&path, &format!("{path}/cancel"), &[]).await?;
    parties.until(&second.task, "cancelled").await?;
    nurse
        .until(
            &format!("/referrals/received/{}", id_of(&parties.until(&second.task, "cancelled").await?)),
            "Ingetrokken",
        )
        .await
}

async fn asked_first(setting: &Setting) -> Judgement {
    let asking = Asking::begin(setting).await?;
    let id = asking.until_waiting("requested", "offered").await?;
    let nurse = AtThePages::sign_in(setting, NURSING_HOME.key, NURSE).await?;
    let path = format!("/handoffs/received/{id}");
    let list = nurse.page("/handoffs/received").await?;
    ensure(list.contains(&id) && list.contains("Aanmelding"), || "the list has not got it".to_owned())?;
    nurse.press(&path, &format!("{path}/open"), &[]).await?;
    asking.until_waiting("requested", "held").await?;
    let mark = setting.mark(NURSING_HOME.key).await?;
    let notice = nurse.page(&format!("{path}/notice")).await?;
    ensure(notice.contains("Aanmeldbericht") && notice.contains("Kunt u deze patiënt overnemen?"), || {
        "the notice cannot be read and answered".to_owned()
    })?;
    ensure(!notice.contains("van der Berg") && !names_a_patient(&notice), || "the page names the patient".to_owned())?;
    let records = setting.since(&mark, NURSING_HOME.key)?;
    let shown = records.iter().filter(|one| one["decision"]["use_case"] == "eoverdracht-notice");
    ensure(shown.clone().count() == 1 && shown.clone().all(|one| one["patient"].is_null()), || {
        "the look at the notice is not on record once, without a patient".to_owned()
    })?;
    let answer = format!("{path}/answer");
    nurse.press(&path, &answer, &[("answer", "on-hold"), ("date", "2026-12-03")]).await?;
    asking.until_waiting("on-hold", "held").await?;
    nurse.until(&path, "03-12-2026").await?;
    let again = nurse.page(&path).await?;
    ensure(!again.contains("Kunt u deze patiënt overnemen?"), || "it can be answered twice".to_owned())
}

async fn metrics(setting: &Setting, node: &str) -> Result<String, Flaw> {
    Ok(text(&Wire::new(None, None)?.get(&setting.node(node)?.metrics).await?))
}

/// How many transfers of this kind, side and state the metrics tell of.
fn count(metrics: &str, kind: &str, side: &str, state: &str) -> u64 {
    let line = format!("zorgsluis_transfers{{kind=\"{kind}\",side=\"{side}\",state=\"{state}\"}} ");
    let found = metrics.lines().find_map(|one| one.strip_prefix(&line));
    found.and_then(|number| number.trim().parse().ok()).unwrap_or_default()
}

async fn counted(setting: &Setting) -> Judgement {
    let cases = [("handoff", "completed"), ("referral", "pulled")];
    let before = metrics(setting, NURSING_HOME.key).await?;
    let before = cases.map(|(kind, state)| count(&before, kind, "received", state));
    Parties::of(setting)?.whole().await?;
    referral::Parties::of(setting)?.pulled().await?;
    let began = Instant::now();
    loop {
        let now = metrics(setting, NURSING_HOME.key).await?;
        let further =
            cases.iter().zip(before).all(|((kind, state), before)| count(&now, kind, "received", state) > before);
        if further {
            ensure(!names_a_patient(&now), || "the metrics name a patient".to_owned())?;
            break;
        }
        // They are counted afresh at most every fifteen seconds.
        ensure(began.elapsed() < Duration::from_secs(60), || "the metrics do not count what was received".to_owned())?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let sent = metrics(setting, HOSPITAL.key).await?;
    ensure(count(&sent, "handoff", "sent", "completed") > 0 && sent.contains("zorgsluis_transfers_given_up"), || {
        "the sender's metrics do not count what was sent".to_owned()
    })
}

/// A route that is described: method and path.
fn routes(document: &Value) -> Vec<(String, String)> {
    let all = document["paths"].as_object().into_iter().flatten();
    let each = all.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, _)| (method.to_uppercase(), path.clone()))
    });
    let ours = each.filter(|(_, path)| path.starts_with("/handoffs") || path.starts_with("/referrals"));
    let mut all: Vec<_> = ours.collect();
    // What is there is read before it is done with.
    all.sort_by_key(|(method, _)| method != "GET");
    all
}

async fn described(setting: &Setting) -> Judgement {
    let (handoffs, referrals) = (Parties::of(setting)?, referral::Parties::of(setting)?);
    let (transfer, _) = handoffs.whole().await?;
    let received = handoffs.received(&transfer.task).await?.first().map(id_of).unwrap_or_default();
    let asking = Asking::begin(setting).await?;
    let asked = asking.until_waiting("requested", "offered").await?;
    handoffs.take(&asked).await?;
    asking.until_waiting("requested", "held").await?;
    let (referral, pulled) = referrals.pulled().await?;
    let open = Wire::new(Some(&setting.ready.ca_file), None)?;
    let document = open.get(&format!("{}/openapi.json", handoffs.sender_inner)).await?;
    let document = document.json().filter(|_| document.status == 200);
    let document = document.ok_or_else(|| Flaw::Broken("there is no description".to_owned()))?;
    let all = routes(&document);
    ensure(all.len() >= 30, || format!("{} routes are described", all.len()))?;
    for (method, path) in all {
        let of_received = path.contains("/received");
        let of_handoffs = path.starts_with("/handoffs");
        let id = match (of_handoffs, of_received) {
            (true, true) if path.ends_with("/notice") || path.ends_with("/answer") => asked.clone(),
            (true, true) => received.clone(),
            (true, false) => transfer.id.clone(),
            (false, true) => id_of(&pulled),
            (false, false) => referral.id.clone(),
        };
        let base = if of_received { &handoffs.receiver_inner } else { &handoffs.sender_inner };
        let url = format!("{base}{}", path.replace("{id}", &id).replace("{number}", "0"));
        let verb = Method::from_bytes(method.as_bytes()).map_err(|_| Flaw::Broken(format!("{method} is no method")))?;
        let nobody = open.raw(verb.clone(), &url, &[], Bytes::new()).await?;
        ensure(nobody.status == 401, || format!("{method} {path} is answered to nobody with {}", nobody.status))?;
        let system = match (of_handoffs, of_received) {
            (true, false) => &handoffs.epd,
            (true, true) => &handoffs.ecd,
            (false, false) => &referrals.epd,
            (false, true) => &referrals.other,
        };
        let answer = system.raw(verb, &url, &[("content-type", "application/json")], Bytes::from_static(b"{}")).await?;
        let there = ![401, 404, 405].contains(&answer.status) && answer.status < 500;
        ensure(there, || format!("{method} {path} is answered with {} {}", answer.status, json!(text(&answer))))?;
    }
    let other = open.get(&format!("{}/handoffs/anything", handoffs.sender_inner)).await?;
    ensure(other.status == 404 || other.status == 401, || format!("a path of nobody is answered with {}", other.status))
}
