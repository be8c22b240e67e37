//! The sender's next step: first the grant is as the transfer is, then the receiver is told, until it takes it.
//!
//! Either may be cut off and is then done again: a grant that is given twice is the same, and a notification that comes
//! twice is one for its receiver.

use bytes::Bytes;
use connectors::identity::oauth::TRANSFER;
use connectors::peers::{Notification, NotificationShape};
use flows::eoverdracht::{Access, NotificationTask, SenderEvent};
use policy::TreatmentRelation;
use store::transfers::Id;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::book::{Change, Trouble};
use super::failure::Failure;
use super::owed::Tells;
use super::pool::Went;
use super::ports::ENDED;
use super::sent::Sent;
use super::{Handoffs, SENDER, names, use_case};
use crate::grants::Granted;

impl Handoffs {
    /// Does what is due about one transfer that we send.
    pub(super) async fn send_on(&self, id: Id) -> Result<Went, Trouble> {
        let Some(sent) = self.books.sent.get(id)? else { return Ok(Went::On) };
        let outcome = self.send_step(id, &sent).await;
        let (now, stamp, config) = (self.now(), self.stamp(), self.config.clone());
        let went = outcome.as_ref().err().map_or(Went::On, Failure::went);
        let told = self.books.sent.change(id, move |sent| {
            let Some(sending) = sent.sending() else { return Change::Made(false, None) };
            match &outcome {
                Ok(Step::Granted(status)) => {
                    sent.granted = Some(status.clone());
                    Change::Made(true, Some(now))
                }
                Ok(Step::Told(change)) => {
                    if let Ok(after) = sending.after(SenderEvent::Told(*change)) {
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
            tracing::warn!(handoff.transfer = %names::shown(id), handoff.receiver = %sent.receiver, "not sent on yet");
        }
        Ok(went)
    }

    async fn send_step(&self, id: Id, sent: &Sent) -> Result<Step, Failure> {
        let sending = sent.sending().ok_or("the record cannot be read")?;
        let status = sending.status().code();
        if sent.granted.as_deref() != Some(status) {
            self.grant(id, sent, sending.access()).await?;
            return Ok(Step::Granted(status.to_owned()));
        }
        let Some(change) = sending.owes() else { return Ok(Step::Nothing) };
        let partner = self.partners.get(&sent.receiver);
        let (partner, (base, shape)) =
            partner.and_then(|partner| Some((partner, partner.notification.as_ref()?))).ok_or("no such partner now")?;
        let notification = match shape {
            NotificationShape::EmptyPost => Notification::EmptyPost { task: sent.task.clone() },
            NotificationShape::NotificationTask => Notification::NotificationTask(self.notification(sent)),
        };
        let told = self.notifier.tell(&partner.peer, base, &notification, &sent.correlation).await;
        told.map(|()| Step::Told(change)).map_err(|fault| Failure::to_tell(&fault))
    }

    /// Who may come back, for what: for the handoff as long as it is offered, and for the Task until it is forgotten.
    async fn grant(&self, id: Id, sent: &Sent, access: Access) -> Result<(), String> {
        let kind = if access == Access::Handoff { TRANSFER } else { ENDED };
        let made = OffsetDateTime::parse(&sent.made, &Rfc3339).map_err(|_| "the record cannot be read")?;
        let granted = Granted {
            receiver: sent.receiver.clone(),
            patient: sent.patient().ok_or("the record cannot be read")?,
            use_case: use_case(SENDER)?,
            ground: TreatmentRelation { kind: kind.to_owned(), reference: names::shown(id), age_days: None },
            until: made + time::Duration::days(self.config.keep_days.into()),
        };
        // A receiver that is told by an empty POST has nothing but the Task's id to come back with.
        let given = self.grants.give(id, &[&sent.task, &sent.base], &granted).await;
        given.map_err(|fault| format!("the grant cannot be kept: {fault}"))
    }

    fn notification(&self, sent: &Sent) -> Bytes {
        let until = OffsetDateTime::from_unix_timestamp(sent.until).ok();
        let task = NotificationTask {
            identifier: uuid::Uuid::new_v4().urn().to_string(),
            group: format!("urn:uuid:{}", sent.task),
            task: sent.task.clone(),
            sender: self.own.0.clone(),
            receiver: sent.receiver.clone(),
            base: Some(sent.base.clone()),
            until: until.and_then(|until| until.format(&Rfc3339).ok()),
        };
        task.to_resource().bytes()
    }
}

/// What came of a step.
enum Step {
    Granted(String),
    Told(u32),
    Nothing,
}
