//! The record that an exchange leaves: what NEN 7513 asks for, as far as it is known when it closes.
//!
//! Here, and only here, a BSN and a name are written down: they are the required object and user (7.4.3, 7.3.3).
//! Records are read back too (by whoever searches the log), in every layout that was ever written.

mod evidence;
mod versions;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use fhir::identifiers::Reader;
use fhir::interaction::Level;
use fhir::{Bsn, FhirVersion, Interaction};
use policy::{
    Caller, Consent, DenialCode, Differing, Direction, Finding, Obligation, Person, PolicyVersion, Purpose, Reason,
    TreatmentRelation,
};
use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::inbound::{Credentials, Gate};
use crate::middleware::minimisation::SourceStatus;
pub use evidence::{EvidenceFacts, EvidenceResult, Shortfall};
pub use versions::VersionFacts;

/// The layout of a record; the first member of each, so that readers can tell layouts apart. A later layout only
/// adds members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layout {
    #[serde(rename = "zorgsluis-access/1")]
    First,
    /// Adds what was shown, the resource asked for, the responsible person, emergency access, the code of a denial,
    /// obligations, and of each source its name, what failed and what was mistrusted.
    #[serde(rename = "zorgsluis-access/2")]
    Second,
    /// Adds the verdict on an access that had to be looked at again.
    #[serde(rename = "zorgsluis-access/3")]
    Third,
    /// Adds what a policy in the shadow of the one in force would have decided.
    #[serde(rename = "zorgsluis-access/4")]
    Fourth,
    /// Adds what was looked at for a treatment relation, how old its evidence is, the bundle that a policy came in, and
    /// decisions for an enforcement point; what a consent excepts, what was masked, and the obligations that go with them.
    #[serde(rename = "zorgsluis-access/5")]
    Fifth,
    /// Adds in which FHIR version a source was asked, and what was decided of it, where that is not the request's.
    #[serde(rename = "zorgsluis-access/6")]
    Sixth,
}

impl Layout {
    /// The layout that is written.
    pub const CURRENT: Layout = Layout::Sixth;
}

/// One exchange.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessRecord {
    pub layout: Layout,
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
    /// What the caller showed to say who it is (7.2.6). It was accepted when there is a `caller`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<CallerFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<AskedFacts>,
    /// The patient (7.4.3).
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "bsn_for_the_log",
        deserialize_with = "bsn_of_the_log"
    )]
    pub patient: Option<Bsn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionFacts>,
    /// The enforcement point of the provider's own for which it was decided: it releases or refuses, and nothing left here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_for: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment_relation: Option<Finding<TreatmentRelation>>,
    /// What was looked at to find the treatment relation, or that there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relation_evidence: Vec<EvidenceFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Finding<Consent>>,
    /// What the index of other providers said, when it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub localisation: Option<Finding<usize>>,
    /// Access outside the normal procedure (noodprocedure), by a use case for emergencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyFacts>,
    pub sources: Vec<SourceFacts>,
    /// The verdict that this exchange gave on another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewFacts>,
    pub outcome: OutcomeFacts,
}

impl AccessRecord {
    /// Reads a record as it stands in the log, in any layout.
    ///
    /// # Errors
    /// A layout that is not known, or a record that is not whole. The fault repeats nothing of it.
    pub fn read(text: &[u8]) -> Result<AccessRecord, RecordFault> {
        serde_json::from_slice(text).map_err(|fault| RecordFault { column: fault.column() })
    }
}

/// The text is no record of a known layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the access record cannot be read (at column {column})")]
pub struct RecordFault {
    pub column: usize,
}

/// One way to say who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    Certificate,
    Token,
    Session,
}

impl Shown {
    /// What of it a request carries.
    pub fn of(credentials: &Credentials) -> Vec<Shown> {
        [
            (credentials.certificate.is_some(), Shown::Certificate),
            (!credentials.authorization.is_empty(), Shown::Token),
            (credentials.session.is_some(), Shown::Session),
        ]
        .into_iter()
        .filter_map(|(there, shown)| there.then_some(shown))
        .collect()
    }
}

/// Why the normal procedure was passed over, in the words of who did. Debug does not show them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyFacts {
    pub reason: String,
}

impl fmt::Debug for EmergencyFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmergencyFacts(..)")
    }
}

/// What was found about an access that had to be looked at again, in the words of who found it. Debug does not show them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFacts {
    /// Id of the access as an AuditEvent.
    pub event: String,
    /// Its place in the log.
    pub index: u64,
    pub verdict: Verdict,
    pub note: String,
}

impl fmt::Debug for ReviewFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReviewFacts({} {})", self.index, self.verdict.code())
    }
}

/// What an access was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Justified,
    Unjustified,
    /// Not settled: it is being looked into.
    UnderInvestigation,
}

impl Verdict {
    pub const ALL: [Verdict; 3] = [Verdict::Justified, Verdict::Unjustified, Verdict::UnderInvestigation];

    pub const fn code(self) -> &'static str {
        match self {
            Verdict::Justified => "justified",
            Verdict::Unjustified => "unjustified",
            Verdict::UnderInvestigation => "under-investigation",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Verdict::ALL.into_iter().find(|verdict| verdict.code() == code)
    }
}

/// Who asked (7.3).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallerFacts {
    pub client_id: String,
    pub organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// Under whose responsibility the person acts (mandaat; 7.3.6 to 7.3.8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible: Option<Person>,
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
            responsible: caller.responsible.clone(),
            token_id: caller.token_id.clone(),
        }
    }
}

/// What was asked (7.2, 7.4.12). Debug shows neither ids nor values.
#[derive(Clone, Serialize, Deserialize)]
pub struct AskedFacts {
    pub fhir_version: Cow<'static, str>,
    /// Code of the interaction.
    pub interaction: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<Cow<'static, str>>,
    /// The one resource that was asked for (7.4.3): `Type/id`, or `Type/id/_history/version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The search as asked, patient parameters taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Which page of an answer that was asked for before, from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<usize>,
    /// What each entry of a transaction asks for: code and type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
}

impl fmt::Debug for AskedFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.resource_type.as_deref().unwrap_or("no type");
        write!(f, "AskedFacts({} of {kind}, {})", self.interaction, self.fhir_version)
    }
}

/// `Type/id` or `Type/id/_history/version` of the one resource that an interaction names.
pub(crate) fn resource_asked_for(interaction: &Interaction) -> Option<String> {
    match interaction {
        Interaction::Vread { resource_type, id, version } => {
            Some(format!("{resource_type}/{}/_history/{}", id.as_str(), version.as_str()))
        }
        Interaction::Read { resource_type, id }
        | Interaction::Update { resource_type, id }
        | Interaction::Patch { resource_type, id }
        | Interaction::Delete { resource_type, id }
        | Interaction::History { level: Level::Instance(resource_type, id), .. }
        | Interaction::Operation { level: Level::Instance(resource_type, id), .. } => {
            Some(format!("{resource_type}/{}", id.as_str()))
        }
        _ => None,
    }
}

/// What was decided (7.4.6).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecisionFacts {
    pub permitted: bool,
    /// Which no it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denial: Option<DenialCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_case: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyVersion>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// What had to be done to the answer before it left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<Obligation>,
    /// What a policy that is only tried would have decided, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowFacts>,
    /// What was decided of other FHIR versions, for sources that are asked in those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<VersionFacts>,
}

/// What a policy in the shadow of the one in force would have decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowFacts {
    pub policy: PolicyVersion,
    pub permitted: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<Obligation>,
}

impl From<Differing> for ShadowFacts {
    fn from(differing: Differing) -> Self {
        let Differing { policy, allow, reasons, obligations } = differing;
        ShadowFacts { policy, permitted: allow, reasons, obligations }
    }
}

/// What one source gave. Debug shows no ids.
#[derive(Clone, Serialize, Deserialize)]
pub struct SourceFacts {
    pub holder: String,
    /// As the node's configuration calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The FHIR version in which it was asked, where that is another than the request's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fhir_version: Option<FhirVersion>,
    pub status: SourceStatus,
    /// The types whose question failed while others were answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// References of what left: type, id and version, no content.
    pub disclosed: Vec<String>,
    /// How many resources of the answer did not leave.
    pub withheld: usize,
    /// How many of those should not have been in the source's answer at all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mistrusted: usize,
    /// Of how many resources that left something was left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub masked: usize,
    /// References of what was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
}

impl fmt::Debug for SourceFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (disclosed, written) = (self.disclosed.len(), self.written.len());
        write!(f, "SourceFacts({} {:?}, {disclosed} disclosed, {written} written)", self.holder, self.status)
    }
}

/// How it ended (7.2.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum OutcomeFacts {
    /// Data, or the honest absence of it, was released.
    Released,
    /// The caller has what it asked for already: that was said, and nothing left.
    NotModified,
    /// An enforcement point of the provider's own was told that it may release it. Nothing left here.
    Decided,
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

fn bsn_of_the_log<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bsn>, D::Error> {
    match Option::<Cow<'de, str>>::deserialize(deserializer)? {
        Some(digits) => Bsn::parse(&digits).map(Some).map_err(D::Error::custom),
        None => Ok(None),
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl From<&policy::Permit> for DecisionFacts {
    fn from(permit: &policy::Permit) -> Self {
        DecisionFacts {
            permitted: true,
            denial: None,
            use_case: Some(permit.use_case().to_string()),
            purpose: Some(permit.purpose()),
            policy: Some(permit.policy().clone()),
            reasons: permit.reasons().to_vec(),
            obligations: permit.obligations().to_vec(),
            shadow: None,
            elsewhere: permit.elsewhere().map(VersionFacts::from).collect(),
        }
    }
}

impl From<&policy::Denial> for DecisionFacts {
    fn from(denial: &policy::Denial) -> Self {
        DecisionFacts {
            permitted: false,
            denial: Some(denial.code),
            use_case: denial.use_case.as_ref().map(ToString::to_string),
            purpose: None,
            policy: denial.policy.clone(),
            reasons: denial.reasons.clone(),
            obligations: Vec::new(),
            shadow: None,
            elsewhere: Vec::new(),
        }
    }
}

impl From<&crate::middleware::minimisation::Part> for SourceFacts {
    fn from(part: &crate::middleware::minimisation::Part) -> Self {
        SourceFacts {
            holder: part.holder().0.to_string(),
            name: part.name().to_owned(),
            fhir_version: part.other_version(),
            status: part.status(),
            failed: part.failed().to_vec(),
            disclosed: part.items().iter().map(crate::middleware::minimisation::ReleasedItem::reference).collect(),
            withheld: part.withheld() + part.mistrusted(),
            mistrusted: part.mistrusted(),
            masked: part.items().iter().filter(|item| item.is_masked()).count(),
            written: part.wrote().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests;
