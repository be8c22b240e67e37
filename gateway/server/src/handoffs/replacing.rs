//! A handoff that is offered is replaced by a newer version: the receiver is told anew and fetches that one; of the one before
//! nothing can be fetched any more.
//!
//! The newer document is on the disk under a number of its own before the record speaks of it, and the older goes after that:
//! cut off anywhere, the record names one that is there. A version that comes again is the one that is there.

use flows::eoverdracht::rules::{self, Shortcoming};
use flows::eoverdracht::{SenderEvent, TaskStatus};
use store::transfers::{DocumentFault, Id};

use super::Handoffs;
use super::book::{Change, Trouble};
use super::config::Content;
use super::push::{Prepared, PushFault};
use super::sent::Sent;

/// What became of a newer version.
#[derive(Debug)]
pub struct Replaced {
    pub sent: Sent,
    /// What the handoff refers to and does not hold, as `Type/id`.
    pub dangling: Vec<String>,
    /// Where it falls short of the standard.
    pub shortcomings: Vec<Shortcoming>,
}

/// Why a handoff is not replaced. Says nothing of the patient.
#[derive(Debug)]
pub enum ReplaceFault {
    Unknown,
    /// The receiver has it, or it was taken back.
    Over(TaskStatus),
    /// The newer version is about another patient.
    OtherPatient,
    /// These very bytes were pushed as another transfer.
    OtherTransfer,
    /// It could not be pushed either.
    Push(PushFault),
}

impl From<Trouble> for ReplaceFault {
    fn from(trouble: Trouble) -> Self {
        ReplaceFault::Push(trouble.into())
    }
}

impl Handoffs {
    /// Puts a newer version in the place of what is offered; the receiver is told of it soon. Durable when it is told.
    ///
    /// # Errors
    /// Why what is offered stays.
    pub async fn replace(&self, id: Id, prepared: &Prepared) -> Result<Replaced, ReplaceFault> {
        let handoff = prepared.handoff();
        let (dangling, shortcomings) = (handoff.dangling().to_vec(), rules::shortcomings(handoff));
        if self.config.content == Content::Refuse && !shortcomings.is_empty() {
            return Err(ReplaceFault::Push(PushFault::Content(shortcomings)));
        }
        let _alone = self.replacing.lock().await;
        let sent = self.books.sent.get(id)?.ok_or(ReplaceFault::Unknown)?;
        if sent.patient().as_ref() != Some(handoff.patient()) {
            return Err(ReplaceFault::OtherPatient);
        }
        self.means_one(handoff).map_err(ReplaceFault::Push)?;
        let bytes = prepared.document().text().as_bytes();
        if self.books.sent.part(id, sent.part).await?.as_deref() == Some(bytes) {
            return Ok(Replaced { sent, dangling, shortcomings });
        }
        may_be(&sent)?;
        let name = prepared.name(&sent.receiver);
        if self.books.sent.named(&name)?.is_some_and(|known| known != id) {
            return Err(ReplaceFault::OtherTransfer);
        }
        let (old, part) = (sent.part, sent.part.saturating_add(1));
        self.books.sent.keep(id, part, bytes.to_vec()).await?;
        self.learn(handoff.patient_id(), handoff.patient().clone());
        let (stamp, due, newer) = (self.stamp(), self.now(), handoff.clone());
        let until = (self.clock.now() + time::Duration::days(self.config.data_days.into())).unix_timestamp();
        let changed = self.books.sent.change_named(id, Some(name), move |sent| {
            let Some(sending) = sent.sending() else { return Change::None(None) };
            match sending.after(SenderEvent::Replaced) {
                Ok(after) => {
                    sent.replace(after, &newer, (part, until), &stamp);
                    Change::Made(Some(Ok(sent.clone())), Some(due))
                }
                Err(not) => Change::None(Some(Err(not.from))),
            }
        });
        match changed.await? {
            Some(Some(Ok(sent))) => {
                // Nobody is answered with it any more, whether it goes now or with the transfer.
                if let Err(fault) = self.books.sent.drop_part(id, old).await {
                    tracing::warn!(handoff.fault = %fault, "a handoff that was replaced cannot be taken away yet");
                }
                Ok(Replaced { sent, dangling, shortcomings })
            }
            Some(Some(Err(status))) => Err(ReplaceFault::Over(status)),
            Some(None) | None => Err(ReplaceFault::Unknown),
        }
    }
}

fn may_be(sent: &Sent) -> Result<(), ReplaceFault> {
    let sending = sent.sending().ok_or(Trouble::Document(DocumentFault::Io(std::io::ErrorKind::InvalidData)))?;
    sending.after(SenderEvent::Replaced).map(|_| ()).map_err(|not| ReplaceFault::Over(not.from))
}
