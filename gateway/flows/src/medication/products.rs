//! The products (Medication) that came along with the blocks, by source and id: an id means nothing at another source.

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

    /// The product at a reference of this resource: contained in it, or beside it.
    pub fn find(&self, source: usize, resource: &'r Resource, reference: &str) -> Option<Value<'r>> {
        if let Some(id) = reference.strip_prefix('#') {
            let has_id = |one: &Value<'r>| one.get("id").and_then(|own| own.as_text()).as_deref() == Some(id);
            return resource.root().get("contained")?.items().find(has_id);
        }
        let current = reference.split_once("/_history/").map_or(reference, |(current, _)| current);
        let (before, id) = current.rsplit_once('/')?;
        if before.rsplit('/').next() != Some("Medication") {
            return None;
        }
        self.0.get(&(source, id)).copied()
    }
}
