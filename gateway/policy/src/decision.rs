//! What comes out: a permit with its obligations, or a denial with its reasons.

use std::sync::Arc;

use fhir::{FhirVersion, Interaction};
use serde::{Deserialize, Serialize};

use crate::caller::{DataHolder, EmergencyReason};
use crate::findings::TreatmentRelation;
use crate::request::{Direction, PatientScope, Purpose, Request};
use crate::standard::StandardOperation;
use crate::use_case::{PolicyVersion, UseCaseId};

/// One reason, in machine and human words. From the policy text; holds no data of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub code: String,
    pub description: String,
}

impl Reason {
    pub(crate) fn new(code: &str, description: &str) -> Self {
        Reason { code: code.to_owned(), description: description.to_owned() }
    }
}

/// What must be done to an answer before it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Obligation {
    /// Resources that carry one of these `meta.security` codes do not leave.
    WithholdLabel { system: String, codes: Vec<String> },
    /// Resources of this type do not leave.
    WithholdType { resource_type: String },
    /// This one (`Type/id`) does not leave.
    WithholdResource { reference: String },
    /// Resources with this code somewhere in them do not leave.
    WithholdCoded { system: String, code: String },
    /// These elements are left out of what leaves: `Patient.telecom`.
    MaskElements { elements: Vec<String> },
    /// Of this type only these (`Type/id`) leave.
    OnlyResources { resource_type: String, references: Vec<String> },
}

/// Leave to release, for one request. Only [`crate::UseCases::decide`] makes one.
#[derive(Clone, Debug)]
pub struct Permit {
    pub(crate) request: Request,
    pub(crate) use_case: UseCaseId,
    pub(crate) purpose: Purpose,
    pub(crate) treatment_relation: Option<TreatmentRelation>,
    pub(crate) policy: PolicyVersion,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) obligations: Vec<Obligation>,
    pub(crate) plan: Arc<[Interaction]>,
    pub(crate) operation: Option<StandardOperation>,
    pub(crate) releasable: Arc<Releasable>,
    pub(crate) takes_once: bool,
    /// The versions in which the use case offers anything.
    pub(crate) offered: Arc<[FhirVersion]>,
    /// For a source that is asked in another version: a permit of its own judgement each, or why there is none.
    pub(crate) elsewhere: Vec<(FhirVersion, Result<Arc<Permit>, Denial>)>,
}

/// Which types may leave under a permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Releasable {
    Every,
    These(Vec<String>),
}

impl Permit {
    pub fn request(&self) -> &Request {
        &self.request
    }
    pub fn use_case(&self) -> &UseCaseId {
        &self.use_case
    }
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }
    /// The treatment relation that was found, for the data user to assert towards data holders.
    pub fn treatment_relation(&self) -> Option<&TreatmentRelation> {
        self.treatment_relation.as_ref()
    }
    /// Why this is an emergency, under a use case for emergencies: for the record, and for the data holders that are asked.
    pub fn emergency(&self) -> Option<&EmergencyReason> {
        self.request.caller.emergency.as_ref().filter(|_| self.purpose == Purpose::BreakTheGlass)
    }
    pub fn policy(&self) -> &PolicyVersion {
        &self.policy
    }
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
    pub fn obligations(&self) -> &[Obligation] {
        &self.obligations
    }
    pub fn patient(&self) -> &PatientScope {
        &self.request.patient
    }
    pub fn holder(&self) -> &DataHolder {
        &self.request.holder
    }
    pub fn direction(&self) -> Direction {
        self.request.direction
    }
    pub fn version(&self) -> FhirVersion {
        self.request.version
    }
    /// What is asked of every source: the request's own interaction, or the searches an operation becomes.
    pub fn plan(&self) -> &[Interaction] {
        &self.plan
    }
    /// The permit for sources that are asked in this version: this one in its own; in another what an operation collects
    /// there, judged by itself. None: nothing may be asked in it.
    pub fn in_version(self: &Arc<Permit>, version: FhirVersion) -> Option<&Arc<Permit>> {
        if version == self.version() {
            return Some(self);
        }
        self.elsewhere.iter().find(|(of, _)| *of == version).and_then(|(_, judged)| judged.as_ref().ok())
    }
    /// What was decided of each other version in which the operation collects.
    pub fn elsewhere(&self) -> impl Iterator<Item = (FhirVersion, Result<&Permit, &Denial>)> {
        self.elsewhere.iter().map(|(version, judged)| (*version, judged.as_deref()))
    }
    /// Whether the use case offers anything in this version.
    pub fn offers(&self, version: FhirVersion) -> bool {
        self.offered.contains(&version)
    }
    /// The operation of the standard that was asked for and is offered by its name; the plan says what it becomes.
    pub fn operation(&self) -> Option<StandardOperation> {
        self.operation
    }
    /// Whether what a transaction creates is known by its own identifiers: sent again, it is answered with what is there.
    pub fn takes_once(&self) -> bool {
        self.takes_once
    }
    /// Whether resources of this type may leave at all. An OperationOutcome of our own is no release.
    pub fn may_release(&self, resource_type: &str) -> bool {
        match self.releasable.as_ref() {
            Releasable::Every => true,
            Releasable::These(types) => types.iter().any(|known| known == resource_type),
        }
    }
}

/// Why not, as a closed list: each has its own line in the access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenialCode {
    /// No use case of the caller offers this interaction on this type in this version.
    NotInUseCase,
    /// A search parameter that the use case does not offer.
    SearchParameter,
    /// The use case is about one patient and the request names none, or the reverse.
    PatientBinding,
    /// The use case is for emergencies, and no reason was given that can be judged afterwards.
    EmergencyReason,
    /// A verdict on an access of one's own.
    OwnAccess,
    /// The policy said no.
    PolicyDenied,
    /// The policy could not be evaluated.
    PolicyFailed,
}

/// No, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    pub code: DenialCode,
    pub reasons: Vec<Reason>,
    /// Use case and policy, when it came to that.
    pub use_case: Option<UseCaseId>,
    pub policy: Option<PolicyVersion>,
    /// The name of the search parameter that is not offered, sanitised.
    pub parameter: Option<String>,
}

impl Denial {
    /// A denial that says no more than its code.
    pub(crate) fn unexplained(code: DenialCode) -> Self {
        Denial { code, reasons: Vec::new(), use_case: None, policy: None, parameter: None }
    }
}
