//! A handoff on its way from the receiver's node into the receiver's own record system.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::setting::names_a_patient;
use super::super::{Flaw, Judgement, Setting, ensure};
use crate::handoff::{Ecd, Parties, fresh, handoff};
use crate::region::{HOSPITAL, NURSING_HOME, patients};
use crate::source_server::Fault;

/// A number of somebody whom nobody has registered: one of those that are for tests, with a check digit that fits (eleven-test).
fn of_nobody() -> String {
    let mut moment = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000;
    loop {
        let first = format!("9999{:04}", moment % 10_000);
        let sum: u32 = first.bytes().zip((2..=9).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        if sum % 11 < 10 {
            return format!("{first}{}", sum % 11);
        }
        moment += 1;
    }
}

/// Waits until the receiver says so of a transfer.
async fn until(parties: &Parties, task: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value, Flaw> {
    let began = Instant::now();
    loop {
        let found = parties.received(task).await?;
        if let [one] = found.as_slice()
            && holds(one)
        {
            return Ok(one.clone());
        }
        if began.elapsed() > Duration::from_secs(20) {
            let told: Vec<_> = found.iter().map(|one| format!("{} {}", one["filing"], one["effort"])).collect();
            return Err(Flaw::Broken(format!("the receiver says {told:?}, and not {what}")));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A handoff about somebody else than in other checks.
fn about(bsn: &str) -> Value {
    let run = fresh();
    let text = handoff(bsn, &run).to_string().replace("overdracht-patient", &format!("overdracht-patient-{bsn}"));
    serde_json::from_str(&text).unwrap_or_default()
}

fn composition(bundle: &Value) -> String {
    bundle["entry"][0]["resource"]["id"].as_str().unwrap_or_default().to_owned()
}

/// Pushed, and taken by the nursing home's nurse.
async fn taken(parties: &Parties, bundle: &Value) -> Result<String, Flaw> {
    let answer = parties.push_bundle(bundle).await?;
    let task = answer.json().unwrap_or_default()["task"].as_str().unwrap_or_default().to_owned();
    ensure(answer.status == 201, || format!("a push is answered with {}", answer.status))?;
    let id = parties.until(&task, "offered").await?;
    parties.take(&id).await?;
    Ok(task)
}

pub(super) async fn whole(setting: &Setting) -> Judgement {
    let (parties, ecd) = (Parties::of(setting)?, Ecd::of(setting)?);
    let patient = patients().into_iter().find(|patient| patient.known_at.contains(&HOSPITAL.key));
    let patient = ecd.registers(patient.map(|patient| patient.bsn).unwrap_or_default()).await?;
    let mark = setting.mark(NURSING_HOME.key).await?;
    let (transfer, _) = parties.whole().await?;
    let received = until(&parties, &transfer.task, "stored", |one| one["filing"] == "stored").await?;
    let id = received["id"].as_str().unwrap_or_default();
    let differ = ecd.differences(id, &transfer.bundle, &patient).await?;
    ensure(differ.is_empty(), || differ.join("; "))?;
    let records = setting.since(&mark, NURSING_HOME.key)?;
    // Others may be stored meanwhile.
    let stored: Vec<_> = records.iter().filter(|one| one["asked"]["interaction"] == "transaction").collect();
    let of_whom = |one: &&Value| one["patient"].is_string() && one["caller"]["person"]["id"].is_string();
    ensure(!stored.is_empty() && stored.iter().all(of_whom), || {
        format!("{} transactions are on record, and not each with patient and person", stored.len())
    })
}

pub(super) async fn not_registered(setting: &Setting) -> Judgement {
    let (parties, ecd) = (Parties::of(setting)?, Ecd::of(setting)?);
    let bsn = &of_nobody();
    let bundle = about(bsn);
    let task = taken(&parties, &bundle).await?;
    let waits =
        |one: &Value| one["state"] == "completed" && (one["filing"] == "stored" || one["effort"]["given_up"] == true);
    let one = until(&parties, &task, "completed, and waiting for somebody", waits).await?;
    if one["filing"] == "stored" {
        return Err(Flaw::NotRun("somebody registered this patient before".to_owned()));
    }
    let why = one["effort"]["failed"].as_str().unwrap_or_default();
    ensure(why.contains("does not know the patient") && !names_a_patient(why) && !why.contains(bsn), || {
        format!("the operator reads {why:?}")
    })?;
    let id = one["id"].as_str().unwrap_or_default();
    let name = format!("Composition/{}", composition(&bundle));
    let count = ecd.count(id, &name).await?;
    ensure(count == 0, || "it was stored about somebody all the same".to_owned())?;
    let patient = ecd.registers(bsn).await?;
    parties.retry(id).await?;
    until(&parties, &task, "stored", |one| one["filing"] == "stored").await?;
    let differ = ecd.differences(id, &bundle, &patient).await?;
    ensure(differ.is_empty(), || differ.join("; "))
}

pub(super) async fn away(setting: &Setting) -> Judgement {
    let (parties, ecd) = (Parties::of(setting)?, Ecd::of(setting)?);
    let bsn = patients().into_iter().find(|patient| patient.known_at.contains(&HOSPITAL.key));
    let bundle = handoff(bsn.map(|patient| patient.bsn).unwrap_or_default(), &fresh());
    for fault in [Fault::Truncated, Fault::Status { code: 503 }, Fault::Dead] {
        ecd.fails(&fault).await?;
        let mut bundle = bundle.clone();
        bundle["entry"][0]["resource"]["id"] = json!(format!("overdracht-{}", fresh()));
        let failing = async {
            let task = taken(&parties, &bundle).await?;
            let failed = |one: &Value| {
                one["state"] == "completed" && one["filing"] == "owed" && one["effort"]["attempts"].as_u64() > Some(0)
            };
            until(&parties, &task, "completed and not stored, with the reason", failed).await?;
            Ok::<_, Flaw>(task)
        };
        let task = failing.await;
        ecd.fails(&Fault::None).await?;
        let stored = until(&parties, &task?, "stored", |one| one["filing"] == "stored").await?;
        let name = format!("Composition/{}", composition(&bundle));
        let count = ecd.count(stored["id"].as_str().unwrap_or_default(), &name).await?;
        ensure(count == 1, || format!("after {fault:?} it is there {count} times"))?;
    }
    Ok(())
}
