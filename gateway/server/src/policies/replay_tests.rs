use exchange::record::AccessRecord;
use exchange::replay::{NotDecided, Own, replay};
use fhir::Ura;
use policy::DataHolder;
use serde_json::{Value, json};

use crate::http::testing::{of_versions, use_cases};

fn own() -> Own {
    Own { holder: DataHolder(Ura::parse("90010001").unwrap()), kind: Some("V6".into()) }
}

/// A search by a nurse of De Linde that was released, with members replaced.
fn record(changes: &Value) -> AccessRecord {
    let mut record = json!({
        "layout": "zorgsluis-access/3", "request_id": "r", "correlation_id": "c", "started": "2026-11-23T08:00:00Z",
        "recorded": "2026-11-23T08:00:01Z", "node": "90010001", "gate": "outer", "direction": "holder",
        "caller": {"client_id": "x", "organisation": "90010002", "organisation_kind": "X3",
                   "person": {"id": "p1", "role": "30.000"}},
        "asked": {"fhir_version": "r4", "interaction": "search-type", "resource_type": "Condition", "query": "category=x"},
        "patient": "999911120",
        "decision": {"permitted": true, "use_case": "health-overview"},
        "treatment_relation": {"finding": "found", "detail": {"kind": "k", "reference": "r"}},
        "consent": {"finding": "found", "detail": {"decision": "permit", "source": "local", "reference": "c"}},
        "sources": [], "outcome": {"result": "released"}
    });
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    AccessRecord::read(record.to_string().as_bytes()).unwrap()
}

fn replayed(changes: &Value) -> Result<(bool, Option<policy::DenialCode>), NotDecided> {
    let replayed = replay(&record(changes), &use_cases(), &own())?;
    Ok((replayed.was_permitted, replayed.now.err().map(|denial| denial.code)))
}

#[test]
fn the_same_request_and_findings_are_decided_as_they_were_and_others_otherwise() {
    use policy::DenialCode::{NotInUseCase, PolicyDenied};
    let asked = |interaction: &str, more: Value| {
        let mut asked = json!({"fhir_version": "r4", "interaction": interaction, "resource_type": "Condition"});
        more.as_object().unwrap().iter().for_each(|(name, value)| asked[name] = value.clone());
        json!({ "asked": asked })
    };
    for (changes, now) in [
        (json!({}), None),
        (asked("read", json!({"resource": "Condition/c1"})), None),
        (asked("delete", json!({"resource": "Condition/c1"})), Some(NotInUseCase)),
        (json!({"consent": {"finding": "absent"}}), Some(PolicyDenied)),
        (json!({"consent": null}), Some(PolicyDenied)),
        (json!({"treatment_relation": {"finding": "not-found-out", "detail": "timed-out"}}), Some(PolicyDenied)),
        (
            json!({"caller": {"client_id": "x", "organisation": "90010002", "organisation_kind": "X3",
                   "person": {"id": "p1", "role": "01.048"}}}),
            Some(PolicyDenied),
        ),
        (
            json!({"direction": "user", "gate": "inner", "consent": null,
                   "asked": {"fhir_version": "r4", "interaction": "operation", "resource_type": "Patient",
                             "operation": "health-overview"}}),
            None,
        ),
    ] {
        assert_eq!(replayed(&changes), Ok((true, now)), "{changes}");
    }
}

#[test]
fn a_transaction_is_put_together_again() {
    let sending = r#"{ "r4": { "interactions": [{"type": "Condition", "codes": ["create", "update"]}],
                              "system": ["transaction"] } }"#;
    let use_cases = of_versions("sending", sending);
    let permitted = |entries: &[&str]| {
        let changes = json!({"asked": {"fhir_version": "r4", "interaction": "transaction", "entries": entries},
            "decision": {"permitted": true, "use_case": "sending"}});
        replay(&record(&changes), &use_cases, &own()).map(|replayed| replayed.now.is_ok())
    };
    assert_eq!(permitted(&["create Condition", "update Condition"]), Ok(true));
    assert_eq!(permitted(&["create Condition", "delete Condition"]), Ok(false));
    assert_eq!(permitted(&["create Observation"]), Ok(false));
    assert!(permitted(&["patch Condition"]).is_err() && permitted(&["create"]).is_err());
}

#[test]
fn what_a_record_does_not_say_is_no_decision() {
    for (changes, why) in [
        (json!({"decision": null}), "no decision"),
        (json!({"decision": {"permitted": false, "denial": "not-in-use-case"}}), "no use case"),
        (json!({"decision": {"permitted": true, "use_case": "bgz"}}), "not among these"),
        (json!({"caller": null}), "nobody"),
        (json!({"asked": null}), "not to be read"),
        (
            json!({"asked": {"fhir_version": "r4", "interaction": "read", "resource_type": "Condition"}}),
            "which resource",
        ),
        (
            json!({"asked": {"fhir_version": "r9", "interaction": "search-type", "resource_type": "Condition"}}),
            "version",
        ),
    ] {
        assert!(replayed(&changes).is_err_and(|fault| fault.contains(why)), "{changes}");
    }
}
