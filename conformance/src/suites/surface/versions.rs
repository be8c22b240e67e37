//! Versions and conditions, what a caller is told, and pages that go out of date.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::material::ANNA;
use super::{MEDICATION, PAGES_KEPT_MS, Surface, expect};
use crate::callers::Wire;
use crate::source_server::FhirVersion;
use crate::suites::{Flaw, Judgement, ensure};

const JSON: (&str, &str) = ("content-type", "application/fhir+json");

pub async fn not_modified(surface: &Surface) -> Judgement {
    let read = surface.get("Observation/o3", "json").await?;
    expect(&read, 200, "the read")?;
    let tag = read.header("etag").ok_or_else(|| Flaw::Broken("the read has no ETag".to_owned()))?;
    let url = surface.url("Observation/o3");
    let changed = read.header("last-modified");
    let changed = changed.ok_or_else(|| Flaw::Broken("the read does not say when it changed".to_owned()))?;
    for (condition, value, status) in [
        ("if-none-match", tag, 304),
        ("if-none-match", "W/\"another\"", 200),
        ("if-modified-since", changed, 304),
        ("if-modified-since", "Sat, 01 Feb 2025 10:00:00 GMT", 200),
    ] {
        for accept in ["application/fhir+json", "application/fhir+xml"] {
            let headers = [(condition, value), ("accept", accept)];
            let answer = surface.doctor.raw(Method::GET, &url, &headers, Bytes::new()).await?;
            expect(&answer, status, "the conditional read")?;
            ensure(answer.body.is_empty() == (status == 304), || format!("a {status} has a wrong body"))?;
        }
    }
    Ok(())
}

pub async fn stale(surface: &Surface, source: &Wire, at: &str) -> Judgement {
    let url = surface.url("Observation/o3");
    let read = surface.doctor.get(&url).await?;
    let tag = read.header("etag").unwrap_or_default().to_owned();
    let mut resource = read.json().unwrap_or_default();
    resource["status"] = json!("amended");
    let put = async |url: &str, tag: &str, resource: &Value| {
        surface.doctor.raw(Method::PUT, url, &[JSON, ("if-match", tag)], resource.to_string().into()).await
    };
    expect(&put(&url, &tag, &resource).await?, 200, "the update")?;
    resource["status"] = json!("cancelled");
    expect(&put(&url, &tag, &resource).await?, 412, "an update of a version that is no more")?;
    // What is another's cannot be taken over by writing one's own patient into it.
    resource["id"] = json!("o4");
    let taken = put(&surface.url("Observation/o4"), "W/\"1\"", &resource).await?;
    ensure((400..500).contains(&taken.status), || format!("taking over another's answers {}", taken.status))?;
    for (id, status, whose) in [("o3", "amended", "Patient/anna"), ("o4", "final", "Patient/bram")] {
        let there = source.get(&format!("{at}/Observation/{id}")).await?.json().unwrap_or_default();
        ensure(there["status"] == status && there["subject"]["reference"] == whose, || {
            format!("the source has {id} with {}", there["status"])
        })?;
    }
    Ok(())
}

/// After [`stale`]: there are two versions.
pub async fn history(surface: &Surface) -> Judgement {
    let answer = surface.get("Observation/o3/_history", "json").await?;
    expect(&answer, 200, "the history")?;
    let bundle = answer.json().unwrap_or_default();
    let statuses: Vec<_> =
        bundle["entry"].as_array().into_iter().flatten().map(|entry| entry["resource"]["status"].clone()).collect();
    ensure(bundle["type"] == "history" && statuses == ["amended", "final"], || format!("it tells {statuses:?}"))?;
    let xml = surface.get("Observation/o3/_history", "xml").await?;
    let text = String::from_utf8_lossy(&xml.body).into_owned();
    ensure(xml.status == 200 && text.contains("<type value=\"history\"/>"), || {
        format!("in XML it answers {}", xml.status)
    })?;
    let version = bundle["entry"][1]["resource"]["meta"]["versionId"].as_str().unwrap_or_default();
    let first = surface.get(&format!("Observation/o3/_history/{version}"), "json").await?;
    expect(&first, 200, "the first version")?;
    ensure(first.json().unwrap_or_default()["status"] == "final", || "the first version is another".to_owned())?;
    surface.as_absent("Observation/o4/_history", "Observation/nowhere/_history").await?;
    surface.as_absent("Observation/o4/_history/1", "Observation/nowhere/_history/1").await
}

/// The types and the interactions of the system that a CapabilityStatement tells of.
async fn offered(surface: &Surface, wire: &Wire) -> Result<(BTreeSet<String>, bool), Flaw> {
    let answer = wire.get(&surface.url("metadata")).await?;
    expect(&answer, 200, "the CapabilityStatement")?;
    let rest = answer.json().unwrap_or_default()["rest"][0].take();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let types = rest["resource"].as_array().into_iter().flatten().map(|kind| text(&kind["type"])).collect();
    let of_system = rest["interaction"].as_array().into_iter().flatten();
    Ok((types, of_system.into_iter().any(|interaction| interaction["code"] == "transaction")))
}

pub async fn told(surface: &Surface) -> Judgement {
    let (types, transactions) = offered(surface, &surface.doctor).await?;
    ensure(types.contains("Composition") && !types.contains("MedicationRequest") && transactions, || {
        format!("the caller of one use case is told of {types:?}")
    })?;
    let prescriber = surface.holder.caller(MEDICATION, ANNA).await.map_err(Flaw::Broken)?;
    let (types, transactions) = offered(surface, &prescriber).await?;
    let r4 = surface.version == FhirVersion::R4;
    ensure(types.contains("MedicationRequest") == r4 && !types.contains("Composition") && transactions == r4, || {
        format!("the caller of the other use case is told of {types:?}")
    })
}

pub async fn expired(surface: &Surface) -> Judgement {
    let first = surface.get("Observation?_count=1", "json").await?;
    expect(&first, 200, "the first page")?;
    let page = first.json().unwrap_or_default();
    let links = page["link"].as_array().into_iter().flatten();
    let next = links.filter(|link| link["relation"] == "next").find_map(|link| link["url"].as_str());
    let next = next.ok_or_else(|| Flaw::Broken("there is no next page".to_owned()))?;
    tokio::time::sleep(Duration::from_millis(2 * PAGES_KEPT_MS)).await;
    let gone = surface.doctor.get(next).await?;
    expect(&gone, 410, "a page that is out of date")?;
    ensure(gone.json().unwrap_or_default()["resourceType"] == "OperationOutcome", || {
        "the refusal is no OperationOutcome".to_owned()
    })
}
