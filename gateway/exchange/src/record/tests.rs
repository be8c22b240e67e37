use super::*;

const FIRST: &str = r#"{"layout":"zorgsluis-access/1","request_id":"r","correlation_id":"c",
    "started":"2026-11-23T08:00:00Z","recorded":"2026-11-23T08:00:01Z","node":"90000901","gate":"outer",
    "remote":"192.0.2.7","direction":"holder",
    "caller":{"client_id":"x","organisation":"90000902","person":{"id":"p1","name":"A. Vries","role":"01.015"}},
    "asked":{"fhir_version":"r4","interaction":"search-type","resource_type":"Condition","query":"code=secret-1"},
    "patient":"999911120","decision":{"permitted":true,"use_case":"bgz","purpose":"TREAT",
    "policy":{"version":"1","digest":"d"},"reasons":[{"code":"a","description":"b"}]},
    "treatment_relation":{"finding":"found","detail":{"kind":"k","reference":"secret-2"}},
    "consent":{"finding":"not-found-out","detail":"timed-out"},"localisation":{"finding":"absent"},
    "sources":[{"holder":"90000901","status":"answered","disclosed":["Condition/secret-3/_history/1"],"withheld":0}],
    "outcome":{"result":"refused","status":403,"reason":"denied: policy"}}"#;

#[test]
fn a_record_of_the_first_layout_is_read_and_written_back_as_it_was() {
    let record = AccessRecord::read(FIRST.as_bytes()).unwrap();
    assert_eq!(record.layout, Layout::First);
    assert!(record.shown.is_empty() && record.emergency.is_none());
    let original: serde_json::Value = serde_json::from_str(FIRST).unwrap();
    assert_eq!(serde_json::to_value(&record).unwrap(), original);
}

#[test]
fn a_record_that_is_torn_or_of_another_layout_is_a_fault_that_repeats_nothing() {
    let other = FIRST.replace("access/1", "access/9");
    let no_bsn = FIRST.replace("999911120", "999911121");
    for text in ["", "{}", &FIRST[..200], &other, &no_bsn] {
        let fault = AccessRecord::read(text.as_bytes()).unwrap_err().to_string();
        assert!(!fault.contains("9999") && !fault.contains("access/9"), "{fault}");
    }
}

#[test]
fn debug_shows_no_patient_no_name_no_id_and_no_value() {
    let record = AccessRecord::read(FIRST.as_bytes()).unwrap();
    let shown = format!("{:?} {:?} {:?} {:?}", record.patient, record.asked, record.sources, record.caller);
    for hidden in ["999911120", "Vries", "secret-1", "secret-3"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    assert!(shown.contains("search-type of Condition"), "{shown}");
}

#[test]
fn the_one_resource_that_is_asked_for_is_named() {
    use fhir::{FhirVersion, Method};
    for (method, path, expected) in [
        (Method::Get, "Condition/c1", Some("Condition/c1")),
        (Method::Get, "Condition/c1/_history/2", Some("Condition/c1/_history/2")),
        (Method::Get, "Condition/c1/_history", Some("Condition/c1")),
        (Method::Get, "Composition/c1/$document", Some("Composition/c1")),
        (Method::Put, "Condition/c1", Some("Condition/c1")),
        (Method::Patch, "Condition/c1", Some("Condition/c1")),
        (Method::Delete, "Condition/c1", Some("Condition/c1")),
        (Method::Get, "Condition", None),
        (Method::Post, "Condition", None),
        (Method::Get, "Observation/$lastn", None),
    ] {
        let interaction = Interaction::read(FhirVersion::R4, method, path, "", None).unwrap();
        assert_eq!(resource_asked_for(&interaction).as_deref(), expected, "{path}");
    }
}
