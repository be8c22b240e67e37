//! Identification and authentication (identificatie en authenticatie): certificate and token to a caller.

use std::sync::Arc;

use policy::Caller;

use super::nen7513::Opened;
use crate::handle::Handle;
use crate::inbound::Inbound;
use crate::ports::Authenticator;
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
    next: N,
}

impl<N> Identification<N> {
    pub fn new(authenticator: Arc<dyn Authenticator>, next: N) -> Self {
        Identification { authenticator, next }
    }
}

impl<N: Handle<Identified>> Handle<Opened> for Identification<N> {
    type Out = N::Out;

    async fn handle(&self, opened: Opened) -> Result<N::Out, Refusal> {
        let inbound = opened.inbound();
        let caller =
            self.authenticator.identify(inbound.gate, &inbound.credentials).await.map_err(Refusal::Unidentified)?;
        opened.notes().note(|record| record.caller = Some(CallerFacts::from(&caller)));
        self.next.handle(Identified { opened, caller }).await
    }
}
