//! The facts that middleware finds. A fact that could not be found out is a finding of its own, never a default.

use serde::{Deserialize, Serialize};

use crate::decision::Obligation;

/// What is known of one fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", content = "detail", rename_all = "kebab-case")]
pub enum Finding<T> {
    /// Established, with its evidence.
    Found(T),
    /// Established that it is not there.
    Absent,
    /// Could not be established.
    NotFoundOut(NotFoundOut),
}

impl<T> Finding<T> {
    pub fn found(&self) -> Option<&T> {
        match self {
            Finding::Found(fact) => Some(fact),
            Finding::Absent | Finding::NotFoundOut(_) => None,
        }
    }
}

/// Why a fact could not be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotFoundOut {
    /// The party that knows did not answer in time.
    TimedOut,
    /// The party that knows could not be reached or failed.
    Unreachable,
    /// The party that knows answered something that cannot be trusted.
    Unusable,
    /// Nobody is configured who could know.
    NobodyToAsk,
    /// The question could not be put: something that the party that knows must be told is not known here.
    Incomplete,
    /// The exchange needs no such fact (its use case rests on something else), so nobody was asked.
    NotAsked,
}

/// A treatment relation (behandelrelatie) and where it is known from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreatmentRelation {
    /// `provider-list`, `asserted-by-data-user`, `appointment`, `encounter`, …
    pub kind: String,
    /// What it rests on, for the log: the id of a referral, transfer, enrolment. Never a BSN.
    pub reference: String,
    /// How old its evidence is, in whole days: since the care ended, 0 for care that goes on or is still to come. Nothing
    /// where the evidence says no day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_days: Option<u32>,
}

/// A consent (toestemming) decision about one patient, holder and data user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub decision: ConsentDecision,
    /// Where it was found: `local`, `mitz`.
    pub source: String,
    /// Identifier of the consent record or answer, for the log.
    pub reference: String,
    /// What of the data stays behind although it permits: a part that is objected to, or all but what is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withhold: Vec<Obligation>,
}

/// The patient's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentDecision {
    Permit,
    Deny,
}

/// Everything found out about one request before it is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    pub treatment_relation: Finding<TreatmentRelation>,
    pub consent: Finding<Consent>,
}
