//! The Consents that the server has of a patient: not to be passed on, but to be decided by.

use ::fhir::{Bsn, FhirVersion, Resource, ResourceType, SearchMode, SearchQuery};
use exchange::ports::{BoxFuture, SourceFault};
use policy::NotFoundOut;

use super::FhirSource;
use super::about_one::Patient;
use crate::registers::ConsentRecords;

/// How long the server has. Whoever asks has a shorter patience of its own.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

impl FhirSource {
    async fn consents(&self, bsn: &Bsn) -> Result<Vec<Resource>, NotFoundOut> {
        let kind = ResourceType::parse(FhirVersion::R4, "Consent").filter(|_| self.rest.version == FhirVersion::R4);
        let kind = kind.ok_or(NotFoundOut::Unusable)?;
        let correlation = uuid::Uuid::new_v4().to_string();
        let call = self.rest.call(&correlation, PATIENCE);
        let ids = self.ids(&call, bsn).await.map_err(|fault| unknown(&fault))?;
        let reach = Patient { bsn, ids: &ids }.reach();
        let found = self.search(&call, reach, kind, &SearchQuery::default()).await.map_err(|fault| unknown(&fault))?;
        if found.cut_short {
            // What was left out may object.
            return Err(NotFoundOut::Unusable);
        }
        let own = found.items.into_iter().filter(|item| item.mode == SearchMode::Match);
        let own = own.filter(|item| item.resource.resource_type() == "Consent");
        Ok(own.filter(|item| reach.has(FhirVersion::R4, &item.resource)).map(|item| item.resource).collect())
    }
}

impl ConsentRecords for FhirSource {
    fn about<'a>(&'a self, patient: &'a Bsn) -> BoxFuture<'a, Result<Vec<Resource>, NotFoundOut>> {
        Box::pin(self.consents(patient))
    }
}

/// Why it is not known. "Not found" of a search is no answer either.
fn unknown(fault: &SourceFault) -> NotFoundOut {
    match fault {
        SourceFault::TimedOut => NotFoundOut::TimedOut,
        SourceFault::Unreachable => NotFoundOut::Unreachable,
        SourceFault::Refused
        | SourceFault::Unusable(_)
        | SourceFault::TooLarge
        | SourceFault::NotFound
        | SourceFault::Gone
        | SourceFault::Unsupported { .. }
        | SourceFault::NotSupported
        | SourceFault::Conflict
        | SourceFault::PreconditionFailed
        | SourceFault::Rejected => NotFoundOut::Unusable,
    }
}
