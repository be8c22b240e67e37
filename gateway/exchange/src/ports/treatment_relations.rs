//! Whether the caller treats the patient (behandelrelatie), as far as this provider itself knows.

use fhir::Bsn;
use policy::{Caller, Finding, TreatmentRelation};

use super::BoxFuture;

pub trait TreatmentRelations: Send + Sync {
    fn relation<'a>(&'a self, caller: &'a Caller, patient: &'a Bsn) -> BoxFuture<'a, Finding<TreatmentRelation>>;
}
