//! Callers of our own making: a loop that pulls a handoff comes through the inner gate like everybody else, and shows a
//! ticket that is good while it is held.
//!
//! A ticket is a secret that never leaves this process. It is looked at before the doorman, and at the inner gate only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connectors::identity::Secret;
use exchange::ports::{AuthenticationFault, Authenticator, BoxFuture};
use exchange::{Credentials, Gate};
use policy::Caller;

/// All tickets that are held.
#[derive(Default)]
pub struct Tickets(Mutex<HashMap<String, Caller>>);

/// One ticket. Dropping it takes it back.
pub struct Ticket {
    tickets: Arc<Tickets>,
    secret: Secret,
}

/// The doorman, who also knows tickets.
pub struct TicketDesk {
    pub tickets: Arc<Tickets>,
    pub doorman: Arc<dyn Authenticator>,
}

impl Tickets {
    /// A ticket for this caller; nothing when no secret can be made.
    pub fn give(self: &Arc<Self>, caller: Caller) -> Option<Ticket> {
        let secret = Secret::fresh()?;
        self.all().insert(secret.reveal().to_owned(), caller);
        Some(Ticket { tickets: self.clone(), secret })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Caller>> {
        // Each change is one call to the map.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// What is shown at the gate.
    pub fn credentials(&self) -> Credentials {
        Credentials { session: Some(self.secret.reveal().to_owned()), ..Credentials::default() }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.tickets.all().remove(self.secret.reveal());
    }
}

impl Authenticator for TicketDesk {
    fn identify<'a>(
        &'a self,
        gate: Gate,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        let alone = credentials.certificate.is_none() && credentials.authorization.is_empty();
        let shown = credentials.session.as_deref().filter(|_| gate == Gate::Inner && alone);
        match shown.and_then(|shown| self.tickets.all().get(shown).cloned()) {
            Some(caller) => Box::pin(std::future::ready(Ok(caller))),
            None => self.doorman.identify(gate, credentials),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use policy::Organisation;

    use super::*;

    struct Nobody;

    impl Authenticator for Nobody {
        fn identify<'a>(&'a self, _: Gate, _: &'a Credentials) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
            Box::pin(std::future::ready(Err(AuthenticationFault::NoToken)))
        }
    }

    #[test]
    fn a_ticket_is_good_at_the_inner_gate_alone_and_while_it_is_held() {
        let tickets = Arc::<Tickets>::default();
        let desk = TicketDesk { tickets: tickets.clone(), doorman: Arc::new(Nobody) };
        let caller = Caller {
            client_id: "handoffs".to_owned(),
            organisation: Organisation { ura: fhir::Ura::parse("90000101").unwrap(), name: None, kind: None },
            person: None,
            responsible: None,
            use_cases: Vec::new(),
            patient: None,
            treatment_relation: None,
            emergency: None,
            token_id: None,
        };
        let ticket = tickets.give(caller).unwrap();
        let shown = ticket.credentials();
        let ask = |gate, credentials: &Credentials| desk.identify(gate, credentials).now_or_never().unwrap().is_ok();
        assert!(ask(Gate::Inner, &shown));
        assert!(!ask(Gate::Outer, &shown));
        assert!(!ask(Gate::Inner, &Credentials { authorization: vec!["Bearer x".to_owned()], ..shown.clone() }));
        assert!(!ask(Gate::Inner, &Credentials::default()));
        drop(ticket);
        assert!(!ask(Gate::Inner, &shown));
    }
}
