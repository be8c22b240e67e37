use super::*;
use crate::json::Limits;

fn check_of(version: FhirVersion, text: &str) -> Result<(), String> {
    let resource = Resource::parse(text.to_owned().into(), &Limits::default()).unwrap();
    super::check(version, &resource).map_err(|fault| fault.what)
}

fn check(text: &str) -> Result<(), String> {
    check_of(FhirVersion::R4, text)
}

#[test]
fn a_well_formed_resource_passes() {
    for good in [
        r#"{"resourceType":"Patient","id":"1","active":true,"name":[{"given":["A",null],"_given":[null,{"id":"x"}]}]}"#,
        r#"{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://a.example","valueString":"x"}]}}"#,
        r#"{"resourceType":"Questionnaire","item":[{"linkId":"1","item":[{"linkId":"2","item":[{"linkId":"3"}]}]}]}"#,
        r#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient","contained":[
            {"resourceType":"Organization","name":"x"}]},"link":[{"relation":"a","url":"b"}]}]}"#,
        r#"{"resourceType":"Observation","valueQuantity":{"value":1.0,"unit":"x"},"meta":{"tag":[{"code":"x"}]}}"#,
        r#"{"resourceType":"ExampleScenario","instance":[{"resourceId":"a","resourceType":"Patient"}]}"#,
    ] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
}

#[test]
fn a_fault_names_the_element_and_its_place() {
    let cases = [
        (r#"{"resourceType":"Patient","invented":1}"#, "invented is not an element"),
        (
            r#"{"resourceType":"Patient","contact":[{"name":{"familie":"x"}}]}"#,
            "contact.name.familie is not an element",
        ),
        (
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Organization","nam":1}]}"#,
            "contained.nam is not an element",
        ),
        (r#"{"resourceType":"Patient","contained":[{"id":"x"}]}"#, "contained is not a resource"),
        (r#"{"resourceType":"Patient","name":{"family":"x"}}"#, "name is not a list"),
        (r#"{"resourceType":"Patient","birthDate":["2000"]}"#, "birthDate is a list"),
        (r#"{"resourceType":"Patient","birthDate":2000}"#, "birthDate is not a string"),
        (r#"{"resourceType":"Patient","active":"true"}"#, "active is not a boolean"),
        (r#"{"resourceType":"Patient","multipleBirthInteger":1.0}"#, "multipleBirthInteger is not an integer"),
        (r#"{"resourceType":"Patient","name":[]}"#, "name is empty"),
        (r#"{"resourceType":"Patient","name":[{}]}"#, "name is empty"),
        (r#"{"resourceType":"Patient","name":[null]}"#, "name is not an object"),
        (r#"{"resourceType":"Patient","gender":""}"#, "gender is empty"),
        (r#"{"resourceType":"Patient","gender":null}"#, "gender is not a string"),
        (r#"{"resourceType":"Patient","_name":[{"id":"x"}]}"#, "_name is not an element"),
        (r#"{"resourceType":"Patient","_gender":{"value":"x"}}"#, "_gender has a value beside its value"),
        (r#"{"resourceType":"Patient","name":[{"resourceType":"Patient"}]}"#, "name.resourceType is not an element"),
        (r#"{"resourceType":"Observation","valueQuantity":{"value":"1"}}"#, "valueQuantity.value is not a decimal"),
        (r#"{"resourceType":"Patient","name":[{"given":["A",null]}]}"#, "name.given has an empty item"),
        (
            r#"{"resourceType":"Patient","name":[{"given":["A"],"_given":[null,null]}]}"#,
            "name._given has an empty item",
        ),
        (r#"{"resourceType":"Patient","text":{"_div":{"id":"x"}}}"#, "text._div is not an element"),
        (r#"{"resourceType":"Patient","name":[{"_id":{"extension":[{"url":"x"}]}}]}"#, "name._id is not an element"),
        (r#"{"resourceType":"DomainResource","id":"1"}"#, "is of a type that does not exist"),
        (r#"{"resourceType":"HumanName","family":"x"}"#, "is of a type that does not exist"),
        (r#"{"resourceType":"Invented","id":"1"}"#, "is of a type that does not exist"),
        (r#"{"resourceType":"ReferralRequest","id":"1"}"#, "is of a type that does not exist"),
    ];
    for (text, what) in cases {
        assert_eq!(check(text), Err(what.to_owned()), "{text}");
    }
}

#[test]
fn each_version_has_its_own_elements_and_types() {
    let cases = [
        (r#"{"resourceType":"ReferralRequest","id":"1"}"#, Ok(()), Err("is of a type that does not exist")),
        (r#"{"resourceType":"ServiceRequest","id":"1"}"#, Err("is of a type that does not exist"), Ok(())),
        (r#"{"resourceType":"Observation","context":{"reference":"x"}}"#, Ok(()), Err("context is not an element")),
        (r#"{"resourceType":"Observation","encounter":{"reference":"x"}}"#, Err("encounter is not an element"), Ok(())),
        (r#"{"resourceType":"Observation","comment":"x"}"#, Ok(()), Err("comment is not an element")),
        (r#"{"resourceType":"Patient","animal":{"species":{"text":"x"}}}"#, Ok(()), Err("animal is not an element")),
        (
            r#"{"resourceType":"Sequence","coordinateSystem":1.5}"#,
            Err("coordinateSystem is not an integer"),
            Err("is of a type that does not exist"),
        ),
        (
            r#"{"resourceType":"DiagnosticReport","result":{"reference":"x"}}"#,
            Err("result is not a list"),
            Err("result is not a list"),
        ),
    ];
    for (text, stu3, r4) in cases {
        for (version, expected) in [(FhirVersion::Stu3, stu3), (FhirVersion::R4, r4)] {
            assert_eq!(check_of(version, text), expected.map_err(str::to_owned), "{version} {text}");
        }
    }
    let resource = Resource::parse(r#"{"resourceType":"Patient","x":1}"#.into(), &Limits::default()).unwrap();
    let fault = super::check(FhirVersion::Stu3, &resource).unwrap_err();
    assert_eq!(fault.to_string(), "the resource is not a well-formed STU3 Patient: x is not an element");
}

#[test]
fn a_fault_repeats_no_value_even_as_a_name() {
    for text in [r#"{"resourceType":"Patient","999911120":1}"#, r#"{"resourceType":"Patient","<b>":1}"#] {
        assert_eq!(check(text), Err("(a member) is not an element".to_owned()));
    }
    let fault = check(r#"{"resourceType":"Patient","gender":999911120}"#).unwrap_err();
    assert!(!fault.contains("999911120"), "{fault}");
}

#[test]
fn the_deepest_questionnaire_passes() {
    let text = |levels: usize| {
        format!(
            r#"{{"resourceType":"Questionnaire"{}{}}}"#,
            r#","item":[{"linkId":"1""#.repeat(levels),
            "}]".repeat(levels)
        )
    };
    assert_eq!(check(&text(40)), Ok(()));
    let limits = Limits { depth: 1000, ..Limits::default() };
    let deep = Resource::parse(text(250).into(), &limits).unwrap();
    assert_eq!(super::check(FhirVersion::R4, &deep), Ok(()));
}

#[test]
fn a_resource_is_of_another_version_when_it_is_well_formed_in_that_one_alone() {
    use FhirVersion::{R4, Stu3};
    for (text, of_another_than) in [
        (r#"{"resourceType":"MedicationStatement","taken":"y"}"#, Some(R4)),
        (r#"{"resourceType":"MedicationStatement","statusReason":[{"text":"x"}]}"#, Some(Stu3)),
        (r#"{"resourceType":"AllergyIntolerance","clinicalStatus":"active"}"#, Some(R4)),
        (r#"{"resourceType":"AllergyIntolerance","clinicalStatus":{"text":"x"}}"#, Some(Stu3)),
        (r#"{"resourceType":"ServiceRequest"}"#, Some(Stu3)),
        (r#"{"resourceType":"ProcedureRequest"}"#, Some(R4)),
        // The same in both, and wrong in both.
        (r#"{"resourceType":"MedicationStatement","status":"active"}"#, None),
        (r#"{"resourceType":"MedicationStatement","taken":"y","own":1}"#, None),
        (r#"{"resourceType":"Own"}"#, None),
    ] {
        let resource = Resource::parse(text.to_owned().into(), &Limits::default()).unwrap();
        for version in FhirVersion::ALL {
            assert_eq!(is_of_another(version, &resource), of_another_than == Some(version), "{version} {text}");
        }
    }
}
