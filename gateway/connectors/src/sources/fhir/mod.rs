//! An upstream FHIR server of our own, R4 or STU3.
//!
//! A question about one patient becomes: find the server's ids of that patient by BSN, then ask for what
//! belongs to those ids. A question about anyone (development) passes as it is. The server must not see who
//! asks, and nobody else sees the server: its addresses, links and texts stay here.

mod about_one;
mod as_asked;
mod capabilities;
mod conditional;
mod config;
mod consents;
mod fetch;
mod gathered;
mod inventory;
mod knowledge;
mod own_records;
mod plan;
mod reach;
mod search;
#[cfg(test)]
pub(crate) mod tests;
mod transaction;

use std::collections::BTreeSet;

use ::fhir::identifiers::{Reader, systems};
use ::fhir::interaction::SearchTarget;
use ::fhir::{Bsn, FhirVersion, Interaction, LogicalId, Parameter, ResourceType, SearchQuery};
use exchange::inbound::Conditions;
use exchange::ports::{Answer, BoxFuture, PatientIndex, Question, Source, SourceFault};
use policy::{DataHolder, Finding, NotFoundOut, PatientScope, UseCaseId};

pub use config::{FhirSourceConfig, SeveralPatients};
pub use inventory::FhirInventory;

use super::SourceSetupFault;
use super::narrow::shown;
use super::patients::{Ids, PatientIds, ids_among};
use super::rest::{Call, Failure, Rest, prefer};
use crate::http::HttpClient;
use capabilities::Remembered;
use reach::Reach;

/// An upstream FHIR server.
pub struct FhirSource {
    holder: DataHolder,
    name: String,
    rest: Rest,
    patients: PatientIds,
    several: SeveralPatients,
    capabilities: Remembered,
    supported: BTreeSet<String>,
    unsupported: BTreeSet<String>,
}

impl FhirSource {
    /// Sets the source up; calls nobody yet.
    pub fn new(
        config: FhirSourceConfig,
        holder: DataHolder,
        name: impl Into<String>,
        http: HttpClient,
    ) -> Result<Self, SourceSetupFault> {
        let headers = config.header_map()?;
        config.bounds.check()?;
        Ok(FhirSource {
            holder,
            name: name.into(),
            patients: PatientIds::new(&config.patient_cache),
            several: config.several_patients,
            capabilities: Remembered::default(),
            supported: config.supported_parameters,
            unsupported: config.unsupported_parameters,
            rest: Rest {
                http,
                base: config.base,
                version: config.version,
                bounds: config.bounds,
                headers,
                post_search: config.post_search,
            },
        })
    }

    async fn answer(&self, question: &Question<'_>) -> Result<Answer, SourceFault> {
        if question.permit().version() != self.rest.version {
            return Err(SourceFault::NotSupported);
        }
        let call = self.rest.call(question.correlation_id(), question.patience());
        match question.permit().patient() {
            PatientScope::One(bsn) => self.about_one(&call, question, bsn).await,
            PatientScope::Nobody => self.about_nobody(&call, question).await,
            PatientScope::Any => as_asked::answer(&call, question, false).await,
            // Whom it is about only another provider's answer tells.
            PatientScope::Told | PatientScope::Unnamed => Err(SourceFault::NotSupported),
        }
    }

    /// A search of one type and a transaction are checked like any other; the rest passes as it is.
    async fn about_nobody(&self, call: &Call<'_>, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let (kind, query) = match question.interaction() {
            Interaction::Search { target: SearchTarget::Type(kind), query } => (kind, query),
            Interaction::Transaction { entries } => {
                return self.transaction(call, Reach::Nobody, None, entries, question.body()).await;
            }
            _ => return as_asked::answer(call, question, true).await,
        };
        let found = self.search(call, Reach::Nobody, *kind, query).await?;
        Ok(Answer { items: found.items, vouched: found.vouched, cut_short: found.cut_short, ..Answer::default() })
    }

    /// The server's ids of this patient.
    async fn ids(&self, call: &Call<'_>, bsn: &Bsn) -> Result<Ids, SourceFault> {
        let look_up = || async {
            let kind = ResourceType::parse(self.rest.version, "Patient").ok_or(SourceFault::NotSupported)?;
            let token = format!("{}|{}", systems::BSN, bsn.reveal_to(Reader::Source));
            let query = SearchQuery { parameters: vec![Parameter::new("identifier", token)] };
            let strict = prefer(&Conditions::default(), "handling=strict");
            let pages = call.search(&SearchTarget::Type(kind), &query, strict, Some(bsn)).await?;
            if pages.cut_short {
                return Err(SourceFault::Unusable("too many Patient resources claim to be this patient").into());
            }
            let ids = ids_among(self.rest.version, &pages.items, bsn)?;
            if ids.len() > 1 && self.several == SeveralPatients::Refuse {
                return Err(SourceFault::Unusable("several Patient resources claim to be this patient").into());
            }
            Ok(ids)
        };
        Ok(self.patients.of(bsn, look_up).await?)
    }
}

impl Source for FhirSource {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn asked_in(&self, _: &UseCaseId) -> &[FhirVersion] {
        std::slice::from_ref(&self.rest.version)
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(async move {
            tokio::time::timeout(question.patience(), self.answer(&question))
                .await
                .unwrap_or(Err(SourceFault::TimedOut))
        })
    }
}

impl PatientIndex for FhirSource {
    /// Known only for patients who were asked about a short while ago.
    fn patient<'a>(&'a self, id: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        let known = self.patients.patient(id);
        Box::pin(async { known.map_or(Finding::NotFoundOut(NotFoundOut::NobodyToAsk), Finding::Found) })
    }
}

/// A rejected search, named by its parameter where there is only one it can be about.
fn search_fault(failure: Failure, question: &Question<'_>) -> SourceFault {
    let filters = question.interaction().query().map(|query| {
        let filters = query.parameters.iter().filter(|parameter| parameter.name != "_count");
        filters.map(shown).collect::<Vec<_>>()
    });
    match (failure, filters.as_deref()) {
        (Failure::SearchRejected, Some([only])) => SourceFault::Unsupported { parameter: only.clone() },
        (failure, _) => failure.into(),
    }
}
