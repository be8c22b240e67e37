//! What handoffs add to the ports of the stack and of the token endpoint: where a handoff is, whom its ids mean, and with
//! what a receiver may come back.

use std::sync::Arc;

use connectors::http::WebAddress;
use connectors::identity::Secret;
use connectors::identity::oauth::{AuthorizationBases, Base, BasesUnavailable, HeldBases, TRANSFER};
use connectors::peers::{NotTaken, Notification, Notifier, PeerConfig};
use exchange::ports::{BoxFuture, Clock, Localisation, PatientIndex, Source, Whereabouts};
use fhir::{Bsn, LogicalId, Ura};
use flows::eoverdracht::Access;
use policy::{Direction, Finding, NotFoundOut, Permit, TreatmentRelation};

use super::book::Book;
use super::received::Received;
use super::{Books, FILING, Handoffs, INBOX, InboxSource, NOTICE, OutboxSource, RECEIVER, SENDER, names};
use crate::grants::GrantsPort;

/// The kind of the ground of a transfer that is over: its Task can still be read, and its status put again.
pub const ENDED: &str = "transfer-ended";
/// The kind of the ground of one of our own systems that gets what was received.
pub const IN_HAND: &str = "transfer-received";

/// Tells receivers that there is something for them.
pub trait Tells: Send + Sync {
    /// Returns when the receiver said that it took the notification.
    ///
    /// # Errors
    /// It did not say so. It may have taken it all the same.
    fn tell<'a>(
        &'a self,
        peer: &'a PeerConfig,
        base: &'a WebAddress,
        notification: &'a Notification,
        correlation_id: &'a str,
    ) -> BoxFuture<'a, Result<(), NotTaken>>;
}

impl Tells for Notifier {
    fn tell<'a>(
        &'a self,
        peer: &'a PeerConfig,
        base: &'a WebAddress,
        notification: &'a Notification,
        correlation_id: &'a str,
    ) -> BoxFuture<'a, Result<(), NotTaken>> {
        Box::pin(self.notify(peer, base, notification, correlation_id))
    }
}

/// Where handoffs are: ours in the outbox and the inbox, another's at that provider. Everything else is where it was.
pub struct HandoffPlaces {
    pub otherwise: Arc<dyn Localisation>,
    pub outbox: Arc<OutboxSource>,
    pub inbox: Arc<InboxSource>,
    /// The own record system, where it takes handoffs in.
    pub record: Option<Arc<dyn Source>>,
    pub handoffs: Arc<Handoffs>,
}

impl HandoffPlaces {
    /// The own record system, for a transfer that it is to get.
    fn record(&self, permit: &Permit) -> Option<Arc<dyn Source>> {
        let ground = permit.request().caller.treatment_relation.as_ref()?;
        let id = names::read(&ground.reference).filter(|_| ground.kind == IN_HAND)?;
        let received = self.handoffs.books.received.get(id).ok()??;
        self.record.clone().filter(|_| received.owes_filing())
    }

    /// The source of a transfer that we receive: its sender's node.
    fn sender(&self, permit: &Permit) -> Option<Arc<dyn Source>> {
        let ground = permit.request().caller.treatment_relation.as_ref()?;
        let id = names::read(&ground.reference).filter(|_| ground.kind == TRANSFER)?;
        let received = self.handoffs.books.received.get(id).ok()??;
        Some(self.handoffs.partners.get(&received.sender)?.source.clone())
    }
}

fn is_in_hand(permit: &Permit) -> bool {
    permit.request().caller.treatment_relation.as_ref().is_some_and(|ground| ground.kind == IN_HAND)
}

impl Localisation for HandoffPlaces {
    fn locate<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        let place: Option<Arc<dyn Source>> = match (permit.use_case().as_str(), permit.direction()) {
            (SENDER, Direction::Holder) => Some(self.outbox.clone()),
            (INBOX, Direction::User) => Some(self.inbox.clone()),
            (RECEIVER, Direction::User) => self.sender(permit),
            // What is here is got, and what is not is pulled: the ground says which.
            (NOTICE, Direction::User) if is_in_hand(permit) => Some(self.inbox.clone()),
            (NOTICE, Direction::User) => self.sender(permit),
            (FILING, Direction::User) => self.record(permit),
            (SENDER | RECEIVER | NOTICE | INBOX | FILING, _) => None,
            _ => return self.otherwise.locate(permit),
        };
        // Who has it is known: no index is asked.
        let index = Finding::NotFoundOut(NotFoundOut::NotAsked);
        Box::pin(std::future::ready(Whereabouts { places: place.into_iter().collect(), index }))
    }
}

/// Whom an id of a Patient means in the handoffs that we send.
pub struct HandoffPatients(pub Arc<Handoffs>);

impl PatientIndex for HandoffPatients {
    fn patient<'a>(&'a self, id: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        let found = self.0.patient(id.as_str());
        Box::pin(std::future::ready(found.map_or(Finding::Absent, Finding::Found)))
    }
}

/// What receivers may come back for, as it stands with the transfer at this moment.
pub struct HandoffBases {
    pub grants: GrantsPort,
    pub books: Books,
    pub clock: Arc<dyn Clock>,
}

impl HandoffBases {
    /// The same base, with what is left of it.
    fn now(&self, base: Base) -> Result<Option<Base>, BasesUnavailable> {
        let Some(id) = names::read(&base.treatment_relation.reference) else { return Ok(Some(base)) };
        let found = self.books.sent.get(id).map_err(|fault| {
            tracing::error!(handoff.fault = %fault, "a transfer cannot be looked up");
            BasesUnavailable
        })?;
        let Some(sent) = found else { return Ok(None) };
        let open = sent.sending().is_some_and(|sending| sending.access() == Access::Handoff)
            && self.clock.now().unix_timestamp() <= sent.until;
        let kind = if open { TRANSFER } else { ENDED };
        let reference = base.treatment_relation.reference.clone();
        Ok(Some(Base {
            treatment_relation: TreatmentRelation { kind: kind.to_owned(), reference, age_days: None },
            ..base
        }))
    }
}

impl AuthorizationBases for HandoffBases {
    fn base<'a>(&'a self, value: &'a str, receiver: &'a Ura) -> BoxFuture<'a, Result<Option<Base>, BasesUnavailable>> {
        Box::pin(async move {
            match self.grants.base(value, receiver).await? {
                Some(base) if base.use_case.as_str() == SENDER => self.now(base),
                other => Ok(other),
            }
        })
    }
}

/// What others gave us to come back with.
pub struct HeldByReceived(pub Arc<Book<Received>>);

impl HeldBases for HeldByReceived {
    fn held(&self, transfer: &str) -> Option<Secret> {
        let received = self.0.get(names::read(transfer)?).ok()??;
        Some(Secret::new(received.base))
    }
}
