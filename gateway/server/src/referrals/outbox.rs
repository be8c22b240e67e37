//! The Workflow Tasks of what we send, as a source behind the stack: the Task of the one referral that the permit's ground
//! names. What is put back is held against the Task as it is. The data itself is in the provider's own sources.

use std::sync::Arc;

use connectors::identity::oauth::REFERRAL;
use exchange::ports::{Answer, BoxFuture, Item, Question, Source, SourceFault, Written};
use fhir::{Interaction, Resource, SearchMode};
use flows::bgz::{NotAllowed, SenderEvent, VERSION, task};
use policy::{DataHolder, PatientScope};
use store::transfers::Id;

use super::sent::Sent;
use super::{Referrals, ports};
use crate::handoffs::book::{Change, Trouble};
use crate::handoffs::names;

/// The outbox.
pub struct OutboxSource {
    referrals: Arc<Referrals>,
    holder: DataHolder,
}

impl OutboxSource {
    pub fn new(referrals: Arc<Referrals>) -> Self {
        let holder = DataHolder(referrals.own.0.clone());
        OutboxSource { referrals, holder }
    }

    async fn answer(&self, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let permit = question.permit();
        if permit.version() != VERSION {
            return Err(SourceFault::NotSupported);
        }
        let ground = permit.treatment_relation().ok_or(SourceFault::NotFound)?;
        let ours = [REFERRAL, ports::ENDED].contains(&ground.kind.as_str());
        let id = names::read(&ground.reference).filter(|_| ours).ok_or(SourceFault::NotFound)?;
        let sent = self.get(id)?;
        let theirs = sent.receiver == permit.request().caller.organisation.ura;
        match permit.patient() {
            PatientScope::One(bsn) if theirs && sent.patient().as_ref() == Some(bsn) => {}
            _ => return Err(SourceFault::NotFound),
        }
        let answer = match question.interaction() {
            Interaction::Read { resource_type, id } if resource_type.name() == "Task" => {
                found(self.task(&sent).filter(|_| id.as_str() == sent.task).ok_or(SourceFault::NotFound)?)
            }
            Interaction::Update { resource_type, id: named } if resource_type.name() == "Task" => {
                if named.as_str() != sent.task {
                    return Err(SourceFault::NotFound);
                }
                self.put(id, question).await?
            }
            _ => return Err(SourceFault::NotSupported),
        };
        Ok(Answer { patients: vec![sent.patient_id], ..answer })
    }

    fn get(&self, id: Id) -> Result<Sent, SourceFault> {
        self.referrals.books.sent.get(id).map_err(|fault| unreadable(&fault))?.ok_or(SourceFault::NotFound)
    }

    fn task(&self, sent: &Sent) -> Option<Resource> {
        sent.task((&self.referrals.own.0, &self.referrals.own.1))
    }

    /// Takes the receiver's status, if the Task that it puts is the one that there is. Durable before it is answered.
    async fn put(&self, id: Id, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let put = question.body().cloned().ok_or(SourceFault::Rejected)?;
        let expected = question.conditions().if_match.clone();
        let (own, now, due) = (self.referrals.own.clone(), self.referrals.stamp(), self.referrals.now());
        let changed = self.referrals.books.sent.change(id, move |sent| {
            let before = sent.task((&own.0, &own.1)).zip(sent.sending());
            let Some((ours, sending)) = before else { return Change::None(Err(SourceFault::Unusable(DAMAGED))) };
            let version = format!("W/\"{}\"", sending.change());
            if expected.as_ref().is_some_and(|expected| *expected != version) {
                return Change::None(Err(SourceFault::PreconditionFailed));
            }
            let Some(status) = task::only_status_changed(&ours, &put) else {
                return Change::None(Err(SourceFault::Rejected));
            };
            match sending.after(SenderEvent::ReceiverPuts(status)) {
                Ok(after) if after == sending => Change::None(Ok(())),
                Ok(after) => {
                    sent.put(after, &now);
                    Change::Made(Ok(()), Some(due))
                }
                Err(NotAllowed { .. }) => Change::None(Err(SourceFault::Rejected)),
            }
        });
        changed.await.map_err(|fault| unreadable(&fault))?.ok_or(SourceFault::NotFound)??;
        let task = self.task(&self.get(id)?).ok_or(SourceFault::Unusable(DAMAGED))?;
        let (id, version_id) = (task.id().map(Into::into), task.version_id().map(Into::into));
        Ok(Answer { written: Some(Written { created: false, id, version_id }), ..found(task) })
    }
}

/// What is told of a record that is no referral's.
const DAMAGED: &str = "the record of a referral cannot be read";

impl Source for OutboxSource {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }

    fn name(&self) -> &str {
        &self.referrals.own.1
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(async move { self.answer(&question).await })
    }
}

fn found(task: Resource) -> Answer {
    Answer { items: vec![Item { resource: task, mode: SearchMode::Match }], ..Answer::default() }
}

pub(super) fn unreadable(fault: &Trouble) -> SourceFault {
    tracing::error!(referral.fault = %fault, "the referrals cannot be read or written");
    SourceFault::Unusable("the referrals cannot be read or written")
}
