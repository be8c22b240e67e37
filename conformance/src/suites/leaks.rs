//! Looking back on everything that a suite did: what must not have been written anywhere.

use std::collections::BTreeSet;

use super::facts;
use super::setting::{Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::region;

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("metrics count exchanges and name nobody", |setting| Box::pin(facts::metrics(setting))),
        Check::new("no technical log names a patient or a person", |setting| Box::pin(technical_logs(setting))),
        Check::new("no URL that a source was asked by names a patient", |setting| Box::pin(urls(setting))),
        Check::new("every record of every log has its layout, its node and its own request id", |setting| {
            Box::pin(records(setting))
        }),
    ]
}

async fn technical_logs(setting: &Setting) -> Judgement {
    for node in &setting.ready.nodes {
        let file = node.config_file.with_file_name("node.log");
        let text = std::fs::read(&file).map_err(|_| Flaw::NotRun(format!("{} has no technical log", node.key)))?;
        let text = String::from_utf8_lossy(&text);
        ensure(text.contains("exchange.request_id"), || format!("the log of {} tells of no exchange", node.key))?;
        ensure(!names_a_patient(&text), || format!("the log of {} has a BSN", node.key))?;
        for patient in region::patients() {
            ensure(!text.contains(&patient.name), || format!("the log of {} has a patient's name", node.key))?;
        }
        for person in region::staff() {
            ensure(!text.contains(person.name), || format!("the log of {} has a person's name", node.key))?;
        }
        let tokens = setting.ready.callers.iter().filter_map(|caller| caller.bearer_token.as_deref());
        ensure(tokens.into_iter().all(|token| !text.contains(token)), || {
            format!("the log of {} has an access code", node.key)
        })?;
        ensure(!text.contains("panicked"), || format!("the log of {} tells of a panic", node.key))?;
    }
    Ok(())
}

async fn urls(setting: &Setting) -> Judgement {
    let asked = setting.asked_of_sources().await?;
    ensure(!asked.is_empty(), || "no source was asked anything".to_owned())?;
    for request in asked {
        ensure(!names_a_patient(&request.path), || "a URL has a BSN".to_owned())?;
        let quiet = request.headers.values().all(|value| !names_a_patient(value));
        ensure(quiet, || "a header has a BSN".to_owned())?;
    }
    Ok(())
}

async fn records(setting: &Setting) -> Judgement {
    for node in &setting.ready.nodes {
        let mut seen = BTreeSet::new();
        for record in setting.log(&node.key, 0)? {
            ensure(facts::layout(&record) && record["node"] == node.ura, || {
                format!("a record of {} has another layout or node", node.key)
            })?;
            let id = record["request_id"].as_str().unwrap_or_default().to_owned();
            ensure(seen.insert(id), || format!("{} has two records of one request", node.key))?;
        }
    }
    Ok(())
}
