//! CO: whole transfers, as both record systems and both logs see them.

use serde_json::{Value, json};

use super::super::setting::{Mark, names_a_patient};
use super::super::{Flaw, Judgement, Setting, ensure};
use super::is;
use crate::handoff::{Parties, SENDER, by_name, differences};
use crate::region::{HOSPITAL, NURSING_HOME};

/// The records that both logs got.
fn both(setting: &Setting, sender: &Mark, receiver: &Mark) -> Result<(Vec<Value>, Vec<Value>), Flaw> {
    Ok((setting.since(sender, HOSPITAL.key)?, setting.since(receiver, NURSING_HOME.key)?))
}

fn asked<'r>(records: &'r [Value], resource: &str, interaction: &str) -> Vec<&'r Value> {
    let is = |record: &&Value| {
        record["asked"]["resource"].as_str() == Some(resource)
            && record["asked"]["interaction"].as_str() == Some(interaction)
    };
    records.iter().filter(is).collect()
}

pub(super) async fn whole(setting: &Setting) -> Judgement {
    let (transfer, document) = Parties::of(setting)?.whole().await?;
    let differ = differences(&transfer.bundle, &document);
    ensure(differ.is_empty(), || differ.join("; "))?;
    let count = by_name(&document).len();
    ensure(count == 20, || format!("{count} resources came"))
}

pub(super) async fn told(setting: &Setting) -> Judgement {
    let (sender, receiver) = (setting.mark(HOSPITAL.key).await?, setting.mark(NURSING_HOME.key).await?);
    let (transfer, _) = Parties::of(setting)?.whole().await?;
    let (at_sender, at_receiver) = both(setting, &sender, &receiver)?;
    let task = format!("Task/{}", transfer.task);
    let told = asked(&at_receiver, &task, "create");
    ensure(!told.is_empty() && told.iter().all(|one| one["caller"]["organisation"] == HOSPITAL.ura), || {
        format!("{} notifications are on record at the receiver", told.len())
    })?;
    let read = asked(&at_sender, &task, "read");
    ensure(!read.is_empty() && read.iter().all(|one| one["caller"]["organisation"] == NURSING_HOME.ura), || {
        format!("{} reads of the Task are on record at the sender", read.len())
    })?;
    ensure(read[0]["caller"]["person"].is_null(), || "the Task was first read in somebody's name".to_owned())?;
    let composition = format!("Composition/{}", transfer.composition);
    let document: Vec<_> = asked(&at_sender, &composition, "operation");
    ensure(document.len() == 1 && document[0]["caller"]["person"]["id"].is_string(), || {
        format!("{} fetches of the document are on record at the sender, with a person", document.len())
    })?;
    let put = asked(&at_sender, &task, "update");
    let place = |one: &Value| at_sender.iter().position(|record| record == one);
    ensure(put.len() == 1 && place(put[0]) > place(document[0]), || {
        format!("the Task was put back {} times, or before the document was fetched", put.len())
    })
}

pub(super) async fn recorded(setting: &Setting) -> Judgement {
    let mark = setting.mark(HOSPITAL.key).await?;
    let (transfer, _) = Parties::of(setting)?.whole().await?;
    let records = setting.since(&mark, HOSPITAL.key)?;
    let ours: Vec<_> = records.iter().filter(|one| one["caller"]["organisation"] == NURSING_HOME.ura).collect();
    let ground = format!("{:?}", transfer.id);
    for one in &ours {
        ensure(one["outcome"]["result"] == "released" && one["patient"].is_string(), || {
            format!("a record says {} of {}", one["outcome"], one["asked"]["resource"])
        })?;
        ensure(one["treatment_relation"].to_string().contains(&ground), || {
            "a record does not say on what ground".to_owned()
        })?;
    }
    let kinds: Vec<_> = ours.iter().filter_map(|one| one["asked"]["interaction"].as_str()).collect();
    for kind in ["read", "operation", "update"] {
        ensure(kinds.contains(&kind), || format!("no {kind} is on record"))?;
    }
    let pushed = asked(&records, &format!("Composition/{}", transfer.composition), "create");
    ensure(pushed.len() == 1 && pushed[0]["patient"].is_string(), || "the push is not on record".to_owned())?;
    for node in [HOSPITAL.key, NURSING_HOME.key] {
        let lines = std::fs::read_to_string(setting.ready.state.join(node).join("node.log"))
            .map_err(|fault| Flaw::NotRun(format!("no technical log: {fault}")))?;
        ensure(!names_a_patient(&lines) && !lines.contains("van der Berg"), || {
            format!("a line of {node} names the patient")
        })?;
    }
    Ok(())
}

pub(super) async fn refused(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let patient = setting.ready.patients.first().ok_or_else(|| Flaw::NotRun("no patient".to_owned()))?;
    let good = crate::handoff::handoff(&patient.bsn, "spoiled");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        bundle
    };
    for (what, bundle) in [
        ("no Bundle", json!({"resourceType": "Patient"})),
        ("a Bundle to be carried out", changed(&|bundle| bundle["type"] = json!("transaction"))),
        (
            "another document",
            changed(&|bundle| {
                bundle["entry"][0]["resource"]["type"]["coding"][0]["code"] = json!("371535009");
            }),
        ),
        ("no patient", changed(&|bundle| drop(bundle["entry"].as_array_mut().map(|entries| entries.remove(1))))),
        (
            "another patient's",
            changed(&|bundle| {
                bundle["entry"][10]["resource"]["subject"]["reference"] = json!("Patient/another");
            }),
        ),
    ] {
        let answer = parties.push_bundle(&bundle).await?;
        is(&answer, 422, what)?;
        setting.keeps_quiet(&answer)?;
    }
    let url = format!("{}/handoffs?receiver={}", parties.sender_inner, "90019999");
    is(&parties.epd.post_json(&url, &good).await?, 422, "a receiver that is nobody's")?;
    let nurse = setting.ready.callers.iter().find(|caller| {
        caller.node.as_deref() == Some(HOSPITAL.key)
            && caller.person.is_some()
            && caller.use_cases.iter().all(|held| held != SENDER)
    });
    if let Some(nurse) = nurse {
        let nurse = crate::callers::InnerCaller::of(&setting.ready, &nurse.name)?;
        let url = format!("{}/handoffs?receiver={}", parties.sender_inner, NURSING_HOME.ura);
        is(&nurse.post_json(&url, &good).await?, 403, "somebody who may not hand over")?;
    }
    Ok(())
}
