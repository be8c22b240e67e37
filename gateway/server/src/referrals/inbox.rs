//! What we received, as a source behind the stack: the provider's own systems get all of it at once, or search in it.

use std::collections::HashSet;
use std::sync::Arc;

use exchange::ports::{Answer, BoxFuture, Item, Question, Source, SourceFault};
use fhir::compartment::{Whose, whose};
use fhir::interaction::SearchTarget;
use fhir::json::Limits;
use fhir::search::{Search, SearchFault, Shelf, split};
use fhir::{Bundle, Interaction, Resource, ResourceType, SearchMode};
use flows::bgz::{End, Outcome, Stage, TaskStatus, VERSION};
use policy::{DataHolder, PatientScope};
use store::transfers::Id;

use super::outbox::unreadable;
use super::received::Received;
use super::{Referrals, ports};
use crate::handoffs::names;

/// The operation of the inbox that gives everything: `Patient/$received`. Ours; no standard has it.
pub const OPERATION: &str = "received";

/// Most resources of one answer.
const MOST: usize = 20_000;

/// The inbox.
pub struct InboxSource {
    referrals: Arc<Referrals>,
    holder: DataHolder,
}

/// What was received of one referral, as a shelf that is searched.
struct Laid(Vec<Resource>);

impl InboxSource {
    pub fn new(referrals: Arc<Referrals>) -> Self {
        let holder = DataHolder(referrals.own.0.clone());
        InboxSource { referrals, holder }
    }

    async fn answer(&self, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let permit = question.permit();
        if permit.version() != VERSION {
            return Err(SourceFault::NotSupported);
        }
        let ground = permit.request().caller.treatment_relation.as_ref().filter(|ground| ground.kind == ports::IN_HAND);
        let id = ground.and_then(|ground| names::read(&ground.reference)).ok_or(SourceFault::NotFound)?;
        let received = self.referrals.books.received.get(id).map_err(|fault| unreadable(&fault))?;
        let received = received.filter(is_ours_to_give).ok_or(SourceFault::NotFound)?;
        match permit.patient() {
            PatientScope::One(bsn) if received.patient().as_ref() == Some(bsn) => {}
            _ => return Err(SourceFault::NotFound),
        }
        let laid = self.laid(id, &received).await?;
        let Interaction::Search { target: SearchTarget::Type(kind), query } = question.interaction() else {
            return Err(SourceFault::NotSupported);
        };
        let everything = matches!(&permit.request().interaction,
            Interaction::Operation { name, .. } if name == OPERATION && permit.operation().is_none());
        let answer = if everything { whole(&laid, *kind) } else { search(&laid, *kind, query)? };
        Ok(Answer { patients: received.patient_id.into_iter().chain(ids(&laid)).collect(), ..answer })
    }

    async fn laid(&self, id: Id, received: &Received) -> Result<Laid, SourceFault> {
        let damaged = || SourceFault::Unusable("a part of a referral cannot be read");
        let (mut resources, mut known) = (Vec::new(), HashSet::new());
        for (part, number) in received.parts.iter().zip(0..) {
            if part.outcome() != Some(Outcome::Complete) {
                continue;
            }
            let bytes = self.referrals.books.received.part(id, number).await.map_err(|fault| unreadable(&fault))?;
            let bytes = bytes.ok_or_else(damaged)?;
            let limits = Limits { bytes: bytes.len(), ..Limits::default() };
            let bundle = Resource::parse(bytes.into(), &limits).map_err(|_| damaged())?;
            let bundle = Bundle::read(&bundle).map_err(|_| damaged())?;
            for resource in bundle.entries.into_iter().filter_map(|entry| entry.resource) {
                let name = (resource.resource_type().into_owned(), resource.id().map(|id| id.into_owned()));
                // One resource may be in several parts.
                if name.1.is_none() || known.insert(name) {
                    resources.push(resource);
                }
            }
        }
        Ok(Laid(resources))
    }
}

/// While it is open, and after its treatment. What was taken back is not given any more.
pub fn is_ours_to_give(received: &Received) -> bool {
    let stage = received.receiving().map(|receiving| receiving.stage());
    matches!(
        stage,
        Some(Stage::Pulling | Stage::Pulled | Stage::Answering(TaskStatus::Completed) | Stage::Ended(End::Completed))
    )
}

/// Everything; what is of the type that is asked for matches.
fn whole(laid: &Laid, kind: ResourceType) -> Answer {
    let mode = |resource: &Resource| {
        if resource.resource_type() == kind.name() { SearchMode::Match } else { SearchMode::Include }
    };
    let items = laid.0.iter().map(|resource| Item { resource: resource.clone(), mode: mode(resource) });
    Answer { items: items.collect(), ..Answer::default() }
}

/// The ids of the Patients that came, which are all this patient's: the answer check holds each against the BSN.
fn ids(laid: &Laid) -> Vec<String> {
    let of = |resource: &Resource| match whose(VERSION, resource) {
        Whose::Patient { id, .. } => id,
        Whose::About(_) | Whose::Unstated | Whose::Nobody => None,
    };
    laid.0.iter().filter_map(of).collect()
}

fn search(laid: &Laid, kind: ResourceType, query: &fhir::SearchQuery) -> Result<Answer, SourceFault> {
    let (asked, _) = split(query);
    let fault = |fault: SearchFault| match fault {
        SearchFault::Unsupported { name } => SourceFault::Unsupported { parameter: name },
        SearchFault::Value { .. } | SearchFault::Encoding | SearchFault::TooMany { .. } => {
            SourceFault::Unusable("the search cannot be read")
        }
    };
    let search = Search::read(VERSION, kind, &asked).map_err(fault)?;
    let found = search.run(laid, MOST).map_err(fault)?;
    let items = found.items.into_iter().map(|(resource, mode)| Item { resource, mode }).collect();
    Ok(Answer { items, cut_short: found.cut_short, ..Answer::default() })
}

impl Source for InboxSource {
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

impl Shelf for Laid {
    fn of_type(&self, kind: ResourceType) -> Vec<&Resource> {
        self.0.iter().filter(|one| one.resource_type() == kind.name()).collect()
    }

    fn get(&self, kind: ResourceType, id: &str) -> Option<&Resource> {
        self.0.iter().find(|one| one.resource_type() == kind.name() && one.id().as_deref() == Some(id))
    }
}
