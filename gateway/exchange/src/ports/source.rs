//! A place that holds data: one of our own source systems, or another provider's node.

use std::time::Duration;

use fhir::{FhirVersion, Interaction, Resource, SearchMode};
use policy::{DataHolder, Permit, UseCaseId};

use super::BoxFuture;
use crate::inbound::Conditions;

/// One question to one source. It cannot be asked without a permit.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    permit: &'q Permit,
    interaction: &'q Interaction,
    body: Option<&'q Resource>,
    conditions: &'q Conditions,
    correlation_id: &'q str,
    patience: Duration,
}

impl<'q> Question<'q> {
    /// A question under this permit. `interaction` is one of the permit's plan.
    pub fn new(
        permit: &'q Permit,
        interaction: &'q Interaction,
        body: Option<&'q Resource>,
        conditions: &'q Conditions,
        correlation_id: &'q str,
        patience: Duration,
    ) -> Self {
        Question { permit, interaction, body, conditions, correlation_id, patience }
    }

    pub fn permit(&self) -> &'q Permit {
        self.permit
    }
    /// What is asked; parameters that name the patient are already taken out (`permit().patient()` says who), and so
    /// are those that shape the answer: the node does that itself, once, over all sources. Only `_sort` stays, so that
    /// what is cut short is cut at the right end; a source that cannot sort passes over it.
    pub fn interaction(&self) -> &'q Interaction {
        self.interaction
    }
    /// What is to be written.
    pub fn body(&self) -> Option<&'q Resource> {
        self.body
    }
    pub fn conditions(&self) -> &'q Conditions {
        self.conditions
    }
    pub fn correlation_id(&self) -> &'q str {
        self.correlation_id
    }
    /// How long the source has; the stack gives up on it after that.
    pub fn patience(&self) -> Duration {
        self.patience
    }
}

/// One resource of an answer.
#[derive(Clone, Debug)]
pub struct Item {
    pub resource: Resource,
    pub mode: SearchMode,
}

/// What a write led to at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub created: bool,
    pub id: Option<String>,
    pub version_id: Option<String>,
}

/// What a source answered, not yet checked.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub items: Vec<Item>,
    /// The ids under which this source knows the permit's patient: established by the source's connector from the
    /// source's own Patient resources that carry the patient's BSN.
    pub patients: Vec<String>,
    /// `Type/id` of resources that are not in the answer and that the source established to be the permit's patient's:
    /// what a Provenance that also covers them is held against. A Binary, Device or Specimen in the answer is named here
    /// too when it is theirs.
    pub vouched: Vec<String>,
    pub written: Option<Written>,
    /// What each entry of a transaction led to, in the order of its entries; one for every entry.
    pub transaction: Vec<Written>,
    /// There was more than the bounds allow to fetch, or than an answer can hold (a deletion in a history).
    pub cut_short: bool,
    /// Other versions in which the same provider must be asked as well: it said that systems of it speak only those. Unless it
    /// is asked in them, its answer is not all that it has.
    pub elsewhere: Vec<FhirVersion>,
}

/// Why a source gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceFault {
    TimedOut,
    Unreachable,
    /// The source, or the other node, says no.
    Refused,
    /// The answer cannot be trusted or understood. The text is ours.
    Unusable(&'static str),
    TooLarge,
    NotFound,
    Gone,
    /// A search parameter that this source cannot evaluate.
    Unsupported {
        parameter: String,
    },
    /// An interaction that this source cannot do.
    NotSupported,
    Conflict,
    PreconditionFailed,
    /// The source rejects what was to be written as invalid.
    Rejected,
}

pub trait Source: Send + Sync {
    fn holder(&self) -> &DataHolder;

    /// The provider's name, for people.
    fn name(&self) -> &str;

    /// The FHIR versions in which it is asked in this use case; none: in the one of the request. It is not asked in any other,
    /// and each is a question of its own, under a permit of that version.
    fn asked_in(&self, _use_case: &UseCaseId) -> &[FhirVersion] {
        &[]
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>>;
}
