//! Reference parameters: what an element points at, literally or by identifier (FHIR search, reference).

use super::shelf::{Shelf, literal, resolve};
use super::tokens::Token;
use super::uris;
use crate::interaction::{LogicalId, ResourceType};
use crate::json::Value;
use crate::reference::Target;
use crate::version::FhirVersion;

/// One alternative of a reference parameter.
pub(super) enum Wanted {
    /// `id`, of the parameter's target type where there is only one.
    Id(String),
    /// `Type/id`.
    Typed { resource_type: String, id: String },
    /// An absolute URL, a `urn:`, a canonical, or a reference to one version: compared as text. Nothing is ever
    /// fetched from it.
    Literal(String),
    /// `:identifier` or `.identifier`: a logical reference.
    Identifier(Token),
}

impl Wanted {
    /// Reads `id`, `Type/id` or an absolute reference; nothing when it is neither. With the modifier `:Type` only
    /// that type may be named.
    pub(super) fn parse(text: &str, only: Option<ResourceType>) -> Option<Self> {
        let text = text.trim();
        if text.starts_with("urn:") || text.contains("://") {
            return Some(Wanted::Literal(text.to_owned()));
        }
        let fits = |name: &str| only.is_none_or(|only| only.name() == name);
        match Target::of(text) {
            Target::Typed { resource_type, id, base: None } if fits(resource_type) => {
                if text.contains("/_history/") {
                    return Some(Wanted::Literal(text.to_owned()));
                }
                Some(Wanted::Typed { resource_type: resource_type.to_owned(), id: id.to_owned() })
            }
            Target::Typed { .. } => None,
            _ => LogicalId::parse(text).map(|id| match only {
                Some(only) => Wanted::Typed { resource_type: only.name().to_owned(), id: id.as_str().to_owned() },
                None => Wanted::Id(id.as_str().to_owned()),
            }),
        }
    }

    /// Whether the element, a Reference or a plain URL, points there. `only` is the one type it may name; empty
    /// for any. A relative value is compared with an absolute reference only where the shelf knows that URL:
    /// otherwise its server may be another.
    pub(super) fn accepts(&self, element: Value<'_>, only: &str, version: FhirVersion, shelf: &dyn Shelf) -> bool {
        let literal = literal(element);
        let literal = literal.as_deref();
        match self {
            Wanted::Id(id) => points_at(literal, None, id, only, version, shelf),
            Wanted::Typed { resource_type, id } => points_at(literal, Some(resource_type), id, only, version, shelf),
            Wanted::Literal(url) => literal.is_some_and(|literal| {
                let current = literal.split_once("/_history/").map(|(current, _)| current);
                uris::is_same(literal, url) || current == Some(url)
            }),
            Wanted::Identifier(token) => {
                let other_type = element.get("type").and_then(|name| name.as_text());
                let other_type = other_type.is_some_and(|name| !only.is_empty() && name != only);
                // An Identifier is an object, so its system is never unknown.
                !other_type && element.get("identifier").is_some_and(|id| token.accepts(id, "").unwrap_or(false))
            }
        }
    }
}

fn points_at(
    literal: Option<&str>,
    wanted_type: Option<&str>,
    wanted: &str,
    only: &str,
    version: FhirVersion,
    shelf: &dyn Shelf,
) -> bool {
    let Some(literal) = literal else { return false };
    let fits = |resource_type: &str, id: &str| {
        id == wanted
            && wanted_type.is_none_or(|wanted| wanted == resource_type)
            && (only.is_empty() || only == resource_type)
    };
    match Target::of(literal) {
        Target::Typed { resource_type, id, base: None } => fits(resource_type, id),
        Target::Contained(_) => false,
        Target::Typed { .. } | Target::Unclear => resolve(shelf, version, literal)
            .is_some_and(|found| found.id().is_some_and(|id| fits(&found.resource_type(), &id))),
    }
}
