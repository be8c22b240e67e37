//! Under which ids a source knows a patient: asked once, remembered for a while.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use exchange::ports::{Item, SourceFault};
use fhir::compartment::{PatientReference, Whose, whose};
use fhir::{Bsn, FhirVersion, LogicalId, Resource};
use moka::sync::Cache;
use tokio::sync::OnceCell;

use super::PatientCacheConfig;
use super::rest::Failure;

/// More Patient resources of one person than this is no administration but an accident.
const MOST_IDS: usize = 8;

/// The ids of one patient at one source.
pub(crate) type Ids = Arc<[LogicalId]>;

/// One look-up, shared by all who wait for it. If whoever began it gives up, the next in line goes on.
type Flight = Arc<OnceCell<Result<Ids, Failure>>>;

/// Remembers ids per patient and patients per id; bounded in number and time. Prints nothing of them.
pub(crate) struct PatientIds {
    flights: Cache<Bsn, Flight>,
    patients: Cache<String, Bsn>,
}

/// Whose a resource is, seen from one patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Belonging {
    ThisPatient,
    Nobody,
    SomeoneElse,
}

impl PatientIds {
    pub fn new(config: &PatientCacheConfig) -> Self {
        let life = Duration::from_secs(config.seconds);
        PatientIds {
            flights: Cache::builder().max_capacity(config.max_patients).time_to_live(life).build(),
            patients: Cache::builder().max_capacity(config.max_patients).time_to_live(life).build(),
        }
    }

    /// The patient's ids, remembered or looked up. However many ask at the same time, one look-up is made.
    /// That there are none is not remembered: a patient may be admitted any moment. Nor is a fault. A token that was not
    /// accepted may be that of another who waited.
    pub async fn of<L>(&self, bsn: &Bsn, look_up: impl FnOnce() -> L) -> Result<Ids, Failure>
    where
        L: Future<Output = Result<Ids, Failure>>,
    {
        let flight = self.flights.get_with_by_ref(bsn, Flight::default);
        let found = flight.get_or_init(|| async {
            let found = look_up().await;
            match &found {
                Ok(ids) if !ids.is_empty() => {
                    for id in ids.iter() {
                        self.patients.insert(id.as_str().to_owned(), bsn.clone());
                    }
                }
                Ok(_) | Err(_) => self.flights.invalidate(bsn),
            }
            found
        });
        found.await.clone()
    }

    /// Remembers what a search for this patient found.
    pub fn learn(&self, bsn: &Bsn, ids: &Ids) {
        if !ids.is_empty() {
            self.flights.insert(bsn.clone(), Arc::new(OnceCell::new_with(Some(Ok(ids.clone())))));
        }
    }

    pub fn forget(&self, bsn: &Bsn) {
        self.flights.invalidate(bsn);
    }

    /// The patient of this id, as far as remembered.
    pub fn patient(&self, id: &LogicalId) -> Option<Bsn> {
        self.patients.get(id.as_str())
    }
}

/// The ids of the Patient resources among the items. Each must carry this BSN, well-formed, and no other.
pub(crate) fn ids_among(version: FhirVersion, items: &[Item], bsn: &Bsn) -> Result<Ids, SourceFault> {
    let mut ids: Vec<LogicalId> = Vec::new();
    for item in items {
        let Whose::Patient { id, bsns, malformed_bsn } = whose(version, &item.resource) else { continue };
        if malformed_bsn || bsns.is_empty() || bsns.iter().any(|other| other != bsn) {
            return Err(SourceFault::Unusable("a Patient that is not, or not only, the one asked for"));
        }
        let id =
            id.and_then(|id| LogicalId::parse(&id)).ok_or(SourceFault::Unusable("a Patient without a usable id"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.len() > MOST_IDS {
        return Err(SourceFault::Unusable("too many Patient resources claim to be this patient"));
    }
    Ok(ids.into())
}

/// Whether a resource is this patient's. One that is about two patients, or does not say, is not.
pub(crate) fn belonging(version: FhirVersion, resource: &Resource, bsn: &Bsn, ids: &[LogicalId]) -> Belonging {
    let mine = match whose(version, resource) {
        Whose::Nobody => return Belonging::Nobody,
        Whose::Patient { bsns, malformed_bsn, .. } => {
            !malformed_bsn && !bsns.is_empty() && bsns.iter().all(|other| other == bsn)
        }
        Whose::About(references) => {
            let mine = |reference: &PatientReference| match reference {
                PatientReference::Id(id) => ids.iter().any(|known| known.as_str() == id),
                PatientReference::Bsn(other) => other == bsn,
                PatientReference::Other => false,
            };
            !references.is_empty() && references.iter().all(mine)
        }
        Whose::Unstated => false,
    };
    if mine { Belonging::ThisPatient } else { Belonging::SomeoneElse }
}
