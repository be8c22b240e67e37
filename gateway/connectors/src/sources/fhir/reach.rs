//! Whose data one question may reach at a server, and how a search is narrowed to that.

use ::fhir::compartment::{Whose, whose};
use ::fhir::{Bsn, FhirVersion, LogicalId, Parameter, Resource, ResourceType, SearchQuery};
use exchange::ports::SourceFault;

use super::super::narrow::{asked_among, list, names_ids, patient_parameter};
use super::super::patients::{Belonging, belonging};

/// Whose data may be reached.
#[derive(Clone, Copy)]
pub(super) enum Reach<'r> {
    /// One patient, under the ids the server has for them, and what is about nobody.
    One { bsn: &'r Bsn, ids: &'r [LogicalId] },
    /// Only what is about nobody.
    Nobody,
}

/// How a search is narrowed.
pub(super) enum Narrowed {
    By(Vec<Parameter>),
    /// There can be nothing to find; nobody needs to be asked.
    ToNothing,
}

impl<'r> Reach<'r> {
    /// The patient who must not be named in any URL.
    pub fn secret(self) -> Option<&'r Bsn> {
        match self {
            Reach::One { bsn, .. } => Some(bsn),
            Reach::Nobody => None,
        }
    }

    /// Whether a resource is within reach by itself. One about two patients, or that does not say, is not.
    pub fn has(self, version: FhirVersion, resource: &Resource) -> bool {
        match self {
            Reach::One { bsn, ids } => belonging(version, resource, bsn, ids) != Belonging::SomeoneElse,
            Reach::Nobody => whose(version, resource) == Whose::Nobody,
        }
    }

    /// What a search of this type, asked as `query`, must be narrowed by.
    pub fn narrow(
        self,
        version: FhirVersion,
        kind: ResourceType,
        query: &SearchQuery,
    ) -> Result<Narrowed, SourceFault> {
        let Reach::One { ids, .. } = self else { return Ok(Narrowed::By(Vec::new())) };
        if ids.is_empty() {
            return Ok(Narrowed::ToNothing);
        }
        if kind.name() == "Patient" {
            let asked = asked_among(query, ids);
            return Ok(match asked.is_empty() {
                true => Narrowed::ToNothing,
                false => Narrowed::By(vec![Parameter::new("_id", list("", asked))]),
            });
        }
        match patient_parameter(version, kind) {
            Some(parameter) => Ok(Narrowed::By(vec![Parameter::new(parameter, list("Patient/", ids))])),
            None if names_ids(query) => Ok(Narrowed::By(Vec::new())),
            None => Err(SourceFault::NotSupported),
        }
    }
}
