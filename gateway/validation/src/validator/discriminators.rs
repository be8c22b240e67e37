//! Discriminators: which are meant, and the paths they are written as (the restricted FHIRPath of FHIR profiling.html,
//! "Restricted FHIRPath").

use fhir::json::Value;

use crate::profile::{Discriminator, DiscriminatorKind};
use crate::tree::Branch;

/// One step of a discriminator's path.
pub(super) enum Step {
    Name(String),
    Resolve,
    Extension(String),
    OfType(String),
}

/// The members of an object that go by a name, or by a choice of it, with the type that the choice names.
pub(super) fn named<'d>(value: Value<'d>, name: &str) -> Vec<(Option<String>, Value<'d>)> {
    if let Some(member) = value.get(name) {
        return member.each().map(|item| (None, item)).collect();
    }
    let choices = value.members().filter_map(|(member, item)| {
        let suffix = member.strip_prefix(name)?;
        suffix.starts_with(|c: char| c.is_ascii_uppercase()).then(|| (Some(suffix.to_owned()), item))
    });
    choices.collect()
}

/// A slicing's discriminators; those that are meant where the profile leaves them out.
pub(super) fn discriminators(branch: &Branch) -> Vec<Discriminator> {
    let written = branch.rule.slicing.as_ref().map(|slicing| slicing.discriminators.clone()).unwrap_or_default();
    let meant = |kind, path: &str| vec![Discriminator { kind, path: path.to_owned() }];
    match branch.name.as_str() {
        _ if !written.is_empty() => written,
        "extension" | "modifierExtension" => meant(DiscriminatorKind::Value, "url"),
        name if name.ends_with("[x]") => meant(DiscriminatorKind::Type, "$this"),
        _ => written,
    }
}

/// Reads a discriminator's path; `None` for what is not in the restricted FHIRPath of discriminators.
pub(super) fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let (step, after) = split_step(rest);
        rest = after;
        let argument = |name: &str| {
            step.strip_prefix(name)?.strip_suffix(')').map(|inner| inner.trim_matches(['\'', '"']).to_owned())
        };
        steps.push(match step {
            "$this" => continue,
            "resolve()" => Step::Resolve,
            _ => match (argument("extension("), argument("ofType("), argument("as(")) {
                (Some(url), ..) => Step::Extension(url),
                (_, Some(kind), _) | (.., Some(kind)) => Step::OfType(kind),
                _ if step.contains('(') => return None,
                _ => Step::Name(step.to_owned()),
            },
        });
    }
    Some(steps)
}

/// The first step of a path: up to a point that is outside parentheses.
fn split_step(path: &str) -> (&str, &str) {
    let mut depth = 0_i32;
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'.' if depth == 0 => return (&path[..at], &path[at + 1..]),
            _ => {}
        }
    }
    (path, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str) -> Option<Vec<String>> {
        let name = |step: Step| match step {
            Step::Name(name) => name,
            Step::Resolve => "->".to_owned(),
            Step::Extension(url) => format!("<{url}>"),
            Step::OfType(kind) => format!(":{kind}"),
        };
        Some(steps(path)?.into_iter().map(name).collect())
    }

    #[test]
    fn a_path_is_read_step_by_step_and_what_is_no_discriminator_is_not() {
        let cases: [(&str, Option<&[&str]>); 7] = [
            ("$this", Some(&[])),
            ("code.coding.system", Some(&["code", "coding", "system"])),
            ("$this.resolve()", Some(&["->"])),
            ("resolve().code", Some(&["->", "code"])),
            ("extension('http://a.b/c').value", Some(&["<http://a.b/c>", "value"])),
            ("value.ofType(Quantity)", Some(&["value", ":Quantity"])),
            ("where(x = 1).y", None),
        ];
        for (path, expected) in cases {
            let expected = expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
            assert_eq!(shown(path), expected, "{path}");
        }
    }
}
