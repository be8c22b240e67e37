//! What one entry has to do with the others, and what is said of a whole push.

use super::*;

fn bundle(entries: &str) -> Resource {
    resource(&format!(
        r#"{{"resourceType":"Bundle","type":"transaction","timestamp":"2026-11-20T10:00:00Z","entry":[{entries}]}}"#
    ))
}

const ROLE: &str = r#"{"fullUrl":"urn:uuid:r","resource":{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/a","display":"A"}}}"#;

#[test]
fn a_role_stands_beside_its_practitioner_where_stu3_does_not_let_the_element_refer_to_it() {
    let condition = |reference: &str| {
        bundle(&format!(
            r#"{ROLE},{{"resource":{{"resourceType":"Condition","subject":{{"display":"x"}},"asserter":{{"reference":"{reference}","display":"R"}}}}}}"#
        ))
    };
    for literal in ["PractitionerRole/r", "urn:uuid:r"] {
        let made = to_stu3(&condition(literal)).unwrap();
        let asserter = format!(
            r#""asserter":{{"reference":"Practitioner/a","display":"A","extension":[{{"url":"http://nictiz.nl/fhir/StructureDefinition/practitionerrole-reference","valueReference":{{"reference":"{literal}","display":"R"}}}}]}}"#
        );
        assert!(made.text().contains(&asserter), "{}", made.text());
        assert_eq!(resources(&to_r4(&made).unwrap()), resources(&condition(literal)));
    }
    // Both may say of what type they are.
    let typed =
        ["PractitionerRole/r", "Practitioner/a"].into_iter().fold(condition("PractitionerRole/r"), |all, literal| {
            let (kind, _) = literal.split_once('/').unwrap();
            let said = format!(r#""reference":"{literal}""#);
            assert!(all.text().contains(&said));
            resource(&all.text().replace(&said, &format!(r#"{said},"type":"{kind}""#)))
        });
    assert_eq!(to_stu3(&typed).unwrap().text(), to_stu3(&condition("PractitionerRole/r")).unwrap().text());
    // Whose role it is has to be seen.
    for (from, to) in [
        ("PractitionerRole/r", "PractitionerRole/other"),
        (r#""practitioner":{"reference":"Practitioner/a","display":"A"}"#, r#""practitioner":{"display":"A"}"#),
    ] {
        let text = condition("PractitionerRole/r").text().replacen(from, to, if to.ends_with("other") { 2 } else { 1 });
        let other = resource(&text);
        assert_eq!(faults(to_stu3(&other)), [("Bundle.entry[1].resource.asserter".to_owned(), Why::Target)], "{to}");
    }
}

#[test]
fn what_is_called_otherwise_is_referred_to_by_its_other_name() {
    let entries = |kind: &str, requester: &str| {
        format!(
            r#"{{"fullUrl":"https://a.example/{kind}/s","resource":{{"resourceType":"{kind}","id":"s","status":"active","intent":"order","code":{{"text":"x"}},"subject":{{"display":"x"}}{requester}}},"request":{{"method":"PUT","url":"{kind}/s"}}}},
               {{"resource":{{"resourceType":"Procedure","status":"completed","subject":{{"display":"x"}},"basedOn":[{{"reference":"{kind}/s"}},{{"reference":"https://a.example/{kind}/s"}}]}},"request":{{"method":"POST","url":"Procedure"}}}}"#
        )
    };
    let made = to_stu3(&bundle(&entries("ServiceRequest", ""))).unwrap();
    let same = resource(&format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#,
        entries("ProcedureRequest", "")
    ));
    assert_eq!(plain::ordered(&made.to_node()), plain::ordered(&same.to_node()));
    // Of another server it is not known what it is called there.
    let elsewhere = entries("ServiceRequest", "")
        .replace(r#"{"reference":"https://a.example/"#, r#"{"reference":"https://b.example/"#);
    let place = "Bundle.entry[1].resource.basedOn[1].reference".to_owned();
    assert_eq!(faults(to_stu3(&bundle(&elsewhere))), [(place, Why::Target)]);
    let other = entries("ServiceRequest", "")
        .replace(r#"{"reference":"ServiceRequest/s"}"#, r#"{"reference":"ProcedureRequest/s"}"#);
    let place = "Bundle.entry[1].resource.basedOn[0].reference".to_owned();
    assert_eq!(faults(to_stu3(&bundle(&other))), [(place, Why::Target)]);
}

#[test]
fn a_type_that_the_reference_says_itself_is_said_once() {
    let entries = |kind: &str| {
        format!(
            r##"{{"fullUrl":"urn:uuid:p","resource":{{"resourceType":"Patient","id":"p"}}}},
               {{"resource":{{"resourceType":"Condition","contained":[{{"resourceType":"Patient","id":"c"}}],
                 "subject":{{"reference":"Patient/p","type":"{kind}"}},"asserter":{{"reference":"urn:uuid:p","type":"{kind}"}},
                 "evidence":[{{"detail":[{{"reference":"#c","type":"{kind}"}},{{"reference":"https://a.example/Patient/1/_history/2","type":"{kind}"}}]}}]}}}}"##
        )
    };
    let made = to_stu3(&bundle(&entries("Patient"))).unwrap();
    assert!(!made.text().contains(r#""type":"Patient""#), "{}", made.text());
    assert_eq!(faults(to_stu3(&bundle(&entries("Group")))).len(), 4);
}

#[test]
fn the_envelope_is_not_the_handoff_but_what_was_signed_is_not_what_is_sent() {
    let patient = r#"{"resource":{"resourceType":"Patient","id":"p"}}"#;
    let made = to_stu3(&bundle(patient)).unwrap();
    assert_eq!(made.text(), format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{patient}]}}"#));
    let signed = bundle(patient).text().replacen(
        r#""type""#,
        r#""signature":{"type":[{"code":"x"}],"when":"2026-11-20T10:00:00Z","who":{"display":"x"}},"type""#,
        1,
    );
    assert_eq!(faults(to_stu3(&resource(&signed))), [("Bundle.signature".to_owned(), Why::Element)]);
    let modified = bundle(&patient.replacen('{', r#"{"modifierExtension":[{"url":"urn:x","valueString":"x"}],"#, 1));
    assert_eq!(faults(to_stu3(&modified)), [("Bundle.entry[0].modifierExtension".to_owned(), Why::Modifier)]);
}

#[test]
fn what_is_no_r4_is_refused_and_all_faults_are_told_up_to_a_bound_and_no_value() {
    let secret = "Geheim";
    let none = to_stu3(&resource(r#"{"resourceType":"Patient"}"#)).unwrap_err();
    assert_eq!(none, NotConverted::NoBundle);
    let stu3 = bundle(&format!(
        r#"{{"resource":{{"resourceType":"Condition","subject":{{"display":"x"}},"clinicalStatus":"{secret}"}}}}"#
    ));
    let fault = to_stu3(&stu3).unwrap_err();
    assert!(matches!(fault, NotConverted::Structure(_)) && !format!("{fault} {fault:?}").contains(secret), "{fault}");
    let one = format!(
        r#"{{"resource":{{"resourceType":"Condition","id":"{secret}","subject":{{"display":"{secret}"}},"recordedDate":"2026","extension":[{{"url":"urn:{secret}","valueString":"{secret}"}}]}}}}"#
    );
    let fault = to_stu3(&bundle(&vec![one; 80].join(","))).unwrap_err();
    let NotConverted::Unmapped(faults) = &fault else { panic!("{fault}") };
    assert_eq!(faults.len(), 100);
    let told: String = faults.iter().map(|fault| format!("{fault} {fault:?}")).collect();
    assert!(!told.contains(secret) && told.contains("Bundle.entry[49].resource.extension[0]: "), "{told}");
}

#[test]
fn the_same_push_makes_the_same_and_numbers_keep_their_digits() {
    let observation = r#"{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}}}"#;
    let made = to_stu3(&bundle(observation)).unwrap();
    assert!(made.text().contains("1.50"));
    assert_eq!(made.text(), to_stu3(&bundle(observation)).unwrap().text());
}

#[test]
fn what_came_need_not_have_all_that_r4_requires() {
    let coverage = r#"{"resource":{"resourceType":"Coverage","beneficiary":{"display":"x"}}}"#;
    let made = to_stu3(&bundle(coverage)).unwrap();
    assert_eq!(
        faults(to_r4(&made)),
        [
            ("Bundle.entry[0].resource.status".to_owned(), Why::Required),
            ("Bundle.entry[0].resource.payor".to_owned(), Why::Required),
        ]
    );
}

#[test]
fn a_living_will_has_its_type_and_its_representative_where_each_release_has_them() {
    let will = |category: &str, rest: &str| {
        bundle(&format!(
            r#"{{"resource":{{"resourceType":"Consent","status":"active","patient":{{"display":"x"}},"policy":[{{"uri":"urn:x"}}],"category":{category}{rest}}}}}"#
        ))
    };
    const SCOPE: &str = r#","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"adr","display":"Advanced Care Directive"}]}"#;
    const ACD: &str = r#"[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentcategorycodes","code":"acd","display":"Advance Directive"}]}]"#;
    const RECORD: &str = r#"{"coding":[{"system":"http://snomed.info/sct","code":"11341000146107","display":"Living will and advance directive record (record artifact)"}]}"#;
    const NR: &str =
        r#"{"coding":[{"system":"urn:oid:2.16.840.1.113883.2.4.3.11.60.40.4.14.1","code":"NR","display":"x"}]}"#;
    const PERSON: &str = r#"{"reference":"RelatedPerson/r","display":"x"}"#;
    const ROLE: &str = r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"RESPRSN","display":"responsible party"}]}"#;
    let provision = format!(r#","provision":{{"actor":[{{"role":{ROLE},"reference":{PERSON}}}],"code":[{NR}]}}"#);
    let r4 = will(ACD, &format!("{SCOPE}{provision}"));
    let stu3 = will(&format!("[{RECORD},{NR}]"), &format!(r#","consentingParty":[{PERSON}]"#));
    let stu3 = resource(&stu3.text().replace(r#""timestamp":"2026-11-20T10:00:00Z","#, ""));
    assert_eq!(resources(&to_stu3(&r4).unwrap()), resources(&stu3));
    assert_eq!(resources(&to_stu3(&to_r4(&stu3).unwrap()).unwrap()), resources(&stu3));
    // Who is no representative is an actor in both.
    let other = resource(&r4.text().replace(ROLE, r#"{"text":"x"}"#));
    assert!(
        to_stu3(&other)
            .unwrap()
            .text()
            .contains(&format!(r#""actor":[{{"role":{{"text":"x"}},"reference":{PERSON}}}]"#))
    );
    for (from, to, place, why) in [
        (ACD, format!("[{RECORD}]").as_str(), "category", Why::Code),
        (SCOPE, format!(r#"{SCOPE},"performer":[{PERSON}]"#).as_str(), "performer", Why::Element),
        (r#""adr","display":"Advanced Care Directive""#, r#""treatment""#, "scope", Why::Element),
    ] {
        let said = faults(to_stu3(&resource(&r4.text().replace(from, to))));
        assert!(said.contains(&(format!("Bundle.entry[0].resource.{place}"), why)), "{place} {said:?}");
    }
}
