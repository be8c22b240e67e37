//! The emergency procedure: opened by a reason for those whom it is offered to, recorded as what it is on both sides, waiting
//! for a verdict, and never a way around an objection. A reason opens nothing else (ATT-46).

use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;
use url::form_urlencoded;

use super::access_log::overseer;
use super::outer_gate::{CLINIC, Gate, acting};
use super::overview::{Overview, SHOWCASE};
use super::setting::{BSN_SYSTEM, Setting, outcome_of};
use super::{Check, Judgement, ensure};
use crate::callers::{Answer, Wire};

pub(super) const WHY: &str = "Bewusteloos binnengebracht, niemand erbij – geen tijd te verliezen.";
/// Objects at the pharmacy.
pub(super) const OBJECTS: &str = "900203651";
/// Was never asked, at the general practice.
const NEVER_ASKED: &str = "999993215";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "in an emergency a doctor without a relation has the overview, and both sides record why",
            |setting| Box::pin(opened(setting)),
        ),
        Check::new("in an emergency an objection stands", |setting| Box::pin(objected(setting))),
        Check::new("an emergency without a reason that can be judged is none, and no source is asked", |setting| {
            Box::pin(unexplained(setting))
        }),
        Check::new("ATT-46: a reason opens nothing for whom the emergency procedure is not offered to", |setting| {
            Box::pin(not_offered(setting))
        }),
        Check::new(
            "ATT-46: at the outer gate a header is no reason, and a token without one opens nothing",
            |setting| Box::pin(of_a_stranger(setting)),
        ),
        Check::new("the privacy officer finds every emergency by its purpose, to be judged", |setting| {
            Box::pin(to_be_judged(setting))
        }),
    ]
}

pub(super) async fn ask(
    setting: &Setting,
    node: &str,
    caller: &Wire,
    bsn: &str,
    reason: &str,
) -> Result<Answer, super::Flaw> {
    let url = format!("{}/Patient/$health-overview", setting.inner(node)?);
    let reason = utf8_percent_encode(reason, NON_ALPHANUMERIC).to_string();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-emergency-reason", reason.as_str())];
    let pair = ("identifier", format!("{BSN_SYSTEM}|{bsn}"));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs([pair]).finish();
    Ok(caller.raw(Method::POST, &url, &headers, Bytes::from(body)).await?)
}

async fn opened(setting: &Setting) -> Judgement {
    let doctor = setting.person("brouwer")?;
    let (here, there) = (setting.mark("hospital").await?, setting.mark("pharmacy").await?);
    let overview = Overview::read(ask(setting, "hospital", &doctor, SHOWCASE, WHY).await?)?;
    for provider in ["hospital", "pharmacy", "general-practice", "nursing-home"] {
        overview.shows(setting, provider, "answered")?;
    }
    for (node, mark) in [("hospital", &here), ("pharmacy", &there)] {
        let records = setting.since(mark, node)?;
        ensure(!records.is_empty(), || format!("{node} has no record"))?;
        let says = |record: &Value| {
            record["emergency"]["reason"] == WHY
                && record["decision"]["purpose"] == "BTG"
                && record["patient"] == SHOWCASE
        };
        ensure(records.iter().all(says), || {
            format!("a record of {node} does not say that it was an emergency, and why")
        })?;
    }
    Ok(())
}

async fn objected(setting: &Setting) -> Judgement {
    let mark = setting.mark("pharmacy").await?;
    let overview = Overview::read(ask(setting, "hospital", &*setting.person("brouwer")?, OBJECTS, WHY).await?)?;
    overview.shows(setting, "general-practice", "answered")?;
    overview.shows(setting, "pharmacy", "refused")?;
    ensure(overview.items(setting, "pharmacy")?.is_empty(), || "the pharmacy gave something".to_owned())?;
    let records = setting.since(&mark, "pharmacy")?;
    let refused = |record: &Value| record["outcome"]["result"] == "refused" && record["emergency"]["reason"] == WHY;
    ensure(!records.is_empty() && records.iter().all(refused), || "the attempt is not on record as one".to_owned())
}

async fn unexplained(setting: &Setting) -> Judgement {
    let doctor = setting.person("brouwer")?;
    for reason in ["", "nood", "..............."] {
        let mark = setting.mark("hospital").await?;
        let answer = ask(setting, "hospital", &doctor, SHOWCASE, reason).await;
        setting
            .refused(&mark, "hospital", 400, answer.map_err(|_| crate::callers::CallError::Incomplete("answer".into())))
            .await?;
    }
    Ok(())
}

async fn not_offered(setting: &Setting) -> Judgement {
    let mark = setting.mark("pharmacy").await?;
    let answer = ask(setting, "pharmacy", &*setting.person("timmer")?, NEVER_ASKED, WHY).await?;
    outcome_of(&answer, 403)?;
    setting.no_source_was_asked(&mark).await?;
    let records = setting.since(&mark, "pharmacy")?;
    ensure(records.len() == 1 && records[0].get("emergency").is_none(), || {
        "what was refused is on record as an emergency".to_owned()
    })
}

async fn of_a_stranger(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, "general-practice", NEVER_ASKED).await?;
    let url = format!("{}/Condition/_search", gate.base);
    let reason = utf8_percent_encode(WHY, NON_ALPHANUMERIC).to_string();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-emergency-reason", reason.as_str())];
    let mark = setting.mark("general-practice").await?;
    let with = gate.wire.raw(Method::POST, &url, &headers, Bytes::new()).await?;
    let without = gate.search("Condition", &[]).await?;
    ensure(outcome_of(&with, 403)? == outcome_of(&without, 403)?, || "the header makes a difference".to_owned())?;
    let unsaid = setting.organisation(CLINIC, "general-practice")?;
    let unsaid = unsaid.signed_in("emergency-overview", Some(&acting(NEVER_ASKED))).await?;
    outcome_of(&unsaid.raw(Method::POST, &url, &headers, Bytes::new()).await?, 400)?;
    setting.no_source_was_asked(&mark).await?;
    let records = setting.since(&mark, "general-practice")?;
    ensure(records.len() == 3 && records.iter().all(|record| record.get("emergency").is_none()), || {
        "what was refused is on record as an emergency".to_owned()
    })
}

async fn to_be_judged(setting: &Setting) -> Judgement {
    let doctor = setting.person("brouwer")?;
    let asked = ask(setting, "hospital", &doctor, SHOWCASE, WHY).await?;
    let correlation = asked.header("x-request-id").unwrap_or_default().to_owned();
    let officer = overseer(setting, "hospital", "privacy-officer")?;
    let url = format!("{}/AuditEvent/_search", setting.inner("hospital")?);
    let found = officer.post_form(&url, &[("purpose", "BTG"), ("_count", "50")]).await?.json().unwrap_or_default();
    let events: Vec<&Value> = found["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]).collect();
    let own = events.iter().find(|event| event["entity"].to_string().contains(&correlation));
    ensure(own.is_some_and(|event| event["outcomeDesc"].to_string().contains("Bewusteloos")), || {
        "the emergency just had is not found with its reason".to_owned()
    })?;
    let all = |event: &&&Value| !event["purposeOfEvent"].to_string().contains("BTG");
    ensure(!events.iter().any(|event| all(&event)), || "something else is found as an emergency".to_owned())
}
