//! Reference parameters: what an element points at, literally or by identifier (FHIR search, reference).

use super::tokens::Token;
use crate::interaction::LogicalId;
use crate::json::{Kind, Value};
use crate::reference::Target;

/// One alternative of a reference parameter.
pub(super) enum Wanted {
    /// `id`, of the parameter's target type where there is only one.
    Id(String),
    /// `Type/id`.
    Typed { resource_type: String, id: String },
    /// An absolute URL or a `urn:`, compared as text. Nothing is ever fetched from it.
    Absolute(String),
    /// `.identifier=system|value`: a logical reference.
    Identifier(Token),
}

impl Wanted {
    /// Reads `id`, `Type/id` or an absolute reference; nothing when it is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.starts_with("urn:") || text.contains("://") {
            return Some(Wanted::Absolute(text.to_owned()));
        }
        match Target::of(text) {
            Target::Typed { resource_type, id, base: None } => {
                Some(Wanted::Typed { resource_type: resource_type.to_owned(), id: id.to_owned() })
            }
            _ => LogicalId::parse(text).map(|id| Wanted::Id(id.as_str().to_owned())),
        }
    }

    /// Whether the element, a Reference or a plain URL, points there. `only` is the one type it may name;
    /// empty for any. A relative value is not compared with absolute references: their server may be another.
    pub(super) fn accepts(&self, element: Value<'_>, only: &str) -> bool {
        let literal = match element.kind() {
            Kind::Text => element.as_text(),
            _ => element.get("reference").and_then(|literal| literal.as_text()),
        };
        let points_at = |wanted_type: Option<&str>, wanted: &str| match literal.as_deref().map(Target::of) {
            Some(Target::Typed { resource_type, id, base: None }) => {
                id == wanted
                    && wanted_type.is_none_or(|wanted| wanted == resource_type)
                    && (only.is_empty() || only == resource_type)
            }
            _ => false,
        };
        match self {
            Wanted::Id(id) => points_at(None, id),
            Wanted::Typed { resource_type, id } => points_at(Some(resource_type), id),
            Wanted::Absolute(url) => literal.is_some_and(|literal| {
                literal == *url || literal.split_once("/_history/").is_some_and(|(current, _)| current == url)
            }),
            Wanted::Identifier(token) => {
                let other_type = element.get("type").and_then(|name| name.as_text());
                let other_type = other_type.is_some_and(|name| !only.is_empty() && name != only);
                // An Identifier is an object, so its system is never unknown.
                !other_type && element.get("identifier").is_some_and(|id| token.accepts(id).unwrap_or(false))
            }
        }
    }
}
