//! Source systems that are slow, dead or talk rubbish: shown as such, and nobody else's trouble.

use serde_json::Value;

use super::overview::{Overview, SHOWCASE, is_about, is_patient, local, offered, type_of};
use super::setting::{Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;
use crate::region;
use crate::source_server::{Fault, Rubbish};

/// The providers whose source is a simulator.
const ILL: [&str; 2] = ["hospital", "pharmacy"];
/// Longer than a node of the region waits for a source, and than an exchange may take.
const SLOW: Fault = Fault::Slow { ms: 12_000 };
/// More than a node of the region takes as one answer.
const ENDLESS: Fault = Fault::Huge { bytes: 40 << 20 };

pub fn checks() -> Vec<Check> {
    let table: [(&'static str, Fault, &'static [&'static str]); 7] = [
        ("a source that is slow beyond the deadline is shown as timed out", SLOW, &["timed-out"]),
        ("a source that is dead is shown as unreachable", Fault::Dead, &["unreachable"]),
        ("a source that is busy is shown as unreachable", Fault::Status { code: 503 }, &["unreachable"]),
        ("a source that answers a web page is shown as failed", Fault::Rubbish { form: Rubbish::Html }, &["failed"]),
        ("a source that answers broken JSON is shown as failed", Fault::Rubbish { form: Rubbish::Json }, &["failed"]),
        ("a source whose answer breaks off is shown as failed", Fault::Truncated, &["failed"]),
        // How fast a flood is noticed depends on the machine; either word is true.
        ("a source that answers without end is not waited for without end", ENDLESS, &["failed", "timed-out"]),
    ];
    let mut all: Vec<Check> = table
        .into_iter()
        .map(|(name, fault, words)| {
            Check::new(name, move |setting| {
                let fault = fault.clone();
                Box::pin(async move { through(setting, &fault, words).await })
            })
        })
        .collect();
    all.push(Check::new(
        "ATT-41, ATT-42: nothing of another patient leaves when a source mixes it in, and its node notices",
        |setting| Box::pin(mixed(setting)),
    ));
    all.push(Check::new("sources that are well again are shown in full again", |setting| Box::pin(well(setting))));
    all
}

/// Makes the simulated sources so, asks, and makes them well again whatever came of it.
async fn through(setting: &Setting, fault: &Fault, words: &[&str]) -> Judgement {
    put(setting, fault).await?;
    let judgement = shown(setting, words).await;
    put(setting, &Fault::None).await?;
    judgement
}

async fn put(setting: &Setting, fault: &Fault) -> Judgement {
    let wire = Wire::new(None, None)?;
    for provider in ILL {
        let key = format!("{provider}-source");
        let simulator = setting.ready.simulators.iter().find(|simulator| simulator.key == key);
        let simulator = simulator.ok_or_else(|| Flaw::NotRun(format!("no simulator {key}")))?;
        let body = serde_json::to_vec(fault).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
        let answer = wire.raw(reqwest::Method::PUT, &format!("{}/fault", simulator.control), &[], body.into()).await?;
        if answer.status != 204 {
            return Err(Flaw::NotRun(format!("{key} does not take the fault")));
        }
    }
    Ok(())
}

async fn shown(setting: &Setting, words: &[&str]) -> Judgement {
    let caller = setting.person("deboer")?;
    let overview = Overview::ask(setting, "general-practice", &caller, SHOWCASE).await?;
    for provider in ILL {
        let shown = overview.of(setting, provider)?;
        ensure(words.contains(&shown.as_str()), || format!("{provider} is shown as {shown}"))?;
        ensure(overview.items(setting, provider)?.is_empty(), || format!("{provider} has items"))?;
    }
    for provider in ["general-practice", "nursing-home"] {
        overview.shows(setting, provider, "answered")?;
        every_item_of(setting, &overview, provider).await?;
    }
    let others = String::from_utf8_lossy(&overview.answer.body).replace(SHOWCASE, "");
    ensure(!names_a_patient(&others), || "another patient is named".to_owned())
}

/// Holds when nothing that the provider has of the patient is missing, and nothing of others is there.
async fn every_item_of(setting: &Setting, overview: &Overview, provider: &str) -> Judgement {
    let held = region::resources(provider);
    let patient = held.iter().find(|resource| is_patient(resource, SHOWCASE)).map(local).unwrap_or_default();
    let offered = offered(setting, provider).await?;
    let due = |one: &Value| is_about(one, &patient) && offered.contains(type_of(one));
    let about = |resources: &mut dyn Iterator<Item = &Value>| resources.filter(|one| due(one)).count();
    let (expected, items) = (about(&mut held.iter()), overview.items(setting, provider)?);
    let shown = about(&mut items.into_iter());
    ensure(shown == expected, || format!("{provider} has {expected} resources, {shown} are shown"))
}

/// The node may drop what is another patient's and pass on the rest, or refuse the answer as a whole.
async fn mixed(setting: &Setting) -> Judgement {
    put(setting, &Fault::WrongPatient).await?;
    let judgement = only_one_patient(setting).await;
    put(setting, &Fault::None).await?;
    judgement
}

async fn only_one_patient(setting: &Setting) -> Judgement {
    let mark = setting.mark("hospital").await?;
    for (node, person) in [("general-practice", "deboer"), ("hospital", "koster")] {
        let overview = Overview::ask(setting, node, &*setting.person(person)?, SHOWCASE).await?;
        for provider in ILL {
            let held = region::resources(provider);
            let patient = held.iter().find(|resource| is_patient(resource, SHOWCASE)).map(local).unwrap_or_default();
            let items = overview.items(setting, provider)?;
            let others = items.iter().filter(|item| names_someone(item) && !is_about(item, &patient)).count();
            ensure(others == 0, || format!("{others} resources of another patient left {provider}"))?;
        }
        let text = String::from_utf8_lossy(&overview.answer.body).replace(SHOWCASE, "");
        ensure(!names_a_patient(&text), || format!("another patient is named at {node}"))?;
        if node == "hospital" {
            let shown = overview.of(setting, "hospital")?;
            ensure(shown.contains("mistrusted") || shown == "failed", || {
                format!("the hospital shows its own source as {shown}")
            })?;
        }
    }
    let withheld = setting.since(&mark, "hospital")?.iter().any(|record| {
        let sources = record["sources"].as_array().into_iter().flatten();
        sources.into_iter().any(|source| source["withheld"].as_u64() > Some(0) || source["status"] == "failed")
    });
    ensure(withheld, || "no record says that something was withheld".to_owned())
}

/// Whether a resource says whose it is.
fn names_someone(resource: &Value) -> bool {
    type_of(resource) == "Patient" || ["subject", "patient"].iter().any(|name| resource.get(name).is_some())
}

async fn well(setting: &Setting) -> Judgement {
    put(setting, &Fault::None).await?;
    let caller = setting.person("deboer")?;
    let overview = Overview::ask(setting, "general-practice", &caller, SHOWCASE).await?;
    for provider in region::providers() {
        overview.shows(setting, provider.key, "answered")?;
    }
    Ok(())
}
