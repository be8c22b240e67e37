//! The receiver's next step: read the Task, fetch the handoff, keep it, and only then say `completed`. Every question goes
//! through the stack, as an exchange of its own with its own record.

use std::collections::BTreeSet;

use bytes::Bytes;
use connectors::identity::oauth::TRANSFER;
use exchange::ports::SourceFault;
use exchange::{Recorded, Refusal, SourceStatus};
use fhir::{Bsn, Method, Resource, links};
use flows::eoverdracht::task::{self, Named};
use flows::eoverdracht::{Act, Handoff, Notice, Receiving, Stage, TaskStatus, Told, VERSION};
use policy::{Caller, Organisation, Person, TreatmentRelation};
use store::transfers::Id;

use super::asking::{OwnQuestion, Runs, in_turn};
use super::book::{Change, Trouble};
use super::failure::Failure;
use super::filing::Filing;
use super::owed::Tells;
use super::pool::Went;
use super::received::Received;
use super::{Handoffs, RECEIVER, names, use_case};

/// Most resources that are fetched one by one.
const MOST: usize = 2_000;

/// What a step found out.
#[derive(Clone, Default)]
pub(super) struct Found {
    pub(super) events: Vec<Told>,
    patient_id: Option<String>,
    composition: Option<String>,
    notice: Option<String>,
    routed: Option<Vec<String>>,
    resources: Option<usize>,
    /// It is in the own record system: the id of its Composition there.
    filed: Option<String>,
}

impl Found {
    pub(super) fn filed(composition: String) -> Self {
        Found { filed: Some(composition), ..Found::default() }
    }
}

impl From<Told> for Found {
    fn from(event: Told) -> Self {
        Found { events: vec![event], ..Found::default() }
    }
}

/// Asks the sender of one transfer, or the own record system, through the stack.
pub(super) struct Asking<'a> {
    runs: &'a Runs,
    pub(super) handoffs: &'a Handoffs,
    pub(super) id: Id,
    pub(super) received: &'a Received,
}

/// One question.
pub(super) struct Asked {
    pub(super) use_case: &'static str,
    /// The kind of the ground, which is the transfer.
    pub(super) ground: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    /// JSON, when it is not empty.
    pub(super) body: Bytes,
    pub(super) person: Option<Person>,
    /// Whom it is about, where that is known.
    pub(super) patient: Option<Bsn>,
}

/// Why nothing came of a question.
pub(super) enum Unanswered {
    /// The sender has no such thing, or cannot do this.
    NotThere,
    Failed(Failure),
}

impl Unanswered {
    pub(super) fn failure(self) -> Failure {
        match self {
            Unanswered::NotThere => "the sender has not got it".into(),
            Unanswered::Failed(failure) => failure,
        }
    }
}

impl Handoffs {
    /// Does what is due about one transfer that we receive.
    pub(super) async fn receive_on(&self, runs: &Runs, id: Id) -> Result<Went, Trouble> {
        let Some(received) = self.books.received.get(id)? else { return Ok(Went::On) };
        let asking = Asking { runs, handoffs: self, id, received: &received };
        let outcome = asking.step().await;
        let (now, stamp, config) = (self.now(), self.stamp(), self.config.clone());
        let (intake, takes_in) = (self.config.intake.clone(), self.takes_in);
        let refused =
            matches!(&outcome, Ok(found) if found.events.iter().any(|event| matches!(event, Told::NotForUs { .. })));
        let went = outcome.as_ref().err().map_or(Went::On, Failure::went);
        let done = self.books.received.change(id, move |received| {
            let Some(mut state) = received.receiving() else { return Change::Made(None, None) };
            let found = match &outcome {
                Ok(found) => found,
                Err(failure) => {
                    let due = match failure {
                        Failure::Again(why) | Failure::Away(why) => received.effort.fail(why.clone(), now, &config),
                        Failure::ForSomebody(why) => received.effort.give_up(why.clone()),
                    };
                    if received.effort.given_up {
                        received.telling_mut().changed(&stamp);
                    }
                    return Change::Made(Some(false), due);
                }
            };
            let before = state.stage();
            for event in &found.events {
                state = state.after(*event);
            }
            let is_offered = state.stage() == Stage::Offered || state.negotiation().notice() == Notice::Offered;
            if let (true, Some(person)) = (is_offered, &intake) {
                received.taker = Some(person.clone().into());
                state = state.after(Told::Take);
            }
            received.patient_id = found.patient_id.clone().or(received.patient_id.take());
            received.composition = found.composition.clone().or(received.composition.take());
            received.notice = found.notice.clone().or(received.notice.take());
            received.routed = found.routed.clone().unwrap_or(std::mem::take(&mut received.routed));
            received.resources = found.resources.unwrap_or(received.resources);
            let completes = state.stage() == Stage::Completed && before != Stage::Completed;
            if received.answered.as_ref().is_some_and(|answered| answered.is_another(state.stage())) {
                // One that was given up reached the sender all the same, and was told of since.
                received.answered = None;
            }
            received.put(&state, &stamp);
            if completes && takes_in {
                received.filing = Some(Filing::Owed);
            }
            if let Some(composition) = found.filed.clone() {
                received.filing = Some(Filing::Stored { composition, at: stamp.clone() });
                received.telling_mut().changed(&stamp);
            }
            let more = state.next().is_some() || received.owes_filing();
            Change::Made(Some(true), more.then_some(now))
        });
        let (done, sender) = (done.await?, &received.sender);
        if refused {
            tracing::warn!(handoff.transfer = %names::shown(id), handoff.sender = %sender, "a Task that is not for us was refused");
        }
        if done != Some(Some(true)) {
            tracing::warn!(handoff.transfer = %names::shown(id), handoff.sender = %sender, "not received on yet");
        }
        Ok(went)
    }
}

impl Asking<'_> {
    async fn step(&self) -> Result<Found, Failure> {
        if self.received.owes_filing() {
            // What the sender tells of a transfer that is completed can wait; it changes nothing any more.
            return self.file().await;
        }
        let receiving = self.received.receiving().ok_or("the record cannot be read")?;
        match receiving.next() {
            None => Ok(Found::default()),
            Some(Act::ReadTask) => self.read_task(receiving.notifications().0).await,
            Some(Act::FetchParts) => self.fetch(receiving.notifications().1).await,
            Some(Act::PutCompleted) => self.complete(&receiving).await,
            Some(Act::FetchNotice) => self.fetch_notice(&receiving).await,
            Some(Act::PutAnswer(status)) => self.put_answer(&receiving, status).await,
        }
    }

    /// Reads the Task, and whether it is one for us.
    async fn read_task(&self, as_of: u32) -> Result<Found, Failure> {
        let task = self.task().await?;
        self.seen(&task, as_of).await
    }

    /// What a Task says that was read, and whether it is one for us. `as_of`: how many notifications had come then.
    pub(super) async fn seen(&self, task: &Resource, as_of: u32) -> Result<Found, Failure> {
        let Ok(read) = task::read(task) else { return Ok(Told::NotForUs { as_of }.into()) };
        if !self.is_ours(&read.owner).await? {
            return Ok(Told::NotForUs { as_of }.into());
        }
        Ok(Found {
            events: vec![Told::TaskRead {
                status: read.status,
                as_of,
                edition: names::of_edition(&read.edition),
                offers: read.offers(),
            }],
            patient_id: Some(read.patient),
            composition: read.composition,
            notice: read.notice,
            routed: Some(read.routed),
            ..Found::default()
        })
    }

    /// Whether we are the owner: by URA, which stands in the Task or in the Organization that it refers to.
    async fn is_ours(&self, owner: &Named) -> Result<bool, Failure> {
        let own = self.handoffs.own.0.as_str();
        match (owner.uras.as_slice(), &owner.id) {
            ([], None) => Ok(false),
            ([], Some(id)) => {
                let organization = self.read("Organization", id, None).await.map_err(Unanswered::failure)?;
                Ok(task::uras_of(&organization).iter().any(|ura| ura == own))
            }
            (uras, _) => Ok(uras.iter().any(|ura| ura == own)),
        }
    }

    /// Fetches the whole handoff, holds it against the Task, and keeps it.
    async fn fetch(&self, as_of: u32) -> Result<Found, Failure> {
        let composition = self.received.composition.as_deref().ok_or("the Task names no handoff")?;
        let taker = self.received.taker.clone().ok_or("nobody takes it")?;
        let path = format!("Composition/{composition}/$document");
        let resources = match self.ask(Method::Get, path, None, Some(taker.clone())).await {
            Ok(resources) => resources,
            Err(Unanswered::NotThere) => self.one_by_one(composition, &taker).await?,
            Err(Unanswered::Failed(failure)) => return Err(failure),
        };
        let handoff = Handoff::of_resources(resources, |_| true).map_err(|fault| format!("the handoff: {fault}"))?;
        let fits =
            handoff.composition() == composition && self.received.patient_id.as_deref() == Some(handoff.patient_id());
        if !fits {
            return Ok(Told::NotForUs { as_of }.into());
        }
        let binaries = handoff.binaries();
        let count = handoff.resources().len() + binaries.len();
        let mut events = vec![Told::Parts(1 + binaries.len())];
        self.keep(0, handoff.to_bundle().write()).await?;
        events.push(Told::Kept(0));
        for (id, part) in binaries.iter().zip(1..) {
            let binary = self.read("Binary", id, Some(taker.clone())).await.map_err(Unanswered::failure)?;
            self.keep(part, binary.bytes()).await?;
            events.push(Told::Kept(usize::try_from(part).unwrap_or(usize::MAX)));
        }
        Ok(Found { events, resources: Some(count), ..Found::default() })
    }

    /// Keeps a part, durably.
    pub(super) async fn keep(&self, part: u32, bytes: Bytes) -> Result<(), String> {
        let kept = self.handoffs.books.received.keep(self.id, part, bytes.to_vec()).await;
        kept.map_err(|fault| fault.to_string())
    }

    /// The Composition and everything that it leads to, of a sender that makes no documents. What is not there is left out,
    /// but for what names no patient of its own: whether that is withheld cannot be told.
    async fn one_by_one(&self, composition: &str, taker: &Person) -> Result<Vec<Resource>, Failure> {
        let mut known = BTreeSet::from([("Composition".to_owned(), composition.to_owned())]);
        let mut waiting: Vec<(String, String)> = known.iter().cloned().collect();
        let mut resources = Vec::new();
        while let Some((kind, id)) = waiting.pop() {
            let resource = match self.read(&kind, &id, Some(taker.clone())).await {
                Ok(resource) => resource,
                Err(Unanswered::NotThere) if !matches!(kind.as_str(), "Composition" | "Device" | "Specimen") => {
                    continue;
                }
                Err(fault) => return Err(fault.failure()),
            };
            links(&resource, &mut |kind, id, elsewhere| {
                let name = (kind.to_owned(), id.to_owned());
                if !elsewhere && known.insert(name.clone()) {
                    waiting.push(name);
                }
            });
            if known.len() > MOST {
                return Err("the handoff leads to more resources than are fetched".into());
            }
            resources.push(resource);
        }
        Ok(resources)
    }

    /// Puts the Task back, as it is at the sender now, with `completed`, unless it offers another handoff by now. Where it is that already, our answer was lost; where
    /// the sender took it back, there is nothing to complete.
    async fn complete(&self, receiving: &Receiving) -> Result<Found, Failure> {
        let task = self.task().await?;
        let read = task::read(&task).map_err(|fault| format!("the Task: {fault}"))?;
        let (status, edition) = (read.status, names::of_edition(&read.edition));
        if status == TaskStatus::InProgress && edition != receiving.edition() {
            // What we keep was replaced, and we were not told yet.
            let (patient_id, composition) = (Some(read.patient), read.composition);
            return Ok(Found { patient_id, composition, ..Told::Superseded(edition).into() });
        }
        if matches!(status, TaskStatus::Completed | TaskStatus::Cancelled | TaskStatus::Rejected) {
            return Ok(Told::Answered(status).into());
        }
        let put = task::with_status(&task, TaskStatus::Completed);
        let path = format!("Task/{}", self.received.task);
        let answer = self.ask(Method::Put, path, Some(&put), self.received.taker.clone()).await;
        let answer = answer.map_err(Unanswered::failure)?;
        let answer = answer.first().ok_or("the sender did not give the Task back")?;
        let status = task::read(answer).map_err(|fault| format!("the Task: {fault}"))?.status;
        if status != TaskStatus::Completed {
            return Err(format!("the sender left the Task {status}").into());
        }
        Ok(Told::Answered(status).into())
    }

    pub(super) async fn task(&self) -> Result<Resource, Failure> {
        self.read("Task", &self.received.task, None).await.map_err(Unanswered::failure)
    }

    async fn read(&self, kind: &str, id: &str, person: Option<Person>) -> Result<Resource, Unanswered> {
        let found = self.ask(Method::Get, format!("{kind}/{id}"), None, person).await?;
        found.into_iter().next().ok_or(Unanswered::NotThere)
    }

    /// One question to the sender; all of what came, or nothing.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: String,
        body: Option<&Resource>,
        person: Option<Person>,
    ) -> Result<Vec<Resource>, Unanswered> {
        let body = body.map_or_else(Bytes::new, Resource::bytes);
        let asked = Asked { use_case: RECEIVER, ground: TRANSFER, method, path, body, person, patient: None };
        let recorded = self.answered(asked).await?;
        let released = recorded.released();
        let whole = |part: &exchange::Part| {
            part.status() == SourceStatus::Answered && part.withheld() == 0 && part.mistrusted() == 0
        };
        if !released.parts().iter().all(whole) {
            return Err(Unanswered::Failed("the sender's answer is not whole".into()));
        }
        Ok(released.items().map(|(_, item)| item.resource().clone()).collect())
    }

    /// One question that was answered.
    pub(super) async fn answered(&self, asked: Asked) -> Result<Recorded, Unanswered> {
        match self.run(asked).await.map_err(|why| Unanswered::Failed(why.into()))? {
            Ok(recorded) => Ok(recorded),
            Err(Refusal::NotFound | Refusal::Source(SourceFault::NotFound | SourceFault::NotSupported)) => {
                Err(Unanswered::NotThere)
            }
            Err(refusal) => Err(Unanswered::Failed(Failure::of(refusal))),
        }
    }

    /// One exchange.
    ///
    /// # Errors
    /// It could not be begun.
    pub(super) async fn run(&self, asked: Asked) -> Result<Result<Recorded, Refusal>, String> {
        let (ura, name) = &self.handoffs.own;
        let caller = Caller {
            client_id: asked.use_case.to_owned(),
            organisation: Organisation { ura: ura.clone(), name: Some(name.clone()), kind: None },
            person: asked.person,
            responsible: None,
            use_cases: vec![use_case(asked.use_case)?],
            patient: asked.patient,
            treatment_relation: Some(TreatmentRelation {
                kind: asked.ground.to_owned(),
                reference: names::shown(self.id),
                age_days: None,
            }),
            emergency: None,
            token_id: None,
        };
        let ticket = self.handoffs.tickets.give(caller).ok_or("no ticket can be made")?;
        let question = OwnQuestion {
            use_case: asked.use_case,
            version: VERSION,
            correlation: &self.received.correlation,
            method: asked.method,
            path: &asked.path,
            query: String::new(),
            body: asked.body,
        };
        Ok(in_turn(self.runs, &question.inbound(&ticket)).await)
    }
}
