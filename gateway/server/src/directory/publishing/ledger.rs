//! Every version of what is published: its number, its moment and what it said, kept in the state.
//!
//! The moment of a new version is later than every moment before, whatever the clock says; and the moment of an answer is
//! that of the newest version. So who asks since the moment of an earlier answer misses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::state::{State, StateFault, Tree};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The tree of the state that they stand in: `Type/id/number`, and the version.
const TREE: &str = "directory-published";
/// The most versions of one resource that are kept; the oldest go.
const MOST: usize = 32;

/// A version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// `Type/id`.
    pub name: String,
    pub number: u32,
    /// Milliseconds since 1970.
    pub at: i64,
    /// What it said, without its `meta`; nothing for a deletion.
    pub said: Option<Value>,
}

/// All versions, the oldest first.
#[derive(Debug, Default)]
pub struct Ledger {
    versions: Vec<Version>,
}

impl Ledger {
    /// Opens the ledger and puts in it what is other than when it was last opened.
    ///
    /// # Errors
    /// What ails the state, or a resource that is larger than it holds.
    pub fn open(state: &Arc<State>, resources: Vec<Value>, now: OffsetDateTime) -> Result<Self, StateFault> {
        let tree = state.tree(TREE)?;
        let mut versions = Vec::new();
        for entry in tree.scan_prefix(&[]) {
            let (_, value) = entry?;
            versions.push(serde_json::from_slice(&value).map_err(|_| StateFault::Damaged)?);
        }
        let mut ledger = Ledger { versions };
        ledger.versions.sort_by(|one: &Version, other| (one.at, &one.name).cmp(&(other.at, &other.name)));
        ledger.note(&tree, resources, now)?;
        Ok(ledger)
    }

    fn note(&mut self, tree: &Tree, resources: Vec<Value>, now: OffsetDateTime) -> Result<(), StateFault> {
        let now = i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let at = now.max(self.newest() + 1);
        let mut wanted: BTreeMap<String, Value> = BTreeMap::new();
        for resource in resources {
            let text = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
            wanted.insert(format!("{}/{}", text("resourceType"), text("id")), resource);
        }
        let known: BTreeSet<String> = self.versions.iter().map(|version| version.name.clone()).collect();
        for name in known.iter().filter(|name| !wanted.contains_key(*name)) {
            if self.current(name).is_some_and(|version| version.said.is_some()) {
                self.add(tree, name, None, at)?;
            }
        }
        for (name, resource) in wanted {
            let same = self.current(&name).is_some_and(|version| version.said.as_ref() == Some(&resource));
            if !same {
                self.add(tree, &name, Some(resource), at)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, tree: &Tree, name: &str, said: Option<Value>, at: i64) -> Result<(), StateFault> {
        let number = self.current(name).map_or(1, |version| version.number + 1);
        let version = Version { name: name.to_owned(), number, at, said };
        let value = serde_json::to_vec(&version).map_err(|_| StateFault::Damaged)?;
        tree.insert(&key(name, number), &value)?;
        self.versions.push(version);
        let of_name: Vec<u32> = self.of(name).map(|version| version.number).collect();
        for old in of_name.iter().take(of_name.len().saturating_sub(MOST)) {
            tree.remove(&key(name, *old))?;
            self.versions.retain(|version| version.name != name || version.number != *old);
        }
        Ok(())
    }

    /// The moment of the newest version.
    pub fn newest(&self) -> i64 {
        self.versions.iter().map(|version| version.at).max().unwrap_or(0)
    }

    /// All versions, the newest first.
    pub fn history(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().rev()
    }

    /// The versions of one resource, the oldest first.
    pub fn of<'l>(&'l self, name: &str) -> impl Iterator<Item = &'l Version> + use<'l> {
        let name = name.to_owned();
        self.versions.iter().filter(move |version| version.name == name)
    }

    /// The newest version of one resource; that may be its deletion.
    pub fn current(&self, name: &str) -> Option<&Version> {
        self.of(name).last()
    }

    /// What there is of a type now, by id.
    pub fn here(&self, kind: &str) -> Vec<&Version> {
        let mut newest: BTreeMap<&str, &Version> = BTreeMap::new();
        for version in &self.versions {
            if version.name.split('/').next() == Some(kind) {
                newest.insert(&version.name, version);
            }
        }
        newest.into_values().filter(|version| version.said.is_some()).collect()
    }
}

impl Version {
    /// The resource of this version, with its `meta`; nothing for a deletion.
    pub fn resource(&self) -> Option<Value> {
        let said = self.said.as_ref()?.as_object()?;
        let mut resource = serde_json::Map::new();
        for (name, value) in said {
            resource.insert(name.clone(), value.clone());
            if name == "id" {
                let meta = json!({"versionId": self.number.to_string(), "lastUpdated": moment(self.at)});
                resource.insert("meta".to_owned(), meta);
            }
        }
        Some(Value::Object(resource))
    }
}

/// RFC 3339, UTC.
pub fn moment(at: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000);
    at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// In the order of numbers.
fn key(name: &str, number: u32) -> Vec<u8> {
    format!("{name}/{number:010}").into_bytes()
}
