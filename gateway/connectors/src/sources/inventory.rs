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

/// What may object to being found.
pub(super) const CONSENT: &str = "Consent";

/// Of whom there is data, and of which categories. Prints numbers only.
#[derive(Default)]
pub struct Holdings {
    pub patients: BTreeMap<Bsn, BTreeSet<IndexCategory>>,
    /// Of whom there are Consents, or of whom they changed; of sources that are looked at for them.
    pub consents: BTreeSet<Bsn>,
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
        if kind == CONSENT && version == FhirVersion::R4 {
            self.consents.extend(about(version, resource, &patient));
        }
        let categories = table.of_resource(&kind, &observation_categories(resource));
        if !categories.is_empty() {
            for bsn in about(version, resource, &patient) {
                self.patients.entry(bsn).or_default().extend(categories.iter().cloned());
            }
        }
    }
}

/// Whom a resource is about, as far as that is known.
fn about<'b>(version: FhirVersion, resource: &Resource, patient: &impl Fn(&str) -> Option<&'b Bsn>) -> Vec<Bsn> {
    match whose(version, resource) {
        Whose::Patient { mut bsns, malformed_bsn: false, .. } if bsns.len() == 1 => bsns.pop().into_iter().collect(),
        Whose::About(references) => {
            let known = |reference: PatientReference| match reference {
                PatientReference::Id(id) => patient(&id).cloned(),
                PatientReference::Bsn(bsn) => Some(bsn),
                PatientReference::Other => None,
            };
            references.into_iter().filter_map(known).collect()
        }
        Whose::Patient { .. } | Whose::Unstated | Whose::Nobody => Vec::new(),
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
