//! Fixed values, patterns and ranges: an expected value held against one of a resource.

use fhir::json::{Kind, Node, Value};

/// Exactly this value (ElementDefinition.fixed[x]); numbers by value, members in any order.
pub(super) fn equals(expected: &Node, actual: Value<'_>) -> bool {
    compare(expected, actual, true)
}

/// At least this value (ElementDefinition.pattern[x]): what the pattern has is there; of lists in any order.
pub(super) fn holds(pattern: &Node, actual: Value<'_>) -> bool {
    compare(pattern, actual, false)
}

fn compare(expected: &Node, actual: Value<'_>, exact: bool) -> bool {
    match expected {
        Node::Null => actual.kind() == Kind::Null,
        Node::Bool(flag) => actual.as_bool() == Some(*flag),
        Node::Number(digits) => actual.as_number().is_some_and(|other| decimal(digits) == decimal(other)),
        Node::Text(text) => actual.as_text().is_some_and(|other| other == text.as_str()),
        Node::List(items) => {
            let others: Vec<_> = actual.items().collect();
            if exact {
                items.len() == others.len()
                    && items.iter().zip(&others).all(|(item, other)| compare(item, *other, true))
            } else {
                items.iter().all(|item| others.iter().any(|other| compare(item, *other, false)))
            }
        }
        Node::Object(members) => {
            actual.kind() == Kind::Object
                && members.iter().all(|(name, item)| actual.get(name).is_some_and(|other| compare(item, other, exact)))
                && (!exact || actual.members().count() == members.len())
        }
    }
}

/// A decimal as sign, digits without zeros at the ends, and the place of the point: equal for equal values.
fn decimal(digits: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let negative = mantissa.starts_with('-');
    let mantissa = mantissa.trim_start_matches('-');
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let point = whole.len() as i64 + exponent.parse::<i64>().unwrap_or(0);
    let all = format!("{whole}{part}");
    let leading = all.len() - all.trim_start_matches('0').len();
    let kept = all.trim_matches('0').to_owned();
    if kept.is_empty() { (false, kept, 0) } else { (negative, kept, point - leading as i64) }
}

/// Whether a value is below a bound; `None` when the two cannot be compared.
pub(super) fn is_below(actual: Value<'_>, bound: &Node) -> Option<bool> {
    match bound {
        Node::Number(bound) => Some(actual.as_number()?.parse::<f64>().ok()? < bound.parse::<f64>().ok()?),
        // Dates and times of the same precision compare as text.
        Node::Text(bound) => {
            let text = actual.as_text()?;
            (text.len() == bound.len() && bound.starts_with(|c: char| c.is_ascii_digit())).then(|| *text < **bound)
        }
        Node::Object(_) => {
            let same_unit = bound.get("code").is_some_and(|code| match (code, actual.get("code")) {
                (Node::Text(code), Some(other)) => other.as_text().is_some_and(|other| other == code.as_str()),
                _ => false,
            });
            if !same_unit {
                return None;
            }
            is_below(actual.get("value")?, bound.get("value")?)
        }
        Node::Null | Node::Bool(_) | Node::List(_) => None,
    }
}

/// Whether a value is above a bound; `None` when the two cannot be compared.
pub(super) fn is_above(actual: Value<'_>, bound: &Node) -> Option<bool> {
    match is_below(actual, bound)? {
        true => Some(false),
        false => match bound {
            Node::Object(_) => Some(!holds(bound.get("value")?, actual.get("value")?)),
            _ => Some(!holds(bound, actual)),
        },
    }
}

#[cfg(test)]
mod tests {
    use fhir::json::{Document, Limits};

    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(bytes::Bytes::copy_from_slice(text.as_bytes()), &Limits::default()).unwrap()
    }

    #[test]
    fn a_pattern_asks_for_what_it_has_and_a_fixed_value_for_all() {
        let cases = [
            (r#"{"a":"x"}"#, r#"{"a":"x","b":1}"#, true, false),
            (r#"{"a":"x","b":1.0}"#, r#"{"b":1.00,"a":"x"}"#, true, true),
            (r#"{"a":[{"c":"2"}]}"#, r#"{"a":[{"c":"1"},{"c":"2"}]}"#, true, false),
            (r#"{"a":[{"c":"3"}]}"#, r#"{"a":[{"c":"1"},{"c":"2"}]}"#, false, false),
            (r#""x""#, r#""X""#, false, false),
            ("true", "true", true, true),
            ("10", "1e1", true, true),
            ("0.0", "-0", true, true),
            ("0.1", "0.01", false, false),
        ];
        for (expected, actual, pattern, fixed) in cases {
            let (expected, actual) = (Node::read(expected).unwrap(), document(actual));
            assert_eq!(holds(&expected, actual.root()), pattern, "{}", actual.text());
            assert_eq!(equals(&expected, actual.root()), fixed, "{}", actual.text());
        }
    }

    #[test]
    fn a_range_says_nothing_of_what_cannot_be_compared() {
        let cases = [
            ("5", "6", Some(false), Some(true)),
            ("5", "5.0", Some(false), Some(false)),
            ("5", "4.9", Some(true), Some(false)),
            (r#""2020-01""#, r#""2020-02""#, Some(false), Some(true)),
            (r#""2020-01""#, r#""2020""#, None, None),
            (r#"{"value":5,"code":"cm"}"#, r#"{"value":6,"code":"cm"}"#, Some(false), Some(true)),
            (r#"{"value":5,"code":"cm"}"#, r#"{"value":6,"code":"m"}"#, None, None),
        ];
        for (bound, actual, below, above) in cases {
            let (bound, actual) = (Node::read(bound).unwrap(), document(actual));
            assert_eq!(is_below(actual.root(), &bound), below, "{}", actual.text());
            assert_eq!(is_above(actual.root(), &bound), above, "{}", actual.text());
        }
    }
}
