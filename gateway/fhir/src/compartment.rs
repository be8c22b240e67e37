//! Whose data a resource is. The answer check rests on this, so it errs towards "unclear".

use crate::identifiers::Bsn;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// How a resource points at a patient.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum PatientReference {
    /// The id of `Patient/[id]`, or of an absolute URL that ends so.
    Id(String),
    /// A logical reference by BSN.
    Bsn(Bsn),
    /// Something else: another identifier, a contained resource, a `urn:`, a malformed reference.
    Other,
}

/// Whose data a resource is.
#[derive(Clone, PartialEq, Eq)]
pub enum Whose {
    /// The Patient resource itself: its id, and its BSNs (well-formed ones).
    Patient { id: Option<String>, bsns: Vec<Bsn>, malformed_bsn: bool },
    /// A resource about these patients (all of them; a resource about two patients is about both).
    About(Vec<PatientReference>),
    /// A type that can be about a patient, but this one names none.
    Unstated,
    /// A type that is never about a patient (Organization, Practitioner, Medication …).
    Nobody,
}

/// Reads whose data the resource is from the element that names its subject (`subject`, `patient`, `for`,
/// `beneficiary` …, per type and version; contained resources included).
pub fn whose(_version: FhirVersion, _resource: &Resource) -> Whose {
    todo!()
}
