//! The last stage of the other stack: the node's own access log, shown to those who may look into it. That they did is
//! itself a record: what they saw stands in it as what a source disclosed.
//!
//! No source is asked here and no consent found: the log is the node's own, and supervision of it rests on the law
//! (NEN 7513, chapters 5 and 9).

use std::fmt;
use std::sync::Arc;

use fhir::{Bsn, Interaction, SearchQuery};
use policy::{Denial, DenialCode, PatientScope, Permit, StandardOperation};

use super::authorisation::Permitted;
use super::explaining::Explaining;
use super::minimisation::SourceStatus;
use super::nen7513::Leaving;
use super::paging::{Asker, Page, Pages, Place, Presented, Wanted};
use crate::explanation::Explanation;
use crate::handle::Handle;
use crate::ports::{LogFound, LogQuestion, LogReadFault, LogReader, LoggedEvent};
use crate::record::{OutcomeFacts, ReviewFacts, SourceFacts, Verdict};
use crate::refusal::Refusal;
use fhir::search::SearchFault;

/// Longest note beside a verdict, in characters.
const LONGEST_NOTE: usize = 2_000;

/// How the record names the log among what was asked, and the provider's own registers.
const NAME: &str = "access log";
const REGISTERS: &str = "own registers";

/// What may leave of the access log. Built by this stage only. Debug shows no event.
pub struct Disclosed {
    permit: Arc<Permit>,
    events: Vec<LoggedEvent>,
    form: Form,
}

/// In what form it leaves.
#[derive(Clone, Debug)]
pub enum Form {
    /// A page of a search's answer; whether all of the log was looked at.
    Page { page: Page, complete: bool },
    /// The one event that was asked for.
    One,
    /// The event that a verdict was given on.
    Reviewed,
    /// What would be decided, and on what.
    Explained(Box<Explanation>),
}

impl Disclosed {
    pub fn permit(&self) -> &Permit {
        &self.permit
    }
    /// Newest first.
    pub fn events(&self) -> &[LoggedEvent] {
        &self.events
    }
    pub fn form(&self) -> &Form {
        &self.form
    }
}

impl fmt::Debug for Disclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disclosed({} events, {:?})", self.events.len(), self.form)
    }
}

impl Leaving for Disclosed {
    fn outcome(&self) -> OutcomeFacts {
        OutcomeFacts::Released
    }
}

/// Reads the log under a permit.
pub struct ReadLog {
    reader: Arc<dyn LogReader>,
    pages: Arc<Pages>,
    explaining: Explaining,
}

impl ReadLog {
    /// `pages` are those of the stage that reads the interaction.
    pub fn new(reader: Arc<dyn LogReader>, pages: Arc<Pages>, explaining: Explaining) -> Self {
        ReadLog { reader, pages, explaining }
    }
}

impl Handle<Permitted> for ReadLog {
    type Out = Disclosed;

    async fn handle(&self, permitted: Permitted) -> Result<Disclosed, Refusal> {
        let permit = permitted.permit().clone();
        let disclosed = match (&permit.request().interaction, permit.operation()) {
            (Interaction::Read { id, .. }, _) => {
                let event = self.event(&permit, id.as_str()).await?;
                Disclosed { permit: permit.clone(), events: vec![event], form: Form::One }
            }
            (Interaction::Search { query, .. }, _) => self.search(&permitted, query).await?,
            (Interaction::Operation { query, .. }, Some(StandardOperation::Review)) => {
                self.review(&permitted, query).await?
            }
            (Interaction::Operation { query, .. }, Some(StandardOperation::Explain)) => {
                let patient = one(&permit).ok_or(Refusal::PatientParameter)?;
                let explanation = self.explaining.explain(query, patient).await?;
                Disclosed { permit: permit.clone(), events: Vec::new(), form: Form::Explained(Box::new(explanation)) }
            }
            // No use case about the log offers anything else.
            _ => return Err(Refusal::Defect),
        };
        note(&permitted, &disclosed);
        Ok(disclosed)
    }
}

impl ReadLog {
    async fn search(&self, permitted: &Permitted, query: &SearchQuery) -> Result<Disclosed, Refusal> {
        let permit = permitted.permit();
        let (presented, number, before) = match permitted.asked().wanted() {
            Wanted::First(presented) => (presented.clone(), 1, None),
            Wanted::Turned(turned) => (turned.answer.presented(), turned.number(), turned.answer.before()),
            Wanted::Whole => return Err(Refusal::Defect),
        };
        let bounds = self.pages.bounds();
        let count = presented.count(bounds.default_count, bounds.most_count);
        let question = LogQuestion { query: filters(query), patient: one(permit).cloned(), before, count };
        let LogFound { events, next, complete } = self.reader.search(question).await?;
        // What the log's index gives is held against the permit like any source's answer.
        let events = events.into_iter().filter(|event| is_theirs(permit, event)).collect();
        let next = match next {
            Some(before) => Some(self.keep(permit, permitted.asked().asker(), presented, count, number, before)?),
            None => None,
        };
        let form = Form::Page { page: next.unwrap_or_else(|| Page::last(number)), complete };
        Ok(Disclosed { permit: permit.clone(), events, form })
    }

    /// Names the next page: what was asked is kept, not what will be answered.
    fn keep(
        &self,
        permit: &Permit,
        asker: &Asker,
        presented: Arc<Presented>,
        count: usize,
        number: usize,
        before: u64,
    ) -> Result<Page, Refusal> {
        let request = permit.request();
        let place = Place {
            asker: asker.clone(),
            interaction: request.interaction.clone(),
            patient: request.patient.clone(),
            use_case: permit.use_case().clone(),
            presented,
            count,
            before,
        };
        self.pages.continued(place, number).ok_or(Refusal::Defect)
    }

    /// The event of this id, if it is one that the permit is about.
    async fn event(&self, permit: &Permit, id: &str) -> Result<LoggedEvent, Refusal> {
        let event = self.reader.event(id).await?;
        event.filter(|event| is_theirs(permit, event)).ok_or(Refusal::NotFound)
    }

    async fn review(&self, permitted: &Permitted, query: &SearchQuery) -> Result<Disclosed, Refusal> {
        let permit = permitted.permit();
        let Interaction::Operation { level: fhir::interaction::Level::Instance(_, id), .. } =
            &permit.request().interaction
        else {
            return Err(Refusal::Defect);
        };
        let (verdict, note) = verdict(query)?;
        let event = self.event(permit, id.as_str()).await?;
        if is_own(permit, &event) {
            return Err(own_access(permit));
        }
        let review = ReviewFacts { event: event.id.clone(), index: event.index, verdict, note };
        permitted.asked().notes().note(|record| record.review = Some(review));
        Ok(Disclosed { permit: permit.clone(), events: vec![event], form: Form::Reviewed })
    }
}

/// The record names whose log was looked into, and which events were seen.
fn note(permitted: &Permitted, disclosed: &Disclosed) {
    let permit = &disclosed.permit;
    let status = match (&disclosed.form, disclosed.events.is_empty()) {
        (Form::Page { complete: false, .. }, _) => SourceStatus::Partly,
        (Form::Explained(_), _) => SourceStatus::Answered,
        (_, true) => SourceStatus::NothingThere,
        (_, false) => SourceStatus::Answered,
    };
    let seen = |event: &LoggedEvent| format!("AuditEvent/{}", event.id);
    let source = SourceFacts {
        holder: permit.holder().0.to_string(),
        name: if matches!(disclosed.form, Form::Explained(_)) { REGISTERS } else { NAME }.to_owned(),
        fhir_version: None,
        status,
        failed: Vec::new(),
        disclosed: disclosed.events.iter().map(seen).collect(),
        withheld: 0,
        mistrusted: 0,
        masked: 0,
        written: Vec::new(),
    };
    let patient = match (&disclosed.form, disclosed.events.as_slice()) {
        (Form::One | Form::Reviewed, [event]) => event.record.patient.clone(),
        _ => None,
    };
    permitted.asked().notes().note(|record| {
        record.sources = vec![source];
        if record.patient.is_none() {
            record.patient = patient;
        }
    });
}

/// What shapes the answer is not a filter.
fn filters(query: &SearchQuery) -> SearchQuery {
    let (filters, _) = fhir::search::split(query);
    filters
}

fn one(permit: &Permit) -> Option<&Bsn> {
    match permit.patient() {
        PatientScope::One(bsn) => Some(bsn),
        PatientScope::Nobody | PatientScope::Any | PatientScope::Told | PatientScope::Unnamed => None,
    }
}

fn is_theirs(permit: &Permit, event: &LoggedEvent) -> bool {
    match permit.patient() {
        PatientScope::One(bsn) => event.record.patient.as_ref() == Some(bsn),
        PatientScope::Any => true,
        PatientScope::Nobody | PatientScope::Told | PatientScope::Unnamed => false,
    }
}

/// Whether the event is an access of the very person who would judge it.
fn is_own(permit: &Permit, event: &LoggedEvent) -> bool {
    let reviewer = permit.request().caller.person.as_ref().map(|person| person.id.as_str());
    let caller = event.record.caller.as_ref();
    let same_house = caller.is_some_and(|caller| caller.organisation == permit.holder().0.as_str());
    let person = caller.and_then(|caller| caller.person.as_ref()).map(|person| person.id.as_str());
    same_house && person.is_some() && person == reviewer
}

fn own_access(permit: &Permit) -> Refusal {
    Refusal::Denied(Denial {
        code: DenialCode::OwnAccess,
        reasons: Vec::new(),
        use_case: Some(permit.use_case().clone()),
        policy: Some(permit.policy().clone()),
        parameter: None,
    })
}

fn verdict(query: &SearchQuery) -> Result<(Verdict, String), Refusal> {
    let malformed = |name: &str| Refusal::from(SearchFault::Value { name: name.to_owned() });
    let one = |name: &'static str| {
        let mut named = query.named(name);
        match (named.next(), named.next()) {
            (Some(parameter), None) => Ok(parameter.value.trim().to_owned()),
            _ => Err(malformed(name)),
        }
    };
    let verdict = Verdict::parse(&one("verdict")?).ok_or_else(|| malformed("verdict"))?;
    let note = one("note")?;
    if note.is_empty() || note.chars().count() > LONGEST_NOTE {
        return Err(malformed("note"));
    }
    Ok((verdict, note))
}

impl From<LogReadFault> for Refusal {
    fn from(fault: LogReadFault) -> Self {
        match fault {
            LogReadFault::Question(fault) => Refusal::from(fault),
            LogReadFault::Unreadable => Refusal::LogUnreadable,
        }
    }
}
