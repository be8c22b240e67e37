use fhir::json::Limits;

use super::*;

fn checks() -> AnswerChecks {
    AnswerChecks::read(&std::fs::read_to_string(folder().join("answers.json")).unwrap()).unwrap()
}

/// Where a resource lacks something, and what.
fn lacking(version: FhirVersion, resource: &str) -> Vec<(String, String)> {
    let resource = fhir::Resource::parse(resource.to_owned().into(), &Limits::default()).unwrap();
    checks().check(&resource, version).into_iter().map(|finding| (finding.path, finding.message)).collect()
}

#[test]
fn a_resource_that_says_everything_lacks_nothing() {
    let whole = r#"{"resourceType":"Condition","meta":{"profile":["http://example.org/p"]},
        "identifier":[{"system":"urn:s","value":"1"}],"subject":{"reference":"Patient/1","display":"Proef"},
        "code":{"coding":[{"system":"urn:s","code":"a","display":"A"},{"system":"urn:t","code":"b"}]}}"#;
    for version in FhirVersion::ALL {
        assert_eq!(lacking(version, whole), []);
    }
}

#[test]
fn each_thing_that_is_asked_of_an_answer_is_missed_by_its_path() {
    let base = r#"{"resourceType":"Condition","meta":{"profile":["http://example.org/p"]}, "#;
    for (rest, path, message) in [
        (r#""code":{"text":"x","coding":[{"code":"a"}]}"#, "Condition.code.coding[0]", "has no system"),
        (r#""code":{"text":"x","coding":[{"system":"urn:s"}]}"#, "Condition.code.coding[0]", "has no code"),
        (r#""code":{"coding":[{"system":"urn:s","code":"a"}]}"#, "Condition.code", "has no coding.display or text"),
        (r#""subject":{"reference":"Patient/1"}"#, "Condition.subject", "has no display"),
        (r#""evidence":[{"detail":[{"reference":"x"}]}]"#, "Condition.evidence[0].detail[0]", "has no display"),
        (r#""identifier":[{"value":"1"}]"#, "Condition.identifier[0]", "has no system or type"),
        (r#""identifier":[{"system":"urn:s"}]"#, "Condition.identifier[0]", "has no value"),
        (
            r#""contained":[{"resourceType":"Patient","generalPractitioner":[{"reference":"x"}]}]"#,
            "Condition.contained[0].generalPractitioner[0]",
            "has no display",
        ),
        (
            r#""extension":[{"url":"u","valueCodeableConcept":{"coding":[]}}]"#,
            "Condition.extension[0].valueCodeableConcept",
            "has no coding.display or text",
        ),
        (
            r#""code":{"text":"x","coding":[{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.60.40.2.5.1.1","code":"a"}]}"#,
            "Condition.code.coding[0].system",
            "names a value set where a code system must stand",
        ),
    ] {
        let found = lacking(FhirVersion::R4, &format!("{base}{rest}}}"));
        assert_eq!(found, [(path.to_owned(), message.to_owned())], "{rest}");
    }
    assert_eq!(lacking(FhirVersion::R4, r#"{"resourceType":"Condition"}"#).len(), 1, "meta.profile");
    assert_eq!(lacking(FhirVersion::R4, r#"{"resourceType":"Binary"}"#), []);
}

#[test]
fn what_is_said_to_be_absent_is_not_missed() {
    let excused = r#"{"resourceType":"Condition","meta":{"profile":["p"]},
        "identifier":[{"system":"urn:s","_value":{"extension":[]}}],
        "code":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor","valueCode":"UNK"}]},
        "subject":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}}"#;
    assert_eq!(lacking(FhirVersion::Stu3, excused), []);
    assert_eq!(lacking(FhirVersion::Stu3, &excused.replace("iso21090-nullFlavor", "other")).len(), 1);
}

#[test]
fn a_resource_that_lacks_without_end_is_not_followed_to_the_end() {
    let many = vec![r#"{"reference":"x"}"#; 5_000].join(",");
    let found =
        lacking(FhirVersion::R4, &format!(r#"{{"resourceType":"List","basedOn":[{many}],"source":{{}}, "entry":[]}}"#));
    assert!(found.len() <= 201, "{}", found.len());
    let found = lacking(
        FhirVersion::R4,
        &format!(r#"{{"resourceType":"CareTeam","managingOrganization":[{many}],"meta":{{"profile":["p"]}}}}"#),
    );
    assert!((200..=201).contains(&found.len()), "{}", found.len());
}

#[test]
fn the_statement_of_the_checks_is_read_strictly() {
    for (text, at) in [
        (r#"{"everything": ["meta"]}"#, "everything"),
        (r#"{"types": {"Codering": {"all": ["code"]}}}"#, "Codering"),
        (r#"{"types": {"Coding": {"some": ["code"]}}}"#, "Coding: some"),
        (r#"{"types": {"Coding": {"all": []}}}"#, "Coding: all"),
        (r#"{"every": "meta.profile"}"#, "every"),
        ("[", "the file"),
    ] {
        assert_eq!(AnswerChecks::read(text).unwrap_err().at, at);
    }
}
