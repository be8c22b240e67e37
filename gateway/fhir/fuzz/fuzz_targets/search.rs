//! Any text as a request line: never a crash, a query that was read and written reads the same again, and a search finds
//! nothing that is not on the shelf. The input is `METHOD path?query`, the way a fuzzer finds its way quickest.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use fhir::interaction::SearchTarget;
use fhir::json::Limits;
use fhir::search::{LastN, Presentation, Search, Shelf, page, split};
use fhir::{FhirVersion, Interaction, Method, Resource, ResourceType, SearchQuery};
use libfuzzer_sys::fuzz_target;

const TEXTS: [&str; 6] = [
    r#"{"resourceType":"Observation","id":"o","meta":{"lastUpdated":"2026-01-02T03:04:05Z","tag":[{"code":"t"}]},"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2026-01-02","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120.0,"code":"mm[Hg]"}}],"valueQuantity":{"value":1.50,"unit":"mmol/l","system":"http://unitsofmeasure.org","code":"mmol/L"}}"#,
    r#"{"resourceType":"Observation","id":"o2","status":"final","code":{"text":"x"},"hasMember":[{"reference":"Observation/o"}],"effectivePeriod":{"start":"2025-12"}}"#,
    r#"{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","extension":[{"url":"http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Period","valuePeriod":{"start":"2026-01-01"}}],"medicationReference":{"reference":"Medication/x"},"subject":{"identifier":{"system":"s","value":"v"}}}"#,
    r#"{"resourceType":"Medication","id":"x","code":{"coding":[{"system":"s","code":"3956"}]}}"#,
    r#"{"resourceType":"Patient","id":"p","name":[{"family":"Jansén","given":["Eva"]}],"birthDate":"1950-02","telecom":[{"system":"email","value":"x"}],"generalPractitioner":[{"reference":"Practitioner/g"}]}"#,
    r#"{"resourceType":"Provenance","id":"v","target":[{"reference":"Observation/o"}],"recorded":"2026-02-03T04:05:06Z","agent":[{"who":{"reference":"Practitioner/g"}}]}"#,
];

struct Few(Vec<Resource>);

impl Shelf for Few {
    fn of_type(&self, kind: ResourceType) -> Vec<&Resource> {
        self.0.iter().filter(|resource| resource.resource_type() == kind.name()).collect()
    }
    fn get(&self, kind: ResourceType, id: &str) -> Option<&Resource> {
        self.of_type(kind).into_iter().find(|resource| resource.id().as_deref() == Some(id))
    }
}

static SHELF: LazyLock<Few> = LazyLock::new(|| {
    let read = |text: &&'static str| Resource::parse(Bytes::from_static(text.as_bytes()), &Limits::default());
    Few(TEXTS.iter().map(|text| read(text).expect("a resource")).collect())
});

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
        match Interaction::read(version, method, path, query, None) {
            Ok(Interaction::Search { target: SearchTarget::Type(kind), query }) => search(version, kind, &query),
            Ok(Interaction::Operation { query, .. }) => {
                let _ = LastN::read(&query);
            }
            _ => {}
        }
    }
});

fn search(version: FhirVersion, kind: ResourceType, query: &SearchQuery) {
    let (asked, _) = split(query);
    let Ok(search) = Search::read(version, kind, &asked) else { return };
    let Ok(found) = search.run(&*SHELF, 5) else { return };
    assert!(found.items.len() <= 5);
    let Ok(presentation) = Presentation::read(version, kind, query) else { return };
    let mut items = found.items;
    presentation.order(&mut items, |(resource, _)| resource);
    let count = presentation.count().unwrap_or(2).clamp(1, 3);
    let _ = page(&items, 0, count, |(resource, mode)| (resource, *mode));
    for (resource, _) in &items {
        assert_eq!(presentation.shape(resource).resource_type(), resource.resource_type());
    }
}
