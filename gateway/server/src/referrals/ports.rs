//! What referrals add to the ports of the stack and of the token endpoint: where a referral is, and with what a receiver may
//! come back.

use std::sync::Arc;

use connectors::identity::Secret;
use connectors::identity::oauth::{AuthorizationBases, Base, BasesUnavailable, HeldBases, REFERRAL};
use exchange::ports::{BoxFuture, Clock, Localisation, Source, Whereabouts};
use fhir::Ura;
use policy::{Direction, Finding, NotFoundOut, Permit, TreatmentRelation};

use super::received::Received;
use super::{Books, INBOX, INTAKE, InboxSource, OutboxSource, RECEIVER, Referrals, SENDER};
use crate::handoffs::book::Book;
use crate::handoffs::names;

/// The kind of the ground of a referral that is over: its Task can still be read, and its status put again.
pub const ENDED: &str = "referral-ended";
/// The kind of the ground of one of our own systems that gets what was received.
pub const IN_HAND: &str = "referral-received";

/// Where referrals are: our Tasks in the outbox and the data in our own sources, what we received in the inbox, another's at
/// that provider. Everything else is where it was.
pub struct ReferralPlaces {
    pub otherwise: Arc<dyn Localisation>,
    pub outbox: Arc<OutboxSource>,
    pub inbox: Arc<InboxSource>,
    pub referrals: Arc<Referrals>,
}

impl ReferralPlaces {
    /// The source of a referral that we receive: its sender's node.
    fn sender(&self, permit: &Permit) -> Option<Arc<dyn Source>> {
        let ground = permit.request().caller.treatment_relation.as_ref()?;
        let id = names::read(&ground.reference).filter(|_| ground.kind == REFERRAL)?;
        let received = self.referrals.books.received.get(id).ok()??;
        Some(self.referrals.partners.get(&received.sender)?.source.clone())
    }
}

impl Localisation for ReferralPlaces {
    fn locate<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        let of_the_task = permit.request().interaction.resource_type().is_some_and(|kind| kind.name() == "Task");
        let place: Option<Arc<dyn Source>> = match (permit.use_case().as_str(), permit.direction()) {
            (SENDER, Direction::Holder) if of_the_task => Some(self.outbox.clone()),
            (SENDER, Direction::Holder) => return self.otherwise.locate(permit),
            (INBOX, Direction::User) => Some(self.inbox.clone()),
            (RECEIVER | INTAKE, Direction::User) => self.sender(permit),
            (SENDER | RECEIVER | INTAKE | INBOX, _) => None,
            _ => return self.otherwise.locate(permit),
        };
        // Who has it is known: no index is asked.
        let index = Finding::NotFoundOut(NotFoundOut::NotAsked);
        Box::pin(std::future::ready(Whereabouts { places: place.into_iter().collect(), index }))
    }
}

/// What receivers may come back for, as it stands with the referral at this moment. Everything else is as it was.
pub struct ReferralBases {
    pub otherwise: Arc<dyn AuthorizationBases>,
    pub books: Books,
    pub clock: Arc<dyn Clock>,
}

impl ReferralBases {
    /// The same base, with what is left of it.
    fn now(&self, base: Base) -> Result<Option<Base>, BasesUnavailable> {
        let Some(id) = names::read(&base.treatment_relation.reference) else { return Ok(None) };
        let found = self.books.sent.get(id).map_err(|fault| {
            tracing::error!(referral.fault = %fault, "a referral cannot be looked up");
            BasesUnavailable
        })?;
        let Some(sent) = found else { return Ok(None) };
        let kind = if sent.is_open(self.clock.now()) { REFERRAL } else { ENDED };
        let reference = base.treatment_relation.reference.clone();
        Ok(Some(Base {
            treatment_relation: TreatmentRelation { kind: kind.to_owned(), reference, age_days: None },
            ..base
        }))
    }
}

impl AuthorizationBases for ReferralBases {
    fn base<'a>(&'a self, value: &'a str, receiver: &'a Ura) -> BoxFuture<'a, Result<Option<Base>, BasesUnavailable>> {
        Box::pin(async move {
            match self.otherwise.base(value, receiver).await? {
                Some(base) if base.use_case.as_str() == SENDER => self.now(base),
                other => Ok(other),
            }
        })
    }
}

/// What others gave us to come back with.
pub struct HeldByReceived(pub Arc<Book<Received>>);

impl HeldBases for HeldByReceived {
    fn held(&self, referral: &str) -> Option<Secret> {
        let received = self.0.get(names::read(referral)?).ok()??;
        Some(Secret::new(received.base))
    }
}
