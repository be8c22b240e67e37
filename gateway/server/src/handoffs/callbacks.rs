//! Tells the provider's own record system that a transfer went a step further, by a signed webhook (Standard Webhooks). The message
//! has the transfer's id and state and nothing of a patient: what there is, the record system fetches below `/handoffs`.
//!
//! Told in the order in which it is owed, one message at a time; a receiver that is away is left alone for a while, and a message
//! that it refuses waits by itself. Nothing is given up: it is tried again for as long as the transfer is kept. A message that
//! comes again, because its answer was lost, has the id that it had.

use std::time::Duration;

use connectors::webhooks::DeliveryFault;
use serde_json::json;
use store::transfers::Id;

use super::book::{Book, Change, Trouble};
use super::effort;
use super::owed::{Owed, Tells};
use super::{Handoffs, names};

/// How many are looked up at once.
const AT_A_TIME: usize = 64;

/// What came of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// Everything that was due was tried.
    Done,
    /// The receiver takes nothing now.
    Away,
}

impl Handoffs {
    /// Tells what is due, of both sides.
    pub(super) async fn tell_round(&self) -> Result<Round, Trouble> {
        match self.tell_of(&self.books.received).await? {
            Round::Done => self.tell_of(&self.books.sent).await,
            Round::Away => Ok(Round::Away),
        }
    }

    /// How long a receiver that was away so often is left alone.
    pub(super) fn left_alone(&self, attempts: u16) -> Duration {
        Duration::from_millis(effort::wait(attempts, &self.config).unsigned_abs())
    }

    async fn tell_of<R>(&self, book: &Book<R>) -> Result<Round, Trouble>
    where
        R: Tells + serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        let (Some(owed), Some(receiver)) = (book.owed(), &self.record_system) else { return Ok(Round::Done) };
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
                    let until = self.now().saturating_add(effort::wait(attempts, &self.config));
                    owed.put_off(id, &note, attempts, until)?;
                    tracing::warn!(handoff.transfer = %names::shown(id), handoff.status = status, "the record system refuses a message");
                }
                Err(DeliveryFault::Away(_) | DeliveryFault::Busy(_)) => return Ok(Round::Away),
            }
        }
        Ok(Round::Done)
    }
}

/// Names a change of a transfer, the same whenever it is told.
fn message_id(id: Id, number: u32) -> String {
    format!("{}-{number}", names::shown(id))
}

fn body<R: Tells>(id: Id, record: &R, at: &str) -> String {
    let data = json!({"id": names::shown(id), "state": record.state(), "given_up": record.given_up()});
    json!({"type": format!("handoff.{}.changed", R::SIDE), "timestamp": at, "data": data}).to_string()
}
