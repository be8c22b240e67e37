//! A case file: one case and the variants that surround it.

use fhir::FhirVersion;
use serde::Deserialize;
use serde_json::Value;

use super::asked::CaseInput;
use crate::decision::{DenialCode, Obligation};

/// One case: a request with what was found out, and the decision it must have.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A sentence.
    pub name: String,
    pub expect: Expected,
    pub input: CaseInput,
}

/// The decision that a case must have. What is not named is not compared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub allow: bool,
    /// The code of a reason that must be among the reasons.
    pub reason: Option<String>,
    /// The codes of all reasons, in any order.
    pub reasons: Option<Vec<String>>,
    /// All obligations, in order.
    pub obligations: Option<Vec<Obligation>>,
    pub denied: Option<DenialCode>,
    /// The other FHIR versions in which sources may be asked for what the operation collects.
    pub collects_in: Option<Vec<FhirVersion>>,
}

/// A case file, before its variants are worked out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    name: String,
    expect: Expected,
    input: Value,
    #[serde(default)]
    variants: Vec<Variant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variant {
    name: String,
    changes: Value,
    expect: Expected,
}

/// Reads a case file: the case, then its variants.
///
/// # Errors
/// A sentence for the operator.
pub fn read_cases(text: &str) -> Result<Vec<Case>, String> {
    let file: CaseFile = serde_json::from_str(text).map_err(|fault| fault.to_string())?;
    let of = |name: String, expect: Expected, input: Value| {
        serde_json::from_value(input)
            .map(|input| Case { name: name.clone(), expect, input })
            .map_err(|fault| format!("{name}: {fault}"))
    };
    let mut cases = vec![of(file.name, file.expect, file.input.clone())?];
    for variant in file.variants {
        let mut input = file.input.clone();
        merge(&mut input, &variant.changes);
        if input == file.input {
            return Err(format!("{}: it changes nothing", variant.name));
        }
        cases.push(of(variant.name, variant.expect, input)?);
    }
    if cases.iter().any(|case| case.expect.allow) && cases.iter().all(|case| case.expect.allow) {
        return Err(format!("{}: no deny stands beside this allow", cases[0].name));
    }
    Ok(cases)
}

/// JSON merge patch (RFC 7396, section 2).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(members) = target {
        for (name, change) in changes {
            if change.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_changes_adds_and_takes_away() {
        let mut value = serde_json::json!({ "a": { "b": 1, "c": 2 }, "d": [1, 2], "e": 1 });
        merge(&mut value, &serde_json::json!({ "a": { "b": null, "x": 3 }, "d": [3], "e": { "f": null, "g": 1 } }));
        assert_eq!(value, serde_json::json!({ "a": { "c": 2, "x": 3 }, "d": [3], "e": { "g": 1 } }));
    }
}
