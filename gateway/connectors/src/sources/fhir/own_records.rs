//! An upstream server as a witness of who treats whom: searched like for an exchange, narrowed to the patient, and its answer
//! held against what was asked.

use std::time::Duration;

use ::fhir::{Bsn, FhirVersion, ResourceType, SearchQuery};
use exchange::ports::{BoxFuture, SourceFault};

use super::super::own_records::{OwnAnswer, OwnRecords};
use super::super::patients::{Belonging, belonging};
use super::FhirSource;
use super::reach::Reach;
use super::search::Searched;

impl FhirSource {
    async fn own(
        &self,
        patient: Option<&Bsn>,
        kind: ResourceType,
        query: &SearchQuery,
        patience: Duration,
    ) -> Result<OwnAnswer, SourceFault> {
        let call = self.rest.call("", patience);
        let ids = match patient {
            Some(bsn) => self.ids(&call, bsn).await?,
            None => Vec::new().into(),
        };
        let reach = patient.map_or(Reach::Nobody, |bsn| Reach::One { bsn, ids: &ids });
        let Searched { items, cut_short, .. } = self.search(&call, reach, kind, query).await?;
        let version = self.rest.version;
        let of_kind = items.into_iter().map(|item| item.resource).filter(|one| one.resource_type() == kind.name());
        let (resources, others) = of_kind.partition::<Vec<_>, _>(|resource| match patient {
            Some(bsn) => belonging(version, resource, bsn, &ids) == Belonging::ThisPatient,
            None => reach.has(version, resource),
        });
        Ok(OwnAnswer { resources, of_others: !others.is_empty(), cut_short })
    }
}

impl OwnRecords for FhirSource {
    fn version(&self) -> FhirVersion {
        self.rest.version
    }

    fn base(&self) -> Option<&str> {
        Some(self.rest.base.url().as_str())
    }

    fn of_patient<'a>(
        &'a self,
        patient: &'a Bsn,
        kind: ResourceType,
        query: SearchQuery,
        patience: Duration,
    ) -> BoxFuture<'a, Result<OwnAnswer, SourceFault>> {
        Box::pin(within(patience, async move { self.own(Some(patient), kind, &query, patience).await }))
    }

    fn of_nobody<'a>(
        &'a self,
        kind: ResourceType,
        query: SearchQuery,
        patience: Duration,
    ) -> BoxFuture<'a, Result<OwnAnswer, SourceFault>> {
        Box::pin(within(patience, async move { self.own(None, kind, &query, patience).await }))
    }
}

async fn within(
    patience: Duration,
    asking: impl Future<Output = Result<OwnAnswer, SourceFault>>,
) -> Result<OwnAnswer, SourceFault> {
    tokio::time::timeout(patience, asking).await.unwrap_or(Err(SourceFault::TimedOut))
}
