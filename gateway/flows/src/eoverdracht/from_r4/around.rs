//! What one entry of a Bundle has to know of the others: what each `fullUrl` is, and who stands behind a role.

use std::collections::HashMap;

use fhir::json::Node;

/// Facts of the Bundle, in the version that it is read in.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// The type of the resource that has this `fullUrl`.
    kinds: HashMap<String, String>,
    /// The practitioner of a PractitionerRole, by `PractitionerRole/id` and by its `fullUrl`.
    roles: HashMap<String, Node>,
}

impl Around {
    pub(super) fn of(entries: &[Node]) -> Self {
        let mut around = Around::default();
        for entry in entries {
            let Some(resource) = entry.get("resource") else { continue };
            let Some(kind) = text(resource, "resourceType") else { continue };
            let url = text(entry, "fullUrl");
            if let Some(url) = url {
                around.kinds.insert(url.to_owned(), kind.to_owned());
            }
            if kind == "PractitionerRole"
                && let Some(practitioner) = resource.get("practitioner")
            {
                let named = text(resource, "id").map(|id| format!("{kind}/{id}"));
                for name in [named, url.map(str::to_owned)].into_iter().flatten() {
                    around.roles.insert(name, practitioner.clone());
                }
            }
        }
        around
    }

    /// Who has the role that this refers to.
    pub(super) fn practitioner_of(&self, literal: &str) -> Option<&Node> {
        self.roles.get(literal)
    }

    /// Whether this is the `fullUrl` of an entry.
    pub(super) fn is_entry(&self, literal: &str) -> bool {
        self.kinds.contains_key(literal)
    }

    /// The type of what this refers to, as far as it can be seen: by a `fullUrl`, by what the resource contains, by itself.
    pub(super) fn kind<'a>(&'a self, literal: &'a str, contained: &'a Contained) -> Option<&'a str> {
        if let Some(id) = literal.strip_prefix('#') {
            return contained.0.get(id).map(String::as_str);
        }
        if let Some(kind) = self.kinds.get(literal) {
            return Some(kind);
        }
        let literal = literal.split_once("/_history/").map_or(literal, |(before, _)| before);
        let (before, id) = literal.rsplit_once('/')?;
        let kind = before.rsplit('/').next()?;
        let is_kind =
            kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.bytes().all(|b| b.is_ascii_alphabetic());
        (is_kind && !id.is_empty()).then_some(kind)
    }
}

/// The types of what one resource contains, by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Contained(HashMap<String, String>);

impl Contained {
    pub(super) fn of(resource: &Node) -> Self {
        let Some(Node::List(contained)) = resource.get("contained") else { return Contained::default() };
        let named = contained.iter().filter_map(|one| Some((text(one, "id")?, text(one, "resourceType")?)));
        Contained(named.map(|(id, kind)| (id.to_owned(), kind.to_owned())).collect())
    }
}

/// A member that is a text.
pub(super) fn text<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    match node.get(name) {
        Some(Node::Text(text)) => Some(text),
        _ => None,
    }
}
