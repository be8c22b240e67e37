//! Whole referrals between two nodes, as both record systems and both logs see them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::setting::names_a_patient;
use super::super::{Flaw, Judgement, Setting, ensure};
use super::is;
use crate::handoff::by_name;
use crate::referral::{Parties, chart};
use crate::region::{HOSPITAL, NURSING_HOME};

/// What a referral does not bring: older measurements, what is no part of the data set, and what is labelled very restricted.
const STAYS: [&str; 8] = [
    "Observation/functioneren-1",
    "Observation/bloeddruk-1",
    "Observation/gewicht-1",
    "Observation/buiten-de-set",
    "Observation/lab-20",
    "Condition/afgeschermd",
    "Provenance/herkomst",
    "CareTeam/behandelteam",
];

pub(super) async fn between_nodes(setting: &Setting) -> Judgement {
    let parties = Parties::of(setting)?;
    let (sender, receiver) = (setting.mark(HOSPITAL.key).await?, setting.mark(NURSING_HOME.key).await?);
    let (referral, pulled) = parties.pulled().await?;
    let parts = pulled["parts"].as_array().cloned().unwrap_or_default();
    let failed: Vec<_> = parts.iter().filter(|part| part["outcome"] != "complete").map(|part| &part["name"]).collect();
    ensure(parts.len() == 29 && failed.is_empty(), || format!("{} parts, not complete: {failed:?}", parts.len()))?;
    let id = pulled["id"].as_str().unwrap_or_default();
    let came = by_name(&parties.bundle(id).await?);
    let stays = |name: &str| STAYS.iter().any(|stays| name.starts_with(&format!("{stays}-")));
    let name =
        |one: &Value| format!("{}/{}", one["resourceType"].as_str().unwrap_or(""), one["id"].as_str().unwrap_or(""));
    let held = chart(&referral.patient);
    for one in held.iter().filter(|one| !stays(&name(one))) {
        let there = came.get(&name(one)).ok_or_else(|| Flaw::Broken(format!("{} did not come", name(one))))?;
        ensure(there == one, || format!("{} is not what it was", name(one)))?;
    }
    let known: BTreeSet<String> = held.iter().filter(|one| !stays(&name(one))).map(name).collect();
    let more: Vec<_> = came.keys().filter(|name| !known.contains(*name)).collect();
    ensure(more.is_empty(), || format!("{more:?} came as well"))?;
    let answer = parties.other.get(&format!("{}/referrals/received/{id}/parts/5", parties.home_inner)).await?;
    is(&answer, 200, "one part of it")?;
    is(&parties.receiver_does(id, "complete").await?, 202, "completing it")?;
    parties.until(&referral.task, "completed").await?;
    parties.until_sent(&referral.id, "completed").await?;
    logs(setting, &referral.id, setting.since(&sender, HOSPITAL.key)?, setting.since(&receiver, NURSING_HOME.key)?)
}

fn logs(setting: &Setting, id: &str, at_sender: Vec<Value>, at_receiver: Vec<Value>) -> Judgement {
    let pushed = at_sender
        .iter()
        .filter(|one| one["asked"]["resource_type"] == "Task" && one["asked"]["interaction"] == "create");
    ensure(pushed.count() == 1, || "the referral is not on record once".to_owned())?;
    let pulled: Vec<_> = at_sender.iter().filter(|one| one["caller"]["organisation"] == NURSING_HOME.ura).collect();
    let searches = pulled.iter().filter(|one| one["asked"]["interaction"] == "search-type").count();
    ensure(searches >= 29, || format!("{searches} searches are on record at the sender"))?;
    for one in &pulled {
        ensure(one["outcome"]["result"] == "released" && one["patient"].is_string(), || {
            format!("a record says {} of {}", one["outcome"], one["asked"]["resource_type"])
        })?;
        ensure(one["treatment_relation"].to_string().contains(id), || {
            "a record does not say on what ground".to_owned()
        })?;
        let of_the_task = one["asked"]["resource_type"] == "Task" && one["asked"]["interaction"] == "read";
        ensure(of_the_task || one["caller"]["person"]["id"].is_string(), || {
            "data was pulled in nobody's name".to_owned()
        })?;
    }
    let own = at_receiver
        .iter()
        .filter(|one| one["asked"]["interaction"] == json!("search-type") || one["asked"]["operation"].is_string());
    let named = own.filter(|one| one["patient"].is_string() && one["caller"]["person"]["id"].is_string()).count();
    ensure(named >= 29, || format!("{named} records of the receiver name the patient and who took it"))?;
    for node in [HOSPITAL.key, NURSING_HOME.key] {
        let lines = std::fs::read_to_string(setting.ready.state.join(node).join("node.log"))
            .map_err(|fault| Flaw::NotRun(format!("no technical log: {fault}")))?;
        ensure(!names_a_patient(&lines), || format!("a line of {node} names the patient"))?;
    }
    Ok(())
}
