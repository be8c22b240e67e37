//! `:in` and `:not-in` of value sets that this node knows (FHIR search, token): asked as the codes they hold, so that a
//! source need not know them, and every source means the same.

use fhir::{FhirVersion, Parameter, SearchQuery};

use crate::ports::ValueSets;

/// Most codes that one parameter becomes. A larger value set is left to the source.
const MOST_CODES: usize = 500;

/// The query with every known value set written out. What is not known stays as it was: a source that knows it may answer.
pub(super) fn written_out(sets: &dyn ValueSets, version: FhirVersion, query: SearchQuery) -> SearchQuery {
    let one = |parameter: Parameter| codes(sets, version, &parameter).unwrap_or(parameter);
    SearchQuery { parameters: query.parameters.into_iter().map(one).collect() }
}

fn codes(sets: &dyn ValueSets, version: FhirVersion, parameter: &Parameter) -> Option<Parameter> {
    let modifier = match parameter.modifier.as_deref() {
        Some("in") => None,
        Some("not-in") => Some("not".to_owned()),
        _ => return None,
    };
    let mut value = String::new();
    let mut count = 0;
    for canonical in parameter.alternatives() {
        for (system, code) in sets.codes(version, canonical.trim())? {
            count += 1;
            if count > MOST_CODES {
                return None;
            }
            if !value.is_empty() {
                value.push(',');
            }
            escape(&system, &mut value);
            value.push('|');
            escape(&code, &mut value);
        }
    }
    (count > 0).then(|| Parameter { name: parameter.name.clone(), modifier, value })
}

/// Undone when the value is read (FHIR search, escaping).
fn escape(text: &str, into: &mut String) {
    for character in text.chars() {
        if matches!(character, '\\' | ',' | '|' | '$') {
            into.push('\\');
        }
        into.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Two;

    impl ValueSets for Two {
        fn codes(&self, _: FhirVersion, canonical: &str) -> Option<Vec<(String, String)>> {
            let pair = |code: &str| ("http://s".to_owned(), code.to_owned());
            match canonical {
                "http://one" => Some(vec![pair("a"), pair("b,c")]),
                "http://large" => Some((0..=MOST_CODES).map(|number| pair(&number.to_string())).collect()),
                "http://empty" => Some(Vec::new()),
                _ => None,
            }
        }
    }

    #[test]
    fn a_known_value_set_is_asked_as_its_codes_and_no_other() {
        for (asked, expected) in [
            ("code:in=http://one", r"code=http://s|a,http://s|b\,c"),
            ("code:not-in=http://one", r"code:not=http://s|a,http://s|b\,c"),
            ("code:in=http://one,http://other", "code:in=http://one,http://other"),
            ("code:in=http://other", "code:in=http://other"),
            ("code:in=http://large", "code:in=http://large"),
            // Nothing is in an empty set; an empty list would be everything.
            ("code:in=http://empty", "code:in=http://empty"),
            ("code=http://one", "code=http://one"),
            ("code:text=http://one&status=x", "code:text=http://one&status=x"),
        ] {
            let query = written_out(&Two, FhirVersion::R4, SearchQuery::parse(asked).unwrap());
            let text: Vec<String> = query.parameters.iter().map(|one| format!("{}={}", one.key(), one.value)).collect();
            assert_eq!(text.join("&"), expected, "{asked}");
        }
    }
}
