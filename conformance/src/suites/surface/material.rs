//! Two invented patients with a few resources each, the same in both FHIR versions.

use serde_json::{Value, json};

/// BSNs of the published test range.
pub const ANNA: &str = "999911120";
pub const BRAM: &str = "900203638";
pub const BSN_SYSTEM: &str = "http://fhir.nl/fhir/NamingSystem/bsn";
/// Two resources of the first patient carry this identifier.
pub const TWICE: (&str, &str) = ("https://example.org/surface", "twice");

/// What every observation has and the doctor of this suite may not see, and may.
pub const HIDDEN: &str = "linkerbovenarm";
pub const SHOWN: &str = "handmatig gemeten";

/// What the source has.
pub fn resources() -> Vec<Value> {
    let coded = |code: &str| json!({"coding": [{"system": "https://example.org/codes", "code": code}]});
    let patient = |id: &str, bsn: &str| json!({"resourceType": "Patient", "id": id, "identifier": [{"system": BSN_SYSTEM, "value": bsn}]});
    let observation = |id: &str, whose: &str, code: &str, day: &str| {
        json!({"resourceType": "Observation", "id": id, "status": "final", "code": coded(code),
            "subject": {"reference": format!("Patient/{whose}")}, "effectiveDateTime": day,
            "bodySite": {"text": HIDDEN}, "method": {"text": SHOWN},
            "text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{HIDDEN}</div>")},
            "identifier": [{"system": TWICE.0, "value": if code == "a" { TWICE.1 } else { id }}]})
    };
    let condition = |id: &str, whose: &str| {
        json!({"resourceType": "Condition", "id": id, "code": coded("p"),
            "subject": {"reference": format!("Patient/{whose}")}})
    };
    let composition = |id: &str, whose: &str, entries: [&str; 2]| {
        json!({"resourceType": "Composition", "id": id, "status": "final", "type": coded("t"), "title": "Brief",
            "date": "2026-02-02", "subject": {"reference": format!("Patient/{whose}")},
            "author": [{"reference": "Practitioner/pr1"}],
            "section": [{"title": "Alles", "entry": entries.map(|entry| json!({"reference": entry}))}]})
    };
    let mut resources = vec![
        patient("anna", ANNA),
        patient("bram", BRAM),
        observation("o1", "anna", "a", "2026-01-01"),
        observation("o2", "anna", "a", "2026-02-01"),
        observation("o3", "anna", "b", "2026-01-15"),
        observation("o4", "bram", "b", "2026-01-15"),
        condition("c1", "anna"),
        condition("c2", "bram"),
        json!({"resourceType": "Flag", "id": "f1", "status": "active", "code": coded("f"),
            "subject": {"reference": "Patient/anna"}}),
        json!({"resourceType": "Practitioner", "id": "pr1", "name": [{"family": "Proef"}]}),
        composition("d1", "anna", ["Observation/o1", "Condition/c1"]),
        composition("d2", "bram", ["Observation/o4", "Condition/c2"]),
    ];
    for resource in &mut resources {
        resource["meta"] = json!({"versionId": "1", "lastUpdated": "2026-02-03T10:00:00Z"});
    }
    resources
}
