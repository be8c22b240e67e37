//! The Consents that the folder has of a patient: not to be passed on, but to be decided by.

use std::future::ready;

use exchange::ports::BoxFuture;
use fhir::{Bsn, FhirVersion, Resource, ResourceType, SearchMode, SearchQuery};
use policy::{NotFoundOut, PatientScope};

use super::FilesSource;
use super::answers;
use super::shelf::Reached;
use crate::registers::ConsentRecords;

impl FilesSource {
    fn consents(&self, patient: &Bsn) -> Result<Vec<Resource>, NotFoundOut> {
        let version = self.config.version;
        let kind = ResourceType::parse(version, "Consent").filter(|_| version == FhirVersion::R4);
        let kind = kind.ok_or(NotFoundOut::Unusable)?;
        let (index, scope) = (self.current.get(), PatientScope::One(patient.clone()));
        let reached = Reached { index: &index, version, scope: &scope };
        let found = answers::search(&reached, kind, &SearchQuery::default(), self.config.bounds.max_results);
        let found = found.map_err(|_| NotFoundOut::Unusable)?;
        if found.cut_short {
            // What was left out may object.
            return Err(NotFoundOut::Unusable);
        }
        let own = found.items.into_iter().filter(|item| item.mode == SearchMode::Match);
        Ok(own.map(|item| item.resource).collect())
    }
}

impl ConsentRecords for FilesSource {
    fn about<'a>(&'a self, patient: &'a Bsn) -> BoxFuture<'a, Result<Vec<Resource>, NotFoundOut>> {
        Box::pin(ready(self.consents(patient)))
    }
}
