//! What partners tell and what people of ours do with referrals: one is told of or cancelled; one is taken, rejected, taken
//! back, completed, tried again.

use fhir::Ura;
use flows::bgz::{Stage, Told};
use policy::Person;
use store::transfers::{Id, Made};

use super::Referrals;
use super::received::Received;
use crate::handoffs::book::{Change, Trouble};
use crate::handoffs::effort::Effort;
use crate::handoffs::names;

/// What somebody of ours does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Take,
    Reject,
    /// Takes it back after it was accepted.
    Withdraw,
    /// Says that the treatment has ended; `whatever_failed`: also when parts could not be had.
    Complete {
        whatever_failed: bool,
    },
    /// Has what failed tried again.
    Retry,
}

/// Why it is not done.
#[derive(Debug)]
pub enum ActFault {
    Unknown,
    /// Not now: it is not at that stage.
    NotNow(Stage),
    /// Parts could not be had.
    NotWhole,
    Trouble(Trouble),
}

/// Why a notification is not cancelled.
#[derive(Debug)]
pub enum CancelFault {
    Unknown,
    Trouble(Trouble),
}

/// What a sender tells of.
#[derive(Clone, Copy, Debug)]
pub struct Notice<'a> {
    /// The identifier of the notification.
    pub identifier: &'a str,
    pub task: &'a str,
    pub base: &'a str,
    /// RFC 3339.
    pub until: Option<&'a str>,
}

impl Referrals {
    /// A sender, who is known by its token, tells of a Task. Durable when it is told; a notification that comes again changes
    /// nothing, and a new one of the same Task has the data pulled again.
    ///
    /// # Errors
    /// It cannot be kept.
    pub async fn told(&self, sender: (&Ura, &str), notice: Notice<'_>, correlation: &str) -> Result<Id, Trouble> {
        let (of_task, of_notice) =
            (names::of_task(sender.0, notice.task), names::of_notification(sender.0, notice.identifier));
        if let Some(known) = self.books.received.named(&of_notice)? {
            return Ok(known);
        }
        let stamp = self.stamp();
        let known = match self.books.received.named(&of_task)? {
            Some(known) => known,
            None => {
                let mut new = Received::new(sender, notice.task, notice.base, &stamp, correlation);
                new.until = notice.until.map(ToOwned::to_owned);
                let names = vec![of_task, of_notice];
                let id = names::fresh();
                match self.books.received.make(id, names, &new, None, self.now()).await? {
                    Made::New => return Ok(id),
                    Made::Known(known) => known,
                }
            }
        };
        if self.books.received.named(&of_notice)?.is_some() {
            return Ok(known);
        }
        let (due, base) = (self.now(), notice.base.to_owned());
        let until = notice.until.map(ToOwned::to_owned);
        let changed = self.books.received.change_named(known, Some(of_notice), move |received| {
            let Some(receiving) = received.receiving() else { return Change::None(()) };
            received.put(&receiving.after(Told::Notified), &stamp);
            received.base.clone_from(&base);
            received.until.clone_from(&until);
            received.again = Effort::default();
            Change::Made((), Some(due))
        });
        changed.await?;
        Ok(known)
    }

    /// A sender, who is known by its token, cancels what it told of. Durable when it is told; to cancel again changes
    /// nothing.
    ///
    /// # Errors
    /// This sender told of no such thing, or it cannot be kept.
    pub async fn cancelled(&self, sender: &Ura, identifier: &str) -> Result<Id, CancelFault> {
        let name = names::of_notification(sender, identifier);
        let known = self.books.received.named(&name).map_err(CancelFault::Trouble)?.ok_or(CancelFault::Unknown)?;
        let stamp = self.stamp();
        let changed = self.books.received.change(known, move |received| {
            let Some(receiving) = received.receiving() else { return Change::None(()) };
            let after = receiving.clone().after(Told::Cancelled);
            if after == receiving {
                return Change::None(());
            }
            received.put(&after, &stamp);
            Change::Made((), None)
        });
        changed.await.map_err(CancelFault::Trouble)?.ok_or(CancelFault::Unknown)?;
        Ok(known)
    }

    /// Somebody of ours does something with a referral. Who has done it already is told how far it is.
    ///
    /// # Errors
    /// It cannot be done now, or cannot be kept.
    pub async fn act(&self, id: Id, act: Act, person: Option<Person>) -> Result<Stage, ActFault> {
        let (stamp, due) = (self.stamp(), self.now());
        let changed = self.books.received.change(id, move |received| {
            let Some(receiving) = received.receiving() else { return Change::None(None) };
            let event = match act {
                Act::Take => Told::Take,
                Act::Reject => Told::Reject,
                Act::Withdraw => Told::Withdraw,
                Act::Complete { whatever_failed } => {
                    if receiving.has_failed_parts() && !whatever_failed && receiving.stage() == Stage::Pulled {
                        return Change::None(Some(Err(ActFault::NotWhole)));
                    }
                    Told::Finish
                }
                Act::Retry if receiving.next().is_some() => {
                    // It was given up before its time.
                    received.effort = Effort::default();
                    return Change::Made(Some(Ok(receiving.stage())), Some(due));
                }
                Act::Retry => Told::Retry,
            };
            let after = receiving.clone().after(event);
            if after == receiving {
                let stage = receiving.stage();
                let done = is_done(act, stage);
                return Change::None(Some(if done { Ok(stage) } else { Err(ActFault::NotNow(stage)) }));
            }
            if let Some(person) = &person {
                received.person = Some(person.clone());
            }
            received.put(&after, &stamp);
            received.again = Effort::default();
            Change::Made(Some(Ok(after.stage())), Some(due))
        });
        match changed.await.map_err(ActFault::Trouble)? {
            Some(Some(done)) => done,
            Some(None) | None => Err(ActFault::Unknown),
        }
    }
}

/// Whether it is at a stage that this act leads to.
fn is_done(act: Act, stage: Stage) -> bool {
    use flows::bgz::{End, TaskStatus};
    match act {
        Act::Take => matches!(
            stage,
            Stage::Answering(TaskStatus::Accepted) | Stage::Pulling | Stage::Pulled | Stage::Ended(End::Completed)
        ),
        Act::Reject => matches!(stage, Stage::Answering(TaskStatus::Rejected) | Stage::Ended(End::Rejected)),
        Act::Withdraw => matches!(stage, Stage::Answering(TaskStatus::Cancelled) | Stage::Ended(End::Cancelled)),
        Act::Complete { .. } => {
            matches!(stage, Stage::Answering(TaskStatus::Completed) | Stage::Ended(End::Completed))
        }
        Act::Retry => true,
    }
}
