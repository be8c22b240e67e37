//! Records of a provider's log, as the desk hands them over.

use audit::{Hint, HintRules, Numbered, hints};
use exchange::record::AccessRecord;
use serde_json::{Value, json};

/// A released search of a general practitioner at De Linde, with members replaced (`null` takes one away).
pub(super) fn record(at: &str, changes: &Value) -> AccessRecord {
    let mut record = json!({
        "layout": "zorgsluis-access/2", "request_id": format!("request-{at}"), "correlation_id": "correlation-1",
        "started": at, "recorded": at, "node": "90000901", "gate": "outer", "remote": "192.0.2.7",
        "shown": ["certificate", "token"], "direction": "holder",
        "caller": {
            "client_id": "node-of-de-linde", "organisation": "90000902", "organisation_name": "De Linde",
            "organisation_kind": "Z3", "person": {"id": "uzi-1", "name": "A. de Vries", "role": "01.015"},
            "token_id": "digest-of-the-token"
        },
        "asked": {"fhir_version": "r4", "interaction": "search-type", "resource_type": "Condition", "query": "category=problem"},
        "patient": super::BSN,
        "decision": {
            "permitted": true, "use_case": "bgz", "purpose": "TREAT",
            "policy": {"version": "1.2.0", "digest": "ab".repeat(32)},
            "reasons": [{"code": "care-team", "description": "Part of the care team."}]
        },
        "treatment_relation": {"finding": "found", "detail": {"kind": "asserted-by-data-user", "reference": "referral-7"}},
        "consent": {"finding": "found", "detail": {"decision": "permit", "source": "local", "reference": "consent-3"}},
        "sources": [{
            "holder": "90000901", "name": "EPD", "status": "answered",
            "disclosed": ["Condition/c1/_history/2", "Condition/c2"], "withheld": 1
        }],
        "outcome": {"result": "released"}
    });
    let members = record.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    AccessRecord::read(record.to_string().as_bytes()).unwrap()
}

fn asked(kind: &str) -> Value {
    json!({"fhir_version": "r4", "interaction": "search-type", "resource_type": kind, "query": ""})
}

/// A log of a few days, in its order, with something of everything.
pub(super) fn log() -> Vec<Numbered> {
    let own_doctor = json!({
        "client_id": "epd", "organisation": "90000901", "organisation_name": "Ziekenhuis Maasdal", "organisation_kind": "V4",
        "person": {"id": "uzi-5", "name": "C. Bakker", "role": "01.010"},
        "responsible": {"id": "uzi-6", "name": "D. Jansen", "role": "01.016"}
    });
    let elsewhere = json!([
        {"holder": "90000901", "name": "EPD", "status": "answered", "disclosed": ["Observation/o1/_history/1"], "withheld": 0},
        {"holder": "90000903", "name": "Apotheek De Brug", "status": "answered",
         "disclosed": ["MedicationDispense/m1/_history/3", "MedicationDispense/m2/_history/1"], "withheld": 0},
        {"holder": "90000904", "name": "Huisartsenpraktijk Beekzicht", "status": "timed-out", "disclosed": [], "withheld": 0}
    ]);
    let at_night = |minute: u8, code: &str, kind: &str, changes: Value| {
        let mut all = json!({"correlation_id": code, "asked": asked(kind)});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        record(&format!("2026-11-22T23:{minute:02}:00Z"), &all)
    };
    let records = vec![
        record("2026-11-20T08:00:00.25Z", &json!({})),
        record("2026-11-20T08:01:00Z", &json!({"asked": asked("AllergyIntolerance")})),
        record("2026-11-20T08:02:30Z", &json!({"asked": asked("MedicationRequest")})),
        record("2026-11-20T13:00:00Z", &json!({"correlation_id": "correlation-2"})),
        record("2026-11-20T14:30:00Z", &json!({"correlation_id": "correlation-3"})),
        record(
            "2026-11-21T10:15:00Z",
            &json!({
                "correlation_id": "correlation-4", "gate": "inner", "direction": "user", "shown": ["session"],
                "caller": own_doctor, "sources": elsewhere,
                "localisation": {"finding": "found", "detail": 2},
                "asked": {"fhir_version": "r4", "interaction": "operation", "operation": "health-overview"}
            }),
        ),
        at_night(
            5,
            "correlation-5",
            "Observation",
            json!({"emergency": {"reason": "Patiënt buiten bewustzijn <b>op straat</b>."}, "treatment_relation": {"finding": "absent"},
                   "consent": {"finding": "not-found-out", "detail": "timed-out"}}),
        ),
        at_night(
            30,
            "correlation-6",
            "Condition",
            json!({"sources": [], "outcome": {"result": "refused", "status": 403, "reason": "denied: policy"},
                   "treatment_relation": {"finding": "absent"}, "consent": {"finding": "absent"},
                   "decision": {"permitted": false, "denial": "policy-denied", "use_case": "bgz", "reasons": [
                       {"code": "no-relation", "description": "There is no treatment relation."}]}}),
        ),
        record(
            "2026-11-23T09:00:00Z",
            &json!({
                "correlation_id": "correlation-7", "caller": null, "patient": null, "asked": null, "decision": null, "sources": [],
                "treatment_relation": null, "consent": null, "shown": [],
                "outcome": {"result": "refused", "status": 401, "reason": "no-certificate"}
            }),
        ),
        record(
            "2026-11-23T11:00:00Z",
            &json!({"correlation_id": "correlation-8", "emergency": {"reason": "Reanimatie."}, "treatment_relation": {"finding": "absent"},
                   "review": {"event": "90000901-6", "index": 6, "verdict": "justified", "note": "Bewusteloos <b>binnengebracht</b>."}}),
        ),
    ];
    (0..).zip(records).collect()
}

/// What is unusual about them.
pub(super) fn unusual(records: &[Numbered]) -> Vec<Hint> {
    hints(records, &HintRules::default())
}
