//! Profiles and code lists, by version of FHIR and canonical URL.

use std::collections::HashMap;

use fhir::FhirVersion;

use crate::profile::Profile;
use crate::terminology::{CodeSystem, ValueSet};

/// Everything a validator can look up. STU3 and R4 live side by side: the same canonical URL may be in both.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    profiles: Shelf<Profile>,
    value_sets: Shelf<ValueSet>,
    code_systems: Shelf<CodeSystem>,
}

type Key = (FhirVersion, String);

/// Items by canonical URL; more than one when several business versions were loaded, in order of loading.
#[derive(Clone, Debug)]
struct Shelf<T>(HashMap<Key, Vec<T>>);

impl Registry {
    /// Adds a profile; one with the same canonical URL and version is replaced.
    pub fn add_profile(&mut self, profile: Profile) {
        self.profiles.add(profile);
    }

    pub fn add_value_set(&mut self, set: ValueSet) {
        self.value_sets.add(set);
    }

    pub fn add_code_system(&mut self, system: CodeSystem) {
        self.code_systems.add(system);
    }

    /// By `canonical` or `canonical|version`; without a version, or with one that is not there, the last one added.
    pub fn profile(&self, fhir: FhirVersion, canonical: &str) -> Option<&Profile> {
        self.profiles.find(fhir, canonical)
    }

    pub fn value_set(&self, fhir: FhirVersion, canonical: &str) -> Option<&ValueSet> {
        self.value_sets.find(fhir, canonical)
    }

    pub fn code_system(&self, fhir: FhirVersion, canonical: &str) -> Option<&CodeSystem> {
        self.code_systems.find(fhir, canonical)
    }

    /// Every profile, in no order.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.0.values().flatten()
    }

    /// How many profiles, value sets and code systems there are.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.profiles.len(), self.value_sets.len(), self.code_systems.len())
    }
}

/// What has a canonical URL.
trait Canonical {
    fn key(&self) -> Key;
    fn version(&self) -> Option<&str>;
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Shelf(HashMap::new())
    }
}

impl<T: Canonical> Shelf<T> {
    fn add(&mut self, item: T) {
        let held = self.0.entry(item.key()).or_default();
        held.retain(|other| other.version() != item.version());
        held.push(item);
    }

    fn find(&self, fhir: FhirVersion, canonical: &str) -> Option<&T> {
        let (url, version) = match canonical.split_once('|') {
            Some((url, version)) => (url, Some(version)),
            None => (canonical, None),
        };
        let held = self.0.get(&(fhir, url.to_owned()))?;
        held.iter().find(|item| version.is_some() && item.version() == version).or(held.last())
    }

    fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

impl Canonical for Profile {
    fn key(&self) -> Key {
        (self.fhir, self.canonical.clone())
    }

    fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

impl Canonical for ValueSet {
    fn key(&self) -> Key {
        (self.fhir, self.canonical.clone())
    }

    fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

impl Canonical for CodeSystem {
    fn key(&self) -> Key {
        (self.fhir, self.canonical.clone())
    }

    fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}
