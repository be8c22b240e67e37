//! One handoff, step by step, and what both access logs tell of it: for somebody who looks on.

use serde_json::Value;

use super::{Parties, by_name, differences};
use crate::region::{HOSPITAL, NURSING_HOME};
use crate::suites::{Flaw, Setting};

/// Hands a patient over and tells of it line by line.
///
/// # Errors
/// It does not come to its end, or what came is not what was sent.
pub async fn shown(setting: &Setting, mut tell: impl FnMut(String)) -> Result<(), Flaw> {
    let parties = Parties::of(setting)?;
    let (at_sender, at_receiver) = (setting.mark(HOSPITAL.key).await?, setting.mark(NURSING_HOME.key).await?);
    let transfer = parties.push().await?;
    tell(format!("{} pushes a handoff: transfer {}", HOSPITAL.name, transfer.id));
    let id = parties.until(&transfer.task, "offered").await?;
    tell(format!("{} was told, and read the Task: transfer {id} is offered", NURSING_HOME.name));
    parties.take(&id).await?;
    tell("a nurse takes it".to_owned());
    parties.until(&transfer.task, "completed").await?;
    parties.until_sent(&transfer, "completed").await?;
    tell("all parts are kept, both sides have completed it".to_owned());
    let document = parties.document(&id).await?;
    let differ = differences(&transfer.bundle, &document);
    if !differ.is_empty() {
        return Err(Flaw::Broken(differ.join("; ")));
    }
    tell(format!("{} resources came, each as it was sent", by_name(&document).len()));
    for (provider, mark) in [(HOSPITAL, at_sender), (NURSING_HOME, at_receiver)] {
        tell(format!("\nThe access log of {}:", provider.name));
        for record in setting.since(&mark, provider.key)? {
            tell(line(&record));
        }
    }
    Ok(())
}

/// A record in a line, without the patient.
fn line(record: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let person = &record["caller"]["person"];
    let who = if person.is_null() { "nobody in particular".to_owned() } else { text(&person["name"]) };
    format!(
        "  {}  {} ({who}): {} {}, {}",
        text(&record["started"]),
        text(&record["caller"]["organisation_name"]),
        text(&record["asked"]["interaction"]),
        record["asked"]["resource"].as_str().or(record["asked"]["resource_type"].as_str()).unwrap_or("-"),
        text(&record["outcome"]["result"]),
    )
}
