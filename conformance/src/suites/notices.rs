//! The notice to the privacy officer of each emergency: it says which record, in whatever way the access ended, names nobody, is told
//! once the record is there, and is not lost while the receiver is ill.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::emergency::{self, OBJECTS, WHY};
use super::overview::SHOWCASE;
use super::setting::{Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;
use crate::ready::Simulator;
use crate::webhook::{Fault, Taken};

const KIND: &str = "webhook-receiver";
/// A check waits for so long until a notice is there.
const PATIENCE: Duration = Duration::from_secs(40);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("the privacy officers of both sides are told of an emergency, and nobody is named", |setting| {
            Box::pin(told(setting))
        }),
        Check::new("they are told of an emergency that was refused as well, and of no other access", |setting| {
            Box::pin(refused(setting))
        }),
        Check::new("while their receiver is ill that shows, no exchange waits, and nothing is lost", |setting| {
            Box::pin(ill(setting))
        }),
    ]
}

struct Receiver<'s> {
    wire: Wire,
    simulator: &'s Simulator,
}

impl<'s> Receiver<'s> {
    fn of(setting: &'s Setting) -> Result<Self, Flaw> {
        let mut all = setting.ready.services.iter();
        let simulator = all.find(|simulator| simulator.kind == KIND);
        let simulator = simulator.ok_or_else(|| Flaw::NotRun("nobody takes notices".to_owned()))?;
        Ok(Receiver { wire: Wire::new(Some(&setting.ready.ca_file), None)?, simulator })
    }

    /// Everything that was taken; a message that was not as it should be is a flaw.
    async fn taken(&self) -> Result<Vec<Taken>, Flaw> {
        let told = self.wire.get(&format!("{}/notices", self.simulator.control)).await?.json().unwrap_or_default();
        ensure(told["rejected"] == json!([]), || format!("messages were not as they should be: {}", told["rejected"]))?;
        serde_json::from_value(told["taken"].clone())
            .map_err(|_| Flaw::NotRun("the receiver does not tell what it took".to_owned()))
    }

    async fn ails(&self, fault: Fault) -> Judgement {
        let (url, kind) = (format!("{}/fault", self.simulator.control), [("content-type", "application/json")]);
        let body = json!(fault).to_string();
        let answer = self.wire.raw(Method::PUT, &url, &kind, body.into()).await?;
        ensure(answer.status == 204, || "the receiver takes no orders".to_owned())
    }

    /// Waits for the notice of this record.
    async fn notice_of(&self, node: &str, record: &Value) -> Result<Taken, Flaw> {
        let id = record_id(node, record)?;
        let begun = Instant::now();
        loop {
            if let Some(taken) = self.taken().await?.into_iter().find(|taken| taken.id == id) {
                return Ok(taken);
            }
            ensure(begun.elapsed() < PATIENCE, || format!("no notice of {id} came"))?;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// The id of a record that [`indexed`] gave.
fn record_id(ura: &str, record: &Value) -> Result<String, Flaw> {
    let index = record["index"].as_u64().ok_or_else(|| Flaw::NotRun("a record without its index".to_owned()))?;
    Ok(format!("{ura}-{index}"))
}

/// The records of a node since the mark, each with its index.
fn indexed(setting: &Setting, before: u64, node: &str) -> Result<Vec<Value>, Flaw> {
    let records = setting.log(node, before)?;
    Ok((before..)
        .zip(records)
        .map(|(index, mut record)| {
            record["index"] = json!(index);
            record
        })
        .collect())
}

fn length(setting: &Setting, node: &str) -> Result<u64, Flaw> {
    Ok(u64::try_from(setting.log(node, 0)?.len()).unwrap_or(u64::MAX))
}

async fn told(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting)?;
    let (here, there) = (length(setting, "hospital")?, length(setting, "pharmacy")?);
    emergency::ask(setting, "hospital", &*setting.person("brouwer")?, SHOWCASE, WHY).await?;
    for (node, before, direction) in [("hospital", here, "user"), ("pharmacy", there, "holder")] {
        let records = indexed(setting, before, node)?;
        let record =
            records.iter().find(|record| record["emergency"]["reason"] == WHY && record["patient"] == SHOWCASE);
        let record = record.ok_or_else(|| Flaw::Broken(format!("{node} recorded no emergency")))?;
        let ura = &setting.node(node)?.ura;
        let Taken { body, text, .. } = receiver.notice_of(ura, record).await?;
        let data = &body["data"];
        let says = body["type"] == "emergency-access.recorded"
            && data["node"] == ura.as_str()
            && data["record"] == record["index"]
            && data["direction"] == direction
            && data["use_case"] == "emergency-overview"
            && data["role"] == record["caller"]["person"]["role"];
        ensure(says, || format!("{node}'s notice says {body}"))?;
        let person = &record["caller"]["person"];
        let secret = [person["name"].as_str(), Some("Bewusteloos"), Some("Condition")];
        let quiet = !names_a_patient(&text) && !secret.into_iter().flatten().any(|word| text.contains(word));
        ensure(quiet, || format!("{node}'s notice names somebody, or says why"))?;
        ensure(opens(setting, node, data["page"].as_str()).await?, || format!("{node}'s notice leads nowhere"))?;
    }
    Ok(())
}

/// Whether the page that a notice names is one: whoever is not signed in is asked to.
async fn opens(setting: &Setting, node: &str, page: Option<&str>) -> Result<bool, Flaw> {
    let node = setting.node(node)?;
    let Some(page) = page.filter(|page| page.starts_with(&node.inner)) else { return Ok(false) };
    Ok(matches!(Wire::new(None, None)?.get(page).await?.status, 200 | 401))
}

async fn refused(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting)?;
    let before = length(setting, "pharmacy")?;
    emergency::ask(setting, "hospital", &*setting.person("brouwer")?, OBJECTS, WHY).await?;
    let records = indexed(setting, before, "pharmacy")?;
    let record = records.iter().find(|record| record["outcome"]["result"] == "refused");
    let record = record.ok_or_else(|| Flaw::Broken("the pharmacy recorded no refusal".to_owned()))?;
    let notice = receiver.notice_of(&setting.node("pharmacy")?.ura, record).await?;
    ensure(notice.body["data"]["class"] == "denied", || format!("the notice says {}", notice.body))?;
    // Every notice there is, is of a record that is an emergency.
    for node in &setting.ready.nodes {
        let records = setting.log(&node.key, 0)?;
        for taken in receiver.taken().await?.iter().filter(|taken| taken.body["data"]["node"] == node.ura.as_str()) {
            let index = taken.body["data"]["record"].as_u64().and_then(|index| usize::try_from(index).ok());
            let record = index.and_then(|index| records.get(index));
            let one = record.is_some_and(|record| record.get("emergency").is_some());
            ensure(one, || format!("{} is told of as an emergency and is none", taken.id))?;
        }
    }
    Ok(())
}

async fn ill(setting: &Setting) -> Judgement {
    let receiver = Receiver::of(setting)?;
    let mut missed = Vec::new();
    for fault in [Fault::Status { code: 503 }, Fault::Redirect, Fault::Slow { ms: 30_000 }] {
        receiver.ails(fault.clone()).await?;
        let outcome = while_ill(setting).await;
        // Whatever was found: the next checks find it well.
        receiver.ails(Fault::None).await?;
        missed.push(outcome.map_err(|flaw| match flaw {
            Flaw::Broken(why) => Flaw::Broken(format!("{fault:?}: {why}")),
            other => other,
        })?);
    }
    for record in &missed {
        receiver.notice_of(&setting.node("hospital")?.ura, record).await?;
    }
    Ok(())
}

/// An emergency while the receiver is ill: answered as ever, and seen to be untold. Its record at the hospital.
async fn while_ill(setting: &Setting) -> Result<Value, Flaw> {
    let before = length(setting, "hospital")?;
    let answer = emergency::ask(setting, "hospital", &*setting.person("brouwer")?, SHOWCASE, WHY).await?;
    ensure(answer.status == 200, || format!("the emergency was answered {}", answer.status))?;
    let node = setting.node("hospital")?;
    let wire = Wire::new(None, None)?;
    let begun = Instant::now();
    loop {
        let metrics = wire.get(&node.metrics).await?;
        let text = String::from_utf8_lossy(&metrics.body).into_owned();
        let waiting = text.lines().find_map(|line| line.strip_prefix("zorgsluis_emergency_notices_waiting "));
        let health = wire.get(&format!("{}/health/notices", node.inner)).await?.json().unwrap_or_default();
        if waiting.is_some_and(|waiting| waiting != "0")
            && health["waiting"].as_u64().is_some_and(|waiting| waiting > 0)
        {
            break;
        }
        ensure(begun.elapsed() < PATIENCE, || "nothing says that a notice waits".to_owned())?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    ensure(wire.get(&node.health.ready).await?.status == 200, || "the node is not ready for want of it".to_owned())?;
    let records = indexed(setting, before, "hospital")?;
    let own = records.into_iter().find(|record| record["emergency"]["reason"] == WHY);
    own.ok_or_else(|| Flaw::Broken("no record says that it was an emergency".to_owned()))
}
