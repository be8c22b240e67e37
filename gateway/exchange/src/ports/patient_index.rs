//! Which patient a logical id of our own source means, without asking the source.

use fhir::{Bsn, LogicalId};
use policy::Finding;

use super::BoxFuture;

pub trait PatientIndex: Send + Sync {
    /// The patient that `Patient/[id]` means here, as far as it is known without an exchange.
    fn patient<'a>(&'a self, id: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>>;
}
