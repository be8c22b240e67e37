//! Composite parameters: values that belong together, `code$value` (FHIR search, composite).

use super::values::{Scene, Wanted};
use super::{SearchFault, paths};
use crate::definitions::{SearchDefinition, SearchKind};
use crate::json::Value;

/// One alternative of a composite parameter: what each component must be, of one and the same element.
pub(super) struct Composite(Vec<(&'static str, Wanted)>);

impl Composite {
    /// Nothing: a component is of a kind that is not evaluated here. Nothing inside: a value is malformed, or there
    /// are not as many as there are components.
    pub(super) fn parse(definition: &SearchDefinition, text: &str) -> Option<Option<Self>> {
        let values = split(text);
        let components: Vec<&str> = definition.more.split('$').collect();
        if definition.more.is_empty() {
            return None;
        }
        if values.len() != components.len() {
            return Some(None);
        }
        let mut read = Vec::new();
        for (component, value) in components.into_iter().zip(values) {
            let (kind, paths) = component.split_once(' ')?;
            match Wanted::plain(SearchKind::of(kind)?, &value)? {
                Some(wanted) => read.push((paths, wanted)),
                None => return Some(None),
            }
        }
        Some(Some(Composite(read)))
    }

    /// Whether the element has all of them.
    pub(super) fn accepts(&self, element: Value<'_>, scene: &Scene<'_>) -> Result<bool, SearchFault> {
        for (paths, wanted) in &self.0 {
            let mut found = false;
            for part in paths::elements(element, paths) {
                found |= wanted.accepts(part, scene)?;
            }
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Splits at dollar signs that are not escaped, and undoes their escapes only.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some(last) = parts.last_mut() else { break };
        match character {
            '$' => parts.push(String::new()),
            '\\' => match characters.next() {
                Some('$') => last.push('$'),
                Some(escaped) => last.extend(['\\', escaped]),
                None => last.push('\\'),
            },
            other => last.push(other),
        }
    }
    parts
}
