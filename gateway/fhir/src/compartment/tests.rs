use super::*;
use crate::definitions::resource_types;
use crate::json::Limits;

fn resource(text: &str) -> Resource {
    Resource::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

fn of(text: &str) -> Whose {
    whose(FhirVersion::R4, &resource(text))
}

fn id(text: &str) -> PatientReference {
    PatientReference::Id(text.to_owned())
}

fn bsn(text: &str) -> PatientReference {
    PatientReference::Bsn(Bsn::parse(text).unwrap())
}

const A: &str = "999911120";
const B: &str = "900203638";

/// A contained Patient `#p` with this BSN.
fn contained(bsn: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"p","identifier":[{{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"{bsn}"}}]}}"#
    )
}

fn observation(subject: &str) -> String {
    format!(r#"{{"resourceType":"Observation","subject":{subject}}}"#)
}

#[test]
fn a_subject_is_read_from_every_form_of_reference() {
    let by_bsn = format!(r#"{{"identifier":{{"system":"{}","value":"{A}"}}}}"#, systems::BSN);
    let by_oid = format!(r#"{{"identifier":{{"system":"urn:oid:2.16.840.1.113883.2.4.6.3","value":"{A}"}}}}"#);
    let both = format!(r#"{{"reference":"Patient/1","identifier":{{"system":"{}","value":"{A}"}}}}"#, systems::BSN);
    let other_number = r#"{"reference":"Patient/1","identifier":{"system":"urn:x","value":"1"}}"#;
    let bad_bsn = format!(r#"{{"reference":"Patient/1","identifier":{{"system":"{}","value":"123"}}}}"#, systems::BSN);
    let cases: Vec<(&str, Vec<PatientReference>)> = vec![
        (r#"{"reference":"Patient/1"}"#, vec![id("1")]),
        (r#"{"reference":"\u0050atient/1"}"#, vec![id("1")]),
        (r#"{"reference":"Patient/1/_history/3"}"#, vec![id("1")]),
        (r#"{"reference":"https://a.example/fhir/Patient/1"}"#, vec![id("1")]),
        (&by_bsn, vec![bsn(A)]),
        (&by_oid, vec![bsn(A)]),
        (&both, vec![bsn(A), id("1")]),
        (other_number, vec![id("1")]),
        (&bad_bsn, vec![PatientReference::Other, id("1")]),
        (r#"{"reference":"Group/1"}"#, vec![PatientReference::Other]),
        (r#"{"reference":"Device/1"}"#, vec![PatientReference::Other]),
        (r#"{"reference":"urn:uuid:5"}"#, vec![PatientReference::Other]),
        (r#"{"reference":"Patient?identifier=1"}"#, vec![PatientReference::Other]),
        (r##"{"reference":"#nobody"}"##, vec![PatientReference::Other]),
        (r##"{"reference":"#"}"##, vec![PatientReference::Other]),
        (r#"{"reference":7}"#, vec![PatientReference::Other]),
        (r#"{"display":"A"}"#, vec![PatientReference::Other]),
        (r#""Patient/1""#, vec![PatientReference::Other]),
        (r#"[{"reference":"Patient/1"},{"reference":"Patient/2"}]"#, vec![id("1"), id("2")]),
    ];
    for (subject, expected) in cases {
        assert!(of(&observation(subject)) == Whose::About(expected), "{subject}");
    }
}

#[test]
fn each_type_names_its_patient_in_its_own_element() {
    let cases = [
        r#"{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"}}"#,
        r#"{"resourceType":"Task","for":{"reference":"Patient/1"},"owner":{"reference":"Patient/2"}}"#,
        r#"{"resourceType":"Coverage","beneficiary":{"reference":"Patient/1"}}"#,
        r#"{"resourceType":"ResearchSubject","individual":{"reference":"Patient/1"}}"#,
        r#"{"resourceType":"RelatedPerson","patient":{"reference":"Patient/1"}}"#,
        r#"{"resourceType":"Appointment","participant":[{"actor":{"reference":"Practitioner/9"}},{"actor":{"reference":"Patient/1"}}]}"#,
        r#"{"resourceType":"Schedule","actor":[{"reference":"Location/9"},{"reference":"Patient/1"}]}"#,
        r#"{"resourceType":"Account","subject":[{"reference":"Patient/1"}]}"#,
        r#"{"resourceType":"Provenance","target":[{"reference":"Observation/3"},{"reference":"Patient/1"}]}"#,
    ];
    for text in cases {
        assert!(of(text) == Whose::About(vec![id("1")]), "{text}");
    }
    let stu3 = resource(r#"{"resourceType":"ProcedureRequest","subject":{"reference":"Patient/1"}}"#);
    assert!(whose(FhirVersion::Stu3, &stu3) == Whose::About(vec![id("1")]));
    assert!(whose(FhirVersion::R4, &stu3) == Whose::Unstated, "the type does not exist in R4");
}

#[test]
fn what_names_no_patient_is_unstated_and_what_never_does_is_nobodys() {
    for unstated in [
        r#"{"resourceType":"Observation"}"#,
        r#"{"resourceType":"Observation","subject":[]}"#,
        r#"{"resourceType":"Appointment","participant":[{"actor":{"reference":"Practitioner/9"}},{"actor":{"display":"x"}}]}"#,
        r#"{"resourceType":"Device"}"#,
        r#"{"resourceType":"Group","member":[{"entity":{"reference":"Patient/1"}}]}"#,
        r#"{"resourceType":"Binary","securityContext":{"reference":"Patient/1"}}"#,
        r#"{"resourceType":"Bundle"}"#,
        r#"{"resourceType":"AuditEvent","entity":[{"what":{"reference":"Patient/1"}}]}"#,
        r#"{"resourceType":"Person","link":[{"target":{"reference":"Patient/1"}}]}"#,
        r#"{"resourceType":"Invented"}"#,
    ] {
        assert!(of(unstated) == Whose::Unstated, "{unstated}");
    }
    for nobody in ["Organization", "Practitioner", "PractitionerRole", "Location", "Endpoint", "Medication", "ValueSet"]
    {
        assert!(of(&format!(r#"{{"resourceType":"{nobody}"}}"#)) == Whose::Nobody, "{nobody}");
    }
}

#[test]
fn a_participant_who_could_be_a_patient_is_not_passed_over() {
    let appointment =
        |actor: &str| of(&format!(r#"{{"resourceType":"Appointment","participant":[{{"actor":{actor}}}]}}"#));
    for unclear in [
        r#"{"reference":"urn:uuid:1"}"#,
        r#"{"identifier":{"system":"urn:x","value":"1"}}"#,
        r##"{"reference":"#missing"}"##,
    ] {
        assert!(appointment(unclear) == Whose::About(vec![PatientReference::Other]), "{unclear}");
    }
    for other in [
        r#"{"type":"Practitioner","identifier":{"system":"urn:x","value":"1"}}"#,
        r#"{"identifier":{"system":"http://fhir.nl/fhir/NamingSystem/ura","value":"90000901"}}"#,
    ] {
        assert!(appointment(other) == Whose::Unstated, "{other}");
    }
}

#[test]
fn contained_patients_count_by_their_bsn() {
    let with = |contained: &str, subject: &str| {
        of(&format!(r#"{{"resourceType":"Communication","contained":[{contained}],"subject":{subject}}}"#))
    };
    assert!(with(&contained(A), r##"{"reference":"#p"}"##) == Whose::About(vec![bsn(A)]));
    assert!(with(&contained(B), r#"{"reference":"Patient/1"}"#) == Whose::About(vec![id("1"), bsn(B)]));
    let nameless = r#"{"resourceType":"Patient","id":"p"}"#;
    assert!(with(nameless, r##"{"reference":"#p"}"##) == Whose::About(vec![PatientReference::Other]));
    assert!(with(nameless, r#"{"reference":"Patient/1"}"#) == Whose::About(vec![id("1")]));
    let twice = format!("{},{}", contained(A), nameless);
    assert!(with(&twice, r##"{"reference":"#p"}"##) == Whose::About(vec![PatientReference::Other, bsn(A)]));
    let device = r#"{"resourceType":"Device","id":"p"}"#;
    assert!(with(device, r##"{"reference":"#p"}"##) == Whose::About(vec![PatientReference::Other]));
    let hidden = format!(r#"{{"resourceType":"Device","contained":[{}]}}"#, contained(B));
    assert!(with(&hidden, r#"{"reference":"Patient/1"}"#) == Whose::About(vec![id("1"), bsn(B)]));
}

#[test]
fn contained_resources_count_by_their_own_subject() {
    let text = |inner: &str| {
        of(&format!(r#"{{"resourceType":"Observation","contained":[{inner}],"subject":{{"reference":"Patient/1"}}}}"#))
    };
    let foreign = r#"{"resourceType":"Condition","subject":{"reference":"Patient/2"}}"#;
    assert!(text(foreign) == Whose::About(vec![id("1"), id("2")]));
    let same = r#"{"resourceType":"Condition","subject":{"reference":"Patient/1"}}"#;
    assert!(text(same) == Whose::About(vec![id("1")]));
    let vague = r#"{"resourceType":"Condition","subject":{"display":"the same"}}"#;
    assert!(text(vague) == Whose::About(vec![id("1")]));
    let medication = format!(r#"{{"resourceType":"Medication","contained":[{}]}}"#, contained(B));
    assert!(of(&medication) == Whose::About(vec![bsn(B)]), "even where the type itself is nobody's");
}

#[test]
fn a_patient_is_known_by_id_and_bsns() {
    let patient = |rest: &str| of(&format!(r#"{{"resourceType":"Patient","id":"1"{rest}}}"#));
    let is = |whose: Whose, bsns: &[&str], malformed: bool| {
        let bsns = bsns.iter().map(|text| Bsn::parse(text).unwrap()).collect();
        assert!(whose == Whose::Patient { id: Some("1".into()), bsns, malformed_bsn: malformed }, "{whose:?}");
    };
    let identifier = |value: &str| format!(r#"{{"system":"{}","value":{value}}}"#, systems::BSN);
    is(patient(""), &[], false);
    is(patient(&format!(r#","identifier":[{}]"#, identifier("\"999911120\""))), &[A], false);
    is(patient(&format!(r#","identifier":[{}]"#, identifier("\"999911121\""))), &[], true);
    is(patient(&format!(r#","identifier":[{}]"#, identifier("999911120"))), &[], true);
    is(patient(&format!(r#","identifier":[{{"system":"{}"}}]"#, systems::BSN)), &[], false);
    let two = format!(r#","identifier":[{},{}]"#, identifier("\"999911120\""), identifier("\"900203638\""));
    is(patient(&two), &[A, B], false);
    is(patient(&format!(r#","contained":[{}]"#, contained(B))), &[B], false);
    let relative = r#","contained":[{"resourceType":"RelatedPerson","patient":{"reference":"Patient/1"}}]"#;
    is(patient(relative), &[], false);
    let foreign = r#","contained":[{"resourceType":"RelatedPerson","patient":{"reference":"Patient/2"}}]"#;
    is(patient(foreign), &[], true);
}

#[test]
fn debug_shows_no_person() {
    let shown = format!("{:?}", of(&observation(r#"{"reference":"Patient/secret"}"#)));
    assert_eq!(shown, "About([Id(..)])");
}

#[test]
fn only_the_listed_types_are_silent_about_their_patient() {
    let expected = [
        "AuditEvent",
        "Binary",
        "Bundle",
        "DeviceComponent",
        "DeviceMetric",
        "EligibilityResponse",
        "EnrollmentResponse",
        "Group",
        "Linkage",
        "MessageHeader",
        "Parameters",
        "PaymentNotice",
        "PaymentReconciliation",
        "Person",
        "ProcessRequest",
        "ProcessResponse",
        "Slot",
        "Subscription",
        "VerificationResult",
    ];
    let mut silent: Vec<&str> = FhirVersion::ALL.into_iter().flat_map(resource_types).copied().collect();
    silent.retain(|name| subjects::of(name) == Subject::Unsaid);
    silent.sort_unstable();
    silent.dedup();
    assert_eq!(silent, expected);
}
