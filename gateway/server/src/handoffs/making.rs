//! Asks the provider's own sources for what a handoff is made of: each question is an exchange of its own through the stack,
//! in the name of the person who hands over, with its own record.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use exchange::ports::{BoxFuture, Localisation, Source, Whereabouts};
use exchange::{Inbound, Refusal, SourceStatus};
use fhir::{Bsn, Method, Parameter, Resource, SearchMode, SearchQuery};
use flows::eoverdracht::VERSION;
use flows::eoverdracht::making::{Answered, Release, Section};
use policy::{Caller, Direction, Finding, NotFoundOut, Permit};

use super::asking::{OwnQuestion, Runs, in_turn};
use super::tickets::Ticket;
use super::{Handoffs, MAKING, use_case};

/// Most pages of one answer that are turned.
const MOST_PAGES: usize = 50;

/// Where a handoff that is made is asked for: at our own sources that speak its version, and nowhere else. Everything else is
/// where it was.
pub struct MakingPlaces {
    pub otherwise: Arc<dyn Localisation>,
    pub own: Vec<Arc<dyn Source>>,
}

impl Localisation for MakingPlaces {
    fn locate<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        match (permit.use_case().as_str(), permit.direction()) {
            (MAKING, Direction::User) => {
                let index = Finding::NotFoundOut(NotFoundOut::NotAsked);
                Box::pin(std::future::ready(Whereabouts { places: self.own.clone(), index }))
            }
            _ => self.otherwise.locate(permit),
        }
    }
}

/// What asks for one handoff.
pub struct Gathering<'a> {
    pub handoffs: &'a Handoffs,
    pub runs: &'a Runs,
    /// Who hands over.
    pub caller: &'a Caller,
    pub patient: &'a Bsn,
    pub correlation: &'a str,
}

/// A section that the sources did not answer for, or not whole.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unanswered {
    pub section: &'static str,
    /// What the source said, or that it said nothing. No patient.
    pub why: String,
}

/// All that the sources gave.
#[derive(Debug, Default)]
pub struct Gathered {
    pub answers: Vec<(&'static Section, Option<Vec<Answered>>)>,
    pub unanswered: Vec<Unanswered>,
    /// How many resources the policy kept back.
    pub withheld: usize,
}

/// Why an answer is none.
#[derive(Debug)]
pub enum NoAnswer {
    Refused(Refusal),
    /// A source answered in part, or not.
    NotWhole(String),
}

impl NoAnswer {
    fn words(&self) -> String {
        match self {
            NoAnswer::Refused(refusal) => refusal.row().says,
            NoAnswer::NotWhole(why) => why.clone(),
        }
    }
}

impl Gathering<'_> {
    /// The one Patient that the sources have.
    ///
    /// # Errors
    /// There is no answer; nothing where the sources have none, or more than one.
    pub async fn patient(&self) -> Result<Option<Resource>, NoAnswer> {
        let (answered, _) = self.ask("Patient").await?;
        let mut found = answered.found.into_iter();
        Ok(found.next().filter(|_| found.next().is_none()))
    }

    /// Everything that a release asks for these sections. Each question is asked once.
    pub async fn sections(&self, wanted: &[&'static Section], release: Release) -> Gathered {
        let mut gathered = Gathered::default();
        let mut asked: HashMap<&'static str, Result<Answered, String>> = HashMap::new();
        for section in wanted {
            let mut answers = Some(Vec::new());
            for ask in section.asks(release) {
                if !asked.contains_key(ask) {
                    let answer = self.ask(ask).await.map_err(|fault| fault.words());
                    let answer = answer.map(|(answered, withheld)| {
                        gathered.withheld += withheld;
                        answered
                    });
                    asked.insert(ask, answer);
                }
                match asked.get(ask) {
                    Some(Ok(answer)) => answers.iter_mut().for_each(|all| all.push(answer.clone())),
                    Some(Err(why)) => {
                        gathered.unanswered.push(Unanswered { section: section.code, why: why.clone() });
                        answers = None;
                        break;
                    }
                    None => answers = None,
                }
            }
            gathered.answers.push((section, answers));
        }
        gathered
    }

    /// One question, every page of its answer; and how much of it was kept back.
    async fn ask(&self, ask: &str) -> Result<(Answered, usize), NoAnswer> {
        let not_whole = |why: &str| NoAnswer::NotWhole(why.to_owned());
        let making = use_case(MAKING).map_err(NoAnswer::NotWhole)?;
        let caller = Caller {
            use_cases: vec![making],
            patient: Some(self.patient.clone()),
            treatment_relation: None,
            emergency: None,
            ..self.caller.clone()
        };
        let ticket = self.handoffs.tickets.give(caller).ok_or_else(|| not_whole("no ticket can be made now"))?;
        let (path, query) = ask.split_once('?').unwrap_or((ask, ""));
        let mut inbound = self.inbound(path, query, &ticket);
        let (mut answered, mut withheld) = (Answered::default(), 0);
        for _ in 0..MOST_PAGES {
            let recorded = in_turn(self.runs, &inbound).await.map_err(NoAnswer::Refused)?;
            let released = recorded.released();
            if released.parts().is_empty() {
                return Err(not_whole("no source of ours is asked for this"));
            }
            for part in released.parts() {
                let whole = matches!(part.status(), SourceStatus::Answered | SourceStatus::NothingThere);
                if !whole || part.mistrusted() > 0 {
                    return Err(not_whole(&format!("{} did not answer, or not whole", part.name())));
                }
                withheld += part.withheld();
            }
            for (_, item) in released.items() {
                match item.mode() {
                    SearchMode::Match => answered.found.push(item.resource().clone()),
                    SearchMode::Include => answered.along.push(item.resource().clone()),
                    SearchMode::Outcome => {}
                }
            }
            let Some(next) = released.page().and_then(|page| page.next()) else { return Ok((answered, withheld)) };
            // The page of an operation is one of the type that it was asked of.
            let kind = path.split('/').next().unwrap_or_default();
            let page = SearchQuery { parameters: vec![Parameter::new("_page", next.as_str())] };
            inbound = self.inbound(kind, &page.write(), &ticket);
        }
        Err(not_whole("the answer has more pages than are turned"))
    }

    fn inbound(&self, path: &str, query: &str, ticket: &Ticket) -> Inbound {
        let question = OwnQuestion {
            use_case: MAKING,
            version: VERSION,
            correlation: self.correlation,
            method: Method::Get,
            path,
            query: query.to_owned(),
            body: Bytes::new(),
        };
        question.inbound(ticket)
    }
}
