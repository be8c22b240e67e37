//! Holds a resource against profiles. One walk over the resource: what FHIR itself asks (`fhir::elements`) and what each
//! profile asks are checked side by side, element by element.

mod bindings;
mod discriminators;
mod element;
mod membership;
mod narrative;
mod references;
mod slices;
#[cfg(test)]
mod tests;
mod values;
mod walk;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fhir::elements::{self, TypeKind};
use fhir::{FhirVersion, Resource};

use self::membership::Membership;
use self::walk::{Mark, Walk};
use crate::finding::{FindingCode, Report, Severity};
use crate::invariants::Invariants;
use crate::profile::Profile;
use crate::registry::Registry;
use crate::tree::Tree;

/// Validates resources against the profiles of one registry. Profiles, value sets and expressions are made ready at
/// first use and kept: keep the validator. It may be shared between threads.
pub struct Validator<'r> {
    registry: &'r Registry,
    trees: Mutex<HashMap<Key, Option<Arc<Tree>>>>,
    sets: Mutex<HashMap<Key, Option<Arc<Membership>>>>,
    invariants: Invariants,
}

type Key = (FhirVersion, String);

/// Most profiles that are kept ready, unknown ones included.
const MOST_REMEMBERED: usize = 10_000;

/// Where the canonical URLs of FHIR's own types begin.
const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Longest chain of profiles on profiles.
const LONGEST_CHAIN: usize = 32;

impl<'r> Validator<'r> {
    pub fn new(registry: &'r Registry) -> Self {
        Validator { registry, trees: Mutex::default(), sets: Mutex::default(), invariants: Invariants::default() }
    }

    /// Holds a resource against FHIR itself and against these profiles (canonical URLs, with `|version` if wanted).
    /// The resources in a Bundle and contained ones are also held against the profiles they claim, where known.
    /// A profile that is not known is a warning; the work is bounded, and a resource that asks for more says so.
    pub fn validate(&self, resource: &Resource, version: FhirVersion, profiles: &[&str]) -> Report {
        let mut walk = Walk::new(self, version, &resource.resource_type());
        let mut marks: Vec<Mark> = Vec::new();
        for canonical in profiles {
            match self.tree(version, canonical) {
                Some(tree) => {
                    if !marks.iter().any(|mark| mark.tree.canonical == tree.canonical) {
                        walk.report.profiles.push(tree.canonical.clone());
                        marks.push(Mark { tree, node: 0 });
                    }
                }
                None => walk.add(Severity::Warning, FindingCode::UnknownProfile, None, unknown_profile(canonical)),
            }
        }
        walk.resource(resource.root(), marks, false, None);
        walk.finish()
    }

    /// The compiled profile; none when it is not known.
    fn tree(&self, version: FhirVersion, canonical: &str) -> Option<Arc<Tree>> {
        let key = (version, canonical.to_owned());
        if let Some(held) = lock(&self.trees).get(&key) {
            return held.clone();
        }
        let tree = self.compile(version, canonical).map(Arc::new);
        let mut trees = lock(&self.trees);
        // A resource may claim anything; what was claimed once is not remembered for ever.
        if trees.len() >= MOST_REMEMBERED {
            trees.clear();
        }
        trees.insert(key, tree.clone());
        tree
    }

    fn compile(&self, version: FhirVersion, canonical: &str) -> Option<Tree> {
        // What FHIR asks of its own types is checked anyway.
        if let Some(name) = core_type(version, canonical) {
            let empty = Profile {
                canonical: canonical.to_owned(),
                version: None,
                fhir: version,
                resource_type: name.to_owned(),
                base: None,
                title: name.to_owned(),
                complete: true,
                rules: Vec::new(),
            };
            return Tree::compile(&[&empty], None);
        }
        let mut chain: Vec<&Profile> = vec![self.registry.profile(version, canonical)?];
        let mut without = None;
        while let Some(last) = chain.last().filter(|last| !last.complete) {
            let Some(base) = last.base.as_deref().filter(|base| core_type(version, base).is_none()) else { break };
            let known = self.registry.profile(version, base);
            match known.filter(|_| chain.len() < LONGEST_CHAIN) {
                Some(profile) => chain.push(profile),
                None => {
                    without = Some(base.to_owned());
                    break;
                }
            }
        }
        chain.reverse();
        Tree::compile(&chain, without)
    }

    /// The value set, ready to be asked; none when it is not at hand.
    fn set(&self, version: FhirVersion, canonical: &str) -> Option<Arc<Membership>> {
        let key = (version, canonical.to_owned());
        if let Some(held) = lock(&self.sets).get(&key) {
            return held.clone();
        }
        let set = Membership::of(self.registry, version, canonical).map(Arc::new);
        lock(&self.sets).insert(key, set.clone());
        set
    }
}

/// The profiles that a resource says it keeps to (`meta.profile`).
pub fn claimed(resource: &Resource) -> Vec<String> {
    resource.root().all("meta.profile").iter().filter_map(|item| item.as_text()).map(Into::into).collect()
}

/// The name of the FHIR type that a canonical URL is of.
fn core_type(version: FhirVersion, canonical: &str) -> Option<&str> {
    let name = canonical.split('|').next()?.strip_prefix(CORE)?;
    elements::type_of(version, name).filter(|ty| ty.kind != TypeKind::Backbone).map(|_| name)
}

/// The URL of a profile may be repeated when it comes from the caller; a claim in a resource may be any text.
fn unknown_profile(canonical: &str) -> String {
    format!("the profile {canonical} is not known here")
}

/// A panic while compiling leaves what was compiled before: the caches stay usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
