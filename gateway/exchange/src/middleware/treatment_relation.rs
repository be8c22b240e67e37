//! Adds the finding about the treatment relation (behandelrelatie). Decides nothing.
//!
//! At the data user's gate our own registers and sources know it. At the data holder's gate the data user, whose duty it is
//! to establish it, asserted it signed when it asked for its token (handbook: generic functions, 1.4.3); where it did not,
//! this provider's own evidence is looked at there too, as far as it is configured to count.

use std::sync::Arc;
use std::time::Duration;

use policy::capability::Fact;
use policy::{Direction, Finding, NotFoundOut, PatientScope, TreatmentRelation};

use super::interaction::Asked;
use crate::handle::Handle;
use crate::ports::{Relation, RelationQuestion, TreatmentRelations};
use crate::refusal::Refusal;

/// A request with the finding about its treatment relation.
pub struct Related {
    asked: Asked,
    relation: Finding<TreatmentRelation>,
}

impl Related {
    pub fn asked(&self) -> &Asked {
        &self.asked
    }
    pub fn relation(&self) -> &Finding<TreatmentRelation> {
        &self.relation
    }
    pub(super) fn into_parts(self) -> (Asked, Finding<TreatmentRelation>) {
        (self.asked, self.relation)
    }
}

pub struct FindTreatmentRelation<N> {
    relations: Arc<dyn TreatmentRelations>,
    patience: Duration,
    next: N,
}

impl<N> FindTreatmentRelation<N> {
    pub fn new(relations: Arc<dyn TreatmentRelations>, patience: Duration, next: N) -> Self {
        FindTreatmentRelation { relations, patience, next }
    }

    async fn find(&self, asked: &Asked) -> Relation {
        let request = asked.admitted().request();
        if !asked.admitted().use_case().needs(Fact::TreatmentRelation, request.direction) {
            return Finding::NotFoundOut(NotFoundOut::NotAsked).into();
        }
        let PatientScope::One(patient) = &request.patient else {
            return Finding::NotFoundOut(NotFoundOut::NotAsked).into();
        };
        if request.direction == Direction::Holder
            && self.relations.takes_assertions()
            && let Some(asserted) = &request.caller.treatment_relation
        {
            return Finding::Found(asserted.clone()).into();
        }
        let question = RelationQuestion { caller: &request.caller, patient, direction: request.direction };
        tokio::time::timeout(self.patience, self.relations.relation(question))
            .await
            .unwrap_or_else(|_| Finding::NotFoundOut(NotFoundOut::TimedOut).into())
    }
}

impl<N: Handle<Related>> Handle<Asked> for FindTreatmentRelation<N> {
    type Out = N::Out;

    async fn handle(&self, asked: Asked) -> Result<N::Out, Refusal> {
        let Relation { finding, evidence } = self.find(&asked).await;
        asked.notes().note(|record| {
            record.treatment_relation = Some(finding.clone());
            record.relation_evidence = evidence;
        });
        self.next.handle(Related { asked, relation: finding }).await
    }
}
