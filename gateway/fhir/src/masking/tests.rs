use proptest::prelude::*;

use super::*;

const R4_LABEL: &str = r#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"}"#;
const STU3_LABEL: &str = r#"{"system":"http://hl7.org/fhir/v3/ObservationValue","code":"REDACTED"}"#;

fn resource(text: &str) -> Resource {
    Resource::parse(text.to_owned().into(), &Limits::default()).unwrap()
}

fn paths(paths: &[&str]) -> Vec<ElementPath> {
    paths.iter().map(|path| ElementPath::parse(path).unwrap()).collect()
}

/// What is left; `whole` and `withheld` for the other two.
fn left(version: FhirVersion, text: &str, of: &[&str]) -> String {
    match mask(version, &resource(text), &paths(of)) {
        Masked::Whole => "whole".to_owned(),
        Masked::Withhold => "withheld".to_owned(),
        Masked::Rest(rest) => rest.text().to_owned(),
    }
}

#[test]
fn what_is_masked_is_gone_the_rest_is_as_written_and_says_so() {
    let label = format!(r#""meta":{{"security":[{R4_LABEL}]}}"#);
    for (text, masked, rest) in [
        (
            r#"{"resourceType":"Patient", "id":"p", "telecom":[{"value":"1"}], "birthDate" : "1942-03-14"}"#,
            &["Patient.telecom"][..],
            format!(r#"{{"resourceType":"Patient","id":"p","birthDate":"1942-03-14",{label}}}"#),
        ),
        // A choice of types, in whatever type, and what stands beside a primitive.
        (
            r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a","_valueString":{"id":"i"}}"#,
            &["Observation.value[x]"],
            format!(r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},{label}}}"#),
        ),
        // Digits, extensions and unknown elements stay.
        (
            r#"{"resourceType":"Observation","status":"final","code":{},"valueQuantity":{"value":1.50,"extension":[{"url":"u","x":1e2}]},"note":[{"text":"n"}],"odd":[ 1, 2.0 ]}"#,
            &["Observation.note"],
            format!(
                r#"{{"resourceType":"Observation","status":"final","code":{{}},"valueQuantity":{{"value":1.50,"extension":[{{"url":"u","x":1e2}}]}},"odd":[ 1, 2.0 ],{label}}}"#
            ),
        ),
        // Deep in lists; what becomes empty goes.
        (
            r#"{"resourceType":"Patient","contact":[{"name":{"text":"n"},"telecom":[{"value":"1"}]},{"telecom":[{"value":"2"}]}]}"#,
            &["Patient.contact.telecom"],
            format!(r#"{{"resourceType":"Patient","contact":[{{"name":{{"text":"n"}}}}],{label}}}"#),
        ),
        // The narrative goes with it.
        (
            r#"{"resourceType":"Patient","text":{"status":"generated","div":"<div>1</div>"},"telecom":[{"value":"1"}]}"#,
            &["Patient.telecom"],
            format!(r#"{{"resourceType":"Patient",{label}}}"#),
        ),
        // Other labels stay, and one is enough.
        (
            r#"{"resourceType":"Patient","meta":{"versionId":"1","security":[{"code":"N"}]},"telecom":[]}"#,
            &["Patient.telecom"],
            format!(
                r#"{{"resourceType":"Patient","meta":{{"versionId":"1","security":[{{"code":"N"}},{R4_LABEL}]}}}}"#
            ),
        ),
    ] {
        assert_eq!(left(FhirVersion::R4, text, masked), rest, "{text}");
    }
}

#[test]
fn what_is_contained_or_bundled_is_masked_as_well() {
    let contained = r#"{"resourceType":"Observation","status":"final","code":{},"text":{"div":"x"},"contained":[{"resourceType":"Patient","id":"p","telecom":[{"value":"1"}],"text":{"div":"y"}}]}"#;
    let label = format!(r#""meta":{{"security":[{R4_LABEL}]}}"#);
    assert_eq!(
        left(FhirVersion::R4, contained, &["Patient.telecom"]),
        format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{}},"contained":[{{"resourceType":"Patient","id":"p"}}],{label}}}"#
        )
    );
    let bundle = r#"{"resourceType":"Bundle","type":"document","entry":[{"fullUrl":"u","resource":{"resourceType":"Patient","telecom":[{"value":"1"}]}},{"resource":{"resourceType":"Flag","status":"active"}}]}"#;
    assert_eq!(
        left(FhirVersion::R4, bundle, &["Patient.telecom"]),
        format!(
            r#"{{"resourceType":"Bundle","type":"document","entry":[{{"fullUrl":"u","resource":{{"resourceType":"Patient",{label}}}}},{{"resource":{{"resourceType":"Flag","status":"active"}}}}],{label}}}"#
        )
    );
    let stu3 = left(FhirVersion::Stu3, r#"{"resourceType":"Patient","telecom":[{"value":"1"}]}"#, &["Patient.telecom"]);
    assert!(stu3.contains(STU3_LABEL), "{stu3}");
}

#[test]
fn what_must_be_there_or_changes_the_meaning_withholds_the_whole() {
    for (text, masked) in [
        (r#"{"resourceType":"Observation","status":"final","code":{}}"#, "Observation.status"),
        (r#"{"resourceType":"Observation","status":"final","code":{}}"#, "Observation.code"),
        (
            r#"{"resourceType":"Observation","status":"final","code":{},"component":[{"code":{"text":"x"}}]}"#,
            "Observation.component.code",
        ),
        (r#"{"resourceType":"MedicationRequest","doNotPerform":true}"#, "MedicationRequest.doNotPerform"),
        (r#"{"resourceType":"Condition","modifierExtension":[{"url":"u"}]}"#, "Condition.modifierExtension"),
        (
            r#"{"resourceType":"Condition","contained":[{"resourceType":"Observation","status":"final"}]}"#,
            "Observation.status",
        ),
        (
            r#"{"resourceType":"Bundle","type":"document","entry":[{"resource":{"resourceType":"Observation","status":"final"}}]}"#,
            "Observation.status",
        ),
        (r#"{"resourceType":"Patient","unknown":1}"#, "Patient.unknown"),
    ] {
        assert_eq!(left(FhirVersion::R4, text, &[masked]), "withheld", "{text}");
    }
    // Where there is none of it, nothing is withheld.
    for masked in ["MedicationRequest.doNotPerform", "MedicationRequest.note", "Patient.telecom"] {
        assert_eq!(
            left(FhirVersion::R4, r#"{"resourceType":"MedicationRequest","status":"active"}"#, &[masked]),
            "whole"
        );
    }
}

#[test]
fn a_path_is_of_an_element_that_a_version_has() {
    for (text, stu3, r4) in [
        ("Patient.telecom", true, true),
        ("Patient.animal", true, false),
        ("Observation.value[x]", true, true),
        ("Observation.valueQuantity", true, true),
        ("Observation.component.value[x]", true, true),
        ("Patient.contact.telecom.value", true, true),
        ("Patient.colour", false, false),
        ("Patient.birthDate.year", false, false),
        ("Patiënt.telecom", false, false),
    ] {
        let path = ElementPath::parse(text).unwrap();
        assert_eq!((path.exists(FhirVersion::Stu3), path.exists(FhirVersion::R4)), (stu3, r4), "{text}");
    }
    for text in ["", "Patient", "Patient.", ".telecom", "Patient..telecom"] {
        assert!(ElementPath::parse(text).is_none(), "{text}");
    }
}

fn value() -> impl Strategy<Value = String> {
    let leaf =
        prop::sample::select(vec!["1.50", "true", "\"\\u00e9\"", "null", "1e3", "\"secret\""]).prop_map(str::to_owned);
    leaf.prop_recursive(3, 24, 4, |inner| {
        let names = prop::sample::select(vec!["telecom", "note", "value", "id", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::btree_map(names, inner, 1..4).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_of_what_is_masked_is_left_and_everything_else_is_as_written(masked in value(), kept in value(), other in value()) {
        let text = format!(r#"{{"resourceType":"Patient","id":"p","telecom":{masked},"contact":{kept},"birthDate":{other}}}"#);
        let rest = mask(FhirVersion::R4, &resource(&text), &paths(&["Patient.telecom"]));
        let Masked::Rest(rest) = rest else { panic!("{text}") };
        prop_assert!(rest.root().get("telecom").is_none());
        prop_assert_eq!(rest.root().get("contact").unwrap().raw(), kept);
        prop_assert_eq!(rest.root().get("birthDate").unwrap().raw(), other);
        // Once more changes nothing.
        prop_assert!(matches!(mask(FhirVersion::R4, &rest, &paths(&["Patient.telecom"])), Masked::Whole));
    }
}

#[test]
fn an_element_is_seen_where_it_is_where_it_lies_and_where_it_is_part_of() {
    for (element, place, seen) in [
        ("Patient.telecom", "telecom", true),
        ("Patient.telecom", "telecom[system=phone]", true),
        ("Patient.telecom", "telecom.value", true),
        ("Patient.contact.telecom", "contact", true),
        ("Patient.contact.telecom", "telecom", false),
        ("Patient.telecom", "name", false),
        ("Patient.telecom", "telecommunication", false),
        ("Patient.telecom", "$this", true),
        ("Observation.value[x]", "valueQuantity", true),
        ("Observation.value[x]", "value", true),
        ("Observation.value[x]", "valued", false),
        ("Observation.valueQuantity", "value", true),
        ("Observation.valueQuantity", "valueString", false),
        ("Observation.value[x]", "component.valueQuantity", false),
        ("Observation.component.value[x]", "component.valueQuantity", true),
    ] {
        assert_eq!(ElementPath::parse(element).unwrap().is_seen_at(place), seen, "{element} at {place}");
    }
}
