//! Queries as text: read once, bounded, written back.

use proptest::collection::vec;

use super::*;

#[test]
fn a_form_is_decoded_once_and_strictly() {
    let parsed = SearchQuery::parse("name=a+b%2Bc&x:not=%C3%A9&y&&z=1=2").unwrap();
    let with = Parameter { modifier: Some("not".into()), ..Parameter::new("x", "é") };
    let expected = [Parameter::new("name", "a b+c"), with, Parameter::new("y", ""), Parameter::new("z", "1=2")];
    assert_eq!(parsed.parameters, expected);
    assert_eq!(parsed.write(), "name=a%20b%2Bc&x%3Anot=%C3%A9&y=&z=1%3D2");
    for bad in ["a=%", "a=%4", "a=%zz", "a=%+1", "%ff=1", "a=%ff", "a=%c0%af", "a=%ed%a0%80"] {
        assert_eq!(SearchQuery::parse(bad), Err(SearchFault::Encoding), "{bad}");
    }
    for bad in ["a=%00", "a=x%0Ay", "a=%7f"] {
        assert_eq!(SearchQuery::parse(bad), Err(SearchFault::Value { name: "a".into() }), "{bad}");
    }
}

#[test]
fn names_are_bounded_and_repeated_only_when_harmless() {
    fn unsupported<T>(name: &str) -> Result<T, SearchFault> {
        Err(SearchFault::Unsupported { name: name.into() })
    }
    assert_eq!(SearchQuery::parse("=1"), unsupported(""));
    assert_eq!(SearchQuery::parse("<script>=1"), unsupported("script"));
    assert_eq!(SearchQuery::parse("a%0A%1B[b=1"), unsupported("ab"));
    assert_eq!(SearchQuery::parse(&format!("{}=1", "a".repeat(201))), unsupported(&"a".repeat(64)));
    assert_eq!(ask(FhirVersion::R4, OBSERVATION, "bsn-999911120=1"), unsupported("bsn-"));
    assert!(SearchQuery::parse(&"a=1&".repeat(100)).is_ok());
    assert_eq!(SearchQuery::parse(&"a=1&".repeat(101)), Err(SearchFault::TooMany { limit: 100 }));
}

#[test]
fn debug_shows_names_only() {
    let query = SearchQuery::parse("patient.identifier=999911120").unwrap();
    assert_eq!(format!("{query:?}"), "[Parameter(patient.identifier)]");
    let misplaced = SearchQuery::parse("999911120=x").unwrap();
    assert_eq!(format!("{misplaced:?}"), "[Parameter()]");
}

#[test]
fn alternatives_are_split_at_bare_commas() {
    for (value, expected) in [
        ("a", vec!["a"]),
        ("a,b", vec!["a", "b"]),
        (r"a\,b,c", vec!["a,b", "c"]),
        (r"a\|b\\,c", vec![r"a\|b\\", "c"]),
        (r"a\", vec![r"a\"]),
        (",", vec!["", ""]),
    ] {
        assert_eq!(Parameter::new("x", value).alternatives(), expected, "{value}");
    }
}

fn parameter() -> impl Strategy<Value = Parameter> {
    let name = "[A-Za-z_][A-Za-z0-9_.-]{0,20}";
    let modifier = proptest::option::of("[A-Za-z][A-Za-z0-9:.-]{0,10}");
    let value = any::<String>().prop_map(|value| value.chars().filter(|c| !c.is_control()).collect());
    (name, modifier, value).prop_map(|(name, modifier, value)| Parameter { name, modifier, value })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(parameters in vec(parameter(), 0..20)) {
        let query = SearchQuery { parameters };
        let text = query.write();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%&=".contains(&byte)));
        prop_assert!(SearchQuery::parse(&text) == Ok(query));
    }
}
