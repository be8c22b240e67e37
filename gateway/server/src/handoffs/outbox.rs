//! What we send, as a source behind the stack: the Task, the document and each of its resources, of the one transfer that the
//! permit's ground names. What is put back is held against the Task as it is.

use std::sync::Arc;

use connectors::identity::oauth::TRANSFER;
use exchange::ports::{Answer, BoxFuture, Item, Question, Source, SourceFault, Written};
use fhir::interaction::{Level, SearchTarget};
use fhir::json::Limits;
use fhir::search::{Search, SearchFault, Shelf, split};
use fhir::{Interaction, Resource, ResourceType, SearchMode, SearchQuery};
use flows::eoverdracht::{Access, Handoff, NotAllowed, SenderEvent, VERSION, task};
use policy::{DataHolder, PatientScope};
use store::transfers::Id;

use super::book::Change;
use super::sent::Sent;
use super::{Handoffs, names, ports};

/// Most resources of one answer.
const MOST: usize = 5_000;

/// The outbox.
pub struct OutboxSource {
    handoffs: Arc<Handoffs>,
    holder: DataHolder,
}

/// A handoff as a shelf that is searched.
struct Laid<'h>(&'h Handoff);

impl OutboxSource {
    pub fn new(handoffs: Arc<Handoffs>) -> Self {
        let holder = DataHolder(handoffs.own.0.clone());
        OutboxSource { handoffs, holder }
    }

    async fn answer(&self, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let permit = question.permit();
        if permit.version() != VERSION {
            return Err(SourceFault::NotSupported);
        }
        let ground = permit.treatment_relation().ok_or(SourceFault::NotFound)?;
        let ours = [TRANSFER, ports::ENDED].contains(&ground.kind.as_str());
        let id = names::read(&ground.reference).filter(|_| ours).ok_or(SourceFault::NotFound)?;
        let sent = self.handoffs.books.sent.get(id).map_err(|fault| unreadable(&fault))?;
        let sent = sent.ok_or(SourceFault::NotFound)?;
        let theirs = sent.receiver == permit.request().caller.organisation.ura;
        match permit.patient() {
            PatientScope::One(bsn) if theirs && sent.patient().as_ref() == Some(bsn) => {}
            _ => return Err(SourceFault::NotFound),
        }
        let answer = match question.interaction() {
            Interaction::Read { resource_type, id } if resource_type.name() == "Task" => {
                let task = self.task(&sent).filter(|_| id.as_str() == sent.task).ok_or(SourceFault::NotFound)?;
                found(vec![task])
            }
            Interaction::Update { resource_type, id: named } if resource_type.name() == "Task" => {
                if named.as_str() != sent.task {
                    return Err(SourceFault::NotFound);
                }
                self.put(id, question).await?
            }
            asked => self.part(id, &sent, asked).await?,
        };
        Ok(Answer { patients: vec![sent.patient_id], ..answer })
    }

    /// The handoff, or something of it.
    async fn part(&self, id: Id, sent: &Sent, asked: &Interaction) -> Result<Answer, SourceFault> {
        let open = sent.sending().is_some_and(|sending| sending.access() == Access::Handoff);
        if !open {
            // The policy has refused it already: the ground is another by then.
            return Err(SourceFault::NotFound);
        }
        let handoff = self.handoff(id, sent.part).await?;
        match asked {
            Interaction::Read { resource_type, id } => {
                let one = handoff.find(resource_type.name(), id.as_str()).ok_or(SourceFault::NotFound)?;
                let vouched = vec![format!("{}/{}", resource_type.name(), id.as_str())];
                Ok(Answer { vouched, ..found(vec![one.clone()]) })
            }
            Interaction::Operation { level: Level::Instance(kind, id), name, .. }
                if kind.name() == "Composition" && name == "document" =>
            {
                if id.as_str() != handoff.composition() {
                    return Err(SourceFault::NotFound);
                }
                Ok(found(handoff.without_binaries()))
            }
            Interaction::Search { target: SearchTarget::Type(kind), query } => search(&handoff, *kind, query),
            _ => Err(SourceFault::NotSupported),
        }
    }

    async fn handoff(&self, id: Id, part: u32) -> Result<Handoff, SourceFault> {
        let bytes = self.handoffs.books.sent.part(id, part).await.map_err(|fault| unreadable(&fault))?;
        let bytes = bytes.ok_or(SourceFault::Unusable("the document of a transfer is gone"))?;
        let damaged = SourceFault::Unusable("the document of a transfer cannot be read");
        let limits = Limits { bytes: bytes.len(), ..Limits::default() };
        let bundle = Resource::parse(bytes.into(), &limits).map_err(|_| damaged.clone())?;
        Handoff::of_bundle(&bundle, |_| true).map_err(|_| damaged)
    }

    fn task(&self, sent: &Sent) -> Option<Resource> {
        sent.task((&self.handoffs.own.0, &self.handoffs.own.1))
    }

    /// Takes the receiver's status, if the Task that it puts is the one that there is. Durable before it is answered; the
    /// receiver is told of it again, like of every change.
    async fn put(&self, id: Id, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let put = question.body().cloned().ok_or(SourceFault::Rejected)?;
        let expected = question.conditions().if_match.clone();
        let (own, now, due) = (self.handoffs.own.clone(), self.handoffs.stamp(), self.handoffs.now());
        let changed = self.handoffs.books.sent.change(id, move |sent| {
            let before = sent.task((&own.0, &own.1)).zip(sent.sending());
            let Some((ours, sending)) = before else { return Change::None(Err(SourceFault::Unusable(DAMAGED))) };
            let version = format!("W/\"{}\"", sending.change());
            if expected.as_ref().is_some_and(|expected| *expected != version) {
                return Change::None(Err(SourceFault::PreconditionFailed));
            }
            // Who confirms one that was replaced since has not got the one that is offered.
            if !sending.is_current(put.version_id().and_then(|version| version.parse().ok())) {
                return Change::None(Err(SourceFault::Rejected));
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
        let sent = self.handoffs.books.sent.get(id).map_err(|fault| unreadable(&fault))?;
        let task = sent.as_ref().and_then(|sent| self.task(sent)).ok_or(SourceFault::Unusable(DAMAGED))?;
        let (id, version_id) = (task.id().map(Into::into), task.version_id().map(Into::into));
        Ok(Answer { written: Some(Written { created: false, id, version_id }), ..found(vec![task]) })
    }
}

/// What is told of a record that is no transfer's.
const DAMAGED: &str = "the record of a transfer cannot be read";

impl Source for OutboxSource {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }

    fn name(&self) -> &str {
        &self.handoffs.own.1
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(async move { self.answer(&question).await })
    }
}

impl Shelf for Laid<'_> {
    fn of_type(&self, kind: ResourceType) -> Vec<&Resource> {
        self.0.resources().iter().filter(|one| one.resource_type() == kind.name()).collect()
    }

    fn get(&self, kind: ResourceType, id: &str) -> Option<&Resource> {
        self.0.find(kind.name(), id)
    }
}

fn search(handoff: &Handoff, kind: ResourceType, query: &SearchQuery) -> Result<Answer, SourceFault> {
    let (asked, _) = split(query);
    let fault = |fault: SearchFault| match fault {
        SearchFault::Unsupported { name } => SourceFault::Unsupported { parameter: name },
        SearchFault::Value { .. } | SearchFault::Encoding | SearchFault::TooMany { .. } => {
            SourceFault::Unusable("the search cannot be read")
        }
    };
    let search = Search::read(VERSION, kind, &asked).map_err(fault)?;
    let found = search.run(&Laid(handoff), MOST).map_err(fault)?;
    let items = found.items.into_iter().map(|(resource, mode)| Item { resource, mode }).collect();
    Ok(Answer { items, cut_short: found.cut_short, ..Answer::default() })
}

/// The first is what was asked for, the others come along.
pub(super) fn found(resources: Vec<Resource>) -> Answer {
    let mode = |at| if at == 0 { SearchMode::Match } else { SearchMode::Include };
    let items = resources.into_iter().enumerate().map(|(at, resource)| Item { resource, mode: mode(at) });
    Answer { items: items.collect(), ..Answer::default() }
}

pub(super) fn unreadable(fault: &super::book::Trouble) -> SourceFault {
    tracing::error!(handoff.fault = %fault, "the transfers cannot be read or written");
    SourceFault::Unusable("the transfers cannot be read or written")
}
