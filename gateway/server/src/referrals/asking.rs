//! Asks the sender of one referral. Every question goes through the node's own stack, as an exchange of its own with its own
//! record.

use bytes::Bytes;
use connectors::identity::oauth::REFERRAL;
use exchange::{Inbound, SourceStatus};
use fhir::{Bsn, Method, Parameter, Resource, SearchMode, SearchQuery};
use flows::bgz::VERSION;
use policy::{Caller, Organisation, Person, TreatmentRelation};
use store::transfers::Id;

use super::received::Received;
use super::{INTAKE, RECEIVER, Referrals};
use crate::handoffs::asking::{OwnQuestion, in_turn};
use crate::handoffs::failure::Failure;
use crate::handoffs::tickets::Ticket;
use crate::handoffs::{Runs, names, use_case};

/// Most pages of one answer that are turned.
const MOST_PAGES: usize = 200;

/// What asks for one referral.
pub(super) struct Asking<'a> {
    pub runs: &'a Runs,
    pub referrals: &'a Referrals,
    pub id: Id,
    pub received: &'a Received,
}

/// One question.
struct Asked<'q> {
    use_case: &'static str,
    method: Method,
    path: String,
    query: String,
    body: Option<&'q Resource>,
}

/// All of an answer.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub resources: Vec<Resource>,
    /// How many of them were asked for; the others come along.
    pub matches: usize,
}

impl Asking<'_> {
    /// Reads the Task, in nobody's name.
    pub(super) async fn task(&self) -> Result<Resource, Failure> {
        self.read("Task", &self.received.task, None).await
    }

    /// Reads one resource, before it is known about whom.
    pub(super) async fn read(&self, kind: &str, id: &str, person: Option<Person>) -> Result<Resource, Failure> {
        let path = format!("{kind}/{id}");
        let asked = Asked { use_case: RECEIVER, method: Method::Get, path, query: String::new(), body: None };
        let whole = self.ask(asked, person, None).await?;
        whole.resources.into_iter().next().ok_or_else(|| "the sender has not got it".into())
    }

    /// Puts the Task back; the Task as it is then.
    pub(super) async fn put(&self, task: &Resource, person: Option<Person>) -> Result<Resource, Failure> {
        let path = format!("Task/{}", self.received.task);
        let asked = Asked { use_case: RECEIVER, method: Method::Put, path, query: String::new(), body: Some(task) };
        let whole = self.ask(asked, person, None).await?;
        whole.resources.into_iter().next().ok_or_else(|| "the sender did not give the Task back".into())
    }

    /// Searches for something of this patient; every page of it.
    pub(super) async fn search(
        &self,
        path: &str,
        query: String,
        person: Person,
        patient: &Bsn,
    ) -> Result<Whole, Failure> {
        let asked = Asked { use_case: INTAKE, method: Method::Get, path: path.to_owned(), query, body: None };
        self.ask(asked, Some(person), Some(patient)).await
    }

    /// One question; all of what came, or why nothing did.
    async fn ask(&self, asked: Asked<'_>, person: Option<Person>, patient: Option<&Bsn>) -> Result<Whole, Failure> {
        let (ura, name) = &self.referrals.own;
        let caller = Caller {
            client_id: asked.use_case.to_owned(),
            organisation: Organisation { ura: ura.clone(), name: Some(name.clone()), kind: None },
            person,
            responsible: None,
            use_cases: vec![use_case(asked.use_case)?],
            patient: patient.cloned(),
            treatment_relation: Some(TreatmentRelation {
                kind: REFERRAL.to_owned(),
                reference: names::shown(self.id),
                age_days: None,
            }),
            emergency: None,
            token_id: None,
        };
        let ticket = self.referrals.tickets.give(caller).ok_or("no ticket can be made")?;
        let mut inbound = self.inbound(&asked, &ticket);
        let mut whole = Whole::default();
        for _ in 0..MOST_PAGES {
            let recorded = in_turn(self.runs, &inbound).await.map_err(Failure::of)?;
            let released = recorded.released();
            let is_whole = |part: &exchange::Part| {
                let answered = matches!(part.status(), SourceStatus::Answered | SourceStatus::NothingThere);
                answered && part.withheld() == 0 && part.mistrusted() == 0
            };
            if released.parts().is_empty() || !released.parts().iter().all(is_whole) {
                return Err("the sender's answer is not whole".into());
            }
            whole.matches += released.items().filter(|(_, item)| item.mode() == SearchMode::Match).count();
            let content = released.items().filter(|(_, item)| item.mode() != SearchMode::Outcome);
            whole.resources.extend(content.map(|(_, item)| item.resource().clone()));
            let Some(next) = released.page().and_then(|page| page.next()) else { return Ok(whole) };
            // The page of an operation is one of the type that it was asked of.
            let kind = asked.path.split('/').next().unwrap_or_default();
            let page = SearchQuery { parameters: vec![Parameter::new("_page", next.as_str())] };
            inbound = Inbound {
                request_id: uuid::Uuid::new_v4().to_string(),
                path: kind.to_owned(),
                query: page.write(),
                ..inbound
            };
        }
        Err("the sender's answer has more pages than are turned".into())
    }

    fn inbound(&self, asked: &Asked<'_>, ticket: &Ticket) -> Inbound {
        let question = OwnQuestion {
            use_case: asked.use_case,
            version: VERSION,
            correlation: &self.received.correlation,
            method: asked.method,
            path: &asked.path,
            query: asked.query.clone(),
            body: asked.body.map_or_else(Bytes::new, Resource::bytes),
        };
        question.inbound(ticket)
    }
}
