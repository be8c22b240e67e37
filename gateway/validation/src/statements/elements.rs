//! The elements of a statement: the short forms become rules of the model, and what a slice leaves unsaid is said.

mod paths;
mod words;

use fhir::FhirVersion;
use fhir::json::{Kind, Node, Value};

use super::fault::{fault, text, texts};
use super::{StatementFault, canonical};
use crate::profile::{ElementRule, Slicing, TypeRule};
use crate::terminology::ValueSet;

pub(super) struct Elements {
    pub rules: Vec<ElementRule>,
    pub value_sets: Vec<ValueSet>,
}

/// Reads `elements` of a statement on this type.
pub(super) fn read(written: Value<'_>, fhir: FhirVersion, kind: &str) -> Result<Elements, StatementFault> {
    if written.kind() != Kind::Object {
        return Err(fault("elements", "is no object"));
    }
    let mut elements = Elements { rules: Vec::new(), value_sets: Vec::new() };
    let start = paths::start(fhir, kind)?;
    for (path, value) in written.members() {
        paths::check(start, &path)?;
        let id = if path == paths::ROOT { kind.to_owned() } else { format!("{kind}.{path}") };
        let mut rule = ElementRule::of(id);
        match value.as_text() {
            Some(times) => (rule.min, rule.max) = words::cardinality(&times, &path)?,
            None => element(value, &path, fhir, &mut rule, &mut elements.value_sets)?,
        }
        if rule.types.is_empty() {
            rule.types.extend(paths::type_of_choice(start, &path).map(|code| TypeRule {
                code: code.to_owned(),
                profiles: Vec::new(),
                targets: Vec::new(),
            }));
        }
        elements.rules.push(rule);
    }
    tell_apart(&mut elements.rules)?;
    Ok(elements)
}

fn element(
    value: Value<'_>,
    path: &str,
    fhir: FhirVersion,
    rule: &mut ElementRule,
    sets: &mut Vec<ValueSet>,
) -> Result<(), StatementFault> {
    if value.kind() != Kind::Object {
        return Err(fault(path, "is neither a cardinality nor an object"));
    }
    for (key, value) in value.members() {
        let at = format!("{path}: {key}");
        match &*key {
            "times" => (rule.min, rule.max) = words::cardinality(&text(value, &at)?, &at)?,
            "types" => set(&mut rule.types, words::types(value, &at)?, &at)?,
            "extension" => set(&mut rule.types, vec![words::extension(canonical(value, &at)?)], &at)?,
            "targets" => set(&mut rule.types, vec![words::reference(texts(value, &at)?)], &at)?,
            "fixed" => rule.fixed = Some(value.to_node()),
            "pattern" => pattern(rule, value.to_node(), &at)?,
            "concept" => pattern(rule, words::concept(&text(value, &at)?, &at)?, &at)?,
            "coding" => pattern(rule, words::coding(&text(value, &at)?, &at)?, &at)?,
            "least" => rule.min_value = Some(value.to_node()),
            "most" => rule.max_value = Some(value.to_node()),
            "longest" => rule.max_length = Some(words::number(value, &at)?),
            "binding" => {
                let (binding, set) = words::binding(value, &at, fhir)?;
                rule.binding = Some(binding);
                // The same list may be bound to several elements of one profile.
                sets.extend(set.filter(|set| sets.iter().all(|known| known.canonical != set.canonical)));
            }
            "slices" => rule.slicing = Some(words::slicing(value, &at)?),
            "invariants" => rule.constraints = words::invariants(value, &at)?,
            "like" => rule.content_reference = Some(text(value, &at)?),
            _ => return Err(fault(at, "is no key of an element")),
        }
    }
    if rule.fixed.is_some() && rule.pattern.is_some() {
        return Err(fault(path, "has both a fixed value and a pattern"));
    }
    Ok(())
}

fn set(into: &mut Vec<TypeRule>, types: Vec<TypeRule>, at: &str) -> Result<(), StatementFault> {
    if !into.is_empty() {
        return Err(fault(at, "says the types a second time"));
    }
    *into = types;
    Ok(())
}

fn pattern(rule: &mut ElementRule, pattern: Node, at: &str) -> Result<(), StatementFault> {
    if rule.pattern.replace(pattern).is_some() {
        return Err(fault(at, "says the pattern a second time"));
    }
    Ok(())
}

/// Gives every slice what tells it apart. Extensions are told apart by their URL and choices by their type, in every
/// profile (FHIR profiling, "Slicing"); a statement says the rest.
fn tell_apart(rules: &mut Vec<ElementRule>) -> Result<(), StatementFault> {
    let sliced: Vec<String> = rules.iter().filter_map(|rule| Some(paths::slice_of(&rule.id)?.to_owned())).collect();
    for whole in sliced {
        let at = rules.iter().position(|rule| rule.id == whole);
        if at.and_then(|at| rules.get(at)).is_some_and(|rule| rule.slicing.is_some()) {
            continue;
        }
        let slicing: Slicing = paths::by_nature(&whole)
            .ok_or_else(|| fault(&whole, "has slices and does not say what tells them apart"))?;
        if let Some(rule) = at.and_then(|at| rules.get_mut(at)) {
            rule.slicing = Some(slicing);
        } else {
            let first = rules.iter().position(|rule| paths::slice_of(&rule.id) == Some(&whole)).unwrap_or(rules.len());
            rules.insert(first, ElementRule { slicing: Some(slicing), ..ElementRule::of(whole) });
        }
    }
    Ok(())
}
