//! Tells the provider's own record system that a transfer went a step further, by a signed webhook (Standard Webhooks). The message
//! has the transfer's id and state and nothing of a patient: what there is, the record system fetches below `/handoffs`. Referrals are
//! told of in the same way.
//!
//! Told in the order in which it is owed, one message at a time; a receiver that is away is left alone for a while, and a message
//! that it refuses waits by itself. Nothing is given up: it is tried again for as long as the transfer is kept. A message that
//! comes again, because its answer was lost, has the id that it had.

use std::time::Duration;

use connectors::webhooks::{DeliveryFault, WebhookReceiver};
use exchange::ports::Clock;
use serde_json::json;
use store::transfers::Id;
use tokio::sync::Notify;

use super::book::{Book, Change, Trouble};
use super::effort::{self, Backoff};
use super::owed::{Owed, Tells};
use super::{Handoffs, names};

/// How many are looked up at once.
const AT_A_TIME: usize = 64;
/// How long nothing is looked at when nobody wakes the loop, and after trouble.
const ROUND: Duration = Duration::from_secs(1);

/// What came of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Everything that was due was tried.
    Done,
    /// The receiver takes nothing now.
    Away,
}

/// Tells the record system, where there is one, of the transfers of a book.
pub(crate) struct Callbacks<'a> {
    pub receiver: Option<&'a WebhookReceiver>,
    pub clock: &'a dyn Clock,
    pub backoff: Backoff,
}

/// Tells what is due of both sides of something whenever something is owed, for as long as it is polled. A receiver that is away is
/// left alone, each time for longer.
pub(crate) async fn keep_telling(owing: &Notify, backoff: Backoff, round: impl AsyncFn() -> Result<Round, Trouble>) {
    let mut away = 0_u16;
    loop {
        match round().await {
            Ok(Round::Done) => {
                away = 0;
                _ = tokio::time::timeout(ROUND, owing.notified()).await;
            }
            Ok(Round::Away) => {
                if away == 0 {
                    tracing::warn!("the record system takes no messages now");
                }
                away = away.saturating_add(1);
                tokio::time::sleep(Duration::from_millis(effort::wait(away, backoff).unsigned_abs())).await;
            }
            Err(fault) => {
                tracing::error!(transfers.fault = %fault, "the record system cannot be told");
                tokio::time::sleep(ROUND).await;
            }
        }
    }
}

impl Handoffs {
    /// Tells what is due, of both sides.
    pub(super) async fn tell_round(&self) -> Result<Round, Trouble> {
        let (receiver, backoff) = (self.record_system.as_ref(), Backoff::from(&self.config));
        let callbacks = Callbacks { receiver, clock: self.clock.as_ref(), backoff };
        callbacks.tell(&self.books.received, &self.books.sent).await
    }
}

impl Callbacks<'_> {
    /// Tells what is due, of both sides.
    ///
    /// # Errors
    /// A book cannot be read or written.
    pub(crate) async fn tell<A, B>(&self, received: &Book<A>, sent: &Book<B>) -> Result<Round, Trouble>
    where
        A: Tells + serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        B: Tells + serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        match self.tell_of(received).await? {
            Round::Done => self.tell_of(sent).await,
            Round::Away => Ok(Round::Away),
        }
    }

    async fn tell_of<R>(&self, book: &Book<R>) -> Result<Round, Trouble>
    where
        R: Tells + serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        let (Some(owed), Some(receiver)) = (book.owed(), self.receiver) else { return Ok(Round::Done) };
        for (id, note) in owed.due(self.now(), AT_A_TIME)? {
            let record = book.get(id)?;
            let owes = record.as_ref().and_then(|record| Some((record, record.telling().owes()?)));
            let Some((record, (number, at))) = owes else {
                book.settle(id, note).await?;
                continue;
            };
            let message = message_id(id, number);
            let moment = self.clock.now().unix_timestamp();
            match receiver.deliver(&message, moment, body(id, record, at)).await {
                Ok(()) => {
                    let changed = book.change(id, move |record| {
                        record.telling_mut().took(number);
                        Change::Noted(())
                    });
                    changed.await?;
                    // With something newer it stays.
                    book.settle(id, note).await?;
                }
                Err(DeliveryFault::Refused(status)) => {
                    let attempts = Owed::attempts(&note).saturating_add(1);
                    let until = self.now().saturating_add(effort::wait(attempts, self.backoff));
                    owed.put_off(id, &note, attempts, until)?;
                    tracing::warn!(transfer.id = %names::shown(id), transfer.status = status, "the record system refuses a message");
                }
                Err(DeliveryFault::Away(_) | DeliveryFault::Busy(_)) => return Ok(Round::Away),
            }
        }
        Ok(Round::Done)
    }

    /// Milliseconds of Unix time.
    fn now(&self) -> i64 {
        i64::try_from(self.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }
}

/// Names a change of a transfer, the same whenever it is told.
fn message_id(id: Id, number: u32) -> String {
    format!("{}-{number}", names::shown(id))
}

fn body<R: Tells>(id: Id, record: &R, at: &str) -> String {
    let data = json!({"id": names::shown(id), "state": record.state(), "given_up": record.given_up()});
    json!({"type": format!("{}.changed", R::KIND), "timestamp": at, "data": data}).to_string()
}
