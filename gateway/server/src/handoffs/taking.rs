//! What people and systems of ours do with transfers: take one that is offered, have one tried again.

use fhir::Ura;
use flows::eoverdracht::{Act, Notice, SenderEvent, Stage, TaskStatus, Told};
use policy::Person;
use store::transfers::{Id, Made};

use super::book::{Change, Trouble};
use super::effort::Effort;
use super::received::{Received, Seen};
use super::{Handoffs, names};

/// A transfer that somebody takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// How far it is now.
    pub stage: Stage,
}

/// Why nobody takes it.
#[derive(Debug)]
pub enum TakeFault {
    Unknown,
    /// It is not offered: not yet, or no more.
    NotOffered(Stage),
    Trouble(Trouble),
}

/// Why a handoff is not taken back.
#[derive(Debug)]
pub enum CancelFault {
    Unknown,
    /// The receiver has it, or it is in another status that nobody takes back.
    Over(TaskStatus),
    Trouble(Trouble),
}

impl Handoffs {
    /// A sender, who is known by its token, tells of a Task. Durable when it is told; a notification that comes again is one
    /// of the same transfer.
    ///
    /// # Errors
    /// It cannot be kept.
    pub async fn told(
        &self,
        sender: (&Ura, &str),
        task: &str,
        base: Option<&str>,
        correlation: &str,
    ) -> Result<Id, Trouble> {
        let name = names::of_task(sender.0, task);
        let (id, stamp) = (names::fresh(), self.stamp());
        let known = match self.books.received.named(&name)? {
            Some(known) => known,
            None => {
                // Without a value of its own, the Task's id is what it gave.
                let new = Received::new(sender, task, base.unwrap_or(task), &stamp, correlation);
                match self.books.received.make(id, vec![name], &new, None, self.now()).await? {
                    Made::New => return Ok(id),
                    Made::Known(known) => known,
                }
            }
        };
        let (due, base) = (self.now(), base.map(ToOwned::to_owned));
        let changed = self.books.received.change(known, move |received| {
            let Some(receiving) = received.receiving() else { return Change::None(()) };
            received.put(&receiving.after(Told::Notified), &stamp);
            if let Some(base) = &base {
                received.base.clone_from(base);
            }
            Change::Made((), Some(due))
        });
        changed.await?;
        Ok(known)
    }

    /// A person of ours takes a transfer that is offered, or wants to see the notice of one that is asked first. Who has taken it already takes it still.
    ///
    /// # Errors
    /// It is not offered, or cannot be kept.
    pub async fn take(&self, id: Id, person: Person) -> Result<Taken, TakeFault> {
        let (stamp, due) = (self.stamp(), self.now());
        let changed = self.books.received.change(id, move |received| {
            let Some(receiving) = received.receiving() else { return Change::None(None) };
            match receiving.stage() {
                Stage::Offered => {
                    let after = receiving.after(Told::Take);
                    received.taker = Some(person.clone());
                    received.put(&after, &stamp);
                    Change::Made(Some(Ok(after.stage())), Some(due))
                }
                // The notice that is asked about is wanted, or is wanted or here already.
                stage @ Stage::Waiting(_) if receiving.negotiation().notice() != Notice::Absent => {
                    let after = receiving.clone().after(Told::Take);
                    if after == receiving {
                        return Change::None(Some(Ok(stage)));
                    }
                    received.taker = Some(person.clone());
                    received.put(&after, &stamp);
                    Change::Made(Some(Ok(stage)), Some(due))
                }
                stage @ (Stage::Taking | Stage::Taken | Stage::Completed) => Change::None(Some(Ok(stage))),
                stage => Change::None(Some(Err(stage))),
            }
        });
        match changed.await.map_err(TakeFault::Trouble)? {
            Some(Some(Ok(stage))) => Ok(Taken { stage }),
            Some(Some(Err(stage))) => Err(TakeFault::NotOffered(stage)),
            Some(None) | None => Err(TakeFault::Unknown),
        }
    }

    /// Has the receiver of a transfer told again, now and as often as of a new one. What is over and was told is left alone.
    /// False: there is no such transfer.
    ///
    /// # Errors
    /// It cannot be kept.
    pub async fn resend(&self, id: Id) -> Result<bool, Trouble> {
        let due = self.now();
        let changed = self.books.sent.change(id, move |sent| {
            let Some(sending) = sent.sending() else { return Change::None(()) };
            let Ok(again) = sending.after(SenderEvent::Remind) else { return Change::None(()) };
            if again.owes().is_none() {
                return Change::None(());
            }
            sent.remind(again);
            Change::Made((), Some(due))
        });
        Ok(changed.await?.is_some())
    }

    /// Takes a handoff back that its receiver has not confirmed yet: from now on nothing of it can be fetched, and the receiver
    /// is told. One that is taken back already stays so.
    ///
    /// # Errors
    /// It is confirmed, or cannot be kept.
    pub async fn cancel(&self, id: Id) -> Result<(), CancelFault> {
        let (stamp, due) = (self.stamp(), self.now());
        let changed = self.books.sent.change(id, move |sent| {
            let Some(sending) = sent.sending() else { return Change::None(None) };
            match sending.after(SenderEvent::WeSet(TaskStatus::Cancelled)) {
                Ok(after) => {
                    sent.put(after, &stamp);
                    Change::Made(Some(Ok(())), Some(due))
                }
                Err(_) if sending.status() == TaskStatus::Cancelled => Change::None(Some(Ok(()))),
                Err(not) => Change::None(Some(Err(not.from))),
            }
        });
        match changed.await.map_err(CancelFault::Trouble)? {
            Some(Some(Ok(()))) => Ok(()),
            Some(Some(Err(status))) => Err(CancelFault::Over(status)),
            Some(None) | None => Err(CancelFault::Unknown),
        }
    }

    /// Notes that this person read a handoff. Who did so first stays the one. False: it is not there to be read.
    ///
    /// # Errors
    /// It cannot be kept.
    pub async fn seen(&self, id: Id, person: &Person) -> Result<bool, Trouble> {
        let seen = Seen { by: person.name.clone().unwrap_or_else(|| person.id.clone()), at: self.stamp() };
        let changed = self.books.received.change(id, move |received| {
            let next = received.receiving().filter(|receiving| receiving.stage() == Stage::Completed);
            match next {
                None => Change::None(false),
                Some(_) if received.seen.is_some() => Change::None(true),
                Some(_) => {
                    received.seen = Some(seen.clone());
                    Change::Noted(true)
                }
            }
        });
        Ok(changed.await? == Some(true))
    }

    /// Has a transfer that we receive tried again, now and as often as a new one. False: there is none.
    ///
    /// # Errors
    /// It cannot be kept.
    pub async fn retry(&self, id: Id) -> Result<bool, Trouble> {
        let due = self.now();
        let changed = self.books.received.change(id, move |received| {
            let next: Option<Act> = received.receiving().and_then(|receiving| receiving.next());
            if next.is_none() && !received.owes_filing() {
                return Change::None(());
            }
            received.effort = Effort::default();
            Change::Made((), Some(due))
        });
        Ok(changed.await?.is_some())
    }
}
