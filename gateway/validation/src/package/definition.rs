//! A StructureDefinition as a [`Profile`]: its snapshot where it has one, otherwise its differential.

use fhir::FhirVersion;
use fhir::json::{Node, Value};

use super::{is_object, number, text, texts};
use crate::finding::Severity;
use crate::profile::{
    Binding, BindingStrength, Constraint, Discriminator, DiscriminatorKind, ElementRule, Most, Profile, Slicing,
    SlicingRules, TypeRule,
};

/// Reads a StructureDefinition; none for logical models and for those that say nothing.
pub(super) fn profile(root: Value<'_>, fhir: FhirVersion) -> Option<Profile> {
    if text(root, "kind").as_deref() == Some("logical") {
        return None;
    }
    let canonical = text(root, "url")?;
    let of = |name: &str| root.get(name).and_then(|part| part.get("element"));
    let snapshot = of("snapshot");
    let elements = snapshot.or_else(|| of("differential"))?;
    let mut places = Places::default();
    let rules = elements.items().filter(|element| is_object(*element)).filter_map(|element| rule(element, &mut places));
    Some(Profile {
        version: text(root, "version"),
        fhir,
        resource_type: text(root, "type")?,
        base: text(root, "baseDefinition"),
        title: text(root, "title").or_else(|| text(root, "name")).unwrap_or_else(|| canonical.clone()),
        complete: snapshot.is_some(),
        rules: rules.collect(),
        canonical,
    })
}

fn rule(element: Value<'_>, places: &mut Places) -> Option<ElementRule> {
    let path = text(element, "path")?;
    let id = places.id(text(element, "id"), &path, text(element, "sliceName"));
    let prefixed = |prefix: &str| value_of(element, prefix);
    Some(ElementRule {
        id,
        min: number(element, "min"),
        max: text(element, "max").and_then(|max| match max.as_str() {
            "*" => Some(Most::Unbounded),
            times => times.parse().ok().map(Most::Times),
        }),
        types: types(element),
        fixed: prefixed("fixed"),
        pattern: prefixed("pattern"),
        min_value: prefixed("minValue"),
        max_value: prefixed("maxValue"),
        max_length: number(element, "maxLength"),
        binding: element.get("binding").and_then(binding),
        slicing: element.get("slicing").map(slicing),
        constraints: element
            .get("constraint")
            .into_iter()
            .flat_map(|list| list.items())
            .filter_map(constraint)
            .collect(),
        content_reference: text(element, "contentReference"),
        must_support: element.get("mustSupport").and_then(|flag| flag.as_bool()) == Some(true),
    })
}

/// The member whose name begins so and goes on with a type: `fixedUri`, `patternCodeableConcept`.
fn value_of(element: Value<'_>, prefix: &str) -> Option<Node> {
    let mut members = element.members();
    let (_, value) = members.find(|(name, _)| {
        name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    })?;
    Some(value.to_node())
}

/// The types, one entry a code: STU3 repeats the code for each profile.
fn types(element: Value<'_>) -> Vec<TypeRule> {
    let mut types: Vec<TypeRule> = Vec::new();
    for written in element.get("type").into_iter().flat_map(|list| list.items()) {
        let Some(code) = text(written, "code") else { continue };
        let profiles = texts(written, "profile");
        let targets = texts(written, "targetProfile");
        match types.iter_mut().find(|held| held.code == code) {
            Some(held) => {
                // One entry without profiles allows all.
                join(&mut held.profiles, profiles);
                join(&mut held.targets, targets);
            }
            None => types.push(TypeRule { code, profiles, targets }),
        }
    }
    types
}

fn join(held: &mut Vec<String>, more: Vec<String>) {
    if held.is_empty() || more.is_empty() {
        held.clear();
    } else {
        held.extend(more);
    }
}

fn binding(binding: Value<'_>) -> Option<Binding> {
    let strength = match text(binding, "strength")?.as_str() {
        "required" => BindingStrength::Required,
        "extensible" => BindingStrength::Extensible,
        "preferred" => BindingStrength::Preferred,
        _ => BindingStrength::Example,
    };
    let stu3 = || binding.get("valueSetReference").and_then(|reference| text(reference, "reference"));
    let value_set = text(binding, "valueSet").or_else(stu3).or_else(|| text(binding, "valueSetUri"))?;
    Some(Binding { value_set, strength })
}

fn slicing(slicing: Value<'_>) -> Slicing {
    let discriminator = |written: Value<'_>| {
        let kind = match text(written, "type")?.as_str() {
            "value" => DiscriminatorKind::Value,
            "exists" => DiscriminatorKind::Exists,
            "pattern" => DiscriminatorKind::Pattern,
            "type" => DiscriminatorKind::Type,
            "profile" => DiscriminatorKind::Profile,
            _ => return None,
        };
        Some(Discriminator { kind, path: text(written, "path")? })
    };
    Slicing {
        discriminators: slicing
            .get("discriminator")
            .into_iter()
            .flat_map(|list| list.items())
            .filter_map(discriminator)
            .collect(),
        rules: match text(slicing, "rules").as_deref() {
            Some("closed") => SlicingRules::Closed,
            Some("openAtEnd") => SlicingRules::OpenAtEnd,
            _ => SlicingRules::Open,
        },
        ordered: slicing.get("ordered").and_then(|flag| flag.as_bool()) == Some(true),
    }
}

fn constraint(constraint: Value<'_>) -> Option<Constraint> {
    Some(Constraint {
        key: text(constraint, "key")?,
        severity: match text(constraint, "severity").as_deref() {
            Some("warning") => Severity::Warning,
            _ => Severity::Error,
        },
        human: text(constraint, "human").unwrap_or_default(),
        expression: text(constraint, "expression"),
    })
}

/// Makes ids where a definition has none that fit their paths (older tools wrote their own).
#[derive(Default)]
struct Places {
    /// The slices that are open: the length of their path in segments, and the id so far.
    open: Vec<(usize, String)>,
}

impl Places {
    fn id(&mut self, written: Option<String>, path: &str, slice: Option<String>) -> String {
        let depth = path.split('.').count();
        self.open.retain(|(open, _)| *open < depth);
        let made = self.made(path, depth, slice.as_deref());
        let id = match written {
            Some(id) if fits(&id, path) => id,
            _ => made,
        };
        // A point in a slice's name would read as a step.
        self.open.push((depth, id.clone()));
        id
    }

    fn made(&self, path: &str, depth: usize, slice: Option<&str>) -> String {
        let parent = self.open.iter().rev().find(|(open, _)| *open < depth);
        let mut id = match parent {
            Some((open, id)) => {
                let rest: Vec<_> = path.split('.').skip(*open).collect();
                format!("{id}.{}", rest.join("."))
            }
            None => path.to_owned(),
        };
        if let Some(slice) = slice {
            id.push(':');
            id.push_str(&slice.replace('.', "-"));
        }
        id
    }
}

/// Whether an id without its slices is the path; a choice may be written by its type in the path.
fn fits(id: &str, path: &str) -> bool {
    let mut names = path.split('.');
    let same = id.split('.').all(|segment| {
        let name = segment.split(':').next().unwrap_or_default();
        names.next().is_some_and(|written| {
            name == written || name.strip_suffix("[x]").is_some_and(|choice| written.starts_with(choice))
        })
    });
    same && names.next().is_none()
}
