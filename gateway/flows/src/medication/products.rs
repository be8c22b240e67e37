//! The products (Medication) that came along with the blocks, by source and id: an id means nothing at another source.

use std::borrow::Cow;
use std::collections::HashMap;

use fhir::Resource;
use fhir::json::Value;

/// Where products are looked up.
#[derive(Default)]
pub(super) struct Products<'r>(HashMap<(usize, &'r str), Value<'r>>);

impl<'r> Products<'r> {
    /// Takes in a Medication; anything else is passed over.
    pub fn take(&mut self, source: usize, resource: &'r Resource) {
        let root = resource.root();
        if root.get("resourceType").and_then(|kind| kind.as_text()).as_deref() != Some("Medication") {
            return;
        }
        // The id as written: the characters of an id never need an escape.
        let id = root.get("id").map_or("", |id| id.raw().trim_matches('"'));
        if !id.is_empty() {
            self.0.insert((source, id), root);
        }
    }

    /// The product that a reference leads to.
    pub fn find(&self, source: usize, reference: &Reference<'r>) -> Option<Value<'r>> {
        match reference {
            Reference::Contained(product) => Some(*product),
            Reference::Beside(id) => self.0.get(&(source, id.as_ref())).copied(),
        }
    }
}

/// Where a product is.
pub(super) enum Reference<'r> {
    /// In the resource that refers to it.
    Contained(Value<'r>),
    /// Beside it, under this id.
    Beside(Cow<'r, str>),
}

impl<'r> Reference<'r> {
    /// Reads a reference of this resource; nothing when it leads to no product.
    pub fn read(resource: &'r Resource, reference: Cow<'r, str>) -> Option<Self> {
        if let Some(id) = reference.strip_prefix('#') {
            let has_id = |one: &Value<'r>| one.get("id").and_then(|own| own.as_text()).as_deref() == Some(id);
            return resource.root().get("contained")?.items().find(has_id).map(Reference::Contained);
        }
        let current = |text: &str| text.split_once("/_history/").map_or(text.len(), |(current, _)| current.len());
        let end = current(&reference);
        let (before, id) = reference.get(..end)?.rsplit_once('/')?;
        if before.rsplit('/').next() != Some("Medication") {
            return None;
        }
        let from = end - id.len();
        Some(Reference::Beside(match reference {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(from..end)?),
            Cow::Owned(text) => Cow::Owned(text.get(from..end)?.to_owned()),
        }))
    }
}
