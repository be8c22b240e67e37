//! Whether we can take somebody, asked before the handoff: the notice is fetched in the name of the person who wants to see it, kept
//! without what says whom it is about, and answered by putting the Task back. Each may be cut off and is then done again.

use std::collections::BTreeSet;

use bytes::Bytes;
use connectors::identity::oauth::TRANSFER;
use exchange::SourceStatus;
use fhir::{Method, Resource, links};
use flows::eoverdracht::notice::{AdvanceNotice, Answer, TYPES};
use flows::eoverdracht::task;
use flows::eoverdracht::{Closed, Receiving, Stage, TaskStatus, Told};
use policy::Person;
use serde::{Deserialize, Serialize};
use store::transfers::Id;

use super::book::{Change, Trouble};
use super::failure::Failure;
use super::receiving::{Asked, Asking, Found, Unanswered};
use super::{Handoffs, NOTICE};

/// Where a notice lies among the parts of its transfer: behind all that a handoff can have.
pub(super) const PART: u32 = u32::MAX;
/// Most resources of a notice that are fetched one by one.
const MOST: usize = 500;

/// What somebody of ours answered to a notice. Debug shows no words of theirs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who did.
    pub person: Person,
    /// RFC 3339.
    pub at: String,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answered({})", self.status)
    }
}

impl Answered {
    /// Whether the sender's Task says that we answered something else.
    pub(super) fn is_another(&self, stage: Stage) -> bool {
        match stage {
            Stage::Waiting(status @ (TaskStatus::Accepted | TaskStatus::OnHold)) => self.status != status.code(),
            Stage::Closed(Closed::Rejected) => self.status != TaskStatus::Rejected.code(),
            _ => false,
        }
    }
}

/// Why nobody answers.
#[derive(Debug)]
pub enum AnswerNo {
    Unknown,
    /// Nothing is asked now, the notice was not seen yet, or an answer is on its way.
    NotAsked,
    Trouble(Trouble),
}

impl Handoffs {
    /// A person of ours answers the notice of a transfer; the sender gets it soon. What is on its way is not answered otherwise, unless
    /// it was given up. Durable when it is told.
    ///
    /// # Errors
    /// Nothing is asked, or it cannot be kept.
    pub async fn answer(&self, id: Id, answer: Answer, person: Person) -> Result<(), AnswerNo> {
        let (stamp, due) = (self.stamp(), self.now());
        let changed = self.books.received.change(id, move |received| {
            let Some(receiving) = received.receiving() else { return Change::None(None) };
            let on_its_way = receiving.negotiation().answering().is_some() && !received.effort.given_up;
            if on_its_way || !receiving.is_asked() || !receiving.negotiation().may_answer(answer.status) {
                return Change::None(Some(false));
            }
            received.answered = Some(Answered {
                status: answer.status.code().to_owned(),
                date: answer.date.clone(),
                reason: answer.reason.clone(),
                person: person.clone(),
                at: stamp.clone(),
            });
            received.put(&receiving.after(Told::Answer(answer.status)), &stamp);
            Change::Made(Some(true), Some(due))
        });
        match changed.await.map_err(AnswerNo::Trouble)? {
            Some(Some(true)) => Ok(()),
            Some(Some(false)) => Err(AnswerNo::NotAsked),
            Some(None) | None => Err(AnswerNo::Unknown),
        }
    }
}

impl Asking<'_> {
    /// Fetches the notice, holds it against the Task, and keeps it.
    pub(super) async fn fetch_notice(&self, receiving: &Receiving) -> Result<Found, Failure> {
        let composition = self.received.notice.as_deref().ok_or("the Task names no notice")?;
        let patient = self.received.patient_id.as_deref().ok_or("the Task names no patient")?;
        let taker = self.received.taker.clone().ok_or("nobody wants to see it")?;
        let path = format!("Composition/{composition}/$document");
        let resources = match self.ask_unnamed(path, &taker).await {
            Ok(resources) => resources,
            Err(Unanswered::NotThere) => self.notice_by_parts(composition, &taker).await?,
            Err(Unanswered::Failed(failure)) => return Err(failure),
        };
        let notice = AdvanceNotice::of_resources(resources, composition, patient);
        let notice = notice.map_err(|fault| format!("the notice: {fault}"))?;
        self.keep(PART, notice.to_bundle().write()).await?;
        Ok(Told::NoticeKept(receiving.edition()).into())
    }

    /// The Composition and what it leads to that a notice may have, of a sender that makes no documents. What is not there, or
    /// says whom it is about, is left out.
    async fn notice_by_parts(&self, composition: &str, taker: &Person) -> Result<Vec<Resource>, Failure> {
        let mut known = BTreeSet::from([("Composition".to_owned(), composition.to_owned())]);
        let mut waiting: Vec<(String, String)> = known.iter().cloned().collect();
        let mut resources = Vec::new();
        while let Some((kind, id)) = waiting.pop() {
            let resource = match self.ask_unnamed(format!("{kind}/{id}"), taker).await {
                Ok(found) => found.into_iter().next(),
                Err(Unanswered::NotThere) if kind != "Composition" => None,
                Err(fault) => return Err(fault.failure()),
            };
            let Some(resource) = resource else { continue };
            links(&resource, &mut |kind, id, elsewhere| {
                let name = (kind.to_owned(), id.to_owned());
                if !elsewhere && TYPES.contains(&kind) && known.insert(name.clone()) {
                    waiting.push(name);
                }
            });
            if known.len() > MOST {
                return Err("the notice leads to more resources than are fetched".into());
            }
            resources.push(resource);
        }
        Ok(resources)
    }

    /// One question about somebody who is not named. What says who it is stays behind; the rest has to be whole.
    async fn ask_unnamed(&self, path: String, person: &Person) -> Result<Vec<Resource>, Unanswered> {
        let asked = Asked {
            use_case: NOTICE,
            ground: TRANSFER,
            method: Method::Get,
            path,
            body: Bytes::new(),
            person: Some(person.clone()),
            patient: None,
        };
        let recorded = self.answered(asked).await?;
        let released = recorded.released();
        if !released.parts().iter().all(|part| part.status() == SourceStatus::Answered && part.mistrusted() == 0) {
            return Err(Unanswered::Failed("the sender's answer is not whole".into()));
        }
        Ok(released.items().map(|(_, item)| item.resource().clone()).collect())
    }

    /// Puts the Task back, as it is at the sender now, with our answer, unless something else is asked by then.
    pub(super) async fn put_answer(&self, receiving: &Receiving, status: TaskStatus) -> Result<Found, Failure> {
        let kept = self.received.answered.as_ref().filter(|answered| answered.status == status.code());
        let answered = kept.ok_or("the record has no such answer")?;
        let (_, read) = receiving.notifications();
        let task = self.task().await?;
        let now = self.seen(&task, read).await?;
        let same = |event: &Told| matches!(event, Told::TaskRead { status: TaskStatus::Requested, edition, .. } if *edition == receiving.edition());
        if !now.events.iter().any(same) {
            // It was answered already and the answer to that was lost, the notice is another, or it is over.
            return Ok(now);
        }
        let answer = Answer { status, date: answered.date.clone(), reason: answered.reason.clone() };
        let path = format!("Task/{}", self.received.task);
        let person = Some(answered.person.clone());
        let put = self.ask(Method::Put, path, Some(&answer.put(&task)), person).await;
        let put = put.map_err(Unanswered::failure)?;
        let put = put.first().ok_or("the sender did not give the Task back")?;
        let became = task::read(put).map_err(|fault| format!("the Task: {fault}"))?.status;
        if became != status {
            return Err(format!("the sender left the Task {became}").into());
        }
        self.seen(put, read).await
    }
}
