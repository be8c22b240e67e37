//! Identification and authentication (identificatie en authenticatie): certificate and token to a caller, who may not ask
//! more than they may: a caller who does is refused when they are known, so that the record names them.

use std::sync::Arc;

use policy::{Caller, EmergencyReason};

use super::nen7513::Opened;
use crate::handle::Handle;
use crate::inbound::{Gate, Inbound};
use crate::ports::{Authenticator, Throttle};
use crate::record::CallerFacts;
use crate::refusal::Refusal;
use crate::trail::Notes;

/// A request of an identified caller.
pub struct Identified {
    opened: Opened,
    caller: Caller,
}

impl Identified {
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
    pub fn inbound(&self) -> &Inbound {
        self.opened.inbound()
    }
    pub(super) fn into_parts(self) -> (Inbound, Caller, Notes) {
        let (inbound, notes) = self.opened.into_inbound();
        (inbound, self.caller, notes)
    }
}

/// Finds out who asks.
pub struct Identification<N> {
    authenticator: Arc<dyn Authenticator>,
    throttle: Arc<dyn Throttle>,
    next: N,
}

impl<N> Identification<N> {
    pub fn new(authenticator: Arc<dyn Authenticator>, throttle: Arc<dyn Throttle>, next: N) -> Self {
        Identification { authenticator, throttle, next }
    }
}

impl<N: Handle<Identified>> Handle<Opened> for Identification<N> {
    type Out = N::Out;

    async fn handle(&self, opened: Opened) -> Result<N::Out, Refusal> {
        let inbound = opened.inbound();
        let mut caller =
            self.authenticator.identify(inbound.gate, &inbound.credentials).await.map_err(Refusal::Unidentified)?;
        opened.notes().note(|record| record.caller = Some(CallerFacts::from(&caller)));
        if inbound.gate == Gate::Inner {
            caller.emergency = inbound.emergency.as_deref().and_then(EmergencyReason::parse);
        }
        self.throttle.admit(inbound.gate, &caller).map_err(Refusal::throttled)?;
        self.next.handle(Identified { opened, caller }).await
    }
}
