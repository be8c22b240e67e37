//! What a case asks, and how it becomes a request with findings.

use fhir::interaction::Method;
use fhir::{Bsn, FhirVersion, Interaction, Ura};
use serde::Deserialize;

use crate::caller::{Caller, DataHolder, EmergencyReason, Organisation, Person};
use crate::findings::{Consent, ConsentDecision, Finding, Findings, NotFoundOut, TreatmentRelation};
use crate::request::{Data, Direction, PatientScope, Request};
use crate::use_case::UseCaseId;

/// What a case asks.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseInput {
    pub caller: CaseCaller,
    pub direction: Direction,
    pub holder: Ura,
    pub holder_kind: Option<String>,
    pub version: FhirVersion,
    /// The use case that the request names.
    pub use_case: Option<UseCaseId>,
    /// Method, path and query as on the wire, without the patient: `GET Condition?category=problem-list-item`.
    pub request: String,
    /// The form of a `POST`.
    pub form: Option<String>,
    /// The entries of a transaction, each as a request; the request itself is then `POST `, to the base.
    #[serde(default)]
    pub entries: Vec<String>,
    /// A BSN, `any`, `told`, or nothing for a request about nobody.
    pub patient: Option<String>,
    /// Which of the two the request is put to; source systems when nothing is said.
    #[serde(default)]
    pub data: Data,
    #[serde(default)]
    pub findings: CaseFindings,
}

/// Who asks in a case.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseCaller {
    pub ura: Ura,
    pub kind: Option<String>,
    /// `case` when not named.
    pub client_id: Option<String>,
    pub person: Option<CasePerson>,
    /// For whom the person acts under a mandate.
    pub responsible: Option<CasePerson>,
    pub use_cases: Vec<UseCaseId>,
    /// Why this is an emergency.
    pub emergency: Option<String>,
    /// The BSN that the token is bound to.
    pub patient: Option<String>,
}

/// The person who asks in a case.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasePerson {
    pub id: String,
    pub role: String,
}

/// What was found out in a case, a word per fact: `found` (of a relation also with its kind, `found:transfer`) or `permit` and `deny`, `absent`, or why it could not be
/// found out (`timed-out`, `unreachable`, `unusable`, `nobody-to-ask`, `not-asked`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFindings {
    pub treatment_relation: Option<String>,
    pub consent: Option<String>,
}

impl CaseInput {
    /// The request, and the findings as the words of the case say.
    ///
    /// # Errors
    /// A sentence for whoever wrote it.
    pub(super) fn asked(&self) -> Result<(Request, Findings), String> {
        Ok((self.request()?, self.findings.found_out()?))
    }

    /// The request alone, for whoever finds out the facts.
    ///
    /// # Errors
    /// A sentence for whoever wrote it.
    pub fn request(&self) -> Result<Request, String> {
        let bsn = |text: &str| Bsn::parse(text).map_err(|fault| fault.to_string());
        let patient = match self.patient.as_deref() {
            None => PatientScope::Nobody,
            Some("any") => PatientScope::Any,
            Some("told") => PatientScope::Told,
            Some("unnamed") => PatientScope::Unnamed,
            Some(text) => PatientScope::One(bsn(text)?),
        };
        let caller = &self.caller;
        let caller = Caller {
            client_id: caller.client_id.clone().unwrap_or_else(|| "case".to_owned()),
            organisation: Organisation { ura: caller.ura.clone(), name: None, kind: caller.kind.clone() },
            person: caller.person.as_ref().map(|person| Person {
                id: person.id.clone(),
                name: None,
                role: person.role.clone(),
            }),
            responsible: caller.responsible.as_ref().map(|person| Person {
                id: person.id.clone(),
                name: None,
                role: person.role.clone(),
            }),
            use_cases: caller.use_cases.clone(),
            patient: caller.patient.as_deref().map(bsn).transpose()?,
            treatment_relation: None,
            emergency: match caller.emergency.as_deref() {
                Some(reason) => Some(EmergencyReason::parse(reason).ok_or("the reason explains no emergency")?),
                None => None,
            },
            token_id: None,
        };
        Ok(Request {
            caller,
            direction: self.direction,
            holder: DataHolder(self.holder.clone()),
            holder_kind: self.holder_kind.clone(),
            version: self.version,
            interaction: self.interaction()?,
            patient,
            data: self.data,
            use_case: self.use_case.clone(),
        })
    }

    fn interaction(&self) -> Result<Interaction, String> {
        let asked = self.read(&self.request)?;
        if self.entries.is_empty() {
            return Ok(asked);
        }
        if asked != Interaction::Bundle {
            return Err("entries go with a POST to the base".to_owned());
        }
        let entries = self.entries.iter().map(|entry| self.read(entry)).collect::<Result<_, _>>()?;
        Ok(Interaction::Transaction { entries })
    }

    fn read(&self, request: &str) -> Result<Interaction, String> {
        let (method, target) = request.split_once(' ').ok_or("the request is no method and path")?;
        let method = match method {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => return Err("the method of the request is not used in FHIR".to_owned()),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Interaction::read(self.version, method, path, query, self.form.as_deref())
            .map_err(|fault| format!("the request is no interaction: {fault}"))
    }
}

impl CaseFindings {
    fn found_out(&self) -> Result<Findings, String> {
        let treatment_relation = match self.treatment_relation.as_deref() {
            Some("found") => relation("case"),
            Some(word) if word.starts_with("found:") => relation(word.trim_start_matches("found:")),
            word => unfound(word)?,
        };
        let given = |decision| {
            Finding::Found(Consent {
                decision,
                source: "local".to_owned(),
                reference: "case".to_owned(),
                withhold: Vec::new(),
            })
        };
        let consent = match self.consent.as_deref() {
            Some("permit") => given(ConsentDecision::Permit),
            Some("deny") => given(ConsentDecision::Deny),
            word => unfound(word)?,
        };
        Ok(Findings { treatment_relation, consent })
    }
}

fn relation(kind: &str) -> Finding<TreatmentRelation> {
    Finding::Found(TreatmentRelation { kind: kind.to_owned(), reference: "case".to_owned(), age_days: None })
}

fn unfound<T>(word: Option<&str>) -> Result<Finding<T>, String> {
    Ok(match word {
        Some("absent") => Finding::Absent,
        Some("timed-out") => Finding::NotFoundOut(NotFoundOut::TimedOut),
        Some("unreachable") => Finding::NotFoundOut(NotFoundOut::Unreachable),
        Some("unusable") => Finding::NotFoundOut(NotFoundOut::Unusable),
        Some("incomplete") => Finding::NotFoundOut(NotFoundOut::Incomplete),
        Some("nobody-to-ask") => Finding::NotFoundOut(NotFoundOut::NobodyToAsk),
        None | Some("not-asked") => Finding::NotFoundOut(NotFoundOut::NotAsked),
        Some(other) => return Err(format!("{other} is no finding")),
    })
}
