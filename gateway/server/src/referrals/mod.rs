//! The referral with the basic data set (BgZ) of this node, both sides: what `flows::bgz` says is to be done is done here, and
//! kept before anybody is told.
//!
//! Nothing of a referral leaves or comes in but through the stack: as sender the outbox has the Workflow Task, and the data
//! comes out of the provider's own sources as in every exchange ([`ports`] says who is asked); as receiver the peer is asked,
//! and to the provider's own systems the inbox. What is due is done by two loops that may be cut off at any moment. What
//! handoffs and referrals have in common is theirs: books, effort, tickets, grants, telling the record system.

mod asking;
pub mod config;
mod forgetting;
mod getting;
mod inbox;
mod outbox;
pub mod patients;
pub mod ports;
mod push;
pub mod received;
mod receiving;
mod sending;
pub mod sent;
mod taking;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod waiting;
mod work;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use connectors::http::WebAddress;
use connectors::peers::{Notifier, PeerConfig};
use connectors::webhooks::WebhookReceiver;
use exchange::ports::{Clock, Source};
use fhir::Ura;
use store::state::State;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::Notify;

use crate::grants::GrantsPort;
use crate::handoffs::book::{Book, Trouble};
use crate::handoffs::callbacks::{Callbacks, Round};
use crate::handoffs::effort::Backoff;
use crate::handoffs::owed::Owed;
use crate::handoffs::tickets::Tickets;
use config::ReferralsConfig;
use patients::Known;
use received::Received;
use sent::Sent;

pub use getting::everything;
pub use inbox::{InboxSource, OPERATION, is_ours_to_give};
pub use outbox::OutboxSource;
pub use push::{PushFault, Pushed, Wanted};
pub use taking::{Act, ActFault, CancelFault, Notice};
pub use work::Working;

/// What a receiver asks the sender for; the scope of its tokens. Also what one of our own systems needs to refer.
pub const SENDER: &str = "bgz-sender";
/// What a sender may tell us, and how we read its Task and whom it is about.
pub const RECEIVER: &str = "bgz-receiver";
/// What we pull by, once it is known about whom.
pub const INTAKE: &str = "bgz-intake";
/// What our own systems get what was received by.
pub const INBOX: &str = "bgz-inbox";

/// Another provider that referrals go to or come from.
pub struct Partner {
    pub peer: PeerConfig,
    /// The base of its notification endpoint, when we refer to it.
    pub notification: Option<WebAddress>,
    /// Its node, asked for what it refers to us.
    pub source: Arc<dyn Source>,
}

/// The referrals of both sides.
#[derive(Clone)]
pub struct Books {
    pub sent: Arc<Book<Sent>>,
    pub received: Arc<Book<Received>>,
    /// Woken when the record system is to be told of something.
    pub owing: Arc<Notify>,
}

/// Everything that referrals are led with.
pub struct Referrals {
    pub own: (Ura, String),
    pub config: ReferralsConfig,
    pub clock: Arc<dyn Clock>,
    pub books: Books,
    pub grants: GrantsPort,
    pub partners: HashMap<Ura, Partner>,
    pub notifier: Notifier,
    pub tickets: Arc<Tickets>,
    /// The provider's own record system, where it is told of what happens to referrals.
    pub record_system: Option<WebhookReceiver>,
    /// Whom ids of Patients mean in what we send.
    pub known: Known,
}

impl Books {
    /// Opens both; their documents lie below `folder`.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn open(state: &Arc<State>, folder: &Path, config: &ReferralsConfig) -> Result<Self, String> {
        let trouble = |fault: Trouble| format!("the referrals: {fault}");
        let (most, largest) = (config.most, config.largest_bytes);
        let sent = Book::open(state.clone(), "referrals-sent", folder, most, largest).map_err(trouble)?;
        let received = Book::open(state.clone(), "referrals-received", folder, most, largest).map_err(trouble)?;
        if config.webhook.is_none() {
            return Ok(Books { sent: Arc::new(sent), received: Arc::new(received), owing: Arc::default() });
        }
        let owing = Arc::<Notify>::default();
        let notes = |name: &str| Owed::open(state.clone(), name, owing.clone()).map_err(|fault| trouble(fault.into()));
        Ok(Books {
            sent: Arc::new(sent.owing(notes("referrals-sent-owed")?)),
            received: Arc::new(received.owing(notes("referrals-received-owed")?)),
            owing,
        })
    }
}

impl Referrals {
    /// Learns of what was sent before whom it is about.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn recall(&self) -> Result<(), String> {
        let sent = self.books.sent.list(None, usize::MAX).map_err(|fault| format!("the referrals: {fault}"))?;
        for (_, sent) in sent {
            if let Some(patient) = sent.patient() {
                self.known.learn(&sent.patient_id, &patient);
            }
        }
        Ok(())
    }

    /// Tells the record system what is due, of both sides.
    async fn tell_round(&self) -> Result<Round, Trouble> {
        let (receiver, backoff) = (self.record_system.as_ref(), Backoff::from(&self.config));
        let callbacks = Callbacks { receiver, clock: self.clock.as_ref(), backoff };
        callbacks.tell(&self.books.received, &self.books.sent).await
    }

    /// Milliseconds of Unix time.
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// RFC 3339, UTC, to the second.
    pub fn stamp(&self) -> String {
        stamp(self.clock.now())
    }
}

fn stamp(moment: OffsetDateTime) -> String {
    let whole = moment.replace_nanosecond(0).unwrap_or(moment);
    whole.format(&Rfc3339).unwrap_or_default()
}
