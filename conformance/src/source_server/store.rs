//! The resources of a source and their versions. Of each the last versions are kept.
//!
//! Cloning a store is cheap, which is how a transaction is all or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::FhirVersion;

/// The versions of one resource that are kept.
const KEPT: usize = 50;

/// A resource as it is served.
pub struct Stored {
    pub value: Value,
    /// `value` as it goes over the wire, so that a read copies nothing.
    pub body: Bytes,
    pub kind: String,
    pub id: String,
    pub version: u64,
    pub modified: OffsetDateTime,
}

impl Stored {
    fn new(kind: &str, id: &str, version: u64, mut value: Value) -> Self {
        let modified = OffsetDateTime::now_utc();
        if let Some(object) = value.as_object_mut() {
            head(object, kind, id, version, modified);
        }
        let body = Bytes::from(value.to_string());
        Stored { value, body, kind: kind.into(), id: id.into(), version, modified }
    }

    pub fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }

    /// `Type/id`.
    pub fn local(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }
}

fn head(object: &mut Map<String, Value>, kind: &str, id: &str, version: u64, at: OffsetDateTime) {
    object.insert("resourceType".into(), json!(kind));
    object.insert("id".into(), json!(id));
    let meta = object.entry("meta").or_insert_with(|| json!({}));
    if let Some(meta) = meta.as_object_mut() {
        meta.insert("versionId".into(), json!(version.to_string()));
        let at = at.replace_nanosecond(at.millisecond() as u32 * 1_000_000).unwrap_or(at);
        meta.insert("lastUpdated".into(), json!(at.format(&Rfc3339).unwrap_or_default()));
    }
}

type OfOneKind = BTreeMap<String, Arc<Stored>>;

/// All resources, by type and id.
#[derive(Clone)]
pub struct Store {
    pub version: FhirVersion,
    kinds: BTreeMap<String, Arc<OfOneKind>>,
    /// Earlier versions, oldest first.
    past: BTreeMap<(String, String), Arc<Vec<Arc<Stored>>>>,
    deleted: Arc<BTreeSet<(String, String)>>,
}

impl Store {
    /// # Errors
    /// A resource without `resourceType` or `id`.
    pub fn of(version: FhirVersion, resources: Vec<Value>) -> io::Result<Self> {
        let mut store = Store { version, kinds: BTreeMap::new(), past: BTreeMap::new(), deleted: Arc::default() };
        for value in resources {
            let text = |name: &str| value[name].as_str().map(str::to_owned);
            let (Some(kind), Some(id)) = (text("resourceType"), text("id")) else {
                return Err(io::Error::other("a resource of the source has no resourceType or id"));
            };
            store.put(&kind, &id, value);
        }
        Ok(store)
    }

    pub fn get(&self, kind: &str, id: &str) -> Option<&Arc<Stored>> {
        self.kinds.get(kind)?.get(id)
    }

    pub fn was_deleted(&self, kind: &str, id: &str) -> bool {
        self.deleted.contains(&(kind.to_owned(), id.to_owned()))
    }

    /// Every version that is kept, oldest first, the current one last.
    pub fn versions(&self, kind: &str, id: &str) -> Vec<Arc<Stored>> {
        let past = self.past.get(&(kind.to_owned(), id.to_owned()));
        past.into_iter().flat_map(|past| past.iter()).chain(self.get(kind, id)).cloned().collect()
    }

    /// Puts the current version with the earlier ones.
    fn lay_by(&mut self, kind: &str, id: &str) {
        let Some(current) = self.get(kind, id).cloned() else { return };
        let past = Arc::make_mut(self.past.entry((kind.to_owned(), id.to_owned())).or_default());
        past.push(current);
        if past.len() > KEPT {
            past.remove(0);
        }
    }

    /// All resources of one type, in the order of their ids.
    pub fn all(&self, kind: &str) -> impl Iterator<Item = &Arc<Stored>> {
        self.kinds.get(kind).into_iter().flat_map(|m| m.values())
    }

    /// The types that are present.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().filter(|(_, m)| !m.is_empty()).map(|(kind, _)| kind.as_str())
    }

    /// Stores a new version and returns it.
    pub fn put(&mut self, kind: &str, id: &str, value: Value) -> Arc<Stored> {
        let version = self.versions(kind, id).last().map_or(1, |old| old.version + 1);
        self.lay_by(kind, id);
        let stored = Arc::new(Stored::new(kind, id, version, value));
        let of_kind = Arc::make_mut(self.kinds.entry(kind.to_owned()).or_default());
        of_kind.insert(id.to_owned(), Arc::clone(&stored));
        if self.was_deleted(kind, id) {
            Arc::make_mut(&mut self.deleted).remove(&(kind.to_owned(), id.to_owned()));
        }
        stored
    }

    /// Whether there was one.
    pub fn delete(&mut self, kind: &str, id: &str) -> bool {
        self.lay_by(kind, id);
        let Some(of_kind) = self.kinds.get_mut(kind) else { return false };
        if Arc::make_mut(of_kind).remove(id).is_none() {
            return false;
        }
        Arc::make_mut(&mut self.deleted).insert((kind.to_owned(), id.to_owned()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_grows_and_a_copy_does_not_see_it() {
        let mut store = Store::of(FhirVersion::R4, vec![json!({"resourceType": "Patient", "id": "a"})]).unwrap();
        let before = store.clone();
        store.put("Patient", "a", json!({"resourceType": "Patient", "active": true}));
        assert_eq!(store.get("Patient", "a").unwrap().value["meta"]["versionId"], "2");
        assert_eq!(before.get("Patient", "a").unwrap().version, 1);
        assert!(store.delete("Patient", "a") && !store.delete("Patient", "a"));
        assert!(store.was_deleted("Patient", "a") && before.get("Patient", "a").is_some());
        let versions = |store: &Store| store.versions("Patient", "a").iter().map(|old| old.version).collect::<Vec<_>>();
        assert_eq!((versions(&store), versions(&before)), (vec![1, 2], vec![1]));
        assert_eq!(store.put("Patient", "a", json!({"resourceType": "Patient"})).version, 3);
    }

    #[test]
    fn a_resource_without_a_name_is_refused() {
        assert!(Store::of(FhirVersion::R4, vec![json!({"resourceType": "Patient"})]).is_err());
        assert!(Store::of(FhirVersion::R4, vec![json!({"id": "a"})]).is_err());
    }
}
