//! Searches over a shelf: chains, `_has` and what is brought along.

use super::*;
use crate::bundle::SearchMode;
use crate::search::{Search, Shelf};

/// A few resources of one version.
pub(super) struct Few {
    version: FhirVersion,
    resources: Vec<Resource>,
}

impl Few {
    pub(super) fn of(version: FhirVersion, texts: &[&str]) -> Self {
        let parse = |text: &&str| Resource::parse((*text).to_owned().into(), &Limits::default()).unwrap();
        Few { version, resources: texts.iter().map(parse).collect() }
    }
}

impl Shelf for Few {
    fn of_type(&self, kind: ResourceType) -> Vec<&Resource> {
        self.resources.iter().filter(|one| one.resource_type() == kind.name()).collect()
    }

    fn get(&self, kind: ResourceType, id: &str) -> Option<&Resource> {
        self.of_type(kind).into_iter().find(|one| one.id().is_some_and(|own| own == id))
    }

    fn at(&self, url: &str) -> Option<&Resource> {
        let id = url.strip_prefix("https://a.example/fhir/Patient/").or_else(|| url.strip_prefix("urn:uuid:"))?;
        self.get(ResourceType::parse(self.version, "Patient")?, id)
    }
}

/// Ids of what is found, those of what is brought along in brackets.
fn found(shelf: &Few, of: &str, query: &str, most: usize) -> Result<(Vec<String>, bool), SearchFault> {
    let kind = ResourceType::parse(shelf.version, of).unwrap();
    let search = Search::read(shelf.version, kind, &SearchQuery::parse(query).unwrap())?;
    let found = search.run(shelf, most)?;
    let name = |(resource, mode): &(Resource, SearchMode)| match mode {
        SearchMode::Match => resource.id().unwrap().into_owned(),
        _ => format!("[{}]", resource.id().unwrap()),
    };
    Ok((found.items.iter().map(name).collect(), found.cut_short))
}

fn finds_on(shelf: &Few, of: &str, cases: &[(&str, &[&str])]) {
    for (query, expected) in cases {
        let expected: Vec<String> = expected.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(found(shelf, of, query, 100), Ok((expected, false)), "{of}?{query}");
    }
}

fn medication() -> Few {
    Few::of(
        FhirVersion::R4,
        &[
            r#"{"resourceType":"Patient","id":"p","identifier":[{"system":"urn:bsn","value":"1"}],"name":[{"family":"Jansen"}],
                "generalPractitioner":[{"reference":"PractitionerRole/r"}]}"#,
            r#"{"resourceType":"MedicationRequest","id":"m1","subject":{"reference":"Patient/p"},
                "medicationReference":{"reference":"Medication/a"},"requester":{"reference":"PractitionerRole/r"}}"#,
            r##"{"resourceType":"MedicationRequest","id":"m2","subject":{"reference":"Patient/p"},
                "medicationReference":{"reference":"#c"},"requester":{"reference":"Practitioner/d"},
                "contained":[{"resourceType":"Medication","id":"c","code":{"coding":[{"code":"two"}]}}]}"##,
            r#"{"resourceType":"MedicationRequest","id":"m3","medicationCodeableConcept":{"coding":[{"code":"one"}]},
                "subject":{"identifier":{"system":"urn:bsn","value":"1"}}}"#,
            r#"{"resourceType":"MedicationRequest","id":"m4","subject":{"reference":"https://a.example/fhir/Patient/p"},
                "medicationReference":{"reference":"Medication/nowhere"}}"#,
            r#"{"resourceType":"MedicationRequest","id":"m5","subject":{"reference":"urn:uuid:p"}}"#,
            r#"{"resourceType":"MedicationRequest","id":"m6","subject":{"reference":"https://b.example/fhir/Patient/p"}}"#,
            r#"{"resourceType":"Medication","id":"a","code":{"coding":[{"code":"one"}]}}"#,
            r#"{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/d"},
                "organization":{"reference":"Organization/o"}}"#,
            r#"{"resourceType":"Practitioner","id":"d","name":[{"family":"De Boer"}]}"#,
            r#"{"resourceType":"Organization","id":"o","name":"Huisartsenpost","partOf":{"reference":"Organization/q"}}"#,
            r#"{"resourceType":"Organization","id":"q","name":"Regio"}"#,
            r#"{"resourceType":"Provenance","id":"v","target":[{"reference":"MedicationRequest/m1"}],
                "agent":[{"who":{"reference":"Organization/o"}}]}"#,
            r#"{"resourceType":"Provenance","id":"w","target":[{"reference":"Medication/a"}]}"#,
            r#"{"resourceType":"MedicationDispense","id":"x","status":"completed",
                "authorizingPrescription":[{"reference":"MedicationRequest/m1"}]}"#,
        ],
    )
}

#[test]
fn chains_follow_references_on_the_shelf_and_into_the_resource() {
    finds_on(
        &medication(),
        "MedicationRequest",
        &[
            ("medication.code=one", &["m1"]),
            ("medication.code=two", &["m2"]),
            ("medication:Medication.code=one,two", &["m1", "m2"]),
            ("patient.identifier=urn:bsn|1", &["m1", "m2", "m3", "m4", "m5"]),
            ("patient.identifier=urn:bsn|2", &[]),
            ("subject.identifier=1", &["m1", "m2", "m3", "m4", "m5"]),
            ("subject:Patient.name=jan", &["m1", "m2", "m4", "m5"]),
            ("patient=p", &["m1", "m2", "m4", "m5"]),
            ("requester:PractitionerRole.practitioner.name=de%20boer", &["m1"]),
            ("requester:PractitionerRole.practitioner.name:exact=De Boer", &["m1"]),
            ("requester:PractitionerRole.practitioner.name:exact=de boer", &[]),
            ("requester:PractitionerRole.organization.partof.name=regio", &["m1"]),
            ("requester:Practitioner.name=de", &["m2"]),
            ("requester.name=de", &["m2"]),
            ("medication.code:not=one", &["m2"]),
            ("medication.code=one&patient.identifier=2", &[]),
        ],
    );
    let bad = found(&medication(), "MedicationRequest", "patient.birthdate=soon", 9);
    assert_eq!(bad, Err(SearchFault::value("patient.birthdate")));
}

#[test]
fn a_resource_is_found_by_what_points_at_it() {
    finds_on(
        &medication(),
        "MedicationRequest",
        &[
            ("_has:MedicationDispense:prescription:status=completed", &["m1"]),
            ("_has:MedicationDispense:prescription:status=stopped", &[]),
            ("_has:Provenance:target:_id=v", &["m1"]),
            ("_has:Provenance:target:_id:not=v", &[]),
        ],
    );
    finds_on(&medication(), "Organization", &[("_has:Organization:partof:name=huis", &["q"])]);
}

#[test]
fn an_include_brings_what_the_matches_point_at() {
    let all = &["m1", "m2", "m3", "m4", "m5", "m6"];
    let with =
        |more: &[&'static str]| -> Vec<&'static str> { all.iter().copied().chain(more.iter().copied()).collect() };
    finds_on(
        &medication(),
        "MedicationRequest",
        &[
            ("_include=MedicationRequest:medication", &with(&["[a]"])),
            ("_include=MedicationRequest:subject", &with(&["[p]"])),
            ("_include=MedicationRequest:patient", &with(&["[p]"])),
            ("_include=MedicationRequest:subject:Group", &with(&[])),
            ("_include=MedicationRequest:requester", &with(&["[r]", "[d]"])),
            ("_include=MedicationRequest:requester:Practitioner", &with(&["[d]"])),
            ("_include=MedicationRequest:requester&_include=PractitionerRole:organization", &with(&["[r]", "[d]"])),
            (
                "_include=MedicationRequest:requester&_include:iterate=PractitionerRole:organization",
                &with(&["[r]", "[d]", "[o]"]),
            ),
            (
                "_include=MedicationRequest:requester&_include:recurse=PractitionerRole:organization\
                    &_include:iterate=Organization:partof",
                &with(&["[r]", "[d]", "[o]", "[q]"]),
            ),
            ("_id=m1&_revinclude=Provenance:target", &["m1", "[v]"]),
            ("_id=m1&_include=MedicationRequest:medication&_revinclude=Provenance:target", &["m1", "[a]", "[v]"]),
            (
                "_id=m1&_include=MedicationRequest:medication&_revinclude:iterate=Provenance:target",
                &["m1", "[a]", "[v]", "[w]"],
            ),
            ("_id=m1&_revinclude=Provenance:target&_include:iterate=Provenance:agent", &["m1", "[v]", "[o]"]),
            ("_id=m1&_revinclude=Provenance:agent", &["m1"]),
            ("_id=m2&_include=MedicationRequest:medication", &["m2"]),
            ("_id=none&_include=MedicationRequest:medication&_revinclude=Provenance:target", &[]),
        ],
    );
    finds_on(
        &medication(),
        "PractitionerRole",
        &[("_include=PractitionerRole:practitioner&_include=PractitionerRole:practitioner", &["r", "[d]"])],
    );
}

#[test]
fn what_is_in_the_answer_once_is_not_brought_again_and_the_bound_holds() {
    let shelf = medication();
    let tree = |most| found(&shelf, "Organization", "_include:iterate=Organization:partof", most);
    assert_eq!(tree(10), Ok((vec!["o".to_owned(), "q".to_owned()], false)));
    assert_eq!(tree(1), Ok((vec!["o".to_owned()], true)));
    assert_eq!(tree(2), Ok((vec!["o".to_owned(), "q".to_owned()], false)));
    let one = found(&shelf, "MedicationRequest", "_id=m1&_include=MedicationRequest:medication", 1);
    assert_eq!(one, Ok((vec!["m1".to_owned()], true)));
    let circle = Few::of(
        FhirVersion::R4,
        &[
            r#"{"resourceType":"Organization","id":"a","partOf":{"reference":"Organization/b"}}"#,
            r#"{"resourceType":"Organization","id":"b","partOf":{"reference":"Organization/a"}}"#,
        ],
    );
    finds_on(&circle, "Organization", &[("_id=a&_include:iterate=Organization:partof", &["a", "[b]"])]);
    finds_on(&circle, "Organization", &[("_id=a&_revinclude:iterate=Organization:partof", &["a", "[b]"])]);
}

#[test]
fn an_include_that_cannot_be_followed_is_refused() {
    for value in [
        "*",
        "MedicationRequest:*",
        "MedicationRequest",
        "MedicationRequest:status",
        "Nothing:x",
        "MedicationRequest:subject:Medication",
        "MedicationRequest:subject:Patient:x",
        "MedicationRequest:invented",
        "",
    ] {
        for name in ["_include", "_revinclude", "_include:iterate"] {
            let fault = found(&medication(), "MedicationRequest", &format!("{name}={value}"), 9);
            assert_eq!(fault, Err(SearchFault::unsupported(name)), "{name}={value}");
        }
    }
    let fault = found(&medication(), "MedicationRequest", "_include:sometimes=MedicationRequest:subject", 9);
    assert_eq!(fault, Err(SearchFault::unsupported("_include:sometimes")));
}

#[test]
fn stu3_scripts_and_advance_care_plans_find_what_they_ask() {
    let stu3 = Few::of(
        FhirVersion::Stu3,
        &[
            r#"{"resourceType":"Encounter","id":"e","episodeOfCare":[{"reference":"EpisodeOfCare/x"}],"class":{"code":"IMP"}}"#,
            r#"{"resourceType":"Observation","id":"o","context":{"reference":"Encounter/e"},
                "related":[{"type":"has-member","target":{"reference":"Observation/t"}}]}"#,
            r#"{"resourceType":"Observation","id":"t","context":{"reference":"EpisodeOfCare/x"}}"#,
        ],
    );
    finds_on(
        &stu3,
        "Observation",
        &[
            ("context:Encounter.episodeofcare=EpisodeOfCare/x", &["o"]),
            ("context:Encounter.episodeofcare=EpisodeOfCare/y,EpisodeOfCare/x", &["o"]),
            ("context=EpisodeOfCare/x", &["t"]),
            ("_id=o&_include=Observation:related-target", &["o", "[t]"]),
            ("related=Observation/t$has-member", &["o"]),
            ("related=Observation/t$derived-from", &[]),
        ],
    );
    let plans = Few::of(
        FhirVersion::R4,
        &[
            r#"{"resourceType":"Procedure","id":"p","code":{"coding":[{"system":"http://snomed.info/sct","code":"713603004"}]},
                "encounter":{"reference":"Encounter/e"}}"#,
            r#"{"resourceType":"Encounter","id":"e","reasonReference":[{"reference":"Procedure/p"}]}"#,
            r#"{"resourceType":"Encounter","id":"f"}"#,
        ],
    );
    let code = "http://snomed.info/sct|713603004";
    let by_reason = format!("reason-reference:Procedure.code={code}&_include=Encounter:reason-reference");
    finds_on(&plans, "Encounter", &[(by_reason.as_str(), &["e", "[p]"])]);
    let by_code = format!("code={code}&_include=Procedure:encounter");
    finds_on(&plans, "Procedure", &[(by_code.as_str(), &["p", "[e]"])]);
}

proptest! {
    #[test]
    fn any_include_or_chain_ends(query in "(_include|_revinclude|_has|patient|medication|requester)[a-zA-Z:.=|]{0,40}") {
        if let Ok(query) = SearchQuery::parse(&query) {
            let shelf = medication();
            let kind = ResourceType::parse(FhirVersion::R4, "MedicationRequest").unwrap();
            if let Ok(search) = Search::read(FhirVersion::R4, kind, &query) {
                let found = search.run(&shelf, 5);
                prop_assert!(found.is_err() || found.is_ok_and(|found| found.items.len() <= 5));
            }
        }
    }

    #[test]
    fn what_a_filter_finds_its_negation_does_not(
        token in "((|http://loinc[.]org|urn:x)\\|)?(1-8|bare|final|x)",
        date in "(19|20)[0-9]{2}(-0[1-9](-1[0-9](T1[0-9]:00(:00)?(Z|-05:00)?)?)?)?",
        number in "-?[0-9]{1,4}(\\.[0-9]{1,3})?",
    ) {
        let risk = r#"{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":7}]}"#;
        for (text, one, other) in [
            (OBSERVATION, format!("code={token}"), format!("code:not={token}")),
            (OBSERVATION, format!("date=eq{date}"), format!("date=ne{date}")),
            (OBSERVATION, format!("_lastUpdated={date}"), format!("_lastUpdated=ne{date}")),
            (risk, format!("probability={number}"), format!("probability=ne{number}")),
            (OBSERVATION, "code:missing=true".to_owned(), "code:missing=false".to_owned()),
        ] {
            if let (Ok(one), Ok(other)) = (ask(FhirVersion::R4, text, &one), ask(FhirVersion::R4, text, &other)) {
                prop_assert!(one != other);
            }
        }
    }
}

/// A medication agreement of a treatment, from one day of 2026 to another, perhaps a stop.
fn agreement(id: &str, treatment: &str, period: &str, stop: bool) -> String {
    let base = "http://nictiz.nl/fhir/StructureDefinition/";
    let stop = if stop {
        format!(
            r#""modifierExtension":[{{"url":"{base}ext-StopType","valueCodeableConcept":{{"coding":[{{"code":"410546004"}}]}}}}],"#
        )
    } else {
        String::new()
    };
    format!(
        r#"{{"resourceType":"MedicationRequest","id":"{id}",{stop}"category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"33633005"}}]}}],
        "extension":[{{"url":"{base}ext-TimeInterval.Period","valuePeriod":{{{period}}}}},
        {{"url":"{base}ext-PharmaceuticalTreatment.Identifier","valueIdentifier":{{"system":"urn:oid:1","value":"{treatment}"}}}}]}}"#
    )
}

#[test]
fn the_latest_stop_of_each_treatment_is_found_besides_what_lies_in_the_period() {
    let days = |start: &str, end: &str| format!(r#""start":"2026-{start}","end":"2026-{end}""#);
    let texts = [
        agreement("running", "a", r#""start":"2026-11-01""#, false),
        agreement("first-stop", "a", &days("01-01", "02-01"), true),
        agreement("last-stop", "a", &days("01-01", "03-01"), true),
        agreement("ended", "b", &days("01-01", "02-01"), false),
        agreement("other-stop", "b", &days("01-01", "01-20"), true),
    ];
    let shelf = Few::of(FhirVersion::R4, &texts.each_ref().map(String::as_str));
    let window = "period-of-use=ge2026-10-01";
    finds_on(
        &shelf,
        "MedicationRequest",
        &[
            (window, &["running"]),
            (&format!("{window}&is-latest-stop=false"), &["running"]),
            (&format!("{window}&is-latest-stop=true"), &["running", "last-stop", "other-stop"]),
            // Every filter but the period holds for them too.
            (&format!("{window}&is-latest-stop=true&pharmaceutical-treatment-identifier=urn:oid:1|b"), &["other-stop"]),
            (&format!("{window}&is-latest-stop=true&category=http://snomed.info/sct|395067002"), &[]),
            // Without a period everything is found, and each once.
            ("is-latest-stop=true", &["running", "first-stop", "last-stop", "ended", "other-stop"]),
        ],
    );
    // Where a type has no such parameter, and where it says something else, it is refused.
    for (of, query) in
        [("MedicationAdministration", "is-latest-stop=true"), ("MedicationRequest", "is-latest-stop=maybe")]
    {
        assert!(found(&shelf, of, query, 100).is_err(), "{of}?{query}");
    }
}

#[test]
fn the_order_on_the_shelf_does_not_decide_which_stop_is_the_latest() {
    let stop = |id: &str, end: &str| agreement(id, "a", &format!(r#""start":"2026-01-01","end":"2026-{end}""#), true);
    let (early, late) = (stop("early", "02-01"), stop("late", "03-01"));
    for texts in [[early.as_str(), late.as_str()], [late.as_str(), early.as_str()]] {
        let shelf = Few::of(FhirVersion::R4, &texts);
        finds_on(&shelf, "MedicationRequest", &[("period-of-use=ge2026-10-01&is-latest-stop=true", &["late"])]);
    }
}
