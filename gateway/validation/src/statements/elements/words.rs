//! The short forms of a statement, one by one: `1..*`, `http://loinc.org|85354-9`, `value:url`.

use fhir::FhirVersion;
use fhir::json::{Kind, Node, Value};

use super::super::StatementFault;
use super::super::fault::{fault, text, texts};
use crate::Severity;
use crate::profile::{
    Binding, BindingStrength, Constraint, Discriminator, DiscriminatorKind, Most, Slicing, SlicingRules, TypeRule,
};
use crate::terminology::ValueSet;

/// `1..1`, `1..`, `..1`, `..*`: what stands on one side only is said of that side only.
pub(super) fn cardinality(times: &str, at: &str) -> Result<(Option<u32>, Option<Most>), StatementFault> {
    let wrong = || fault(at, "is no cardinality like 0..1, 1.. or ..*");
    let (least, most) = times.split_once("..").ok_or_else(wrong)?;
    let number = |digits: &str| digits.parse::<u32>().map_err(|_| wrong());
    let min = if least.is_empty() { None } else { Some(number(least)?) };
    let max = match most {
        "" => None,
        "*" => Some(Most::Unbounded),
        digits => Some(Most::Times(number(digits)?)),
    };
    match (min, max) {
        (None, None) => Err(wrong()),
        (Some(min), Some(Most::Times(max))) if min > max => Err(fault(at, "asks for more than it allows")),
        both => Ok(both),
    }
}

pub(super) fn types(value: Value<'_>, at: &str) -> Result<Vec<TypeRule>, StatementFault> {
    if value.kind() != Kind::List {
        return Err(fault(at, "is no list"));
    }
    let types: Vec<TypeRule> = value.items().map(|item| type_rule(item, at)).collect::<Result<_, _>>()?;
    if types.is_empty() { Err(fault(at, "is an empty list")) } else { Ok(types) }
}

fn type_rule(value: Value<'_>, at: &str) -> Result<TypeRule, StatementFault> {
    let mut rule = TypeRule { code: String::new(), profiles: Vec::new(), targets: Vec::new() };
    if value.kind() == Kind::Text {
        rule.code = text(value, at)?;
        return Ok(rule);
    }
    for (key, value) in value.members() {
        match &*key {
            "type" => rule.code = text(value, at)?,
            "profiles" => rule.profiles = texts(value, at)?,
            "targets" => rule.targets = texts(value, at)?,
            other => return Err(fault(at, format!("{other} is no key of a type"))),
        }
    }
    if rule.code.is_empty() { Err(fault(at, "does not name the type")) } else { Ok(rule) }
}

pub(super) fn extension(profile: String) -> TypeRule {
    TypeRule { code: "Extension".to_owned(), profiles: vec![profile], targets: Vec::new() }
}

pub(super) fn reference(targets: Vec<String>) -> TypeRule {
    TypeRule { code: "Reference".to_owned(), profiles: Vec::new(), targets }
}

/// `system|code`, as the pattern of a CodeableConcept.
pub(super) fn concept(written: &str, at: &str) -> Result<Node, StatementFault> {
    let coding = coding(written, at)?;
    Ok(Node::Object(vec![("coding".to_owned(), Node::List(vec![coding]))]))
}

/// `system|code`, as the pattern of a Coding.
pub(super) fn coding(written: &str, at: &str) -> Result<Node, StatementFault> {
    match written.split_once('|') {
        Some((system, code)) if !system.is_empty() && !code.is_empty() && !code.contains('|') => {
            Ok(Node::Object(vec![("system".to_owned(), Node::text(system)), ("code".to_owned(), Node::text(code))]))
        }
        _ => Err(fault(at, "is no code like system|code")),
    }
}

pub(super) fn number(value: Value<'_>, at: &str) -> Result<u32, StatementFault> {
    value.as_number().and_then(|digits| digits.parse().ok()).ok_or_else(|| fault(at, "is no whole number"))
}

/// A binding, and the value set whose codes it writes out.
pub(super) fn binding(
    value: Value<'_>,
    at: &str,
    fhir: FhirVersion,
) -> Result<(Binding, Option<ValueSet>), StatementFault> {
    let (mut strength, mut values, mut codes) = (None, None, None);
    for (key, value) in value.members() {
        match &*key {
            "strength" => strength = Some(binding_strength(&text(value, at)?, at)?),
            "values" => values = Some(text(value, at)?),
            "codes" => codes = Some(code_list(value, at)?),
            other => return Err(fault(at, format!("{other} is no key of a binding"))),
        }
    }
    let (Some(strength), Some(values)) = (strength, values) else {
        return Err(fault(at, "names no strength or no value set"));
    };
    let set = codes.map(|codes| {
        let (canonical, version) = match values.split_once('|') {
            Some((canonical, version)) => (canonical, Some(version.to_owned())),
            None => (values.as_str(), None),
        };
        ValueSet {
            canonical: canonical.to_owned(),
            version,
            fhir,
            include: Vec::new(),
            exclude: Vec::new(),
            expansion: Some(codes),
        }
    });
    Ok((Binding { value_set: values, strength }, set))
}

fn binding_strength(word: &str, at: &str) -> Result<BindingStrength, StatementFault> {
    match word {
        "required" => Ok(BindingStrength::Required),
        "extensible" => Ok(BindingStrength::Extensible),
        "preferred" => Ok(BindingStrength::Preferred),
        _ => Err(fault(at, "is neither required, extensible nor preferred")),
    }
}

/// Codes by their system.
fn code_list(value: Value<'_>, at: &str) -> Result<Vec<(String, String)>, StatementFault> {
    let mut codes = Vec::new();
    for (system, listed) in value.members() {
        codes.extend(texts(listed, at)?.into_iter().map(|code| (system.clone().into_owned(), code)));
    }
    if codes.is_empty() { Err(fault(at, "lists no codes")) } else { Ok(codes) }
}

pub(super) fn slicing(value: Value<'_>, at: &str) -> Result<Slicing, StatementFault> {
    let mut slicing = Slicing { discriminators: Vec::new(), rules: SlicingRules::Open, ordered: false };
    for (key, value) in value.members() {
        match &*key {
            "by" => {
                slicing.discriminators =
                    texts(value, at)?.iter().map(|written| discriminator(written, at)).collect::<Result<_, _>>()?;
            }
            "rules" => {
                slicing.rules = match text(value, at)?.as_str() {
                    "open" => SlicingRules::Open,
                    "closed" => SlicingRules::Closed,
                    "open-at-end" => SlicingRules::OpenAtEnd,
                    _ => return Err(fault(at, "is neither open, closed nor open-at-end")),
                };
            }
            "ordered" => slicing.ordered = value.as_bool().ok_or_else(|| fault(at, "is neither true nor false"))?,
            other => return Err(fault(at, format!("{other} is no key of slices"))),
        }
    }
    if slicing.discriminators.is_empty() {
        return Err(fault(at, "does not say what tells slices apart"));
    }
    Ok(slicing)
}

fn discriminator(written: &str, at: &str) -> Result<Discriminator, StatementFault> {
    let wrong = || fault(at, format!("{written} is no discriminator like value:url"));
    let (kind, path) = written.split_once(':').ok_or_else(wrong)?;
    let kind = match kind {
        "value" => DiscriminatorKind::Value,
        "exists" => DiscriminatorKind::Exists,
        "pattern" => DiscriminatorKind::Pattern,
        "type" => DiscriminatorKind::Type,
        "profile" => DiscriminatorKind::Profile,
        _ => return Err(wrong()),
    };
    if path.is_empty() { Err(wrong()) } else { Ok(Discriminator { kind, path: path.to_owned() }) }
}

pub(super) fn invariants(value: Value<'_>, at: &str) -> Result<Vec<Constraint>, StatementFault> {
    if value.kind() != Kind::List {
        return Err(fault(at, "is no list"));
    }
    value.items().map(|item| invariant(item, at)).collect()
}

fn invariant(value: Value<'_>, at: &str) -> Result<Constraint, StatementFault> {
    let (mut key, mut severity, mut expression) = (None, None, None);
    for (name, value) in value.members() {
        match &*name {
            "key" => key = Some(text(value, at)?),
            "severity" => {
                severity = Some(match text(value, at)?.as_str() {
                    "error" => Severity::Error,
                    "warning" => Severity::Warning,
                    _ => return Err(fault(at, "is neither error nor warning")),
                });
            }
            "expression" => expression = Some(text(value, at)?),
            other => return Err(fault(at, format!("{other} is no key of an invariant"))),
        }
    }
    let (Some(key), Some(severity)) = (key, severity) else {
        return Err(fault(at, "has no key or no severity"));
    };
    let human = format!("the invariant {key} of the definition");
    Ok(Constraint { key, severity, human, expression })
}
