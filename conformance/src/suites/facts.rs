//! What a node says of itself: capabilities, health, metrics.

use serde_json::Value;

use super::setting::{Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::Wire;

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("every base has a CapabilityStatement of its own version and address", |setting| {
            Box::pin(metadata(setting))
        }),
        Check::new("every node says that it is alive and ready", |setting| Box::pin(health(setting))),
        Check::new("the outer gate offers no metrics, health or pages", |setting| Box::pin(nothing_else(setting))),
    ]
}

fn anyone(setting: &Setting) -> Result<Wire, Flaw> {
    Ok(Wire::new(Some(&setting.ready.ca_file), None)?)
}

async fn metadata(setting: &Setting) -> Judgement {
    let wire = anyone(setting)?;
    for node in &setting.ready.nodes {
        let mut seen = 0;
        for bases in [&node.fhir.outer, &node.fhir.inner] {
            for (base, version) in [(&bases.r4, "4.0.1"), (&bases.stu3, "3.0.2")] {
                let Some(base) = base else { continue };
                let answer = wire.get(&format!("{base}/metadata")).await?;
                let body = answer.json().unwrap_or_default();
                ensure(answer.status == 200 && body["resourceType"] == "CapabilityStatement", || {
                    format!("the metadata of {} answers {}", node.key, answer.status)
                })?;
                ensure(body["fhirVersion"] == version, || format!("{} says {}", node.key, body["fhirVersion"]))?;
                ensure(body["implementation"]["url"] == **base, || format!("{} names another base", node.key))?;
                let types = body["rest"][0]["resource"].as_array().map_or(0, Vec::len);
                ensure(types > 0, || format!("{} offers no type", node.key))?;
                seen += 1;
            }
        }
        ensure(seen >= 2, || format!("{} has no base at one of its gates", node.key))?;
    }
    Ok(())
}

async fn health(setting: &Setting) -> Judgement {
    let wire = anyone(setting)?;
    for node in &setting.ready.nodes {
        for url in [&node.health.live, &node.health.ready] {
            let status = wire.get(url).await?.status;
            ensure(status == 200, || format!("{} answers {status}", node.key))?;
        }
    }
    Ok(())
}

async fn nothing_else(setting: &Setting) -> Judgement {
    let wire = anyone(setting)?;
    for node in &setting.ready.nodes {
        for path in ["metrics", "health/live", "health/ready", "portal/", ""] {
            let status = wire.get(&format!("{}/{path}", node.outer)).await?.status;
            ensure(status == 404, || format!("{path} at the outer gate of {} answers {status}", node.key))?;
        }
    }
    Ok(())
}

/// Metrics that count exchanges and name nobody.
pub async fn metrics(setting: &Setting) -> Judgement {
    let wire = anyone(setting)?;
    for node in &setting.ready.nodes {
        let answer = wire.get(&node.metrics).await?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure(answer.status == 200, || format!("the metrics of {} answer {}", node.key, answer.status))?;
        ensure(text.contains("zorgsluis_exchanges_total") && text.ends_with("# EOF\n"), || {
            format!("the metrics of {} are no OpenMetrics text", node.key)
        })?;
        ensure(!names_a_patient(&text), || format!("the metrics of {} name a patient", node.key))?;
        let people = setting.ready.callers.iter().filter_map(|caller| caller.person.as_ref());
        ensure(people.into_iter().all(|person| !text.contains(&person.name)), || {
            format!("the metrics of {} name a person", node.key)
        })?;
        let records = u64::try_from(setting.log(&node.key, 0)?.len()).unwrap_or(u64::MAX);
        let counted = text.lines().find_map(|line| line.strip_prefix("zorgsluis_access_log_records "));
        ensure(counted.is_some_and(|count| count.parse() == Ok(records)), || {
            format!("the metrics of {} count other records than its log has", node.key)
        })?;
    }
    Ok(())
}

/// One record is one JSON object of the known layout.
pub fn layout(record: &Value) -> bool {
    record["layout"].as_str().is_some_and(|layout| layout.starts_with("zorgsluis-access/"))
}
