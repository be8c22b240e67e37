//! A folder as a witness of who treats whom.

use std::time::Duration;

use exchange::ports::{BoxFuture, SourceFault};
use fhir::{Bsn, FhirVersion, ResourceType, SearchQuery};
use policy::PatientScope;

use super::shelf::Reached;
use super::{FilesSource, answers};
use crate::sources::own_records::{OwnAnswer, OwnRecords};

impl FilesSource {
    fn own(&self, scope: &PatientScope, kind: ResourceType, query: &SearchQuery) -> Result<OwnAnswer, SourceFault> {
        let index = self.current.get();
        let reached = Reached { index: &index, version: self.config.version, scope };
        let answer = answers::search(&reached, kind, query, self.config.bounds.max_results)?;
        // The shelf reaches only what is the scope's.
        let resources = answer.items.into_iter().map(|item| item.resource);
        Ok(OwnAnswer {
            resources: resources.filter(|one| one.resource_type() == kind.name()).collect(),
            of_others: false,
            cut_short: answer.cut_short,
        })
    }
}

impl OwnRecords for FilesSource {
    fn version(&self) -> FhirVersion {
        self.config.version
    }

    fn base(&self) -> Option<&str> {
        None
    }

    fn of_patient<'a>(
        &'a self,
        patient: &'a Bsn,
        kind: ResourceType,
        query: SearchQuery,
        _: Duration,
    ) -> BoxFuture<'a, Result<OwnAnswer, SourceFault>> {
        Box::pin(async move { self.own(&PatientScope::One(patient.clone()), kind, &query) })
    }

    fn of_nobody<'a>(
        &'a self,
        kind: ResourceType,
        query: SearchQuery,
        _: Duration,
    ) -> BoxFuture<'a, Result<OwnAnswer, SourceFault>> {
        Box::pin(async move { self.own(&PatientScope::Nobody, kind, &query) })
    }
}
