//! Authorisation (autorisatie): puts the findings before the one decider.

use std::sync::Arc;

use policy::{InForce, Permit};

use super::consent::Found;
use super::interaction::Asked;
use crate::handle::Handle;
use crate::record::{DecisionFacts, ShadowFacts};
use crate::refusal::Refusal;
use crate::trail::Notes;

/// A request that may be answered.
pub struct Permitted {
    asked: Asked,
    permit: Arc<Permit>,
}

impl Permitted {
    pub fn permit(&self) -> &Arc<Permit> {
        &self.permit
    }
    pub(crate) fn notes(&self) -> &Notes {
        self.asked.notes()
    }
    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }
}

pub struct Authorise<N> {
    use_cases: Arc<InForce>,
    next: N,
}

impl<N> Authorise<N> {
    pub fn new(use_cases: Arc<InForce>, next: N) -> Self {
        Authorise { use_cases, next }
    }
}

impl<N: Handle<Permitted>> Handle<Found> for Authorise<N> {
    type Out = N::Out;

    async fn handle(&self, found: Found) -> Result<N::Out, Refusal> {
        let admitted = found.asked().admitted();
        let decision = self.use_cases.current().decide(admitted, found.findings());
        let differing = policy::differing(admitted, found.findings(), decision.as_ref()).map(ShadowFacts::from);
        let notes = found.asked().notes();
        match decision {
            Ok(permit) => {
                let facts = DecisionFacts { shadow: differing, ..DecisionFacts::from(&permit) };
                notes.note(|record| record.decision = Some(facts));
                let permit = Arc::new(permit);
                self.next.handle(Permitted { asked: found.into_asked(), permit }).await
            }
            Err(denial) => {
                let facts = DecisionFacts { shadow: differing, ..DecisionFacts::from(&denial) };
                notes.note(|record| record.decision = Some(facts));
                Err(Refusal::Denied(denial))
            }
        }
    }
}
