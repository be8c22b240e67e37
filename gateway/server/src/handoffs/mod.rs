//! The nursing handoff (eOverdracht) of this node, both sides: what `flows::eoverdracht` says is to be done is done here, and
//! kept before anybody is told.
//!
//! Nothing of a handoff leaves or comes in but through the stack: as sender the outbox is a source that the stack asks
//! ([`outbox`]), as receiver the peer is ([`ports`] says who), and to the provider's own systems the inbox ([`inbox`]).
//! What is due is done by two loops ([`sending`], [`receiving`]) that may be cut off at any moment.

pub(crate) mod asking;
pub mod book;
pub(crate) mod callbacks;
#[cfg(test)]
pub(crate) mod callbacks_tests;
pub mod config;
pub mod effort;
pub(crate) mod failure;
pub mod filing;
#[cfg(all(test, feature = "demo"))]
mod filing_tests;
pub mod forgetting;
pub mod getting;
mod inbox;
pub mod making;
#[cfg(test)]
mod making_tests;
pub mod measures;
pub mod names;
pub mod negotiating;
#[cfg(test)]
mod negotiating_tests;
mod outbox;
pub mod owed;
pub(crate) mod pool;
pub mod ports;
pub mod printing;
mod push;
#[cfg(test)]
mod r4_tests;
pub mod received;
mod receiving;
mod replacing;
mod sending;
pub mod sent;
#[cfg(test)]
mod simulation;
mod taking;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod tickets;
pub mod waiting;
pub mod work;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connectors::http::WebAddress;
use connectors::peers::{NotificationShape, PeerConfig};
use connectors::webhooks::WebhookReceiver;
use exchange::ports::{Clock, Source};
use fhir::{Bsn, Ura};
use policy::UseCaseId;
use store::state::State;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::grants::GrantsPort;
use book::{Book, Trouble};
use config::HandoffsConfig;
use owed::Owed;
use ports::Tells;
use received::Received;
use sent::Sent;
use tickets::Tickets;
use tokio::sync::Notify;

pub use asking::Runs;
pub use inbox::InboxSource;
pub use outbox::OutboxSource;
pub use push::{Prepared, PushFault, Pushed};
pub use replacing::{ReplaceFault, Replaced};
pub use taking::{CancelFault, TakeFault, Taken};
pub use work::Working;

/// What a receiver asks the sender for; the scope of its tokens. Also what one of our own systems needs to push.
pub const SENDER: &str = "eoverdracht-sender";
/// What a sender may tell us, and what we pull by.
pub const RECEIVER: &str = "eoverdracht-receiver";
/// What the advance notice of a sender that asks first is pulled and got by: it is about somebody who is not named.
pub const NOTICE: &str = "eoverdracht-notice";
/// What our own sources are asked by for what a handoff is made of.
pub const MAKING: &str = "eoverdracht-making";
/// What our own systems get what was received by.
pub const INBOX: &str = "eoverdracht-inbox";
/// What we store what was received in our own record system by. The source that names it is the one that takes handoffs in.
pub const FILING: &str = "eoverdracht-filing";

/// Another provider that handoffs go to or come from.
pub struct Partner {
    pub peer: PeerConfig,
    /// How it is told.
    pub notification: Option<(WebAddress, NotificationShape)>,
    /// Its node, asked for what it sends us.
    pub source: Arc<dyn Source>,
}

/// The transfers of both sides.
#[derive(Clone)]
pub struct Books {
    pub sent: Arc<Book<Sent>>,
    pub received: Arc<Book<Received>>,
    /// Woken when the record system is to be told of something.
    pub owing: Arc<Notify>,
}

/// Everything that handoffs are led with.
pub struct Handoffs {
    pub own: (Ura, String),
    pub config: HandoffsConfig,
    pub clock: Arc<dyn Clock>,
    pub books: Books,
    pub grants: GrantsPort,
    pub partners: HashMap<Ura, Partner>,
    pub notifier: Arc<dyn Tells>,
    pub tickets: Arc<Tickets>,
    /// The provider's own record system, where it is told of what happens to transfers.
    pub record_system: Option<WebhookReceiver>,
    /// Whether a source of ours takes handoffs in.
    pub takes_in: bool,
    patients: Mutex<HashMap<String, Known>>,
    /// One handoff is replaced at a time: whoever does knows where the newer one is kept.
    replacing: tokio::sync::Mutex<()>,
}

/// Whom an id of a Patient means in what we send.
enum Known {
    One(Bsn),
    /// Different patients were sent under it.
    Several,
}

/// What handoffs are led with, but for what they begin with.
pub struct Parts {
    pub own: (Ura, String),
    pub config: HandoffsConfig,
    pub clock: Arc<dyn Clock>,
    pub books: Books,
    pub grants: GrantsPort,
    pub partners: HashMap<Ura, Partner>,
    pub notifier: Arc<dyn Tells>,
    pub tickets: Arc<Tickets>,
    pub record_system: Option<WebhookReceiver>,
    pub takes_in: bool,
}

impl Books {
    /// Opens both; their documents lie below `folder`.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn open(state: &Arc<State>, folder: &Path, config: &HandoffsConfig) -> Result<Self, String> {
        let trouble = |fault: Trouble| format!("the handoffs: {fault}");
        let (most, largest) = (config.most, config.largest_bytes);
        let sent = Book::open(state.clone(), "handoffs-sent", folder, most, largest).map_err(trouble)?;
        let received = Book::open(state.clone(), "handoffs-received", folder, most, largest).map_err(trouble)?;
        if config.webhook.is_none() {
            return Ok(Books { sent: Arc::new(sent), received: Arc::new(received), owing: Arc::default() });
        }
        let owing = Arc::<Notify>::default();
        let notes = |name: &str| Owed::open(state.clone(), name, owing.clone()).map_err(|fault| trouble(fault.into()));
        Ok(Books {
            sent: Arc::new(sent.owing(notes("handoffs-sent-owed")?)),
            received: Arc::new(received.owing(notes("handoffs-received-owed")?)),
            owing,
        })
    }
}

impl Handoffs {
    /// Leads what was begun before further.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn new(parts: Parts) -> Result<Arc<Self>, String> {
        let Parts { own, config, clock, books, grants, partners, notifier, tickets, record_system, takes_in } = parts;
        let handoffs = Handoffs {
            own,
            config,
            clock,
            books,
            grants,
            partners,
            notifier,
            tickets,
            record_system,
            takes_in,
            patients: Mutex::default(),
            replacing: tokio::sync::Mutex::default(),
        };
        let sent = handoffs.books.sent.list(None, usize::MAX).map_err(|fault| format!("the handoffs: {fault}"))?;
        for (_, sent) in sent {
            if let Some(bsn) = sent.patient() {
                handoffs.learn(&sent.patient_id, bsn);
            }
        }
        Ok(Arc::new(handoffs))
    }

    /// Milliseconds of Unix time.
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// RFC 3339, UTC, to the second.
    pub fn stamp(&self) -> String {
        stamp(self.clock.now())
    }

    /// Whom an id of a Patient means in what we send; nothing when we send nobody under it, or different patients.
    fn patient(&self, id: &str) -> Option<Bsn> {
        match self.known().get(id) {
            Some(Known::One(bsn)) => Some(bsn.clone()),
            Some(Known::Several) | None => None,
        }
    }

    fn learn(&self, id: &str, bsn: Bsn) {
        let mut known = self.known();
        let now = match known.get(id) {
            Some(Known::One(before)) if *before == bsn => Known::One(bsn),
            Some(_) => Known::Several,
            None => Known::One(bsn),
        };
        known.insert(id.to_owned(), now);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        // Each change is one insertion.
        self.patients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp(moment: OffsetDateTime) -> String {
    let whole = moment.replace_nanosecond(0).unwrap_or(moment);
    whole.format(&Rfc3339).unwrap_or_default()
}

/// A use case of ours by its name.
pub fn use_case(name: &str) -> Result<UseCaseId, String> {
    UseCaseId::parse(name).ok_or_else(|| format!("{name} is no use case"))
}
