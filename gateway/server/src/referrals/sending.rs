//! The sender's next step: first the grant is as the referral is, then the receiver is told, until it takes it.
//!
//! Either may be cut off and is then done again: a grant that is given twice is the same, and a notification that comes
//! twice is one for its receiver, because it has the same identifier.

use connectors::identity::oauth::REFERRAL;
use connectors::peers::{NotTaken, Notification};
use flows::bgz::{SenderEvent, TaskStatus, cancelled};
use policy::TreatmentRelation;
use store::transfers::Id;
use time::OffsetDateTime;

use super::ports::ENDED;
use super::sent::Sent;
use super::{Partner, Referrals, SENDER};
use crate::grants::Granted;
use crate::handoffs::book::{Change, Trouble};
use crate::handoffs::failure::Failure;
use crate::handoffs::owed::Tells;
use crate::handoffs::pool::Went;
use crate::handoffs::{names, use_case};

impl Referrals {
    /// Does what is due about one referral that we send.
    pub(super) async fn send_on(&self, id: Id) -> Result<Went, Trouble> {
        let Some(sent) = self.books.sent.get(id)? else { return Ok(Went::On) };
        let outcome = self.send_step(id, &sent).await;
        let (now, stamp, config) = (self.now(), self.stamp(), self.config.clone());
        let went = outcome.as_ref().err().map_or(Went::On, Failure::went);
        let told = self.books.sent.change(id, move |sent| {
            let Some(sending) = sent.sending() else { return Change::Made(false, None) };
            match &outcome {
                Ok(Step::Granted(granted)) => {
                    sent.granted = Some(*granted);
                    Change::Made(true, Some(now))
                }
                Ok(Step::Told(news)) => {
                    if let Ok(after) = sending.after(SenderEvent::Told(*news)) {
                        sent.put(after, &stamp);
                        // What changed meanwhile is told as well.
                        return Change::Made(true, after.owes().map(|_| now));
                    }
                    Change::Made(false, None)
                }
                Ok(Step::Nothing) => Change::Made(true, None),
                Err(failure) => {
                    let due = sent.effort.fail(failure.why(), now, &config);
                    if sent.effort.given_up {
                        sent.telling_mut().changed(&stamp);
                    }
                    Change::Made(false, due)
                }
            }
        });
        let told = told.await?;
        if told == Some(false) {
            tracing::warn!(referral.id = %names::shown(id), referral.receiver = %sent.receiver, "not sent on yet");
        }
        Ok(went)
    }

    async fn send_step(&self, id: Id, sent: &Sent) -> Result<Step, Failure> {
        let sending = sent.sending().ok_or("the record cannot be read")?;
        let wanted = (sending.is_open(), sent.task_until);
        if sent.granted != Some(wanted) {
            self.grant(id, sent, wanted).await?;
            return Ok(Step::Granted(wanted));
        }
        let Some(news) = sending.owes() else { return Ok(Step::Nothing) };
        let partner = self.partners.get(&sent.receiver).ok_or("no such partner now")?;
        if sending.status() == TaskStatus::Cancelled {
            self.tell_cancelled(partner, sent).await?;
        } else {
            let newest = sent.notifications.last().ok_or("the record cannot be read")?;
            let notification = sent.notification(newest, &self.own.0);
            let notification = Notification::NotificationTask(notification.to_resource().bytes());
            self.tell(partner, sent, &notification).await.map_err(|fault| Failure::to_tell(&fault))?;
        }
        Ok(Step::Told(news))
    }

    async fn tell(&self, partner: &Partner, sent: &Sent, what: &Notification) -> Result<(), NotTaken> {
        let base = partner.notification.as_ref().ok_or(NotTaken::Unusable("the partner takes no referrals now"))?;
        self.notifier.notify(&partner.peer, base, what, &sent.correlation).await
    }

    /// Cancels the newest notification that the receiver knows. One that never reached it needs no cancelling: whoever reads
    /// the Task reads that it is cancelled.
    async fn tell_cancelled(&self, partner: &Partner, sent: &Sent) -> Result<(), Failure> {
        for identifier in sent.notifications.iter().rev() {
            let (task, query) = cancelled(&sent.notification(identifier, &self.own.0));
            let cancellation = Notification::Cancellation { task: task.bytes(), query };
            match self.tell(partner, sent, &cancellation).await {
                Ok(()) => return Ok(()),
                Err(NotTaken::Answered(404 | 410)) => {}
                Err(fault) => return Err(Failure::to_tell(&fault)),
            }
        }
        Ok(())
    }

    /// Who may come back, for what: for the data as long as the referral is open, and for the Task until it is forgotten.
    async fn grant(&self, id: Id, sent: &Sent, (open, until): (bool, i64)) -> Result<(), String> {
        let kind = if open { REFERRAL } else { ENDED };
        let granted = Granted {
            receiver: sent.receiver.clone(),
            patient: sent.patient().ok_or("the record cannot be read")?,
            use_case: use_case(SENDER)?,
            ground: TreatmentRelation { kind: kind.to_owned(), reference: names::shown(id), age_days: None },
            until: OffsetDateTime::from_unix_timestamp(until).map_err(|_| "the record cannot be read")?,
        };
        let given = self.grants.give(id, &[&sent.base], &granted).await;
        given.map_err(|fault| format!("the grant cannot be kept: {fault}"))
    }
}

/// What came of a step.
enum Step {
    Granted((bool, i64)),
    Told(u32),
    Nothing,
}
