//! Instances that a reference validator calls invalid. Reading and the structural check refuse those whose form
//! is wrong; what is wrong with codes, invariants, cardinalities and profiles is told by validation.

use super::*;

/// One case of the validator's suite.
struct Case {
    name: String,
    file: String,
    version: FhirVersion,
    valid: bool,
    text: Vec<u8>,
}

/// The cases of both versions whose outcome the suite states and whose file it has.
fn cases(archive: &Path) -> Vec<Case> {
    let all: BTreeMap<String, Vec<u8>> = files(archive).into_iter().collect();
    let index: serde_json::Value = serde_json::from_slice(&all["index.json"]).unwrap();
    let read = |case: &serde_json::Value| {
        let file = case["file"].as_str()?.to_owned();
        let version = match case["fhir"].as_str()? {
            "3.0" => FhirVersion::Stu3,
            "4.0" => FhirVersion::R4,
            _ => return None,
        };
        let text = all.get(&format!("cases/{file}"))?.clone();
        Some(Case { name: case["name"].as_str()?.to_owned(), file, version, valid: case["valid"].as_bool()?, text })
    };
    index.as_array().unwrap().iter().filter_map(read).collect()
}

/// What reading or the structural check says against it.
fn refusal(case: &Case) -> Option<String> {
    let text = case.text.clone();
    let read = if case.file.ends_with(".xml") {
        fhir::xml::read(case.version, &text, &limits()).map_err(|fault| fault.to_string())
    } else {
        Resource::parse(text.into(), &limits()).map_err(|fault| fault.to_string())
    };
    read.and_then(|resource| fhir::structure::check(case.version, &resource).map_err(|fault| fault.to_string())).err()
}

#[test]
fn instances_of_the_wrong_form_are_refused_and_valid_ones_are_not() {
    let Some(archive) = shared("conformance/invalid/fhir-test-cases-validator.tar.gz") else { return };
    let cases = cases(&archive);
    for version in FhirVersion::ALL {
        let invalid = cases.iter().filter(|case| case.version == version && !case.valid);
        let refused: Vec<(&str, String)> =
            invalid.clone().filter_map(|case| Some((case.name.as_str(), refusal(case)?))).collect();
        eprintln!("{version}: {} of {} invalid instances refused by their form", refused.len(), invalid.count());
        for (name, why) in refused {
            eprintln!("  {name}: {why}");
        }
    }
    let valid = cases.iter().filter(|case| case.valid);
    let wronged: Vec<&Case> = valid.clone().filter(|case| refusal(case).is_some()).collect();
    eprintln!("{} of {} valid instances refused", wronged.len(), valid.count());
    for case in wronged {
        // Messages of other standards in the same suite, and two texts that no JSON reader should take.
        let other = case.name.starts_with("cdshooks") || case.name.starts_with("cda/");
        let lax = matches!(case.name.as_str(), "shc-bundle" | "json-comments-1-yes");
        assert!(other || lax, "{}: {:?}", case.name, refusal(case));
    }
    let named = |name: &str| cases.iter().find(|case| case.name == name).and_then(refusal);
    for (name, expected) in [
        ("synthea", "the resource is not a well-formed R4 Encounter: reasonCode is not a list"),
        ("empty-array", "the resource is not a well-formed R4 DocumentReference: category.coding is empty"),
        ("q-coepi", "the resource is not a well-formed STU3 Questionnaire: item.TODO is not an element"),
        ("pat-security-bad-string2", "Patient.name.text.script has text (byte 267)"),
    ] {
        assert_eq!(named(name).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn primitives_of_the_wrong_form_are_refused_and_valid_ones_survive() {
    let Some(archive) = shared("conformance/invalid/google-fhir-r4-primitives.tar.gz") else { return };
    let (mut refused, mut invalid, mut survived) = (0, 0, 0);
    for (name, text) in files(&archive) {
        let (kind, valid) = name.strip_suffix(".ndjson").and_then(|name| name.split_once('.')).unwrap();
        let member: String = kind.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        // A value that may be absent, and narrative, which is no value of an extension.
        for value in String::from_utf8(text).unwrap().lines().filter(|value| *value != "null" && kind != "xhtml") {
            let json = format!(
                r#"{{"resourceType":"Basic","extension":[{{"url":"http://a.example","value{member}":{value}}}]}}"#
            );
            let resource = Resource::parse(json.into(), &limits());
            let checked = resource.as_ref().is_ok_and(|read| fhir::structure::check(FhirVersion::R4, read).is_ok());
            if valid == "invalid" {
                invalid += 1;
                refused += usize::from(!checked);
            } else {
                assert!(checked, "{kind} {value}");
                let resource = resource.unwrap();
                let xml = fhir::xml::write(FhirVersion::R4, &resource).unwrap();
                let again = fhir::xml::read(FhirVersion::R4, &xml, &limits()).unwrap();
                assert!(sorted(&again.to_node()) == sorted(&resource.to_node()), "{kind} {value}");
                survived += 1;
            }
        }
    }
    eprintln!(
        "primitives: {refused} of {invalid} invalid ones refused by their form, {survived} valid ones survive XML"
    );
    assert!(refused > 0 && survived > 0);
}
