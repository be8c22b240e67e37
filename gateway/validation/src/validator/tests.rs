use bytes::Bytes;
use fhir::json::{Limits, Node};

use super::*;
use crate::{
    Binding, BindingStrength, Constraint, Discriminator, DiscriminatorKind, ElementRule, Include, Most, Slicing,
    SlicingRules, TypeRule, ValueSet,
};

fn profile(canonical: &str, resource_type: &str, base: Option<&str>, rules: Vec<ElementRule>) -> Profile {
    Profile {
        canonical: canonical.into(),
        version: None,
        fhir: FhirVersion::R4,
        resource_type: resource_type.into(),
        base: base.map(Into::into),
        title: String::new(),
        complete: false,
        rules,
    }
}

fn rule(id: &str, min: u32) -> ElementRule {
    ElementRule { min: Some(min), ..ElementRule::of(id) }
}

fn sliced(id: &str, kind: DiscriminatorKind, path: &str, rules: SlicingRules) -> ElementRule {
    let discriminators = vec![Discriminator { kind, path: path.into() }];
    ElementRule { slicing: Some(Slicing { discriminators, rules, ordered: false }), ..ElementRule::of(id) }
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.add_profile(profile(
        "urn:base",
        "Observation",
        Some("http://hl7.org/fhir/StructureDefinition/Observation"),
        vec![
            sliced("Observation.category", DiscriminatorKind::Value, "coding.code", SlicingRules::Open),
            rule("Observation.category:lab", 1),
            ElementRule { fixed: Some(Node::text("laboratory")), ..rule("Observation.category:lab.coding.code", 1) },
            rule("Observation.value[x]:valueQuantity.unit", 1),
        ],
    ));
    let set = Binding { value_set: "urn:vs".into(), strength: BindingStrength::Required };
    let constraint = Constraint {
        key: "demo-1".into(),
        severity: Severity::Error,
        human: "a value or a reason".into(),
        expression: Some("value.exists() or dataAbsentReason.exists()".into()),
    };
    let allowed = |code: &str| TypeRule { code: code.into(), profiles: vec![], targets: vec![] };
    registry.add_profile(profile(
        "urn:derived",
        "Observation",
        Some("urn:base"),
        vec![
            ElementRule { constraints: vec![constraint], ..ElementRule::of("Observation") },
            ElementRule { max: Some(Most::Times(1)), ..ElementRule::of("Observation.category:lab") },
            ElementRule { binding: Some(set), ..ElementRule::of("Observation.code") },
            ElementRule { types: vec![allowed("Quantity")], ..ElementRule::of("Observation.value[x]") },
            ElementRule {
                types: vec![TypeRule { targets: vec!["urn:patient".into()], ..allowed("Reference") }],
                ..ElementRule::of("Observation.subject")
            },
        ],
    ));
    registry.add_profile(profile("urn:patient", "Patient", None, vec![rule("Patient.birthDate", 1)]));
    registry.add_value_set(ValueSet {
        canonical: "urn:vs".into(),
        version: None,
        fhir: FhirVersion::R4,
        include: vec![Include { system: Some("urn:s".into()), codes: vec!["a".into()], ..Include::default() }],
        exclude: vec![],
        expansion: None,
    });
    registry
}

fn found(resource: &str, profiles: &[&str]) -> Vec<String> {
    let resource = Resource::parse(Bytes::copy_from_slice(resource.as_bytes()), &Limits::default()).unwrap();
    let registry = registry();
    let report = Validator::new(&registry).validate(&resource, FhirVersion::R4, profiles);
    report.findings.iter().map(|finding| format!("{} {} {}", finding.path, finding.code, finding.element)).collect()
}

/// An Observation that keeps to `urn:derived`, with a part replaced.
fn observation(part: &str, by: &str) -> String {
    let text = concat!(
        r##"{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p","birthDate":"1970-01-01"}],"##,
        r#""status":"final","category":[{"coding":[{"system":"urn:c","code":"laboratory"}]}],"#,
        r##""code":{"coding":[{"system":"urn:s","code":"a"}]},"subject":{"reference":"#p"},"##,
        r#""valueQuantity":{"value":1,"unit":"g"}}"#
    );
    assert!(text.contains(part), "{part}");
    text.replace(part, by)
}

#[test]
fn what_a_profile_asks_is_found_at_its_place() {
    let cases: [(&str, &str, &[&str]); 11] = [
        ("final", "final", &[]),
        ("\"code\":\"laboratory\"", "\"code\":\"x\"", &["Observation.category missing Observation.category:lab"]),
        (
            r#"{"coding":[{"system":"urn:c","code":"laboratory"}]}"#,
            r#"{"coding":[{"code":"laboratory"}]},{"coding":[{"code":"laboratory"}]}"#,
            &["Observation.category too-many Observation.category:lab"],
        ),
        ("\"code\":\"a\"", "\"code\":\"b\"", &["Observation.code code Observation.code"]),
        (
            r#""code":{"coding":[{"system":"urn:s","code":"a"}]}"#,
            r#""code":{"text":"a"}"#,
            &["Observation.code code Observation.code"],
        ),
        (
            r#"{"value":1,"unit":"g"}"#,
            r#"{"value":1}"#,
            &["Observation.value.ofType(Quantity).unit missing Observation.value[x]:valueQuantity.unit"],
        ),
        (
            r#""valueQuantity":{"value":1,"unit":"g"}"#,
            r#""valueString":"x""#,
            &["Observation.value.ofType(string) type Observation.value[x]"],
        ),
        (r#","valueQuantity":{"value":1,"unit":"g"}"#, "", &["Observation invariant Observation"]),
        (r#","birthDate":"1970-01-01""#, "", &["Observation.subject reference Observation.subject"]),
        (
            "\"#p\"",
            "\"Group/1\"",
            &[
                "Observation.contained[0] invariant Observation.contained",
                "Observation.subject reference Observation.subject",
            ],
        ),
        (
            "\"#p\"",
            "\"#q\"",
            &[
                "Observation.contained[0] invariant Observation.contained",
                "Observation.subject reference Observation.subject",
            ],
        ),
    ];
    for (part, by, expected) in cases {
        assert_eq!(found(&observation(part, by), &["urn:derived"]), expected, "{part} -> {by}");
    }
}

#[test]
fn what_fhir_itself_asks_is_found_without_any_profile() {
    let cases: [(&str, &str, &[&str]); 10] = [
        ("\"status\":\"final\",", "", &["Observation.status missing Observation.status"]),
        ("\"final\"", "1", &["Observation.status value Observation.status"]),
        ("\"final\"", "[\"final\"]", &["Observation.status structure Observation.status"]),
        ("\"final\"", "null", &["Observation.status structure Observation.status"]),
        ("\"status\"", "\"x\":1,\"status\"", &["Observation.x structure Observation.x"]),
        ("\"final\"", "\"final\",\"method\":{}", &["Observation.method structure Observation.method"]),
        ("\"final\"", "\"final\",\"note\":[]", &["Observation.note structure Observation.note"]),
        ("\"final\"", "\"final\",\"valueString\":\"x\"", &["Observation.value too-many Observation.value"]),
        (
            "\"final\"",
            "\"final\",\"effectivePeriod\":{\"start\":\"2024\",\"end\":\"2023\"}",
            &["Observation.effective.ofType(Period) invariant Observation.effective.ofType(Period)"],
        ),
        (
            "\"final\"",
            "\"final\",\"text\":{\"status\":\"generated\",\"div\":\"<div>x</div>\"}",
            &["Observation.text.div value Observation.text.div"],
        ),
    ];
    for (part, by, expected) in cases {
        assert_eq!(found(&observation(part, by), &[]), expected, "{part} -> {by}");
    }
    assert_eq!(found(r#"{"resourceType":"Nothing"}"#, &[]), ["Nothing structure Nothing"]);
    assert_eq!(found(r#"{"resourceType":"Patient","id":"p"}"#, &["urn:unknown"]), ["Patient unknown-profile Patient"]);
    assert_eq!(found(r#"{"resourceType":"Patient","id":"p"}"#, &["urn:derived"])[0], "Patient type Observation");
}

#[test]
fn an_extension_is_held_against_its_own_definition_and_closed_slices_are_closed() {
    let mut registry = Registry::default();
    let fixed = |id: &str, url: &str| ElementRule { fixed: Some(Node::text(url)), ..ElementRule::of(id) };
    let text_only = TypeRule { code: "string".into(), profiles: vec![], targets: vec![] };
    registry.add_profile(profile(
        "urn:ext",
        "Extension",
        None,
        vec![
            fixed("Extension.url", "urn:ext"),
            ElementRule { types: vec![text_only], ..rule("Extension.value[x]", 1) },
        ],
    ));
    registry.add_profile(profile(
        "urn:closed",
        "Patient",
        None,
        vec![
            sliced("Patient.identifier", DiscriminatorKind::Value, "system", SlicingRules::Closed),
            rule("Patient.identifier:own", 0),
            fixed("Patient.identifier:own.system", "urn:own"),
            sliced("Patient.name", DiscriminatorKind::Exists, "family", SlicingRules::Closed),
            rule("Patient.name:full", 1),
            rule("Patient.name:full.family", 1),
        ],
    ));
    let validator = Validator::new(&registry);
    let cases: [(&str, &[&str]); 5] = [
        (r#""name":[{"family":"x"}],"extension":[{"url":"urn:ext","valueString":"x"}]"#, &[]),
        (
            r#""name":[{"family":"x"}],"extension":[{"url":"urn:ext","valueCode":"x"}]"#,
            &["Patient.extension[0].value.ofType(code) type"],
        ),
        (r#""name":[{"family":"x"}],"extension":[{"url":"urn:other","valueCode":"x"}]"#, &[]),
        (
            r#""name":[{"family":"x"}],"identifier":[{"system":"urn:own"},{"system":"urn:b"}]"#,
            &["Patient.identifier slice"],
        ),
        (r#""name":[{"text":"x"}]"#, &["Patient.name slice", "Patient.name missing"]),
    ];
    for (members, expected) in cases {
        let text = format!(r#"{{"resourceType":"Patient",{members}}}"#);
        let resource = Resource::parse(text.into(), &Limits::default()).unwrap();
        let report = validator.validate(&resource, FhirVersion::R4, &["urn:closed"]);
        let got: Vec<_> = report.findings.iter().map(|finding| format!("{} {}", finding.path, finding.code)).collect();
        assert_eq!(got, expected, "{members}");
    }
}

#[test]
fn no_finding_repeats_a_value() {
    let secret = "999990019-Jansen";
    let text = observation("\"final\"", &format!("\"{secret} \",\"{secret}\":1,\"note\":\"{secret}\""));
    let text = text.replace("#p", secret).replace("\"a\"", &format!("\"{secret}\""));
    let all = format!("{:?}", {
        let resource = Resource::parse(text.into(), &Limits::default()).unwrap();
        let registry = registry();
        let report = Validator::new(&registry).validate(&resource, FhirVersion::R4, &["urn:derived"]);
        assert!(report.findings.len() > 3);
        report
    });
    assert!(!all.contains("Jansen"), "{all}");
}

#[test]
fn the_work_of_one_validation_is_bounded() {
    // Many elements that each have an invariant: what is too much is said, not done.
    let period = r#"{"period":{"start":"2024"}}"#;
    let periods = vec![period; 600].join(",");
    let text = format!(r#"{{"resourceType":"Patient","identifier":[{periods}]}}"#);
    let resource = Resource::parse(text.into(), &Limits::default()).unwrap();
    let registry = Registry::default();
    let report = Validator::new(&registry).validate(&resource, FhirVersion::R4, &[]);
    assert!(report.is_clean());
    assert!(report.not_checked.iter().any(|note| note.what.contains("too many to check")), "{:?}", report.not_checked);
}
