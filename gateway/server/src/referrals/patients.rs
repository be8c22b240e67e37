//! Whom an id of a Patient means in what we send: a source that is a FHIR server is not asked for that, and the receiver reads
//! the Patient by the id in the Task.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use exchange::ports::{BoxFuture, PatientIndex};
use fhir::{Bsn, LogicalId};
use policy::Finding;

use super::Referrals;

/// The ids that were told. One that was told of different patients means nobody.
#[derive(Default)]
pub struct Known(Mutex<HashMap<String, Option<Bsn>>>);

impl Known {
    /// This id was told of this patient. False: it was told of another before.
    pub(super) fn learn(&self, id: &str, patient: &Bsn) -> bool {
        // Each change is one insertion.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match known.get(id) {
            Some(before) => before.clone().filter(|before| before == patient),
            None => Some(patient.clone()),
        };
        let same = now.is_some();
        known.insert(id.to_owned(), now);
        same
    }

    /// Whether this id was told of another patient.
    pub(super) fn is_anothers(&self, id: &str, patient: &Bsn) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).is_some_and(|known| known.as_ref() != Some(patient))
    }

    fn patient(&self, id: &str) -> Option<Bsn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned().flatten()
    }
}

/// The same as the port.
pub struct ReferralPatients(pub Arc<Referrals>);

impl PatientIndex for ReferralPatients {
    fn patient<'a>(&'a self, id: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        let found = self.0.known.patient(id.as_str());
        Box::pin(std::future::ready(found.map_or(Finding::Absent, Finding::Found)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_means_the_one_patient_whom_it_was_told_of_or_nobody() {
        let (one, other) = (Bsn::parse("999911120").unwrap(), Bsn::parse("999911132").unwrap());
        let known = Known::default();
        assert!(known.learn("p1", &one) && known.learn("p1", &one) && known.learn("p2", &other));
        assert_eq!((known.patient("p1"), known.patient("p3")), (Some(one.clone()), None));
        assert!(known.is_anothers("p1", &other) && !known.is_anothers("p1", &one) && !known.is_anothers("p3", &one));
        assert!(!known.learn("p1", &other));
        assert_eq!(known.patient("p1"), None);
        assert!(known.is_anothers("p1", &one), "it means nobody any more");
    }
}
