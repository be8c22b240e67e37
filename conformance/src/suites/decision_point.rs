//! The decision point of the inner gate (the neighbouring implementation's interface): an enforcement point of the provider's own
//! learns yes or no, each a record, and nobody else learns anything.

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::outer_gate::{CLINIC, USE_CASE};
use super::overview::SHOWCASE;
use super::setting::Setting;
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Answer, InnerCaller, Wire};

/// Keeps its own consents and asks nobody else.
const NODE: &str = "pharmacy";
/// The provider's own system that enforces; its client id at every node of the demo.
const ENFORCER: &str = "resource-server";
/// Objects at the pharmacy.
const OBJECTS: &str = "900203651";
const PATH: &str = "/pdp/v1/data/knooppunt/authz";

pub fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "an enforcement point of the provider's own is told yes, with what that obliges to, and it is a record",
            |setting| Box::pin(allowed(setting)),
        ),
        Check::new("it is told no with the reasons, each a record, and no source is asked", |setting| {
            Box::pin(denied(setting))
        }),
        Check::new("a question that no decision can be made of is refused clearly and leaves no record", |setting| {
            Box::pin(malformed(setting))
        }),
        Check::new("whoever is no enforcement point of this provider is told nothing", |setting| {
            Box::pin(nobody(setting))
        }),
    ]
}

/// A practitioner of the clinic searches problems of one patient.
fn question(setting: &Setting, bsn: &str) -> Result<Value, Flaw> {
    Ok(json!({"input": {
        "subject": {
            "active": true, "client_id": "clinic", "scope": USE_CASE, "user_id": "proef-01", "user_role": "01.032",
            "organization_ura": CLINIC, "organization_name": "Kliniek De Proef", "organization_facility_type": "Z4",
            "treatment_relation": {"kind": "referral", "reference": "verwijzing-2026-118"}
        },
        "request": {
            "method": "GET", "protocol": "HTTP/1.1", "path": "/Condition", "query": {"patient": ["Patient/their-own-id"]},
            "header": {}, "body": ""
        },
        "context": {
            "connection_type_code": "hl7-fhir-rest", "data_holder_organization_id": setting.node(NODE)?.ura,
            "data_holder_facility_type": "J8", "patient_bsn": bsn
        }
    }}))
}

fn enforcer(setting: &Setting) -> Result<InnerCaller, Flaw> {
    let ours = |caller: &&crate::ready::Caller| {
        caller.node.as_deref() == Some(NODE) && caller.client_id.as_deref() == Some(ENFORCER)
    };
    let caller = setting.ready.callers.iter().find(ours);
    let caller = caller.ok_or_else(|| Flaw::NotRun("no enforcement point".to_owned()))?;
    Ok(InnerCaller::of(&setting.ready, &caller.name)?)
}

fn url(setting: &Setting, path: &str) -> Result<String, Flaw> {
    Ok(format!("{}{path}", setting.node(NODE)?.inner))
}

async fn ask(setting: &Setting, question: &Value) -> Result<Answer, Flaw> {
    Ok(enforcer(setting)?.post_json(&url(setting, PATH)?, question).await?)
}

async fn allowed(setting: &Setting) -> Judgement {
    for path in ["/pdp", PATH] {
        let mark = setting.mark(NODE).await?;
        let answer = enforcer(setting)?.post_json(&url(setting, path)?, &question(setting, SHOWCASE)?).await?;
        let told = answer.json().unwrap_or_default();
        ensure(answer.status == 200 && told["allow"] == true, || format!("it answers {} {told}", answer.status))?;
        let policy = &told["policies"]["health_overview"];
        ensure(policy["allow"] == true && policy["obligations"].is_array(), || {
            "it says not by which policy".to_owned()
        })?;
        setting.no_source_was_asked(&mark).await?;
        setting.keeps_quiet(&answer)?;
        let records = setting.since(&mark, NODE)?;
        let [record] = records.as_slice() else {
            return Err(Flaw::Broken(format!("{} records were written, not one", records.len())));
        };
        for (what, holds) in [
            ("outcome", record["outcome"]["result"] == "decided"),
            ("enforcement point", record["decided_for"] == ENFORCER),
            ("request id", record["request_id"].as_str() == answer.header("x-request-id")),
            ("organisation", record["caller"]["organisation"] == CLINIC),
            ("person", record["caller"]["person"]["id"] == "proef-01"),
            ("patient", record["patient"] == SHOWCASE),
            ("policy", record["decision"]["policy"]["digest"].is_string()),
            ("relation", record["treatment_relation"]["detail"]["reference"] == "referral:verwijzing-2026-118"),
            ("consent", record["consent"]["finding"] == "found"),
            ("sources", record["sources"].as_array().is_some_and(Vec::is_empty)),
        ] {
            ensure(holds, || format!("the record has another {what}"))?;
        }
    }
    Ok(())
}

async fn denied(setting: &Setting) -> Judgement {
    let put = |bsn: &str, pointer: &str, value: Value| -> Result<Value, Flaw> {
        let mut question = question(setting, bsn)?;
        match question.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => return Err(Flaw::NotRun(format!("the question has no {pointer}"))),
        }
        Ok(question)
    };
    let two = json!({"patient": ["Patient/one,Patient/other"]});
    for (what, question, code) in [
        ("an objection", question(setting, OBJECTS)?, "not_allowed"),
        ("no relation", put(SHOWCASE, "/input/subject/treatment_relation", Value::Null)?, "not_allowed"),
        ("no treating role", put(SHOWCASE, "/input/subject/user_role", json!("01.048"))?, "not_allowed"),
        ("a type that is not offered", put(SHOWCASE, "/input/request/path", json!("/Claim"))?, "not_allowed"),
        ("a scope of nothing here", put(SHOWCASE, "/input/subject/scope", json!("mcsd_query"))?, "not_allowed"),
        (
            "a parameter that is not offered",
            put(SHOWCASE, "/input/request/query", json!({"evidence": ["x"]}))?,
            "not_allowed",
        ),
        ("two patients", put(SHOWCASE, "/input/request/query", two)?, ""),
        ("no patient", put(SHOWCASE, "/input/context/patient_bsn", Value::Null)?, ""),
        ("no FHIR request", put(SHOWCASE, "/input/request/path", json!("/../x"))?, "unexpected_input"),
    ] {
        let mark = setting.mark(NODE).await?;
        let answer = ask(setting, &question).await?;
        let told = answer.json().unwrap_or_default();
        ensure(answer.status == 200 && told["allow"] == false, || format!("{what}: it answers {}", answer.status))?;
        let reasons =
            told["policies"].as_object().into_iter().flatten().flat_map(|(_, policy)| policy["reasons"].as_array());
        let codes: Vec<&str> = reasons.flatten().filter_map(|reason| reason["code"].as_str()).collect();
        ensure(!codes.is_empty() && codes.iter().any(|one| one.contains(code)), || format!("{what}: told {codes:?}"))?;
        setting.no_source_was_asked(&mark).await?;
        setting.keeps_quiet(&answer)?;
        let records = setting.since(&mark, NODE)?;
        ensure(records.len() == 1, || format!("{what}: {} records were written, not one", records.len()))?;
        let record = &records[0];
        let refused = record["outcome"]["result"] == "refused" && record["decided_for"] == ENFORCER;
        ensure(refused, || format!("{what}: the record says {}", record["outcome"]))?;
    }
    Ok(())
}

async fn malformed(setting: &Setting) -> Judgement {
    let mark = setting.mark(NODE).await?;
    for (pointer, value) in [
        ("/input/subject/active", json!(false)),
        ("/input/subject/organization_ura", json!("x")),
        ("/input/context/data_holder_organization_id", json!(CLINIC)),
        ("/input/context/patient_bsn", json!("123456789")),
        ("/input/context/connection_type_code", json!("hl7-v2")),
        ("/input", json!([])),
    ] {
        let mut question = question(setting, SHOWCASE)?;
        if let Some(place) = question.pointer_mut(pointer) {
            *place = value;
        }
        clear(setting, &ask(setting, &question).await?, pointer)?;
    }
    for body in ["", "{", "[]"] {
        let kind = [("content-type", "application/json")];
        let answer = enforcer(setting)?.raw(Method::POST, &url(setting, PATH)?, &kind, body.into()).await?;
        clear(setting, &answer, body)?;
    }
    let records = setting.since(&mark, NODE)?.len();
    ensure(records == 0, || format!("{records} records were written of nobody"))
}

fn clear(setting: &Setting, answer: &Answer, what: &str) -> Judgement {
    let told = answer.json().unwrap_or_default();
    let says = told["error"].as_str().unwrap_or_default();
    ensure(answer.status == 400 && told["allow"] == false && says.starts_with("unexpected_input"), || {
        format!("{what}: it answers {} {told}", answer.status)
    })?;
    setting.keeps_quiet(answer)
}

async fn nobody(setting: &Setting) -> Judgement {
    let (url, question) = (url(setting, PATH)?, question(setting, SHOWCASE)?);
    let anyone = Wire::new(Some(&setting.ready.ca_file), None)?;
    let person = setting.person("timmer")?;
    for (who, wire, status) in [("anyone", &anyone, 401), ("a person", &*person, 403)] {
        let answer = wire.post_json(&url, &question).await?;
        ensure(answer.status == status && answer.body.is_empty(), || format!("{who} gets {}", answer.status))?;
    }
    let outer = format!("{}{PATH}", setting.node(NODE)?.outer);
    let caller = setting.organisation(CLINIC, NODE)?;
    let answer = caller.raw(Method::POST, &outer, &[], Bytes::new()).await?;
    ensure(answer.status == 404, || format!("at the outer gate it answers {}", answer.status))
}
