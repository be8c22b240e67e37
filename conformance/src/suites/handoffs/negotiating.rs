//! The nursing home's node before a sender that asks first whether it can take somebody (the negotiation phase of Nictiz
//! eOverdracht 4.0, until January 2026): the played partner, which writes the patient's name wherever there is room for one.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Flaw, Judgement, Setting, ensure};
use super::is;
use crate::handoff::{Asking, asked_with, differences, task};
use crate::handoff_partner::PARTNER;
use crate::region::NURSING_HOME;

/// What nobody may learn from a notice; of each, as it stands in what is sent.
const NAMES: [&str; 2] = ["van der Berg", "NamingSystem/bsn"];

/// The notice as the record system gets it, which names nobody.
async fn unnamed_notice(asking: &Asking, id: &str) -> Result<Value, Flaw> {
    let answer = asking.parties.notice(id).await?;
    is(&answer, 200, "a notice that is here")?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    for name in NAMES {
        ensure(!text.contains(name), || format!("the notice names somebody ({name})"))?;
    }
    answer.json().ok_or_else(|| Flaw::Broken("the notice is no JSON".to_owned()))
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
    let bundle = unnamed_notice(&asking, &id).await?;
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
    let again = unnamed_notice(&asking, &id).await?;
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
