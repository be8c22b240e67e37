//! Records for tests, written as the log holds them.

use exchange::record::AccessRecord;

/// A released exchange at the data holder's gate, with members replaced (`null` takes one away).
pub fn record(interaction: &str, members: &[(&str, &str)]) -> AccessRecord {
    let mut json: serde_json::Value = serde_json::from_str(&format!(
        r#"{{"layout":"zorgsluis-access/2","request_id":"request-1","correlation_id":"correlation-1",
        "started":"2026-11-23T08:00:00Z","recorded":"2026-11-23T08:00:00.25Z","node":"90000901","gate":"outer",
        "remote":"192.0.2.7","shown":["certificate","token"],"direction":"holder",
        "caller":{{"client_id":"node-of-de-linde","organisation":"90000902","organisation_name":"De Linde",
        "organisation_kind":"Z3","person":{{"id":"uzi-1","name":"A. de Vries","role":"01.015"}},"token_id":"digest"}},
        "asked":{asked},"patient":"999911120",
        "decision":{{"permitted":true,"use_case":"bgz","purpose":"TREAT",
        "policy":{{"version":"1.2.0","digest":"{digest}"}},"reasons":[{{"code":"care-team","description":"Part of the care team."}}]}},
        "treatment_relation":{{"finding":"found","detail":{{"kind":"asserted-by-data-user","reference":"referral-7"}}}},
        "consent":{{"finding":"found","detail":{{"decision":"permit","source":"local","reference":"consent-3"}}}},
        "localisation":{{"finding":"not-found-out","detail":"not-asked"}},
        "sources":[{{"holder":"90000901","name":"epd","status":"answered","disclosed":["Condition/c1/_history/2","Condition/c2"],"withheld":1}}],
        "outcome":{{"result":"released"}}}}"#,
        asked = asked(interaction),
        digest = "ab".repeat(32),
    ))
    .unwrap();
    let object = json.as_object_mut().unwrap();
    for (name, value) in members {
        match serde_json::from_str(value).unwrap() {
            serde_json::Value::Null => object.remove(*name),
            value => object.insert((*name).to_owned(), value),
        };
    }
    AccessRecord::read(json.to_string().as_bytes()).unwrap()
}

/// What is asked, by the code of the interaction or the name of an operation.
fn asked(interaction: &str) -> String {
    let (code, rest) = match interaction {
        "read" | "update" | "patch" | "delete" | "history-instance" => (interaction, r#""resource":"Condition/c1""#),
        "vread" => ("vread", r#""resource":"Condition/c1/_history/2""#),
        "search-type" => ("search-type", r#""query":"category=problem&_count=10""#),
        "create" => ("create", r#""query":null"#),
        "$document" => {
            let asked = r#"{"fhir_version":"r4","interaction":"operation","resource_type":"Composition",
                "resource":"Composition/d1","operation":"document"}"#;
            return asked.to_owned();
        }
        "$lastn" => {
            let asked = r#"{"fhir_version":"r4","interaction":"operation","resource_type":"Observation",
                "operation":"lastn","query":"max=3"}"#;
            return asked.to_owned();
        }
        "$everything" => {
            let asked = r#"{"fhir_version":"stu3","interaction":"operation","resource_type":"Patient",
                "operation":"everything"}"#;
            return asked.to_owned();
        }
        "$health-overview" => {
            return r#"{"fhir_version":"r4","interaction":"operation","operation":"health-overview"}"#.to_owned();
        }
        "$review" => {
            let asked = r#"{"fhir_version":"r4","interaction":"operation","resource_type":"AuditEvent",
                "resource":"AuditEvent/90000901-7","operation":"review"}"#;
            return asked.to_owned();
        }
        "transaction" => {
            let asked = r#"{"fhir_version":"r4","interaction":"transaction",
                "entries":["create Condition","update Observation"]}"#;
            return asked.to_owned();
        }
        "page" => {
            let asked = r#"{"fhir_version":"r4","interaction":"search-type","resource_type":"Condition",
                "query":"category=problem","page":2}"#;
            return asked.to_owned();
        }
        other => panic!("no such interaction: {other}"),
    };
    format!(r#"{{"fhir_version":"r4","interaction":"{code}","resource_type":"Condition",{rest}}}"#)
}

/// A refused exchange.
pub fn refused(interaction: &str, status: u16, reason: &str) -> AccessRecord {
    let outcome = format!(r#"{{"result":"refused","status":{status},"reason":"{reason}"}}"#);
    record(interaction, &[("sources", "[]"), ("outcome", &outcome)])
}

/// The same at the data user's gate: the provider's own system asks, another holder answers.
pub fn at_the_user(mut record: AccessRecord) -> AccessRecord {
    record.gate = exchange::Gate::Inner;
    record.direction = Some(policy::Direction::User);
    record.node = "90000902".to_owned();
    record
}
