//! ValueSet and CodeSystem resources as lists of codes.

use fhir::FhirVersion;
use fhir::json::Value;

use super::{text, texts};
use crate::terminology::{CodeSystem, Concept, Filter, Include, ValueSet};

/// Levels of concepts within concepts.
const DEEPEST: usize = 64;

pub(super) fn value_set(root: Value<'_>, fhir: FhirVersion) -> Option<ValueSet> {
    let compose = root.get("compose");
    let parts = |name: &str| -> Vec<Include> {
        let list = compose.and_then(|compose| compose.get(name));
        list.into_iter().flat_map(|list| list.items()).map(include).collect()
    };
    let include = parts("include");
    let mut set = ValueSet {
        canonical: text(root, "url")?,
        version: text(root, "version"),
        fhir,
        exclude: parts("exclude"),
        // A definition says more than an expansion made at some time, but a set without one is only its expansion.
        expansion: if include.is_empty() { root.get("expansion").and_then(expansion) } else { None },
        include,
    };
    // STU3 before its last release: `compose.import`.
    for import in compose.map(|compose| texts(compose, "import")).unwrap_or_default() {
        set.include.push(Include { value_sets: vec![import], ..Include::default() });
    }
    Some(set)
}

fn include(part: Value<'_>) -> Include {
    let items = |name: &str| part.get(name).into_iter().flat_map(|list| list.items());
    Include {
        system: text(part, "system"),
        codes: items("concept").filter_map(|concept| text(concept, "code")).collect(),
        filters: items("filter")
            .map(|filter| Filter {
                property: text(filter, "property").unwrap_or_default(),
                operator: text(filter, "op").unwrap_or_default(),
                value: text(filter, "value").unwrap_or_default(),
            })
            .collect(),
        value_sets: texts(part, "valueSet"),
    }
}

/// An expansion's codes; none when it is only a part of them.
fn expansion(expansion: Value<'_>) -> Option<Vec<(String, String)>> {
    let mut codes = Vec::new();
    collect(expansion, &mut codes, DEEPEST);
    let total = expansion.get("total").and_then(|total| total.as_number()?.parse::<usize>().ok());
    let is_part = total.is_some_and(|total| total > codes.len());
    (!is_part && !codes.is_empty()).then_some(codes)
}

fn collect(parent: Value<'_>, codes: &mut Vec<(String, String)>, deeper: usize) {
    if deeper == 0 {
        return;
    }
    for item in parent.get("contains").into_iter().flat_map(|list| list.items()) {
        let is_abstract = item.get("abstract").and_then(|flag| flag.as_bool()) == Some(true);
        if let (Some(code), false) = (text(item, "code"), is_abstract) {
            codes.push((text(item, "system").unwrap_or_default(), code));
        }
        collect(item, codes, deeper - 1);
    }
}

pub(super) fn code_system(root: Value<'_>, fhir: FhirVersion) -> Option<CodeSystem> {
    let mut system = CodeSystem {
        canonical: text(root, "url")?,
        version: text(root, "version"),
        fhir,
        complete: text(root, "content").as_deref() == Some("complete"),
        case_sensitive: root.get("caseSensitive").and_then(|flag| flag.as_bool()) != Some(false),
        concepts: Vec::new(),
    };
    concepts(root, None, &mut system.concepts, DEEPEST);
    named_parents(root, &mut system.concepts);
    Some(system)
}

fn concepts(parent: Value<'_>, above: Option<usize>, into: &mut Vec<Concept>, deeper: usize) {
    if deeper == 0 {
        return;
    }
    for concept in parent.get("concept").into_iter().flat_map(|list| list.items()) {
        let Some(code) = text(concept, "code") else { continue };
        let place = into.len();
        into.push(Concept { code, parents: above.into_iter().collect() });
        concepts(concept, Some(place), into, deeper - 1);
    }
}

/// Hierarchies that are written as a property (`subsumedBy`, `parent`) instead of by nesting.
fn named_parents(root: Value<'_>, into: &mut [Concept]) {
    let places: std::collections::HashMap<String, usize> =
        into.iter().enumerate().map(|(place, concept)| (concept.code.clone(), place)).collect();
    for concept in root.get("concept").into_iter().flat_map(|list| list.items()) {
        let Some(&place) = text(concept, "code").as_ref().and_then(|code| places.get(code)) else { continue };
        for property in concept.get("property").into_iter().flat_map(|list| list.items()) {
            let is_parent = matches!(text(property, "code").as_deref(), Some("subsumedBy" | "parent"));
            let parent = text(property, "valueCode").and_then(|code| places.get(&code).copied());
            // A parent stands before its children.
            if let (true, Some(parent)) = (is_parent, parent.filter(|&parent| parent < place))
                && let Some(held) = into.get_mut(place)
            {
                held.parents.push(parent);
            }
        }
    }
}
