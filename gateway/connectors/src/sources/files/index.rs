//! What a folder holds, ready to be asked: by type and id, and by patient.

use std::collections::{HashMap, HashSet};

use fhir::compartment::{PatientReference, Whose, whose};
use fhir::{Bsn, FhirVersion, LogicalId, Resource, ResourceType};

/// What is wrong with the folder, in numbers: file names may hold personal data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// Files that are no FHIR JSON, or not whole.
    pub malformed: usize,
    pub too_large: usize,
    /// Files or folders that could not be opened, or lie too deep.
    pub unreadable: usize,
    /// Files or resources beyond the bounds.
    pub over_bounds: usize,
    /// Resources without a usable id, of a type that this version does not have, or an ambiguous Patient.
    pub unusable: usize,
    /// Resources whose type and id occurred before; the first by file name stands.
    pub duplicates: usize,
}

/// One resource and whose it is.
pub(super) struct Indexed {
    pub resource: Resource,
    pub kind: ResourceType,
    pub whose: Whose,
}

/// A folder's resources at one moment. Never changed once built.
#[derive(Default)]
pub(super) struct Index {
    pub problems: Problems,
    all: Vec<Indexed>,
    by_id: HashMap<(ResourceType, String), usize>,
    by_type: HashMap<ResourceType, Vec<usize>>,
    by_patient_id: HashMap<String, Vec<usize>>,
    by_bsn: HashMap<Bsn, Vec<usize>>,
    ids: HashMap<Bsn, Vec<LogicalId>>,
    bsns: HashMap<String, Bsn>,
}

impl Problems {
    pub fn any(&self) -> bool {
        *self != Problems::default()
    }

    /// Whether something may be missing from an answer.
    pub(super) fn may_hide_something(&self) -> bool {
        self.malformed + self.too_large + self.unreadable + self.over_bounds + self.unusable > 0
    }
}

impl Index {
    pub fn build(version: FhirVersion, resources: Vec<Resource>, problems: Problems) -> Self {
        let mut index = Index { problems, ..Index::default() };
        for resource in resources {
            index.add(version, resource);
        }
        index
    }

    fn add(&mut self, version: FhirVersion, resource: Resource) {
        let kind = ResourceType::parse(version, &resource.resource_type());
        let id = resource.id().and_then(|id| LogicalId::parse(&id));
        let (Some(kind), Some(id)) = (kind, id) else {
            self.problems.unusable += 1;
            return;
        };
        let key = (kind, id.as_str().to_owned());
        if self.by_id.contains_key(&key) {
            self.problems.duplicates += 1;
            return;
        }
        let at = self.all.len();
        let whose = whose(version, &resource);
        match &whose {
            Whose::Patient { bsns, malformed_bsn, .. } => match bsns.as_slice() {
                [bsn] if !malformed_bsn => {
                    self.bsns.insert(id.as_str().to_owned(), bsn.clone());
                    self.ids.entry(bsn.clone()).or_default().push(id);
                }
                // Nobody's, as far as can be told: it is never found by patient.
                [] if !malformed_bsn => {}
                _ => self.problems.unusable += 1,
            },
            Whose::About(references) => {
                let mut seen = HashSet::new();
                for reference in references.iter().filter(|reference| seen.insert(*reference)) {
                    match reference {
                        PatientReference::Id(id) => self.by_patient_id.entry(id.clone()).or_default().push(at),
                        PatientReference::Bsn(bsn) => self.by_bsn.entry(bsn.clone()).or_default().push(at),
                        PatientReference::Other => {}
                    }
                }
            }
            Whose::Unstated | Whose::Nobody => {}
        }
        self.by_id.insert(key, at);
        self.by_type.entry(kind).or_default().push(at);
        self.all.push(Indexed { resource, kind, whose });
    }

    pub fn get(&self, kind: ResourceType, id: &str) -> Option<&Indexed> {
        // The key owns its id; look-ups are few and ids are short.
        self.by_id.get(&(kind, id.to_owned())).and_then(|at| self.all.get(*at))
    }

    pub fn of_type(&self, kind: ResourceType) -> impl Iterator<Item = &Indexed> {
        self.by_type.get(&kind).into_iter().flatten().filter_map(|at| self.all.get(*at))
    }

    /// What is about this patient, by any of their ids or by BSN, in the order of the folder.
    pub fn about(&self, bsn: &Bsn) -> Vec<&Indexed> {
        let own = self.ids(bsn).iter().filter_map(|id| self.by_patient_id.get(id.as_str())).flatten();
        let mut found: Vec<usize> = own.chain(self.by_bsn.get(bsn).into_iter().flatten()).copied().collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|at| self.all.get(at)).collect()
    }

    /// The ids of this patient's Patient resources.
    pub fn ids(&self, bsn: &Bsn) -> &[LogicalId] {
        self.ids.get(bsn).map_or(&[], Vec::as_slice)
    }

    pub fn bsn(&self, id: &LogicalId) -> Option<&Bsn> {
        self.bsns.get(id.as_str())
    }

    /// The patient of an id.
    pub fn bsn_of(&self, id: &str) -> Option<&Bsn> {
        self.bsns.get(id)
    }

    /// In the order of the folder.
    pub fn everything(&self) -> impl Iterator<Item = &Indexed> {
        self.all.iter()
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }
}
