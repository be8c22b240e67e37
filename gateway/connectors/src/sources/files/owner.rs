//! Which of the folder's resources a scope reaches.

use exchange::ports::SourceFault;
use fhir::compartment::{PatientReference, Whose};
use fhir::{FhirVersion, ResourceType, SearchQuery};
use policy::PatientScope;

use super::index::{Index, Indexed};
use crate::sources::narrow::{names_ids, patient_parameter};

/// Whether the scope reaches this resource. One that is about two patients belongs to neither.
pub(super) fn belongs(index: &Index, scope: &PatientScope, one: &Indexed) -> bool {
    match scope {
        PatientScope::Any => true,
        PatientScope::Nobody => one.whose == Whose::Nobody,
        PatientScope::One(bsn) => match &one.whose {
            Whose::Nobody => true,
            Whose::Patient { bsns, malformed_bsn, .. } => {
                !malformed_bsn && bsns.as_slice() == std::slice::from_ref(bsn)
            }
            Whose::About(references) => {
                let mine = |reference: &PatientReference| match reference {
                    PatientReference::Id(id) => index.ids(bsn).iter().any(|known| known.as_str() == id),
                    PatientReference::Bsn(other) => other == bsn,
                    PatientReference::Other => false,
                };
                !references.is_empty() && references.iter().all(mine)
            }
            Whose::Unstated => false,
        },
    }
}

/// What a search of this type looks through.
pub(super) fn candidates<'i>(
    index: &'i Index,
    version: FhirVersion,
    scope: &PatientScope,
    kind: ResourceType,
    query: &SearchQuery,
) -> Result<Vec<&'i Indexed>, SourceFault> {
    let bsn = match scope {
        PatientScope::Any => return Ok(index.of_type(kind).collect()),
        PatientScope::Nobody => return Ok(index.of_type(kind).filter(|one| one.whose == Whose::Nobody).collect()),
        PatientScope::One(bsn) => bsn,
    };
    if kind.name() == "Patient" {
        return Ok(index.ids(bsn).iter().filter_map(|id| index.get(kind, id.as_str())).collect());
    }
    if patient_parameter(version, kind).is_some() {
        let about = index.about(bsn).into_iter().filter(|one| one.kind == kind);
        return Ok(about.filter(|one| belongs(index, scope, one)).collect());
    }
    if names_ids(query) {
        return Ok(index.of_type(kind).filter(|one| belongs(index, scope, one)).collect());
    }
    Err(SourceFault::NotSupported)
}
