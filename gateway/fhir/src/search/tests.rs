//! What the search promises, as tables of queries; by theme in the files below.

mod presented;
mod queries;
mod shelves;
mod stopped;
mod values;

use proptest::prelude::*;

use super::*;
use crate::interaction::ResourceType;
use crate::json::Limits;
use crate::resource::Resource;
use crate::version::FhirVersion;

fn ask(version: FhirVersion, text: &str, query: &str) -> Result<bool, SearchFault> {
    let resource = Resource::parse(text.to_owned().into(), &Limits::default()).unwrap();
    let resource_type = ResourceType::parse(version, &resource.resource_type()).unwrap();
    matches(version, resource_type, &resource, &SearchQuery::parse(query).unwrap())
}

/// Every query of `yes` finds the resource, none of `no` does.
fn finds(text: &str, yes: &[&str], no: &[&str]) {
    for query in yes {
        assert_eq!(ask(FhirVersion::R4, text, query), Ok(true), "{query}");
    }
    for query in no {
        assert_eq!(ask(FhirVersion::R4, text, query), Ok(false), "{query}");
    }
}

const OBSERVATION: &str = r#"{"resourceType":"Observation","id":"o1",
    "meta":{"lastUpdated":"2026-03-01T10:00:00.5+01:00","profile":["http://a.example/p|2"],
        "tag":[{"system":"urn:t","code":"x"}],"security":[{"system":"urn:s","code":"R"}]},
    "identifier":[{"system":"urn:i","value":"a|b"}],
    "status":"final",
    "code":{"coding":[{"system":"http://loinc.org","code":"1-8"},{"code":"bare"}],"text":"words"},
    "subject":{"reference":"Patient/p1","identifier":{"system":"urn:bsn","value":"1"}},
    "performer":[{"reference":"https://a.example/Practitioner/d"},{"reference":"Organization/p1"}],
    "effectivePeriod":{"start":"2026-01-15","end":"2026-01-20T12:00:00+01:00"},
    "valueString":"Très Grand"}"#;

#[test]
fn tokens_compare_code_and_system() {
    finds(
        OBSERVATION,
        &[
            "code=1-8",
            "code=http://loinc.org|1-8",
            "code=http://loinc.org|",
            "code=|bare",
            "code=x,1-8",
            "status=final",
            "status=|final",
            "status=http://hl7.org/fhir/observation-status|final",
            "status=http://hl7.org/fhir/observation-status|",
            "code=x, 1-8",
            "code= http://loinc.org | 1-8 ",
            "_id=o1",
            "_id=x,o1",
            "_tag=x",
            "_tag=urn:t|x",
            "_security=R",
            r"identifier=urn:i|a\|b",
            "code:not=x",
            "category:not=x",
            "code=1-8&status=final",
            "code:missing=false",
            "category:missing=true",
        ],
        &[
            "code=1-9",
            "code=http://loinc.org|bare",
            "code=|1-8",
            "code=urn:x|",
            "code=words",
            "status=Final",
            "status=urn:x|final",
            "status=http://hl7.org/fhir/observation-status|amended",
            "_id=O1",
            "_tag=urn:s|x",
            "code:not=1-8",
            "code:not=x,1-8",
            "code=1-8&status=amended",
            "code:missing=true",
            "category:missing=false",
            "_tag=y",
        ],
    );
}

#[test]
fn references_compare_type_and_id() {
    finds(
        OBSERVATION,
        &[
            "subject=Patient/p1",
            "subject=p1",
            "patient=p1",
            "patient=Patient/p1",
            "patient=x,p1",
            "performer=https://a.example/Practitioner/d",
            "performer=p1",
            "performer=Organization/p1",
            "patient.identifier=urn:bsn|1",
            "subject.identifier=1",
            "patient=p1&performer=p1",
        ],
        &[
            "subject=Patient/p2",
            "subject=Group/p1",
            "patient=p2",
            "patient=p1&patient=p2",
            "performer=Practitioner/d",
            "performer=d",
            "patient=https://evil.example/fhir/Patient/p1",
            "performer=Practitioner/p1",
            "patient.identifier=urn:bsn|2",
            "patient.identifier=urn:other|1",
            "performer.identifier=1",
        ],
    );
    let group = r#"{"resourceType":"Observation","subject":{"reference":"Group/p1"}}"#;
    finds(group, &["subject=p1", "subject=Group/p1"], &["patient=p1", "patient=Group/p1"]);
    let versioned = r#"{"resourceType":"Observation","subject":{"reference":"Patient/p1/_history/3"}}"#;
    finds(versioned, &["patient=p1"], &["patient=3"]);
}

#[test]
fn dates_are_intervals_compared_with_prefixes() {
    // The element is the whole of 2026-01-15 up to noon on 2026-01-20, as a Period.
    finds(
        OBSERVATION,
        &[
            "date=2026",
            "date=2026-01",
            "date=ge2026-01-15",
            "date=gt2026-01-15",
            "date=lt2026-01-16",
            "date=le2026-01-20",
            "date=sa2026-01-14",
            "date=eb2026-01-21",
            "date=eb2026-01-20T12:30:00%2B01:00",
            "date=ap2026-01-17",
            "date=ne2026-01-15",
            "date=ge2026-01-01&date=lt2026-02-01",
            "date=2025,2026",
        ],
        &[
            "date=2026-01-15",
            "date=2026-01-17",
            "date=2025",
            "date=gt2026-01-20",
            "date=gt2026",
            "date=lt2026-01-15",
            "date=sa2026-01-15",
            "date=sa2026",
            "date=eb2026-01-20",
            "date=eb2026-01-15",
            "date=ap2026-02",
            "date=ne2026",
            "date=eb2026-01-20T10:30:00Z",
        ],
    );
    let open = r#"{"resourceType":"Observation","effectivePeriod":{"start":"2026-01-15"}}"#;
    finds(
        open,
        &["date=gt2030", "date=ge2026-01-15", "date=ap2040"],
        &["date=2026", "date=eb2030", "date=lt2026-01-15"],
    );
    let unreadable = r#"{"resourceType":"Observation","effectiveDateTime":"yesterday"}"#;
    finds(unreadable, &[], &["date=ne2026", "date=lt2030", "date=ap2026"]);
    let timing = r#"{"resourceType":"Observation","effectiveTiming":{"event":["2026-03-01","2026-01-01"]}}"#;
    finds(timing, &["date=2026", "date=ap2026-02"], &["date=2026-01", "date=gt2026-03-01"]);
}

#[test]
fn offsets_count_and_a_missing_one_means_the_wall_clock_there() {
    let at = |moment: &str| format!(r#"{{"resourceType":"Observation","effectiveDateTime":"{moment}"}}"#);
    finds(
        &at("2026-01-15T00:30:00+01:00"),
        &[
            "date=2026-01-15",
            "date=2026-01-14T23:30:00Z",
            "date=2026-01-15T00:30",
            "date=2026-01-15T00:30:00",
            "date=eq2026-01-15T01:30:00+02:00",
            "date=gt2026-01-14T23:29:00Z",
            "date=lt2026-01-15T00:30:01%2B01:00",
        ],
        &["date=2026-01-14", "date=2026-01-15T00:30:00Z", "date=gt2026-01-14T23:30:00Z", "date=2026-01-15T01:30:00"],
    );
    finds(&at("2026-01-15"), &["date=2026-01-15", "date=ap2026-01-15T23:59:00-11:00"], &["date=2026-01-15T00:00:00Z"]);
    finds(
        &at("2026-12-31T23:59:59.999+01:00"),
        &["date=2026", "date=2026-12-31T23:59:59.999", "date=2026-12-31T23:59:59", "date=ge2026-12-31T22:59:59.999Z"],
        &["date=2027", "date=2026-12-31T23:59:59.998", "date=2026-12-31T23:59:59.9990"],
    );
    finds(
        OBSERVATION,
        &["_lastUpdated=gt2026-03-01T08:59:59Z", "_lastUpdated=2026-03-01"],
        &["_lastUpdated=2026-03-02"],
    );
    finds(&at("2024-02-29"), &["date=2024-02", "date=2024-02-29"], &["date=2024-03"]);
    finds(&at("9999-12-31"), &["date=9999", "date=9999-12"], &["date=9998"]);
}

#[test]
fn a_malformed_value_is_a_fault() {
    for query in [
        "date=2026-13",
        "date=2026-02-30",
        "date=26",
        "date=xx2026",
        "date=2026-01-15T25:00:00Z",
        "date=",
        "date=2026-01-15T10",
        "date=2026-01T10:00",
        "date=2026-01-15T10:00:00+15:00",
        "date=0000",
        "date=2026-01-15Z",
        "date=2026-01-15T10:00:00.Z",
        "date=2026,",
        "date=ge",
        "date=2026-01-15T10:00:00+01",
        "date=é2026",
        "code=",
        "code=|",
        "code=a|b|c",
        "code=x,",
        "patient=",
        "patient=Patient/..",
        "patient=a/b/c",
        "patient=Patient?x",
        "subject=Patient/p1/x",
        "value-string=",
        "code:missing=maybe",
        "code:missing=true,false",
        "_profile=",
    ] {
        let name = query.split(['=', ':']).next().unwrap();
        assert_eq!(ask(FhirVersion::R4, OBSERVATION, query), Err(SearchFault::Value { name: name.into() }), "{query}");
    }
}

#[test]
fn strings_compare_without_case_and_accents() {
    finds(
        OBSERVATION,
        &[
            "value-string=tres",
            "value-string=TRÈS grand",
            "value-string:contains=GRAND",
            "value-string:exact=Très Grand",
        ],
        &[
            "value-string=grand",
            "value-string:exact=très grand",
            "value-string:exact=Très",
            "value-string:contains=petit",
        ],
    );
    let patient = r#"{"resourceType":"Patient","name":[{"family":"de Vries","given":["Anna","Zoë"]}],
        "address":[{"line":["Kerkstraat 1"],"city":"Maasdal","use":"home"}]}"#;
    finds(
        patient,
        &["name=de v", "name=zoe", "family=DE", "given=ann,x", "address=kerk", "address=maas", "address-city=Maasdal"],
        &["name=vries", "family=Anna", "address=home", "given=x", "name:exact=anna"],
    );
}

#[test]
fn urls_compare_exactly_but_a_canonical_finds_its_versions() {
    finds(
        OBSERVATION,
        &["_profile=http://a.example/p", "_profile=http://a.example/p|2", "_profile:missing=false"],
        &["_profile=http://a.example/p|3", "_profile=http://A.example/p", "_profile=http://a.example/"],
    );
}

#[test]
fn what_cannot_be_evaluated_is_never_ignored() {
    for (query, name) in [
        ("invented=1", "invented"),
        ("_has:Observation:patient:code=x", "_has:Observation:patient:code"),
        (
            "_has:DiagnosticReport:result:_has:Observation:patient:code=x",
            "_has:DiagnosticReport:result:_has:Observation:patient:code",
        ),
        ("_has:DiagnosticReport:result:subject.name=x", "_has:DiagnosticReport:result:subject.name"),
        ("_has:DiagnosticReport:status:status=x", "_has:DiagnosticReport:status:status"),
        ("_has=x", "_has"),
        ("_filter=x", "_filter"),
        ("_text=x", "_text"),
        ("_list=x", "_list"),
        ("_type=Observation", "_type"),
        ("_query=x", "_query"),
        ("subject.invented=x", "subject.invented"),
        (
            "patient.general-practitioner.organization.endpoint.status=x",
            "patient.general-practitioner.organization.endpoint.status",
        ),
        ("subject:Medication.code=x", "subject:Medication.code"),
        ("patient:Group.code=x", "patient:Group.code"),
        ("code.identifier=x", "code.identifier"),
        ("subject:Medication=p1", "subject:Medication"),
        ("patient:Group=p1", "patient:Group"),
        ("patient:not=p1", "patient:not"),
        ("patient:Missing=true", "patient:Missing"),
        ("code:not-in=x", "code:not-in"),
        ("code:below=x", "code:below"),
        ("combo-code-value-quantity:missing=true", "combo-code-value-quantity:missing"),
        ("_content=x", "_content"),
        ("code:in=x", "code:in"),
        ("code:above=x", "code:above"),
        ("date:not=2026", "date:not"),
        ("value-string:not=x", "value-string:not"),
        ("code:=x", "code:"),
        ("PATIENT=p1", "PATIENT"),
        // The system of a plain text is known to nobody.
        ("_id=urn:x|o1", "_id"),
        // Also when another filter has already failed.
        ("code=nothing&invented=1", "invented"),
        ("code=nothing&_id=urn:x|o1", "_id"),
    ] {
        let fault = SearchFault::Unsupported { name: name.into() };
        assert_eq!(ask(FhirVersion::R4, OBSERVATION, query), Err(fault), "{query}");
    }
}

#[test]
fn result_parameters_are_no_filters() {
    let query = "_count=1&_sort=-date&_include=Observation:subject&_include:iterate=x&_revinclude=x&_summary=true\
        &_total=none&_elements=id&_contained=true&_containedType=container&_format=json&_pretty=true";
    finds(OBSERVATION, &[query], &[]);
}

#[test]
fn versions_have_their_own_parameters_and_types_their_own_resources() {
    let stu3 =
        r#"{"resourceType":"ProcedureRequest","subject":{"reference":"Patient/1"},"occurrenceDateTime":"2026-01-02"}"#;
    assert_eq!(ask(FhirVersion::Stu3, stu3, "patient=1&occurrence=2026-01-02"), Ok(true));
    assert_eq!(ask(FhirVersion::Stu3, stu3, "subject=Group/1"), Ok(false));
    let resource = Resource::parse(OBSERVATION.into(), &Limits::default()).unwrap();
    let patient = ResourceType::parse(FhirVersion::R4, "Patient").unwrap();
    assert_eq!(matches(FhirVersion::R4, patient, &resource, &SearchQuery::default()), Ok(false));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_evaluated_or_refused(text in "[a-z_:=&%,.|$\\\\0-9é+-]{0,40}") {
        if let Ok(query) = SearchQuery::parse(&text) {
            prop_assert!(SearchQuery::parse(&query.write()) == Ok(query));
        }
        let names = [
            "date", "code", "patient", "value-string", "_profile", "patient.identifier", "_lastUpdated", "value-quantity",
            "code-value-quantity", "combo-code-value-concept", "subject.name", "performer:Practitioner.identifier", "_id",
        ];
        let resource = Resource::parse(OBSERVATION.into(), &Limits::default()).unwrap();
        let observation = ResourceType::parse(FhirVersion::R4, "Observation").unwrap();
        for name in names {
            let query = SearchQuery { parameters: vec![Parameter::new(name, &text)] };
            let _ = matches(FhirVersion::R4, observation, &resource, &query);
        }
    }
}
