//! One of our own gets what was received: an exchange like any other, with a caller that names the referral as its ground.

use exchange::Inbound;
use policy::{Caller, TreatmentRelation};
use store::transfers::Id;

use super::ports::IN_HAND;
use super::received::Received;
use super::{INBOX, OPERATION, Referrals, is_ours_to_give};
use crate::handoffs::getting::{Getting, GettingFault};
use crate::handoffs::names;

/// The path and query by which everything is got.
pub fn everything() -> (String, String) {
    (format!("Patient/${OPERATION}"), String::new())
}

impl Referrals {
    /// The exchange by which this caller, who holds the use case, gets what came of a referral: `what` says by which path and
    /// query. `inbound` is as the caller came in.
    ///
    /// # Errors
    /// Why there is none.
    pub fn getting(
        &self,
        id: Id,
        caller: Caller,
        inbound: Inbound,
        what: impl FnOnce(&Received) -> Option<(String, String)>,
    ) -> Result<Getting, GettingFault> {
        let found = self.books.received.get(id).map_err(GettingFault::Trouble)?;
        // Before it is known about whom it is, and when it was taken back, there is nothing to give.
        let found = found.filter(is_ours_to_give).ok_or(GettingFault::Unknown)?;
        let (path, query) = what(&found).ok_or(GettingFault::Unknown)?;
        let patient = found.patient().ok_or(GettingFault::Unknown)?;
        let inbox = policy::UseCaseId::parse(INBOX).ok_or(GettingFault::Unknown)?;
        let ground = TreatmentRelation { kind: IN_HAND.to_owned(), reference: names::shown(id), age_days: None };
        let caller =
            Caller { use_cases: vec![inbox], treatment_relation: Some(ground), patient: Some(patient), ..caller };
        let ticket = self.tickets.give(caller).ok_or(GettingFault::NoTicket)?;
        let inbound = Inbound {
            path,
            query,
            body: bytes::Bytes::new(),
            credentials: ticket.credentials(),
            use_case: Some(INBOX.to_owned()),
            ..inbound
        };
        Ok(Getting::of(inbound, ticket))
    }
}
