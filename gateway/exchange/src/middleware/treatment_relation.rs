//! Adds the finding about the treatment relation (behandelrelatie). Decides nothing.
//!
//! At the data user's gate our own registers know it. At the data holder's gate the data user, whose duty it is
//! to establish it, asserted it signed when it asked for its token (handbook: generic functions, 1.4.3).

use std::sync::Arc;
use std::time::Duration;

use policy::capability::Fact;
use policy::{Direction, Finding, NotFoundOut, PatientScope, TreatmentRelation};

use super::interaction::Asked;
use crate::handle::Handle;
use crate::ports::TreatmentRelations;
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

    async fn find(&self, asked: &Asked) -> Finding<TreatmentRelation> {
        let request = asked.admitted().request();
        if !asked.admitted().use_case().needs(Fact::TreatmentRelation, request.direction) {
            return Finding::NotFoundOut(NotFoundOut::NotAsked);
        }
        let PatientScope::One(patient) = &request.patient else {
            return Finding::NotFoundOut(NotFoundOut::NotAsked);
        };
        match request.direction {
            Direction::Holder => match &request.caller.treatment_relation {
                Some(relation) => Finding::Found(relation.clone()),
                None => Finding::Absent,
            },
            Direction::User => {
                let relation = self.relations.relation(&request.caller, patient);
                tokio::time::timeout(self.patience, relation)
                    .await
                    .unwrap_or(Finding::NotFoundOut(NotFoundOut::TimedOut))
            }
        }
    }
}

impl<N: Handle<Related>> Handle<Asked> for FindTreatmentRelation<N> {
    type Out = N::Out;

    async fn handle(&self, asked: Asked) -> Result<N::Out, Refusal> {
        let relation = self.find(&asked).await;
        asked.notes().note(|record| record.treatment_relation = Some(relation.clone()));
        self.next.handle(Related { asked, relation }).await
    }
}
