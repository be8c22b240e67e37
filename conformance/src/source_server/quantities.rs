//! Numbers and quantities in a search: a number means the range that its digits leave open, unless a prefix compares
//! (R4 "Search", section Number).

use serde_json::Value;

use super::dates::prefixed;

/// Whether a held number satisfies `ge5.4` and the like. `None`: it cannot be read.
pub fn number(held: f64, wanted: &str) -> Option<bool> {
    let (prefix, digits) = prefixed(wanted);
    let asked: f64 = digits.parse().ok()?;
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let half = 0.5 / 10_f64.powi(i32::try_from(decimals).ok()?);
    let within = held >= asked - half && held < asked + half;
    Some(match prefix {
        "eq" => within,
        "ne" => !within,
        "gt" | "sa" => held > asked,
        "lt" | "eb" => held < asked,
        "ge" => held >= asked,
        "le" => held <= asked,
        "ap" => (held - asked).abs() <= asked.abs() * 0.1,
        _ => return None,
    })
}

/// `5.4`, `5.4|system|code` or `5.4||unit` against a Quantity. `None`: it cannot be read.
pub fn quantity(held: &Value, wanted: &str) -> Option<bool> {
    let mut parts = wanted.split('|');
    let value = parts.next()?;
    let (system, code) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let fits = number(held["value"].as_f64().unwrap_or(f64::NAN), value)?;
    let text = |name: &str| held[name].as_str().unwrap_or_default();
    let of_system = system.is_empty() || text("system") == system;
    let of_unit = code.is_empty() || text("code") == code || (system.is_empty() && text("unit") == code);
    Some(fits && of_system && of_unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_quantity_is_met_within_its_digits_and_its_unit() {
        let held = json!({"value": 5.44, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"});
        for (wanted, expected) in [
            ("5.4", Some(true)),
            ("5.40", Some(false)),
            ("ge5", Some(true)),
            ("lt5", Some(false)),
            ("ne6", Some(true)),
            ("ap5.5", Some(true)),
            ("5.4|http://unitsofmeasure.org|mg", Some(true)),
            ("5.4||mg", Some(true)),
            ("5.4|http://unitsofmeasure.org|g", Some(false)),
            ("much", None),
            ("xx5", None),
        ] {
            assert_eq!(quantity(&held, wanted), expected, "{wanted}");
        }
        assert_eq!(quantity(&Value::Null, "5"), Some(false));
    }
}
