//! What a literal reference (`Reference.reference`) points at, told from its text alone. Nothing is ever fetched.

use crate::interaction::LogicalId;
use crate::json::{Kind, Value};
use crate::resource::Resource;

/// The target of a literal reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'r> {
    /// `Type/id` or an absolute http(s) URL that ends so, with or without `/_history/n`.
    Typed { resource_type: &'r str, id: &'r str, base: Option<&'r str> },
    /// `#id`, or `#` for the containing resource (an empty id).
    Contained(&'r str),
    /// Anything else: a `urn:`, a conditional reference, a malformed text.
    Unclear,
}

impl<'r> Target<'r> {
    pub(crate) fn of(reference: &'r str) -> Self {
        if let Some(id) = reference.strip_prefix('#') {
            return Target::Contained(id);
        }
        typed(reference).unwrap_or(Target::Unclear)
    }
}

fn typed(reference: &str) -> Option<Target<'_>> {
    let current = match reference.split_once("/_history/") {
        Some((current, version)) => LogicalId::parse(version).map(|_| current)?,
        None => reference,
    };
    let (rest, id) = current.rsplit_once('/')?;
    let (base, resource_type) = match rest.rsplit_once('/') {
        Some((base, resource_type)) => (Some(base), resource_type),
        None => (None, rest),
    };
    let is_name = resource_type.starts_with(|first: char| first.is_ascii_uppercase())
        && resource_type.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_name || LogicalId::parse(id).is_none() || !base.is_none_or(is_base) {
        return None;
    }
    Some(Target::Typed { resource_type, id, base })
}

/// Every literal reference in a resource, its contained ones and extensions included: the type, the id, and whether it
/// names a server of its own (an absolute URL).
pub fn links(resource: &Resource, found: &mut impl FnMut(&str, &str, bool)) {
    within(resource.root(), found);
}

fn within(value: Value<'_>, found: &mut impl FnMut(&str, &str, bool)) {
    match value.kind() {
        Kind::Object => {
            for (name, member) in value.members() {
                match member.kind() {
                    Kind::Text if name == "reference" => {
                        if let Some(text) = member.as_text()
                            && let Target::Typed { resource_type, id, base } = Target::of(&text)
                        {
                            found(resource_type, id, base.is_some());
                        }
                    }
                    _ => within(member, found),
                }
            }
        }
        Kind::List => value.items().for_each(|item| within(item, found)),
        Kind::Null | Kind::Bool | Kind::Number | Kind::Text => {}
    }
}

/// Whether this is the start of an absolute URL: `https://host[/path]`, free of what would make it ambiguous.
fn is_base(base: &str) -> bool {
    let after = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
    after.is_some_and(|after| {
        let ambiguous =
            |c: char| matches!(c, '?' | '#' | '\\' | '|' | '@' | '%' | ';') || c.is_whitespace() || c.is_control();
        !after.contains(ambiguous) && after.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_typed_only_when_it_can_be_read_in_one_way() {
        let typed = |id, base| Target::Typed { resource_type: "Patient", id, base };
        let base = Some("https://a.example/fhir");
        let cases = [
            ("Patient/1", typed("1", None)),
            ("Patient/1/_history/2", typed("1", None)),
            ("https://a.example/fhir/Patient/1", typed("1", base)),
            ("https://a.example/fhir/Patient/1/_history/2", typed("1", base)),
            ("http://a.example/Patient/1", typed("1", Some("http://a.example"))),
            ("#p", Target::Contained("p")),
            ("#", Target::Contained("")),
        ];
        for (text, target) in cases {
            assert_eq!(Target::of(text), target, "{text}");
        }
        for unclear in [
            "",
            "1",
            "Patient",
            "Patient/",
            "/Patient/1",
            "patient/1",
            "Patient/1/",
            "Patient/..",
            "Patient/1/_history/",
            "x/Patient/1",
            "Patient?identifier=1",
            "Patient/1?x=Patient/2",
            "https://a.example?x=/Patient/1",
            "https://a.example/#/Patient/1",
            "https:///Patient/1",
            "ftp://a.example/Patient/1",
            "Patient/1|2",
            "urn:uuid:8ba7b8e4-4a0e-4d10-b5f9-4f2d6e0b7a11",
            "https://a.example/../Patient/1",
            "Patient/1#x",
            " Patient/1",
            "HTTPS://a.example/Patient/1",
            "https://Patient/1/x y",
        ] {
            assert_eq!(Target::of(unclear), Target::Unclear, "{unclear}");
        }
    }
}
