//! Addressing: a partner that is found by the directories serves an overview; a directory that speaks for others is not
//! believed; one that is down leaves what was known; and what a node publishes can be read on.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::overview::Overview;
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, InnerCaller, Wire};
use crate::directory::Fault;
use crate::ready::Simulator;

/// The provider that looks another one up, and which.
const ASKS: &str = "general-practice";
const FOUND: &str = "nursing-home";

/// How long a node that reads on every five seconds may take, also after trouble.
const TRIES: usize = 45;
const BETWEEN: Duration = Duration::from_secs(1);

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("a partner whose address the directories know serves an overview", |setting| {
            Box::pin(found(setting))
        }),
        Check::new(
            "a directory that speaks for another organisation is not believed, and that is reported",
            |setting| Box::pin(spoofed(setting)),
        ),
        Check::new("when the national directory is down, what was known stays, and its age is told", |setting| {
            Box::pin(down(setting))
        }),
        Check::new("a national directory that is slow or wrong changes nothing", |setting| Box::pin(ill(setting))),
        Check::new("a directory that does as running servers do is read on", |setting| Box::pin(quirky(setting))),
        Check::new("what a node publishes of itself can be searched and read on", |setting| {
            Box::pin(published(setting))
        }),
    ]
}

fn simulator(setting: &Setting) -> Result<&Simulator, Flaw> {
    let simulator = setting.ready.services.iter().find(|simulator| simulator.kind == "directory");
    simulator.ok_or_else(|| Flaw::NotRun("no directories are played".into()))
}

/// Somebody of the provider that asks, and a patient of theirs whom the provider that is found knows as well.
fn asker(setting: &Setting) -> Result<(InnerCaller, String), Flaw> {
    let known = |bsn: &String| {
        setting
            .ready
            .patients
            .iter()
            .any(|patient| patient.bsn == *bsn && patient.known_at.iter().any(|key| key == FOUND))
    };
    for caller in setting.ready.callers.iter().filter(|caller| caller.node.as_deref() == Some(ASKS)) {
        let person = caller.client_id.as_ref().filter(|_| caller.bearer_token.is_some());
        if let (Some(person), Some(bsn)) = (person, caller.treats.iter().find(|bsn| known(bsn))) {
            return Ok((setting.person(person)?, bsn.clone()));
        }
    }
    Err(Flaw::NotRun(format!("nobody of {ASKS} treats a patient of {FOUND}")))
}

/// An overview in which the provider that was looked up answered.
async fn overview(setting: &Setting) -> Judgement {
    let (caller, bsn) = asker(setting)?;
    let mut last = Ok(());
    for _ in 0..TRIES {
        let overview = Overview::ask(setting, ASKS, &caller, &bsn).await?;
        last = overview.shows(setting, FOUND, "answered").and_then(|()| {
            let items = overview.items(setting, FOUND)?.len();
            ensure(items > 0, || format!("no items from {FOUND}, which was looked up"))
        });
        if last.is_ok() {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    last
}

async fn measured(setting: &Setting, name: &str) -> Result<i64, Flaw> {
    let answer = Wire::new(None, None)?.get(&setting.node(ASKS)?.metrics).await?;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("zorgsluis_{name} ")));
    line.and_then(|value| value.parse().ok()).ok_or_else(|| Flaw::Broken(format!("the node does not measure {name}")))
}

async fn until(setting: &Setting, name: &str, holds: impl Fn(i64) -> bool) -> Judgement {
    let mut last = 0;
    for _ in 0..TRIES {
        last = measured(setting, name).await?;
        if holds(last) {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Flaw::Broken(format!("{name} stays {last}")))
}

async fn put(setting: &Setting, path: &str, body: Value) -> Judgement {
    let url = format!("{}/{path}", simulator(setting)?.control);
    let body = Bytes::from(body.to_string());
    let answer = Wire::new(None, None)?.raw(Method::PUT, &url, &[("content-type", "application/json")], body).await?;
    ensure(answer.status == 204, || format!("the simulator answers {}", answer.status))
}

async fn set(setting: &Setting, fault: &Fault) -> Judgement {
    put(setting, "national/fault", json!(fault)).await
}

async fn found(setting: &Setting) -> Judgement {
    simulator(setting)?;
    let node = setting.node(ASKS)?;
    let text = std::fs::read_to_string(&node.config_file).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
    let address = &setting.node(FOUND)?.fhir.outer.r4;
    let configured = address.as_ref().is_some_and(|address| text.contains(address.as_str()));
    ensure(!configured, || format!("{FOUND} stands in the configuration of {ASKS} and need not be looked up"))?;
    overview(setting).await
}

async fn spoofed(setting: &Setting) -> Judgement {
    until(setting, "directory_refused", |refused| refused >= 1).await?;
    let before = measured(setting, "directory_refused").await?;
    let ura = &setting.node(FOUND)?.ura;
    let spoof = json!({"resourceType": "Organization", "id": "one-more", "active": true, "name": "X",
        "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": ura}],
        "endpoint": [{"reference": "Endpoint/elsewhere"}]});
    put(setting, "clinic/resource", spoof).await?;
    until(setting, "directory_refused", |refused| refused > before).await?;
    overview(setting).await
}

async fn down(setting: &Setting) -> Judgement {
    overview(setting).await?;
    set(setting, &Fault::Absent).await?;
    let judged = async {
        until(setting, "directory_failing", |failing| failing >= 1).await?;
        let age = measured(setting, "directory_age_seconds").await?;
        overview(setting).await?;
        until(setting, "directory_age_seconds", |now| now > age).await
    }
    .await;
    set(setting, &Fault::None).await?;
    judged?;
    until(setting, "directory_failing", |failing| failing == 0).await
}

async fn ill(setting: &Setting) -> Judgement {
    let mut judged = Ok(());
    for fault in [Fault::Wrong, Fault::Torn, Fault::Slow { ms: 5_000 }] {
        set(setting, &fault).await?;
        judged = until(setting, "directory_failing", |failing| failing >= 1).await;
        if judged.is_ok() {
            judged = overview(setting).await;
        }
        if judged.is_err() {
            break;
        }
    }
    set(setting, &Fault::None).await?;
    judged
}

async fn quirky(setting: &Setting) -> Judgement {
    set(setting, &Fault::Quirky).await?;
    let judged = async {
        until(setting, "directory_failing", |failing| failing == 0).await?;
        let before = measured(setting, "directory_sources").await?;
        // Who is not listed any more is not read any more.
        put(setting, "national/resource", unlisted("pharmacy", &setting.node("pharmacy")?.ura)).await?;
        until(setting, "directory_sources", |sources| sources == before - 1).await?;
        overview(setting).await
    }
    .await;
    set(setting, &Fault::None).await?;
    judged
}

/// A provider without a directory of its own.
fn unlisted(id: &str, ura: &str) -> Value {
    json!({"resourceType": "Organization", "id": id, "active": true, "name": id,
        "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": ura}]})
}

async fn published(setting: &Setting) -> Judgement {
    let wire = Wire::new(Some(&setting.ready.ca_file), None)?;
    for node in &setting.ready.nodes {
        let base = format!("{}/directory", node.outer);
        let bundle = |answer: Answer, what: &str| {
            ensure(answer.status == 200, || format!("{what} of {} answers {}", node.key, answer.status))?;
            Ok::<Value, Flaw>(answer.json().unwrap_or_default())
        };
        let statement = bundle(wire.get(&format!("{base}/metadata")).await?, "metadata")?;
        let offers = statement["rest"][0]["resource"].as_array().map_or(0, Vec::len);
        ensure(offers == 7, || format!("{} offers {offers} of the seven types", node.key))?;
        let search = format!(
            "{base}/Organization?identifier=http://fhir.nl/fhir/NamingSystem/ura%7C{}&_include=Organization:endpoint",
            node.ura
        );
        let found = bundle(wire.get(&search).await?, "a search")?;
        let entries = found["entry"].as_array().cloned().unwrap_or_default();
        let addresses: Vec<&str> = entries.iter().filter_map(|entry| entry["resource"]["address"].as_str()).collect();
        let r4 = node.fhir.outer.r4.as_deref().unwrap_or_default();
        ensure(addresses.contains(&r4) && addresses.contains(&node.token_endpoint.as_str()), || {
            format!("{} does not publish where it is reached", node.key)
        })?;
        let mut seen = Vec::new();
        for kind in ["Organization", "Location", "HealthcareService", "Endpoint", "OrganizationAffiliation"] {
            let mut next = Some(format!("{base}/{kind}/_history?_count=1"));
            while let Some(url) = next {
                let page = bundle(wire.get(&url).await?, "a history")?;
                let complete =
                    page["type"] == "history" && page["id"].is_string() && page["meta"]["lastUpdated"].is_string();
                ensure(complete, || format!("a history of {} lacks what update clients need", node.key))?;
                seen.extend(page["entry"].as_array().cloned().unwrap_or_default());
                let links = page["link"].as_array().cloned().unwrap_or_default();
                let link = links.iter().find(|link| link["relation"] == "next");
                next = link.and_then(|link| link["url"].as_str()).map(str::to_owned);
            }
        }
        ensure(seen.len() >= 6, || format!("the history of {} has {} entries", node.key, seen.len()))?;
        let since = "2999-01-01T00:00:00%2B00:00";
        let later = bundle(wire.get(&format!("{base}/Endpoint/_history?_since={since}")).await?, "a history")?;
        ensure(later["entry"].as_array().is_some_and(Vec::is_empty), || "a history since later is not empty".into())?;
        // As one running update client asks for what references name.
        let requests = json!({"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "GET", "url": "/Organization/organisation/_history"}}]});
        let answer = bundle(wire.post_json(&base, &requests).await?, "a batch")?;
        let inside = &answer["entry"][0]["resource"];
        ensure(inside["type"] == "history", || format!("{} answers no batch with a leading slash", node.key))?;
        for path in ["Patient", "../fhir/r4/Patient"] {
            let answer = wire.get(&format!("{base}/{path}")).await?;
            ensure(answer.status >= 400, || format!("{path} below the directory answers {}", answer.status))?;
        }
        let written = wire.raw(Method::DELETE, &format!("{base}/Endpoint/fhir-r4"), &[], Bytes::new()).await?;
        ensure(written.status == 405, || format!("a deletion is answered with {}", written.status))?;
    }
    Ok(())
}
