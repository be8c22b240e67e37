//! Any text as a request line: never a crash, and a query that was read and written reads the same again.
//! The input is `METHOD path?query`, the way a fuzzer finds its way quickest.
#![no_main]

use bytes::Bytes;
use fhir::interaction::SearchTarget;
use fhir::json::Limits;
use fhir::search::Filters;
use fhir::{FhirVersion, Interaction, Method, Resource, SearchQuery};
use libfuzzer_sys::fuzz_target;

const RESOURCES: [&str; 3] = [
    r#"{"resourceType":"Observation","id":"o","meta":{"lastUpdated":"2026-01-02T03:04:05Z","tag":[{"code":"t"}]},"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2026-01-02","valueQuantity":{"value":1.50,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"}}"#,
    r#"{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","medicationReference":{"reference":"Medication/x"},"subject":{"identifier":{"system":"s","value":"v"}}}"#,
    r#"{"resourceType":"Patient","id":"p","name":[{"family":"Jansén","given":["Eva"]}],"birthDate":"1950-02","telecom":[{"system":"email","value":"x"}]}"#,
];

fuzz_target!(|data: &[u8]| {
    let Ok(line) = std::str::from_utf8(data) else { return };
    let (method, target) = line.split_once(' ').unwrap_or(("GET", line));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if let Ok(read) = SearchQuery::parse(query) {
        let again = SearchQuery::parse(&read.write()).expect("what was written can be read");
        assert!(again == read);
    }
    let Some(method) = Method::parse(method) else { return };
    for version in FhirVersion::ALL {
        let Ok(interaction) = Interaction::read(version, method, path, query, None) else { continue };
        let Interaction::Search { target: SearchTarget::Type(kind), query } = interaction else { continue };
        let Ok(filters) = Filters::read(version, kind, &query) else { continue };
        for text in RESOURCES {
            let resource = Resource::parse(Bytes::from_static(text.as_bytes()), &Limits::default()).expect("a resource");
            let _ = filters.accept(&resource);
        }
    }
});
