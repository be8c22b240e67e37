//! Adds the finding about the patient's consent (toestemming). Decides nothing. The data holder's duty.

use std::sync::Arc;
use std::time::Duration;

use policy::capability::Fact;
use policy::{Consent, Finding, Findings, NotFoundOut, PatientScope};

use super::interaction::Asked;
use super::treatment_relation::Related;
use crate::handle::Handle;
use crate::ports::{ConsentQuestion, Consents};
use crate::refusal::Refusal;

/// A request with all its findings.
pub struct Found {
    asked: Asked,
    findings: Findings,
}

impl Found {
    pub fn asked(&self) -> &Asked {
        &self.asked
    }
    pub fn findings(&self) -> &Findings {
        &self.findings
    }
    pub(super) fn into_asked(self) -> Asked {
        self.asked
    }
}

pub struct FindConsent<N> {
    consents: Arc<dyn Consents>,
    patience: Duration,
    next: N,
}

impl<N> FindConsent<N> {
    pub fn new(consents: Arc<dyn Consents>, patience: Duration, next: N) -> Self {
        FindConsent { consents, patience, next }
    }

    async fn find(&self, related: &Related) -> Finding<Consent> {
        let admitted = related.asked().admitted();
        let request = admitted.request();
        if !admitted.use_case().needs(Fact::Consent, request.direction) {
            return Finding::NotFoundOut(NotFoundOut::NotAsked);
        }
        let PatientScope::One(patient) = &request.patient else {
            return Finding::NotFoundOut(NotFoundOut::NotAsked);
        };
        // Privacy by order: without a treatment relation the answer can only be no, so nobody is asked.
        let relation_needed = admitted.use_case().needs(Fact::TreatmentRelation, request.direction);
        if relation_needed && related.relation().found().is_none() {
            return Finding::NotFoundOut(NotFoundOut::NotAsked);
        }
        let capability = admitted.use_case().capability();
        let question = ConsentQuestion {
            patient,
            holder: &request.holder,
            holder_kind: request.holder_kind.as_deref(),
            user: &request.caller.organisation,
            professional: request.caller.professional(),
            mandated: request.caller.responsible.as_ref().and(request.caller.person.as_ref()),
            purpose: capability.purpose,
            ground: capability.ground,
            resource_types: admitted.consent_types(),
        };
        tokio::time::timeout(self.patience, self.consents.consent(question))
            .await
            .unwrap_or(Finding::NotFoundOut(NotFoundOut::TimedOut))
    }
}

impl<N: Handle<Found>> Handle<Related> for FindConsent<N> {
    type Out = N::Out;

    async fn handle(&self, related: Related) -> Result<N::Out, Refusal> {
        let consent = self.find(&related).await;
        let (asked, treatment_relation) = related.into_parts();
        asked.notes().note(|record| record.consent = Some(consent.clone()));
        self.next.handle(Found { asked, findings: Findings { treatment_relation, consent } }).await
    }
}
