//! What an own source holds of whom, by data category of the index: not the data, only that it is there.

use std::collections::{BTreeMap, BTreeSet};

use exchange::ports::{BoxFuture, SourceFault};
use fhir::compartment::{PatientReference, Whose, whose};
use fhir::{Bsn, FhirVersion, Resource};
use time::OffsetDateTime;

use crate::nvi::{IndexCategories, IndexCategory};

const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
/// The same in STU3.
const OBSERVATION_CATEGORY_STU3: &str = "http://hl7.org/fhir/observation-category";

/// Of whom there is data, and of which categories. Prints numbers only.
#[derive(Default)]
pub struct Holdings {
    pub patients: BTreeMap<Bsn, BTreeSet<IndexCategory>>,
    /// Whether this is all that the source has: then what is not here is not there.
    pub whole: bool,
}

/// A source that can say what it holds.
pub trait Inventory: Send + Sync {
    /// Everything, or what changed since a moment.
    fn holdings<'a>(
        &'a self,
        table: &'a IndexCategories,
        since: Option<OffsetDateTime>,
    ) -> BoxFuture<'a, Result<Holdings, SourceFault>>;
}

impl std::fmt::Debug for Holdings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holdings").field("patients", &self.patients.len()).field("whole", &self.whole).finish()
    }
}

impl Holdings {
    /// Notes a resource. `patient` says which patient an id of the source means.
    pub(super) fn note<'b>(
        &mut self,
        version: FhirVersion,
        resource: &Resource,
        table: &IndexCategories,
        patient: impl Fn(&str) -> Option<&'b Bsn>,
    ) {
        let kind = resource.resource_type();
        let categories = table.of_resource(&kind, &observation_categories(resource));
        if categories.is_empty() {
            return;
        }
        let mut add = |bsn: &Bsn| self.patients.entry(bsn.clone()).or_default().extend(categories.iter().cloned());
        match whose(version, resource) {
            Whose::Patient { bsns, malformed_bsn: false, .. } => {
                if let [bsn] = bsns.as_slice() {
                    add(bsn);
                }
            }
            Whose::About(references) => {
                for reference in &references {
                    match reference {
                        PatientReference::Id(id) => {
                            if let Some(bsn) = patient(id) {
                                add(bsn);
                            }
                        }
                        PatientReference::Bsn(bsn) => add(bsn),
                        PatientReference::Other => {}
                    }
                }
            }
            Whose::Patient { .. } | Whose::Unstated | Whose::Nobody => {}
        }
    }
}

fn observation_categories(resource: &Resource) -> Vec<String> {
    let codings = resource.root().all("category.coding").into_iter();
    let known = codings.filter(|coding| {
        let system = coding.get("system").and_then(|system| system.as_text());
        system.is_some_and(|system| system == OBSERVATION_CATEGORY || system == OBSERVATION_CATEGORY_STU3)
    });
    known.filter_map(|coding| Some(coding.get("code")?.as_text()?.into_owned())).collect()
}
