//! The overview of one patient over all providers: complete, unchanged, and on the record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::setting::{BSN_SYSTEM, Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, Wire};
use crate::region::{self, SourceKind};

/// The patient who is known everywhere.
pub const SHOWCASE: &str = "999911120";

/// An overview that was answered, taken apart.
pub struct Overview {
    pub answer: Answer,
    pub bundle: Value,
    /// Per provider's URA the words that tell how it fared: `answered`, `refused`, and so on.
    pub fared: BTreeMap<String, Vec<String>>,
}

impl Overview {
    /// Asks a node for the overview of a patient. The BSN goes in the body.
    ///
    /// # Errors
    /// No answer came, or it is no overview.
    pub async fn ask(setting: &Setting, node: &str, caller: &Wire, bsn: &str) -> Result<Self, Flaw> {
        Self::read(ask(setting, node, caller, bsn).await?)
    }

    /// Takes an answer apart.
    ///
    /// # Errors
    /// It is no overview.
    pub fn read(answer: Answer) -> Result<Self, Flaw> {
        ensure(answer.status == 200, || format!("the overview answers {}", answer.status))?;
        let bundle = answer.json().unwrap_or_default();
        ensure(bundle["resourceType"] == "Bundle" && bundle["type"] == "searchset", || {
            "the overview is no searchset Bundle".to_owned()
        })?;
        let mut fared = BTreeMap::new();
        for outcome in resources(&bundle).filter(|resource| resource["resourceType"] == "OperationOutcome") {
            let id = outcome["id"].as_str().unwrap_or_default();
            let words = outcome["issue"].as_array().into_iter().flatten();
            let words = words.filter_map(|issue| issue["details"]["text"].as_str()).map(str::to_owned).collect();
            fared.insert(id.trim_start_matches("source-").to_owned(), words);
        }
        Ok(Overview { answer, bundle, fared })
    }

    /// How a provider fared, in words.
    pub fn of(&self, setting: &Setting, node: &str) -> Result<String, Flaw> {
        let words = self.fared.get(&setting.node(node)?.ura);
        words.map(|words| words.join(", ")).ok_or_else(|| Flaw::Broken(format!("the overview does not mention {node}")))
    }

    /// Holds when a provider fared so.
    pub fn shows(&self, setting: &Setting, node: &str, word: &str) -> Judgement {
        let shown = self.of(setting, node)?;
        ensure(shown == word, || format!("{node} is shown as {shown}, not as {word}"))
    }

    /// The clinical resources of a provider, told by their full URLs.
    pub fn items(&self, setting: &Setting, node: &str) -> Result<Vec<&Value>, Flaw> {
        let base = format!("{}/", setting.outer(node)?);
        let entries = self.bundle["entry"].as_array().into_iter().flatten();
        let from = entries.filter(|entry| entry["fullUrl"].as_str().is_some_and(|url| url.starts_with(&base)));
        Ok(from.map(|entry| &entry["resource"]).collect())
    }
}

/// The request for an overview, whatever comes of it.
pub async fn ask(setting: &Setting, node: &str, caller: &Wire, bsn: &str) -> Result<Answer, Flaw> {
    let url = format!("{}/Patient/$health-overview", setting.inner(node)?);
    Ok(caller.post_form(&url, &[("identifier", &format!("{BSN_SYSTEM}|{bsn}"))]).await?)
}

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("an overview has every provider's answer and items from four providers", |setting| {
            Box::pin(complete(setting))
        }),
        Check::new("every resource of an overview is as its source has it, and none is missing", |setting| {
            Box::pin(unchanged(setting))
        }),
        Check::new("an overview has no BSN in a link, a full URL or a header, and is not to be stored", |setting| {
            Box::pin(discreet(setting))
        }),
        Check::new("an overview is in the access log with every resource that left", |setting| {
            Box::pin(on_the_record(setting))
        }),
        Check::new("the records of all nodes that took part in an overview can be joined", |setting| {
            Box::pin(joined(setting))
        }),
    ]
}

async fn showcase(setting: &Setting) -> Result<Overview, Flaw> {
    Overview::ask(setting, "hospital", &*setting.person("koster")?, SHOWCASE).await
}

async fn complete(setting: &Setting) -> Judgement {
    let overview = showcase(setting).await?;
    ensure(overview.fared.len() == 4, || format!("{} outcomes, not one per source", overview.fared.len()))?;
    for provider in region::providers() {
        overview.shows(setting, provider.key, "answered")?;
        let items = overview.items(setting, provider.key)?.len();
        ensure(items > 0, || format!("no items from {}", provider.key))?;
    }
    Ok(())
}

async fn unchanged(setting: &Setting) -> Judgement {
    let overview = showcase(setting).await?;
    for provider in region::providers() {
        let simulated = provider.source == SourceKind::FhirServer;
        let held: BTreeMap<String, Value> = region::resources(provider.key)
            .into_iter()
            .map(|resource| (local(&resource), as_comparable(resource, simulated)))
            .collect();
        let offered = offered(setting, provider.key).await?;
        let mut shown = BTreeSet::new();
        for item in overview.items(setting, provider.key)? {
            let name = local(item);
            let same = held.get(&name) == Some(&as_comparable(item.clone(), simulated));
            ensure(same, || format!("{} of {} is not as its source has it", name, provider.key))?;
            shown.insert(name);
        }
        let patient = held.values().find(|resource| is_patient(resource, SHOWCASE));
        let patient = patient.map(local).ok_or_else(|| Flaw::NotRun("the showcase patient is not there".to_owned()))?;
        for (name, resource) in &held {
            let due = is_about(resource, &patient) && offered.contains(type_of(resource)) && !is_restricted(resource);
            let missing = due && !shown.contains(name);
            ensure(!missing, || format!("{} of {} is missing", name, provider.key))?;
        }
    }
    Ok(())
}

async fn discreet(setting: &Setting) -> Judgement {
    let overview = showcase(setting).await?;
    let links = overview.bundle["link"].as_array().into_iter().flatten().map(|link| &link["url"]);
    let entries = overview.bundle["entry"].as_array().into_iter().flatten();
    let urls = links.chain(entries.map(|entry| &entry["fullUrl"])).filter_map(Value::as_str);
    for url in urls {
        ensure(!names_a_patient(url), || "a URL of the Bundle names a patient".to_owned())?;
    }
    let answer = &overview.answer;
    let quiet = answer.headers.values().all(|value| value.to_str().is_ok_and(|value| !names_a_patient(value)));
    ensure(quiet, || "a header names a patient".to_owned())?;
    ensure(answer.header("cache-control") == Some("no-store"), || "the overview may be stored".to_owned())?;
    ensure(answer.header("x-request-id").is_some(), || "the overview has no request id".to_owned())
}

async fn on_the_record(setting: &Setting) -> Judgement {
    let mark = setting.mark("hospital").await?;
    let overview = showcase(setting).await?;
    let records = setting.since(&mark, "hospital")?;
    let [record] = records.as_slice() else {
        return Err(Flaw::Broken(format!("{} records were written, not one", records.len())));
    };
    let id = overview.answer.header("x-request-id");
    ensure(id.is_some() && record["request_id"].as_str() == id, || "another request id".to_owned())?;
    ensure(record["outcome"]["result"] == "released", || "the record does not say released".to_owned())?;
    ensure(record["patient"] == SHOWCASE, || "the record does not name the patient".to_owned())?;
    ensure(record["caller"]["person"]["id"] == "koster", || "the record does not name the person".to_owned())?;
    for provider in region::providers() {
        let sources = record["sources"].as_array().into_iter().flatten();
        let of_it = sources.filter(|source| source["holder"] == provider.ura);
        let disclosed = of_it.flat_map(|source| source["disclosed"].as_array().into_iter().flatten());
        let disclosed: BTreeSet<String> = disclosed.filter_map(Value::as_str).map(without_version).collect();
        let shown: BTreeSet<String> = overview.items(setting, provider.key)?.into_iter().map(local).collect();
        ensure(disclosed == shown, || format!("the record and the Bundle differ over {}", provider.key))?;
    }
    Ok(())
}

async fn joined(setting: &Setting) -> Judgement {
    let overview = showcase(setting).await?;
    let correlation = overview.answer.header("x-correlation-id").unwrap_or_default();
    ensure(!correlation.is_empty(), || "the overview has no correlation id".to_owned())?;
    for provider in region::providers() {
        let records = setting.log(provider.key, 0)?;
        let joined = records.iter().any(|record| record["correlation_id"] == correlation);
        ensure(joined, || format!("{} has no record of it", provider.key))?;
    }
    Ok(())
}

/// The types that a node says it offers.
pub async fn offered(setting: &Setting, node: &str) -> Result<BTreeSet<String>, Flaw> {
    let wire = Wire::new(Some(&setting.ready.ca_file), None)?;
    let statement = wire.get(&format!("{}/metadata", setting.outer(node)?)).await?.json().unwrap_or_default();
    let types = statement["rest"][0]["resource"].as_array().into_iter().flatten();
    Ok(types.filter_map(|offer| offer["type"].as_str()).map(str::to_owned).collect())
}

pub fn type_of(resource: &Value) -> &str {
    resource["resourceType"].as_str().unwrap_or_default()
}

fn resources(bundle: &Value) -> impl Iterator<Item = &Value> {
    bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"])
}

/// `Type/id`.
pub fn local(resource: &Value) -> String {
    let text = |name: &str| resource[name].as_str().unwrap_or_default();
    format!("{}/{}", text("resourceType"), text("id"))
}

fn without_version(reference: &str) -> String {
    reference.split("/_history/").next().unwrap_or_default().to_owned()
}

/// A FHIR server counts versions and notes times; a folder of files is as it was written.
fn as_comparable(mut resource: Value, simulated: bool) -> Value {
    if simulated && let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
        meta.retain(|name, _| name != "versionId" && name != "lastUpdated");
    }
    resource
}

pub fn is_patient(resource: &Value, bsn: &str) -> bool {
    let identifiers = resource["identifier"].as_array().into_iter().flatten();
    resource["resourceType"] == "Patient" && identifiers.into_iter().any(|identifier| identifier["value"] == bsn)
}

pub fn is_about(resource: &Value, patient: &str) -> bool {
    local(resource) == patient || ["subject", "patient"].iter().any(|name| resource[name]["reference"] == patient)
}

/// Labelled restricted or very restricted: such a resource stays where it is.
fn is_restricted(resource: &Value) -> bool {
    let labels = resource["meta"]["security"].as_array().into_iter().flatten();
    labels.into_iter().any(|label| label["code"] == "R" || label["code"] == "V")
}
