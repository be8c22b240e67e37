//! One of our own gets what was received: an exchange like any other, with a caller that names the transfer as its ground.

use exchange::Inbound;
use policy::{Caller, TreatmentRelation};
use store::transfers::Id;

use super::book::Trouble;
use super::ports::IN_HAND;
use super::received::Received;
use super::tickets::Ticket;
use super::{Handoffs, INBOX, NOTICE, names, use_case};

/// The exchange, and the ticket by which it comes in: to be held until it is over.
pub struct Getting {
    pub inbound: Inbound,
    ticket: Ticket,
}

/// Why there is nothing to get.
#[derive(Debug)]
pub enum GettingFault {
    /// No such transfer, or nothing of it is here yet.
    Unknown,
    /// No secret can be made now.
    NoTicket,
    Trouble(Trouble),
}

impl Handoffs {
    /// The exchange by which this caller, who holds the use case, gets the document of a transfer. `inbound` is as the caller
    /// came in.
    ///
    /// # Errors
    /// Why there is none.
    pub fn getting(&self, id: Id, caller: Caller, inbound: Inbound) -> Result<Getting, GettingFault> {
        self.by(INBOX, id, |received| received.composition, caller, inbound)
    }

    /// The same of its advance notice.
    ///
    /// # Errors
    /// Why there is none.
    pub fn getting_notice(&self, id: Id, caller: Caller, inbound: Inbound) -> Result<Getting, GettingFault> {
        self.by(NOTICE, id, |received| received.notice, caller, inbound)
    }

    fn by(
        &self,
        name: &str,
        id: Id,
        of: impl Fn(Received) -> Option<String>,
        caller: Caller,
        inbound: Inbound,
    ) -> Result<Getting, GettingFault> {
        let found = self.books.received.get(id).map_err(GettingFault::Trouble)?;
        let composition = found.and_then(of).ok_or(GettingFault::Unknown)?;
        let inbox = use_case(name).map_err(|_| GettingFault::Unknown)?;
        let ground = TreatmentRelation { kind: IN_HAND.to_owned(), reference: names::shown(id), age_days: None };
        let caller = Caller { use_cases: vec![inbox], treatment_relation: Some(ground), patient: None, ..caller };
        let ticket = self.tickets.give(caller).ok_or(GettingFault::NoTicket)?;
        let inbound = Inbound {
            path: format!("Composition/{composition}/$document"),
            query: String::new(),
            credentials: ticket.credentials(),
            use_case: Some(name.to_owned()),
            ..inbound
        };
        Ok(Getting::of(inbound, ticket))
    }
}

impl Getting {
    pub(crate) fn of(inbound: Inbound, ticket: Ticket) -> Self {
        Getting { inbound, ticket }
    }

    /// What is asked, and what is to be held meanwhile.
    pub fn apart(self) -> (Inbound, Ticket) {
        (self.inbound, self.ticket)
    }
}
