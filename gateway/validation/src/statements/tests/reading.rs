use std::collections::BTreeMap;

use fhir::json::Node;

use super::*;
use crate::profile::{BindingStrength, DiscriminatorKind, ElementRule, Most, SlicingRules};

const HEADER: &str = r#""canonical": "http://example.org/p", "title": "Proef", "fhir": "r4", "type": "Observation""#;

fn with(elements: &str) -> Result<Statement, StatementFault> {
    read(&format!(r#"{{{HEADER}, "elements": {{{elements}}}}}"#))
}

fn rule<'s>(statement: &'s Statement, id: &str) -> &'s ElementRule {
    statement.profile.rules.iter().find(|rule| rule.id == id).unwrap_or_else(|| panic!("no rule for {id}"))
}

#[test]
fn every_statement_of_the_project_is_taken_and_no_two_are_about_the_same_profile() {
    let mut releases: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = BTreeMap::new();
    let mut registry = Registry::default();
    for (path, statement) in all() {
        let release = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let profile = &statement.profile;
        assert!(release.starts_with(profile.fhir.segment()), "{}", path.display());
        let name = profile.canonical.rsplit('/').next().unwrap();
        assert_eq!(path.file_stem().unwrap(), name, "a file has the name of its profile");
        let twin = names.insert((profile.fhir, profile.canonical.clone()), path.clone());
        assert_eq!(twin, None, "{}", path.display());
        *releases.entry(release).or_default() += 1;
        statement.shelve(&mut registry);
    }
    let (profiles, sets, _) = registry.counts();
    eprintln!("{profiles} statements, {sets} code lists: {releases:?}");
    assert!(profiles > 450);
}

#[test]
fn the_profiles_that_a_statement_builds_on_are_stated_too() {
    let all = all();
    let mut registry = Registry::default();
    for (_, statement) in all.iter().cloned() {
        statement.shelve(&mut registry);
    }
    for (path, Statement { profile, .. }) in &all {
        let known = |canonical: &str| {
            let core = canonical.strip_prefix("http://hl7.org/fhir/StructureDefinition/");
            core.is_some_and(|name| fhir::elements::type_of(profile.fhir, name).is_some())
                || registry.profile(profile.fhir, canonical).is_some()
        };
        let base = profile.base.as_deref().unwrap();
        assert!(known(base), "{}: {base}", path.display());
        for needed in profile.rules.iter().flat_map(|rule| &rule.types).flat_map(|rule| &rule.profiles) {
            assert!(known(needed), "{}: {needed}", path.display());
        }
    }
}

#[test]
fn the_short_forms_become_rules() {
    let statement = with(
        r#""code": {"times": "1..", "concept": "http://loinc.org|85354-9"},
        "category": {"slices": {"by": ["value:coding.code", "value:coding.system"], "rules": "closed", "ordered": true}},
        "category:lab": "1..1",
        "category:lab.coding": {"coding": "http://snomed.info/sct|49581000146104"},
        "subject": {"targets": ["http://example.org/patient"]},
        "extension:copy": {"times": "..1", "extension": "http://example.org/copy"},
        "value[x]:valueQuantity.code": {"fixed": "mm[Hg]"},
        "value[x]:valueQuantity": {"least": {"value": 0}},
        "status": {"binding": {"strength": "required", "values": "http://example.org/vs|1", "codes": {"urn:s": ["a", "b"]}}},
        "note": {"longest": 10},
        "$this": {"invariants": [{"key": "x-1", "severity": "warning", "expression": "code.exists()"}]}"#,
    )
    .unwrap();
    let code = rule(&statement, "Observation.code");
    assert_eq!((code.min, code.max), (Some(1), None));
    let concept = Node::read(r#"{"coding":[{"system":"http://loinc.org","code":"85354-9"}]}"#).unwrap();
    assert_eq!(code.pattern.as_ref(), Some(&concept));
    let slicing = rule(&statement, "Observation.category").slicing.clone().unwrap();
    assert_eq!(slicing.discriminators.len(), 2);
    assert_eq!(
        (slicing.discriminators[1].kind, &*slicing.discriminators[1].path),
        (DiscriminatorKind::Value, "coding.system")
    );
    assert_eq!((slicing.rules, slicing.ordered), (SlicingRules::Closed, true));
    assert_eq!(rule(&statement, "Observation.category:lab").max, Some(Most::Times(1)));
    assert_eq!(rule(&statement, "Observation.subject").types[0].targets, ["http://example.org/patient"]);
    assert_eq!(rule(&statement, "Observation.extension:copy").types[0].profiles, ["http://example.org/copy"]);
    let status = rule(&statement, "Observation.status").binding.clone().unwrap();
    assert_eq!((status.strength, &*status.value_set), (BindingStrength::Required, "http://example.org/vs|1"));
    assert_eq!(statement.value_sets[0].canonical, "http://example.org/vs");
    assert_eq!(statement.value_sets[0].expansion.as_ref().unwrap().len(), 2);
    assert_eq!(rule(&statement, "Observation").constraints[0].key, "x-1");
    assert_eq!(rule(&statement, "Observation.note").max_length, Some(10));
}

#[test]
fn extensions_and_choices_are_told_apart_without_saying_so() {
    let statement = with(r#""value[x]:valueQuantity": "1..", "extension:a": "1..1", "extension:b": "1..1""#).unwrap();
    let ids: Vec<_> = statement.profile.rules.iter().map(|rule| &*rule.id).collect();
    assert_eq!(
        ids,
        [
            "Observation.value[x]",
            "Observation.value[x]:valueQuantity",
            "Observation.extension",
            "Observation.extension:a",
            "Observation.extension:b"
        ]
    );
    let by = |id| statement.profile.rules.iter().find(|rule| rule.id == id).unwrap().slicing.clone().unwrap();
    assert_eq!(by("Observation.extension").discriminators[0].path, "url");
    assert_eq!(by("Observation.value[x]").discriminators[0].kind, DiscriminatorKind::Type);
    assert_eq!(rule(&statement, "Observation.value[x]:valueQuantity").types[0].code, "Quantity");
}

#[test]
fn what_is_wrong_is_said_by_its_place() {
    for (elements, at, what) in [
        (r#""code": "one""#, "code", "no cardinality"),
        (r#""code": """#, "code", "no cardinality"),
        (r#""code": "..""#, "code", "no cardinality"),
        (r#""code": "-1..1""#, "code", "no cardinality"),
        (r#""code": "2..1""#, "code", "asks for more than it allows"),
        (r#""code": 1"#, "code", "neither a cardinality nor an object"),
        (r#""code": {"min": 1}"#, "code: min", "no key of an element"),
        (r#""koude": "1..""#, "koude", "no element of Observation"),
        (r#""code.codings": "1..""#, "code.codings", "no element of CodeableConcept"),
        (r#""code..coding": "1..""#, "code..coding", "no path"),
        (r#""category:": "1..""#, "category:", "no path"),
        (r#""category:lab": "1..""#, "Observation.category", "does not say what tells them apart"),
        (r#""category": {"slices": {}}, "category:lab": "1..""#, "category: slices", "what tells slices apart"),
        (r#""category": {"slices": {"by": ["code"]}}"#, "category: slices", "no discriminator"),
        (r#""category": {"slices": {"by": ["guess:code"]}}"#, "category: slices", "no discriminator"),
        (r#""category": {"slices": {"by": ["value:"]}}"#, "category: slices", "no discriminator"),
        (r#""category": {"slices": {"by": []}}"#, "category: slices", "empty list"),
        (r#""category": {"slices": {"by": ["value:code"], "rules": "loose"}}"#, "category: slices", "neither open"),
        (r#""code": {"concept": "85354-9"}"#, "code: concept", "no code like system|code"),
        (r#""code": {"concept": "|85354-9"}"#, "code: concept", "no code like system|code"),
        (r#""code": {"concept": "a|b", "pattern": {}}"#, "code: pattern", "a second time"),
        (r#""code": {"fixed": "a", "coding": "a|b"}"#, "code", "both a fixed value and a pattern"),
        (r#""subject": {"targets": []}"#, "subject: targets", "empty list"),
        (r#""subject": {"targets": ["a"], "types": ["b"]}"#, "subject: types", "a second time"),
        (r#""subject": {"types": [{"targets": ["a"]}]}"#, "subject: types", "does not name the type"),
        (r#""extension:a": {"extension": "ext-a"}"#, "extension:a: extension", "no canonical URL"),
        (r#""code": {"binding": {"strength": "firm", "values": "a"}}"#, "code: binding", "neither required"),
        (r#""code": {"binding": {"strength": "required"}}"#, "code: binding", "no value set"),
        (
            r#""code": {"binding": {"strength": "required", "values": "a", "codes": {}}}"#,
            "code: binding",
            "lists no codes",
        ),
        (r#""code": {"invariants": [{"key": "a"}]}"#, "code: invariants", "no severity"),
        (r#""note": {"longest": "10"}"#, "note: longest", "no whole number"),
    ] {
        let fault = with(elements).expect_err(elements);
        assert_eq!(fault.at, at, "{elements}: {fault}");
        assert!(fault.what.contains(what), "{elements}: {fault}");
    }
}

#[test]
fn a_header_is_whole_and_has_no_more_than_is_known() {
    let whole = format!(r#"{{{HEADER}, "elements": {{}}}}"#);
    assert!(read(&whole).is_ok());
    for (from, to, at) in [
        (r#""title": "Proef", "#, "", "title"),
        (r#""fhir": "r4""#, r#""fhir": "r6""#, "fhir"),
        (r#""type": "Observation""#, r#""type": "Waarneming""#, "type"),
        ("http://example.org/p", "example.org/p", "canonical"),
        ("http://example.org/p", "http://example.org/p|1", "canonical"),
        (r#""elements": {}"#, r#""element": {}"#, "element"),
        (r#""elements": {}"#, r#""source": "memory", "elements": {}"#, "source"),
        (r#""elements": {}"#, r#""elements": []"#, "elements"),
        (r#""elements": {}"#, r#""elements": {"code": "1..", "code": "..1"}"#, "the file"),
        ("}}", "", "the file"),
    ] {
        let changed = whole.replacen(from, to, 1);
        assert_ne!(changed, whole, "{from}");
        assert_eq!(read(&changed).expect_err(&changed).at, at);
    }
}
