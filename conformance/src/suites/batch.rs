//! A batch is as many exchanges as it has entries: each decided on its own, each on the record.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::outer_gate::Gate;
use super::overview::SHOWCASE;
use super::setting::{BSN_SYSTEM, Setting, outcome_of};
use super::{Check, Judgement, ensure};

const NODE: &str = "hospital";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new("the entries of a batch are decided and recorded one by one", |setting| {
            Box::pin(one_by_one(setting))
        }),
        Check::new("a transaction is refused as a whole", |setting| Box::pin(transaction(setting))),
    ]
}

fn entry(method: &str, url: &str) -> Value {
    json!({"request": {"method": method, "url": url}})
}

fn bundle(kind: &str, entries: &[Value]) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

async fn one_by_one(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let mark = setting.mark(NODE).await?;
    let expected = [
        (entry("GET", &format!("Condition?patient.identifier={BSN_SYSTEM}|{SHOWCASE}")), "200"),
        (entry("GET", "Condition?hair-colour=red"), "400"),
        (entry("GET", &format!("Condition?patient.identifier={BSN_SYSTEM}|900203638")), "403"),
        (entry("GET", "Claim/a"), "403"),
        (entry("DELETE", "Condition/a"), "403"),
        (entry("GET", "Observation?_count=1"), "200"),
        (entry("GET", "https://elsewhere.example/fhir/Condition"), "400"),
        (entry("BREW", "Condition"), "405"),
        (json!({"fullUrl": "urn:uuid:5f8c5d5e-7e21-4c5e-9c35-1f2f7c1b7d3a"}), "405"),
    ];
    let entries: Vec<Value> = expected.iter().map(|(entry, _)| entry.clone()).collect();
    let answer = gate.wire.post_json(&gate.base, &bundle("batch", &entries)).await?;
    ensure(answer.status == 200, || format!("the batch answers {}", answer.status))?;
    let body = answer.json().unwrap_or_default();
    ensure(body["type"] == "batch-response", || "the answer is no batch-response".to_owned())?;
    let responses = body["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    ensure(responses.len() == expected.len(), || format!("{} responses", responses.len()))?;
    for (number, (response, (_, status))) in responses.iter().zip(&expected).enumerate() {
        let got = response["response"]["status"].as_str().unwrap_or_default();
        ensure(got.starts_with(status), || format!("entry {number} answers {got}, not {status}"))?;
        let outcome = &response["response"]["outcome"]["resourceType"];
        ensure((*status == "200") != (*outcome == "OperationOutcome"), || {
            format!("entry {number} has the wrong body")
        })?;
    }
    let records = setting.since(&mark, NODE)?;
    ensure(records.len() == expected.len(), || {
        format!("{} records of {} entries were written", records.len(), expected.len())
    })?;
    let ids: BTreeSet<_> = records.iter().filter_map(|record| record["request_id"].as_str()).collect();
    ensure(ids.len() == records.len(), || "two entries have the same request id".to_owned())?;
    let whole = answer.header("x-request-id").unwrap_or_default();
    ensure(ids.iter().all(|id| id.starts_with(whole)), || "a record cannot be joined to the batch".to_owned())?;
    let released = records.iter().filter(|record| record["outcome"]["result"] == "released").count();
    ensure(released == 2, || format!("{released} records say released"))
}

async fn transaction(setting: &Setting) -> Judgement {
    let gate = Gate::open(setting, NODE, SHOWCASE).await?;
    let mark = setting.mark(NODE).await?;
    let answer = gate.wire.post_json(&gate.base, &bundle("transaction", &[entry("DELETE", "Condition/a")])).await?;
    outcome_of(&answer, 403)?;
    setting.no_source_was_asked(&mark).await?;
    let records = setting.since(&mark, NODE)?.len();
    ensure(records == 1, || format!("{records} records were written, not one"))
}
