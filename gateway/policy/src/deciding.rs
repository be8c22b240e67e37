//! Is it allowed? The policy's verdict, below rules that no policy can switch off. Nothing else builds a [`Permit`].

use std::sync::Arc;

use fhir::identifiers::Reader;
use fhir::interaction::ResourceType;
use fhir::{FhirVersion, Interaction};

use crate::admission::binds;
use crate::capability::Fact;
use crate::decision::{Denial, DenialCode, Obligation, Permit, Reason};
use crate::findings::{ConsentDecision, Finding, Findings};
use crate::rego::input::input;
use crate::request::{Admitted, Direction, PatientScope, Request};
use crate::use_case::{UseCase, UseCases};

impl UseCases {
    /// The decision. Nothing else builds a [`Permit`].
    ///
    /// It rests on the use case that admitted the request, also when another release was loaded since.
    ///
    /// # Errors
    /// `PolicyDenied` with the reasons of the policy and of the rules above it; `PolicyFailed` when the policy gave
    /// no usable verdict; `PatientBinding` when the patient is not one that the use case or the token allows.
    pub fn decide(&self, admitted: &Admitted, findings: &Findings) -> Result<Permit, Denial> {
        let use_case = &admitted.use_case;
        let request = &admitted.request;
        if !binds(use_case.capability().patient, request) {
            return Err(use_case.denial(DenialCode::PatientBinding));
        }
        let purpose = use_case.capability().purpose;
        let barred = barred(use_case.capability().findings.at(request.direction), request.direction, findings);
        let failed = |what: &str| {
            let mut reasons = barred.clone();
            reasons.push(Reason::new("policy-failed", what));
            Denial { reasons, ..use_case.denial(DenialCode::PolicyFailed) }
        };
        let verdict =
            use_case.rego().evaluate(input(request, purpose, findings)).map_err(|fault| failed(&fault.to_string()))?;
        if verdict.reasons.iter().any(|reason| names_the_patient(reason, request)) {
            return Err(failed("the policy put the patient's number into a reason"));
        }
        if !verdict.obligations.iter().all(|obligation| can_be_met(obligation, request.version)) {
            return Err(failed("the policy gave an obligation that could never apply"));
        }
        if !verdict.allow || !barred.is_empty() {
            let mut reasons = verdict.reasons;
            for reason in barred {
                if reasons.iter().all(|known| known.code != reason.code) {
                    reasons.push(reason);
                }
            }
            return Err(Denial { reasons, ..use_case.denial(DenialCode::PolicyDenied) });
        }
        let Some(releasable) = use_case.releasable(request.version) else {
            return Err(use_case.denial(DenialCode::NotInUseCase));
        };
        Ok(Permit {
            request: request.clone(),
            use_case: use_case.id().clone(),
            purpose,
            policy: use_case.policy().clone(),
            reasons: verdict.reasons,
            obligations: verdict.obligations,
            plan: plan(use_case, request),
            releasable,
        })
    }
}

/// What bars a release whatever the policy says: at the holder's gate every fact that the use case needs must have
/// been found out, and a recorded objection stands. An emergency override, if a provider ever decides to have one,
/// changes this function and nothing else; it never passes an objection.
fn barred(needed: &[Fact], direction: Direction, findings: &Findings) -> Vec<Reason> {
    if direction == Direction::User {
        return Vec::new();
    }
    let mut barred = Vec::new();
    if needed.contains(&Fact::TreatmentRelation) && matches!(findings.treatment_relation, Finding::NotFoundOut(_)) {
        barred.push(Reason::new(
            "treatment-relation-not-found-out",
            "It could not be found out whether there is a treatment relation.",
        ));
    }
    if needed.contains(&Fact::Consent) {
        match &findings.consent {
            Finding::NotFoundOut(_) => barred
                .push(Reason::new("consent-not-found-out", "It could not be found out whether the patient consents.")),
            Finding::Found(consent) if consent.decision == ConsentDecision::Deny => {
                barred.push(Reason::new("consent-denied", "The patient objects to this exchange."));
            }
            Finding::Found(_) | Finding::Absent => {}
        }
    }
    barred
}

/// What every source is asked: the searches of a collecting operation, or the interaction itself.
fn plan(use_case: &UseCase, request: &Request) -> Arc<[Interaction]> {
    if let Interaction::Operation { level, name, .. } = &request.interaction
        && use_case.offer(request.version).is_some_and(|offer| offer.operation(level, name, request.direction))
        && let Some(searches) = use_case.collected(request.version, name)
    {
        return Arc::clone(searches);
    }
    Arc::new([request.interaction.clone()])
}

/// Reasons go into logs and answers, where a BSN may not be.
fn names_the_patient(reason: &Reason, request: &Request) -> bool {
    let PatientScope::One(bsn) = &request.patient else { return false };
    let bsn = bsn.reveal_to(Reader::Policy);
    reason.code.contains(bsn) || reason.description.contains(bsn)
}

/// A label without codes or a type that does not exist would withhold nothing, in silence.
fn can_be_met(obligation: &Obligation, version: FhirVersion) -> bool {
    match obligation {
        Obligation::WithholdLabel { system, codes } => {
            !system.is_empty() && !codes.is_empty() && codes.iter().all(|code| !code.is_empty())
        }
        Obligation::WithholdType { resource_type } => ResourceType::parse(version, resource_type).is_some(),
    }
}
