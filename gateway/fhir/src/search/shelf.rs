//! What a search looks at: a bounded set of resources in memory, and how references lead from one to another
//! within it. Nothing is ever fetched.

use std::borrow::Cow;

use crate::interaction::ResourceType;
use crate::json::{Kind, Value};
use crate::reference::Target;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// A bounded set of resources, already narrowed to what may be looked at: one patient's resources, and those that
/// are nobody's. Chains and includes lead nowhere else.
pub trait Shelf {
    /// All resources of a type, in the shelf's own order.
    fn of_type(&self, kind: ResourceType) -> Vec<&Resource>;

    /// The resource of this type and logical id.
    fn get(&self, kind: ResourceType, id: &str) -> Option<&Resource>;

    /// The resource with this absolute URL (a `fullUrl`, `urn:uuid:…` or `urn:oid:…`). A shelf without full URLs
    /// has none.
    fn at(&self, _url: &str) -> Option<&Resource> {
        None
    }
}

/// A shelf with nothing on it.
pub(super) struct Nothing;

impl Shelf for Nothing {
    fn of_type(&self, _kind: ResourceType) -> Vec<&Resource> {
        Vec::new()
    }

    fn get(&self, _kind: ResourceType, _id: &str) -> Option<&Resource> {
        None
    }
}

/// The literal reference of an element: a Reference, or a plain URL.
pub(super) fn literal<'d>(element: Value<'d>) -> Option<Cow<'d, str>> {
    match element.kind() {
        Kind::Text => element.as_text(),
        _ => element.get("reference").and_then(|literal| literal.as_text()),
    }
}

/// The resource on the shelf that a literal reference names; contained resources are not on the shelf.
pub(super) fn resolve<'s>(shelf: &'s dyn Shelf, version: FhirVersion, reference: &str) -> Option<&'s Resource> {
    match Target::of(reference) {
        Target::Typed { resource_type, id, base: None } => shelf.get(ResourceType::parse(version, resource_type)?, id),
        Target::Typed { .. } | Target::Unclear => {
            let current = reference.split_once("/_history/").map_or(reference, |(current, _)| current);
            shelf.at(current)
        }
        Target::Contained(_) => None,
    }
}
