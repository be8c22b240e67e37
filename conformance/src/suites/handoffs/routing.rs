//! A handoff for a service or a location of the receiver, found in the directory by whoever hands over.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::{Flaw, Judgement, Setting, ensure};
use super::is;
use crate::callers::Answer;
use crate::handoff::{Parties, fresh, handoff};
use crate::region::{self, GENERAL_PRACTICE, HOSPITAL};

/// How long the copy of the directories may take.
const WITHIN: Duration = Duration::from_secs(30);

async fn push(parties: &Parties, bundle: &Value, within: &str) -> Result<Answer, Flaw> {
    let url = format!("{}/handoffs?receiver={}{within}", parties.sender_inner, HOSPITAL.ura);
    Ok(parties.epd.post_json(&url, bundle).await?)
}

/// Pushes until the place is known: the directory may be being copied just now.
async fn push_when_known(parties: &Parties, bundle: &Value, within: &str) -> Result<Answer, Flaw> {
    let began = Instant::now();
    loop {
        let answer = push(parties, bundle, within).await?;
        if answer.status == 201 || began.elapsed() > WITHIN {
            return Ok(answer);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Handoffs of a patient of the general practice, each another one.
fn of_the_practice() -> Result<impl Fn() -> Value, Flaw> {
    let patient = region::patients().into_iter().find(|patient| patient.known_at.contains(&GENERAL_PRACTICE.key));
    let patient = patient.ok_or_else(|| Flaw::NotRun("the general practice knows no patient".to_owned()))?;
    Ok(move || {
        let run = fresh();
        let text = handoff(patient.bsn, &run).to_string().replace("overdracht-patient", &format!("patient-{run}"));
        serde_json::from_str::<Value>(&text).unwrap_or_default()
    })
}

pub(super) async fn by_directory(setting: &Setting) -> Judgement {
    let parties = Parties::between(setting, GENERAL_PRACTICE, HOSPITAL)?;
    let bundle = of_the_practice()?;
    for (within, kind, name) in [
        ("&service=spreekuur", "service", format!("Spreekuur van {}", HOSPITAL.name)),
        ("&location=Location/hoofdgebouw", "location", format!("{}, hoofdgebouw", HOSPITAL.name)),
    ] {
        let pushed = bundle();
        let answer = push_when_known(&parties, &pushed, within).await?;
        is(&answer, 201, "a handoff for a place that the directory knows")?;
        let told = answer.json().unwrap_or_default();
        ensure(told["routed_to"]["kind"] == kind && told["routed_to"]["name"] == name.as_str(), || {
            format!("it is routed to {}", told["routed_to"])
        })?;
        let task = told["task"].as_str().unwrap_or_default();
        parties.until(task, "offered").await?;
        let received = parties.received(task).await?;
        ensure(received[0]["routed"] == serde_json::json!([name]), || {
            format!("it arrived for {}", received[0]["routed"])
        })?;
        let again = push(&parties, &pushed, within).await?;
        ensure(again.status == 200 && again.json().unwrap_or_default()["id"] == told["id"], || {
            "the same for the same place is another transfer".to_owned()
        })?;
    }
    for (within, status) in
        [("&service=unknown", 422), ("&location=spreekuur", 422), ("&service=spreekuur&location=hoofdgebouw", 400)]
    {
        let answer = push(&parties, &bundle(), within).await?;
        is(&answer, status, within)?;
        setting.keeps_quiet(&answer)?;
    }
    let elsewhere = Parties::of(setting)?;
    let url = format!("{}/handoffs?receiver={}&service=spreekuur", elsewhere.sender_inner, region::NURSING_HOME.ura);
    is(&elsewhere.epd.post_json(&url, &bundle()).await?, 422, "a node without a directory")
}

/// The receiver is not named: whose the service is, the directory says.
pub(super) async fn by_service_alone(setting: &Setting) -> Judgement {
    let parties = Parties::between(setting, GENERAL_PRACTICE, HOSPITAL)?;
    let bundle = of_the_practice()?;
    // The identifier that the hospital gave its service, as the node itself tells it.
    let known = push_when_known(&parties, &bundle(), "&service=spreekuur").await?;
    is(&known, 201, "a handoff for a service of a receiver that is named")?;
    let to = known.json().unwrap_or_default()["routed_to"].clone();
    let text = |name: &str| to[name].as_str().unwrap_or_default().to_owned();
    let identifier = format!("{}|{}", text("system"), text("value"));
    let alone = async |named: &str, pushed: &Value| -> Result<Answer, Flaw> {
        let named: String = url::form_urlencoded::byte_serialize(named.as_bytes()).collect();
        let url = format!("{}/handoffs?service={named}", parties.sender_inner);
        Ok(parties.epd.post_json(&url, pushed).await?)
    };
    let pushed = bundle();
    let answer = alone(&identifier, &pushed).await?;
    is(&answer, 201, "a handoff for a service alone")?;
    let told = answer.json().unwrap_or_default();
    ensure(told["receiver"] == HOSPITAL.ura && told["routed_to"] == to, || {
        format!("it goes to {} {}", told["receiver"], told["routed_to"])
    })?;
    let task = told["task"].as_str().unwrap_or_default();
    parties.until(task, "offered").await?;
    let received = parties.received(task).await?;
    ensure(received[0]["routed"] == serde_json::json!([to["name"]]), || {
        format!("it arrived for {}", received[0]["routed"])
    })?;
    let again = alone(&identifier, &pushed).await?;
    ensure(again.status == 200 && again.json().unwrap_or_default()["id"] == told["id"], || {
        "the same for the same service is another transfer".to_owned()
    })?;
    for (named, status) in [
        ("spreekuur", 400),
        ("HealthcareService/spreekuur", 400),
        ("|x", 400),
        ("urn:ietf:rfc:3986|urn:uuid:nobody", 422),
    ] {
        let answer = alone(named, &bundle()).await?;
        is(&answer, status, named)?;
        setting.keeps_quiet(&answer)?;
    }
    let url = format!("{}/handoffs", parties.sender_inner);
    is(&parties.epd.post_json(&url, &bundle()).await?, 400, "a handoff for nobody")?;
    let url = format!("{url}?location=hoofdgebouw");
    is(&parties.epd.post_json(&url, &bundle()).await?, 400, "a handoff for a location alone")
}
