//! Authorisation (autorisatie): puts the findings before the one decider.

use std::sync::Arc;

use policy::{Permit, UseCases};

use super::consent::Found;
use super::interaction::Asked;
use crate::handle::Handle;
use crate::record::DecisionFacts;
use crate::refusal::Refusal;

/// A request that may be answered.
pub struct Permitted {
    asked: Asked,
    permit: Arc<Permit>,
}

impl Permitted {
    pub fn permit(&self) -> &Arc<Permit> {
        &self.permit
    }
    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }
}

pub struct Authorise<N> {
    use_cases: Arc<UseCases>,
    next: N,
}

impl<N> Authorise<N> {
    pub fn new(use_cases: Arc<UseCases>, next: N) -> Self {
        Authorise { use_cases, next }
    }
}

impl<N: Handle<Permitted>> Handle<Found> for Authorise<N> {
    type Out = N::Out;

    async fn handle(&self, found: Found) -> Result<N::Out, Refusal> {
        let decision = self.use_cases.decide(found.asked().admitted(), found.findings());
        let notes = found.asked().notes();
        match decision {
            Ok(permit) => {
                notes.note(|record| record.decision = Some(DecisionFacts::from(&permit)));
                let permit = Arc::new(permit);
                self.next.handle(Permitted { asked: found.into_asked(), permit }).await
            }
            Err(denial) => {
                notes.note(|record| record.decision = Some(DecisionFacts::from(&denial)));
                Err(Refusal::Denied(denial))
            }
        }
    }
}
