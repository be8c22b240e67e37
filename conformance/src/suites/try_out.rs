//! One node in front of somebody's own servers: everything may be done, through the whole stack, and is on the record.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, InnerCaller, OuterCaller, Wire};
use crate::ready::{Listener, Node};

const JSON: (&str, &str) = ("content-type", "application/fhir+json");
const USE_CASE: &str = "development-try";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "a resource is created, read, updated, searched and deleted over plain HTTP with the bearer token",
            |setting| Box::pin(plain(setting)),
        ),
        Check::new("the same over mutual TLS with a token from the token endpoint", |setting| {
            Box::pin(mutual(setting))
        }),
        Check::new("the upstream servers are presented as one", |setting| Box::pin(merged(setting))),
        Check::new("without its token nobody gets anything", |setting| Box::pin(nobody(setting))),
        Check::new("every base has its CapabilityStatement and the node says that it is ready", |setting| {
            Box::pin(told(setting))
        }),
    ]
}

fn node(setting: &Setting) -> Result<&Node, Flaw> {
    setting.ready.nodes.first().ok_or_else(|| Flaw::NotRun("no node".to_owned()))
}

/// The base of the one version that is served.
fn base(setting: &Setting, listener: Listener) -> Result<&str, Flaw> {
    let bases = match listener {
        Listener::Outer => &node(setting)?.fhir.outer,
        Listener::Inner => &node(setting)?.fhir.inner,
    };
    bases.r4.as_deref().or(bases.stu3.as_deref()).ok_or_else(|| Flaw::NotRun("no base".to_owned()))
}

fn name(setting: &Setting, listener: Listener) -> Result<&str, Flaw> {
    let caller = setting.ready.callers.iter().find(|caller| caller.listener == listener);
    caller.map(|caller| caller.name.as_str()).ok_or_else(|| Flaw::NotRun("no such caller".to_owned()))
}

fn inner(setting: &Setting) -> Result<InnerCaller, Flaw> {
    Ok(InnerCaller::of(&setting.ready, name(setting, Listener::Inner)?)?)
}

async fn outer(setting: &Setting) -> Result<Wire, Flaw> {
    let name = name(setting, Listener::Outer)?;
    let caller = OuterCaller::of(&setting.ready, name, &node(setting)?.key)?;
    Ok(caller.signed_in(USE_CASE, None).await?)
}

async fn plain(setting: &Setting) -> Judgement {
    life(setting, &*inner(setting)?, base(setting, Listener::Inner)?).await
}

async fn mutual(setting: &Setting) -> Judgement {
    life(setting, &outer(setting).await?, base(setting, Listener::Outer)?).await
}

/// An observation with what must not be lost on the way: digits, extensions, order.
fn observation(mark: &str) -> String {
    format!(
        "{{\"resourceType\":\"Observation\",\"extension\":[{{\"url\":\"https://example.org/own\",\"valueDecimal\":1.50}}],\
         \"identifier\":[{{\"system\":\"https://example.org/try\",\"value\":\"{mark}\"}}],\"status\":\"final\",\
         \"code\":{{\"text\":\"Gewicht\"}},\"_effectiveDateTime\":{{\"extension\":[{{\"url\":\"https://example.org/reason\",\
         \"valueCode\":\"asked\"}}]}},\"valueQuantity\":{{\"value\":70.10,\"unit\":\"kg\"}}}}"
    )
}

fn expect(answer: &Answer, status: u16, what: &str) -> Judgement {
    ensure(answer.status == status, || format!("{what} answers {}, not {status}", answer.status))
}

/// The life of one resource, each step with its record.
async fn life(setting: &Setting, wire: &Wire, base: &str) -> Judgement {
    let key = &node(setting)?.key;
    let mark = setting.mark(key).await?;
    let token = Uuid::new_v4().to_string();
    let created = wire.raw(Method::POST, &format!("{base}/Observation"), &[JSON], observation(&token).into()).await?;
    expect(&created, 201, "the creation")?;
    let location = created.header("location").unwrap_or_default();
    let id = location.strip_prefix(&format!("{base}/Observation/")).and_then(|rest| rest.split('/').next());
    let id = id.ok_or_else(|| Flaw::Broken("the location is not below the base".to_owned()))?;
    let url = format!("{base}/Observation/{id}");

    let read = wire.get(&url).await?;
    expect(&read, 200, "the read")?;
    let etag = read.header("etag").unwrap_or_default().to_owned();
    ensure(etag.starts_with("W/\""), || "the read has no ETag".to_owned())?;
    let mut resource = read.json().unwrap_or_default();
    ensure(resource["extension"][0]["valueDecimal"] == 1.5 && resource["_effectiveDateTime"].is_object(), || {
        "the read lost an extension".to_owned()
    })?;

    resource["status"] = json!("amended");
    let body = Bytes::from(resource.to_string());
    let headers = [JSON, ("if-match", etag.as_str())];
    let updated = wire.raw(Method::PUT, &url, &headers, body.clone()).await?;
    expect(&updated, 200, "the update")?;
    let stale = wire.raw(Method::PUT, &url, &headers, body).await?;
    expect(&stale, 412, "an update of a version that is no more")?;

    let found = wire.get(&format!("{base}/Observation?identifier=https://example.org/try%7C{token}")).await?;
    let posted = wire.post_form(&format!("{base}/Observation/_search"), &[("identifier", &token)]).await?;
    for (search, way) in [(found, "GET"), (posted, "POST")] {
        expect(&search, 200, "the search")?;
        let bundle = search.json().unwrap_or_default();
        let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
        let statuses: Vec<_> = entries.iter().map(|entry| entry["resource"]["status"].clone()).collect();
        ensure(statuses == ["amended"], || format!("the search by {way} finds {} resources", entries.len()))?;
        ensure(entries[0]["fullUrl"] == url, || "the full URL is not below the base".to_owned())?;
    }

    expect(&wire.raw(Method::DELETE, &url, &[], Bytes::new()).await?, 204, "the deletion")?;
    let gone = wire.get(&url).await?.status;
    ensure(matches!(gone, 404 | 410), || format!("a read after the deletion answers {gone}"))?;

    let records = setting.since(&mark, key)?;
    let steps: Vec<_> = records.iter().filter_map(|record| record["asked"]["interaction"].as_str()).collect();
    let expected = ["create", "read", "update", "update", "search-type", "search-type", "delete", "read"];
    ensure(steps == expected, || format!("the log has {}", steps.join(", ")))?;
    let results: Vec<_> = records.iter().filter_map(|record| record["outcome"]["result"].as_str()).collect();
    let refused = results.iter().filter(|result| **result == "refused").count();
    ensure(refused == 2, || format!("{refused} records are refusals, not the stale update and the last read"))
}

/// Puts one patient into each upstream server, past the node, and asks the node for both.
async fn merged(setting: &Setting) -> Judgement {
    let wire = inner(setting)?;
    let base = base(setting, Listener::Inner)?;
    let straight = Wire::new(None, None)?;
    let family = format!("Proef{}", Uuid::new_v4().simple());
    let mut ids = Vec::new();
    for (number, upstream) in setting.ready.simulators.iter().enumerate() {
        let id = format!("try-{number}-{}", Uuid::new_v4().simple());
        let patient = json!({"resourceType": "Patient", "id": id, "name": [{"family": family}]}).to_string();
        let put =
            straight.raw(Method::PUT, &format!("{}/Patient/{id}", upstream.base), &[JSON], patient.into()).await?;
        ensure(matches!(put.status, 200 | 201), || format!("upstream {number} answers {}", put.status))?;
        ids.push(id);
    }
    let key = &node(setting)?.key;
    let mark = setting.mark(key).await?;
    let search = wire.get(&format!("{base}/Patient?family={family}")).await?;
    expect(&search, 200, "the search")?;
    let bundle = search.json().unwrap_or_default();
    let found: Vec<_> =
        bundle["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]["id"]).collect();
    ensure(found == ids.iter().collect::<Vec<_>>(), || format!("{} of {} are found", found.len(), ids.len()))?;
    ensure(bundle["total"] == ids.len(), || format!("the total is {}", bundle["total"]))?;
    for id in &ids {
        let read = wire.get(&format!("{base}/Patient/{id}")).await?;
        expect(&read, 200, "the read of a resource of one upstream")?;
        ensure(read.json().unwrap_or_default()["id"] == **id, || "another resource is read".to_owned())?;
    }
    expect(&wire.get(&format!("{base}/Patient/nowhere")).await?, 404, "the read of what no upstream has")?;
    let records = setting.since(&mark, key)?;
    ensure(records.len() == ids.len() + 2, || format!("{} records were written", records.len()))?;
    let asked = |record: &Value| record["sources"].as_array().map_or(0, Vec::len);
    ensure(records.first().map(asked) == Some(ids.len()), || "the record does not name every upstream".to_owned())
}

async fn nobody(setting: &Setting) -> Judgement {
    let key = &node(setting)?.key;
    let wire = Wire::new(Some(&setting.ready.ca_file), None)?;
    for listener in [Listener::Inner, Listener::Outer] {
        for wire in [wire.clone(), wire.with_token("x")] {
            let mark = setting.mark(key).await?;
            let answer = wire.get(&format!("{}/Patient", base(setting, listener)?)).await;
            setting.refused(&mark, key, 401, answer).await?;
        }
    }
    Ok(())
}

async fn told(setting: &Setting) -> Judgement {
    let wire = Wire::new(Some(&setting.ready.ca_file), None)?;
    for listener in [Listener::Inner, Listener::Outer] {
        let answer = wire.get(&format!("{}/metadata", base(setting, listener)?)).await?;
        let body = answer.json().unwrap_or_default();
        ensure(answer.status == 200 && body["resourceType"] == "CapabilityStatement", || {
            format!("the metadata answers {}", answer.status)
        })?;
    }
    expect(&wire.get(&node(setting)?.health.ready).await?, 200, "the question whether it is ready")
}
