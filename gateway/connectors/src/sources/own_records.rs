//! What sources of our own are asked to find out who treats whom, before anything is permitted. Nothing of an answer leaves the
//! node: it is looked at and forgotten. What is released goes through [`exchange::ports::Source`], which needs a permit.

use std::time::Duration;

use exchange::ports::{BoxFuture, SourceFault};
use fhir::{Bsn, FhirVersion, Resource, ResourceType, SearchQuery};

/// What a source has of what was asked.
#[derive(Default)]
pub struct OwnAnswer {
    /// Of the type that was asked for, and whose it was asked for.
    pub resources: Vec<Resource>,
    /// It gave something that is someone else's as well; that is not among the resources.
    pub of_others: bool,
    /// There is, or may be, more.
    pub cut_short: bool,
}

/// A source system of this provider.
pub trait OwnRecords: Send + Sync {
    fn version(&self) -> FhirVersion;

    /// Its FHIR base, if it has one: where absolute references of its own begin.
    fn base(&self) -> Option<&str>;

    /// What it has of this type about this patient.
    fn of_patient<'a>(
        &'a self,
        patient: &'a Bsn,
        kind: ResourceType,
        query: SearchQuery,
        patience: Duration,
    ) -> BoxFuture<'a, Result<OwnAnswer, SourceFault>>;

    /// What it has of this type, which is never about a patient: practitioners, their roles, organisations.
    fn of_nobody<'a>(
        &'a self,
        kind: ResourceType,
        query: SearchQuery,
        patience: Duration,
    ) -> BoxFuture<'a, Result<OwnAnswer, SourceFault>>;
}
