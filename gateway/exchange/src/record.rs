//! The record that an exchange leaves: what NEN 7513 asks for, as far as it is known when it closes.
//!
//! Here, and only here, a BSN and a name are written down: they are the required object and user (7.4.3, 7.3.3).

use std::net::IpAddr;

use fhir::Bsn;
use fhir::identifiers::Reader;
use policy::{Caller, Consent, Direction, Finding, PolicyVersion, Purpose, Reason, TreatmentRelation};
use serde::Serialize;
use serde::ser::Serializer;

use crate::inbound::Gate;
use crate::middleware::minimisation::SourceStatus;

/// The layout of a record; the first member of each, so that readers can tell layouts apart.
pub const LAYOUT: &str = "zorgsluis-access/1";

/// One exchange.
#[derive(Clone, Debug, Serialize)]
pub struct AccessRecord {
    pub layout: &'static str,
    pub request_id: String,
    /// Joins the records of both sides of an exchange.
    pub correlation_id: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC: when the outcome was known (NEN 7513, 7.2.3).
    pub recorded: String,
    /// URA of the provider whose node writes this (7.5.2).
    pub node: String,
    pub gate: Gate,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<CallerFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<AskedFacts>,
    /// The patient (7.4.3).
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "bsn_for_the_log")]
    pub patient: Option<Bsn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment_relation: Option<Finding<TreatmentRelation>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Finding<Consent>>,
    /// What the index of other providers said, when it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub localisation: Option<Finding<usize>>,
    pub sources: Vec<SourceFacts>,
    pub outcome: OutcomeFacts,
}

/// Who asked (7.3).
#[derive(Clone, Debug, Serialize)]
pub struct CallerFacts {
    pub client_id: String,
    pub organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<policy::Person>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
}

impl From<&Caller> for CallerFacts {
    fn from(caller: &Caller) -> Self {
        CallerFacts {
            client_id: caller.client_id.clone(),
            organisation: caller.organisation.ura.to_string(),
            organisation_name: caller.organisation.name.clone(),
            organisation_kind: caller.organisation.kind.clone(),
            person: caller.person.clone(),
            token_id: caller.token_id.clone(),
        }
    }
}

/// What was asked (7.2, 7.4.12).
#[derive(Clone, Debug, Serialize)]
pub struct AskedFacts {
    pub fhir_version: &'static str,
    /// Code of the interaction.
    pub interaction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The search as asked, patient parameters taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Which page of an answer that was asked for before, from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<usize>,
    /// What each entry of a transaction asks for: code and type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
}

/// What was decided (7.4.6).
#[derive(Clone, Debug, Serialize)]
pub struct DecisionFacts {
    pub permitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_case: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyVersion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// What one source gave.
#[derive(Clone, Debug, Serialize)]
pub struct SourceFacts {
    pub holder: String,
    pub status: SourceStatus,
    /// References of what left: type, id and version, no content.
    pub disclosed: Vec<String>,
    /// How many resources of the answer did not leave.
    pub withheld: usize,
    /// References of what was written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
}

/// How it ended (7.2.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum OutcomeFacts {
    /// Data, or the honest absence of it, was released.
    Released,
    /// The caller has what it asked for already: that was said, and nothing left.
    NotModified,
    Refused {
        status: u16,
        reason: String,
    },
    /// The caller went away or the handling broke off; nothing left.
    Interrupted,
}

fn bsn_for_the_log<S: Serializer>(bsn: &Option<Bsn>, serializer: S) -> Result<S::Ok, S::Error> {
    match bsn {
        Some(bsn) => serializer.serialize_str(bsn.reveal_to(Reader::AccessLog)),
        None => serializer.serialize_none(),
    }
}

impl From<&policy::Permit> for DecisionFacts {
    fn from(permit: &policy::Permit) -> Self {
        DecisionFacts {
            permitted: true,
            use_case: Some(permit.use_case().to_string()),
            purpose: Some(permit.purpose()),
            policy: Some(permit.policy().clone()),
            reasons: permit.reasons().to_vec(),
        }
    }
}

impl From<&policy::Denial> for DecisionFacts {
    fn from(denial: &policy::Denial) -> Self {
        DecisionFacts {
            permitted: false,
            use_case: denial.use_case.as_ref().map(ToString::to_string),
            purpose: None,
            policy: denial.policy.clone(),
            reasons: denial.reasons.clone(),
        }
    }
}

impl From<&crate::middleware::minimisation::Part> for SourceFacts {
    fn from(part: &crate::middleware::minimisation::Part) -> Self {
        SourceFacts {
            holder: part.holder().0.to_string(),
            status: part.status(),
            disclosed: part.items().iter().map(crate::middleware::minimisation::ReleasedItem::reference).collect(),
            withheld: part.withheld() + part.mistrusted(),
            written: part.wrote().to_vec(),
        }
    }
}
