//! The access log for the pages: each question is an exchange through the log's stack, under the session of whoever asks.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use audit::hints::{HintRules, Pattern, hints, in_amsterdam};
use audit::{Class, Numbered};
use bytes::Bytes;
use exchange::ports::BoxFuture;
use exchange::record::AccessRecord;
use exchange::{BodyKind, Conditions, Credentials, Disclosed, DisclosedForm, Gate, Inbound, Recorded, Refusal};
use fhir::identifiers::systems;
use fhir::{FhirVersion, Method, Parameter, SearchQuery};
use portal::{
    Answered, AskedOfLog, Explainable, Explanation, HintsFound, LogDesk, LogFound, Notices, OwnLog, Period, ProofState,
    Question, RecordShown, ReviewItem, ReviewQueue, Verdict, VerdictGiven, WouldBe,
};
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, OffsetDateTime};

use super::explaining::{self, decided_again};
use super::proof;
use super::questions::{Asked, Questions};
use crate::http::endpoint;
use crate::log::notices::{NoticesView, Standing};
use crate::node::Node;

/// Records on a page of search results.
const ON_A_PAGE: usize = 50;
/// Records that are looked over at once: for unusual patterns, for a patient, for what is to be reviewed.
const AT_ONCE: usize = 1_000;
/// Settled reviews that are shown.
const SETTLED: usize = 50;
/// Days that are looked over when no period is chosen.
const DAYS: i64 = 30;
/// Records of one exchange that are shown together.
const OF_ONE_EXCHANGE: usize = 100;

/// The node's log, as the pages ask it.
#[derive(Clone)]
pub(super) struct NodeLogDesk {
    node: Arc<Node>,
    questions: Arc<Questions>,
}

/// The requests of one page, under one session.
struct Asking {
    node: Arc<Node>,
    session: String,
    remote: Option<IpAddr>,
    /// Of the first request, and what joins them all.
    id: String,
    asked: AtomicUsize,
}

/// What a search brought.
struct Brought {
    records: Vec<Numbered>,
    next: Option<String>,
}

impl NodeLogDesk {
    pub fn new(node: Arc<Node>) -> Self {
        NodeLogDesk { node, questions: Arc::default() }
    }

    fn asking(&self, session: &str, remote: Option<IpAddr>) -> Asking {
        Asking {
            node: self.node.clone(),
            session: session.to_owned(),
            remote,
            id: uuid::Uuid::new_v4().to_string(),
            asked: AtomicUsize::new(0),
        }
    }
}

impl Asking {
    fn answered<T>(self, result: Result<T, Refusal>) -> Answered<T> {
        Answered { request_id: self.id, result }
    }

    async fn run(
        &self,
        method: Method,
        path: String,
        query: String,
        form: String,
    ) -> Result<Recorded<Disclosed>, Refusal> {
        let request_id = match self.asked.fetch_add(1, Ordering::Relaxed) {
            0 => self.id.clone(),
            number => format!("{}.{number}", self.id),
        };
        let inbound = Inbound {
            request_id,
            correlation_id: self.id.clone(),
            gate: Gate::Inner,
            remote: self.remote,
            version: FhirVersion::R4,
            method: Some(method),
            path,
            query,
            body_kind: if form.is_empty() { BodyKind::None } else { BodyKind::Form },
            body: Bytes::from(form),
            conditions: Conditions::default(),
            credentials: Credentials { session: Some(self.session.clone()), ..Credentials::default() },
            use_case: None,
            emergency: None,
            unreadable: None,
        };
        match self.node.log_stack() {
            Some(stack) => endpoint::run_log(&self.node, stack, inbound).await,
            None => Err(Refusal::NotServed),
        }
    }

    async fn search(&self, mut parameters: Vec<Parameter>, count: usize) -> Result<Brought, Refusal> {
        parameters.push(Parameter::new("_count", count.to_string()));
        let form = SearchQuery { parameters }.write();
        let recorded = self.run(Method::Post, "AuditEvent/_search".into(), String::new(), form).await?;
        Ok(Brought::of(&recorded))
    }

    async fn page(&self, token: &str) -> Result<Brought, Refusal> {
        let recorded = self.run(Method::Get, "AuditEvent".into(), format!("_page={token}"), String::new()).await?;
        Ok(Brought::of(&recorded))
    }

    async fn event(&self, index: u64) -> Result<Numbered, Refusal> {
        let path = format!("AuditEvent/{}", self.id_of(index));
        let recorded = self.run(Method::Get, path, String::new(), String::new()).await?;
        Brought::of(&recorded).records.pop().ok_or(Refusal::NotFound)
    }

    fn id_of(&self, index: u64) -> String {
        audit::event::id(self.node.ura(), index)
    }
}

impl Brought {
    fn of(recorded: &Recorded<Disclosed>) -> Brought {
        let events = recorded.released().events().iter();
        let next = match recorded.released().form() {
            DisclosedForm::Page { page, .. } => page.next().map(|token| token.as_str().to_owned()),
            DisclosedForm::One | DisclosedForm::Reviewed | DisclosedForm::Explained(_) => None,
        };
        Brought { records: events.map(|event| (event.index, event.record.clone())).collect(), next }
    }

    /// In the order of the log.
    fn oldest_first(mut self) -> Vec<Numbered> {
        self.records.reverse();
        self.records
    }
}

impl LogDesk for NodeLogDesk {
    fn search(
        &self,
        session: &str,
        asked: AskedOfLog,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered<LogFound>> {
        let (asking, questions) = (self.asking(session, remote), self.questions.clone());
        Box::pin(async move {
            let found = found(&asking, &questions, asked).await;
            asking.answered(found)
        })
    }

    fn record(&self, session: &str, index: u64, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<RecordShown>> {
        let (asking, questions) = (self.asking(session, remote), self.questions.clone());
        Box::pin(async move {
            let shown = shown(&asking, &questions, index).await;
            asking.answered(shown)
        })
    }

    fn review_queue(&self, session: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<ReviewQueue>> {
        let asking = self.asking(session, remote);
        Box::pin(async move {
            let queue = queue(&asking).await;
            asking.answered(queue)
        })
    }

    fn give_verdict(
        &self,
        session: &str,
        index: u64,
        verdict: Verdict,
        note: String,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered<()>> {
        let asking = self.asking(session, remote);
        Box::pin(async move {
            let parameters = vec![Parameter::new("verdict", verdict.code()), Parameter::new("note", note)];
            let form = SearchQuery { parameters }.write();
            let path = format!("AuditEvent/{}/$review", asking.id_of(index));
            let given = asking.run(Method::Post, path, String::new(), form).await;
            asking.answered(given.map(|_| ()))
        })
    }

    fn hints(&self, session: &str, period: Period, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<HintsFound>> {
        let asking = self.asking(session, remote);
        Box::pin(async move {
            let period = chosen(period);
            let brought = asking.search(within(period), AT_ONCE).await;
            let found = brought.map(|brought| {
                let cut_off = brought.next.is_some();
                let records = of_days(brought.oldest_first(), period);
                let hints = hints(&records, &HintRules::default());
                HintsFound { period, hints, looked_over: records.len(), cut_off }
            });
            asking.answered(found)
        })
    }

    fn proof(&self, session: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<ProofState>> {
        let asking = self.asking(session, remote);
        // It tells of no patient and of no exchange, so looking at it is none.
        Box::pin(async move {
            let state = proof::state(&asking.node).ok_or(Refusal::LogUnreadable);
            asking.answered(state)
        })
    }

    fn explainable(&self) -> Vec<Explainable> {
        explaining::explainable(&self.node.use_cases().current())
    }

    fn explain(
        &self,
        session: &str,
        asked: WouldBe,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered<Explanation>> {
        let asking = self.asking(session, remote);
        Box::pin(async move {
            let form = SearchQuery { parameters: explaining::parameters(&asked, escaped) }.write();
            let recorded = asking.run(Method::Post, "AuditEvent/$explain".into(), String::new(), form).await;
            let explained = recorded.and_then(|recorded| match recorded.released().form() {
                DisclosedForm::Explained(explanation) => Ok(Explanation::clone(explanation)),
                _ => Err(Refusal::Defect),
            });
            asking.answered(explained)
        })
    }

    fn own_log(&self, session: &str, period: Period, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<OwnLog>> {
        let asking = self.asking(session, remote);
        Box::pin(async move {
            let period = chosen(period);
            let brought = asking.search(within(period), AT_ONCE).await;
            let own = brought.map(|brought| {
                let cut_off = brought.next.is_some();
                OwnLog { period, records: of_days(brought.oldest_first(), period), cut_off }
            });
            asking.answered(own)
        })
    }
}

async fn found(asking: &Asking, questions: &Questions, asked: AskedOfLog) -> Result<LogFound, Refusal> {
    let Asked { question, page } = match asked {
        AskedOfLog::New(question) => Asked { question, page: None },
        AskedOfLog::Token(token) => questions.find(&asking.session, &token).ok_or(Refusal::PageGone)?,
    };
    let brought = match &page {
        Some(page) => asking.page(page).await?,
        None => asking.search(parameters(&question), ON_A_PAGE).await?,
    };
    let older = brought
        .next
        .and_then(|page| questions.keep(&asking.session, Asked { question: question.clone(), page: Some(page) }));
    let mut in_order = brought.records;
    in_order.reverse();
    let hints = hints(&in_order, &HintRules::default());
    let without: Vec<u64> = hints
        .iter()
        .filter(|hint| hint.pattern == Pattern::WithoutTreatmentRelation)
        .flat_map(|hint| hint.records.iter().copied())
        .collect();
    let fits = |(index, record): &Numbered| {
        is_meant(&question, record) && (!question.without_relation || without.contains(index))
    };
    let records: Vec<Numbered> = in_order.into_iter().rev().filter(fits).collect();
    Ok(LogFound { question, records, older, hints, unreadable: 0 })
}

async fn shown(asking: &Asking, questions: &Questions, index: u64) -> Result<RecordShown, Refusal> {
    let record = asking.event(index).await?;
    let joined = vec![Parameter::new("entity.identifier", escaped(&record.1.correlation_id))];
    let mut same_exchange = asking.search(joined, OF_ONE_EXCHANGE).await?.oldest_first();
    same_exchange.retain(|(_, other)| other.correlation_id == record.1.correlation_id);
    let patient = record.1.patient.as_ref().and_then(|bsn| {
        let digits = bsn.reveal_to(fhir::identifiers::Reader::AccessLog).to_owned();
        let question = Question { patient: Some(digits), ..Question::default() };
        questions.keep(&asking.session, Asked { question, page: None })
    });
    let proof = proof::of_record(&asking.node, index);
    let hints = hints(&same_exchange, &HintRules::default());
    let own = asking.node.for_replays();
    let again = decided_again(&record.1, &asking.node.use_cases().current(), &own);
    Ok(RecordShown { record, same_exchange, hints, proof, patient, again })
}

async fn queue(asking: &Asking) -> Result<ReviewQueue, Refusal> {
    let emergencies = asking.search(vec![Parameter::new("purpose", "BTG")], AT_ONCE).await?;
    let more = emergencies.next.is_some();
    let reviews = vec![Parameter::new("purpose", "HCOMPL"), Parameter::new("subtype", "operation")];
    let reviews = asking.search(reviews, AT_ONCE).await?.oldest_first();
    let verdicts = |index: u64| reviews.iter().filter_map(|(_, record)| given(record, index)).collect::<Vec<_>>();
    let (mut open, mut settled) = (Vec::new(), Vec::new());
    for record in emergencies.oldest_first().into_iter().filter(|(_, record)| record.emergency.is_some()) {
        let item = ReviewItem { verdicts: verdicts(record.0), record };
        let last = item.verdicts.last().map(|given| given.verdict);
        match last {
            Some(Verdict::Justified | Verdict::Unjustified) => settled.push(item),
            Some(Verdict::UnderInvestigation) | None => open.push(item),
        }
    }
    settled.sort_by_key(|item| std::cmp::Reverse(item.verdicts.last().map(|given| given.at)));
    settled.truncate(SETTLED);
    let (notices, now) = (notices(asking.node.emergency_notices()), OffsetDateTime::now_utc());
    Ok(ReviewQueue { open, more_open: usize::from(more), settled, notices, now })
}

/// How it stands with the notices, for the page.
fn notices(standing: Option<&Standing>) -> Notices {
    let Some(view) = standing.map(Standing::view) else { return Notices::Nobody };
    match view {
        NoticesView { unreadable: true, .. } => Notices::Unknown,
        NoticesView { waiting: 0, .. } => Notices::Told,
        NoticesView { waiting, oldest, overdue, .. } => Notices::Waiting { notices: waiting, oldest, overdue },
    }
}

/// The verdict that this record gave on the access of this index.
fn given(record: &AccessRecord, index: u64) -> Option<VerdictGiven> {
    let review = record.review.as_ref().filter(|review| review.index == index)?;
    let person = record.caller.as_ref().and_then(|caller| caller.person.as_ref());
    let by = person.map(|person| person.name.clone().unwrap_or_else(|| person.id.clone())).unwrap_or_default();
    Some(VerdictGiven { verdict: review.verdict, note: review.note.clone(), by, at: moment(record)? })
}

/// As much of a question as the search of the log knows; [`is_meant`] is the rest.
fn parameters(question: &Question) -> Vec<Parameter> {
    let mut parameters = within(question.period);
    let mut add = |name: &str, value: String| parameters.push(Parameter::new(name, value));
    if let Some(bsn) = &question.patient {
        add("patient.identifier", format!("{}|{}", systems::BSN, escaped(bsn)));
    }
    if let Some(person) = &question.person {
        add("agent.identifier", escaped(person));
    }
    if let Some(ura) = &question.organisation {
        add("agent.identifier", format!("{}|{}", systems::URA, escaped(ura)));
    }
    if question.emergency {
        add("purpose", "BTG".to_owned());
    }
    if question.of_the_log {
        add("purpose", "HCOMPL,PATRQT".to_owned());
    }
    // What was not granted never is a plain success (`AuditEvent.outcome`).
    if question.refused || question.class.is_some_and(|class| !class.is_granted()) {
        add("outcome", "4,8,12".to_owned());
    }
    parameters
}

/// Whether a record is what the question means: that somebody asked, not that they took part.
fn is_meant(question: &Question, record: &AccessRecord) -> bool {
    let caller = record.caller.as_ref();
    let class = Class::of(record);
    let person = |wanted: &String| {
        let persons = caller.into_iter().flat_map(|caller| caller.person.iter().chain(&caller.responsible));
        persons.into_iter().any(|person| person.id == *wanted)
    };
    question.person.as_ref().is_none_or(person)
        && question.organisation.as_ref().is_none_or(|ura| caller.is_some_and(|caller| caller.organisation == *ura))
        && question.class.is_none_or(|wanted| wanted == class)
        && (!question.refused || !class.is_granted())
        && (!question.emergency || record.emergency.is_some())
        && is_of_days(record, question.period)
}

/// The days of a period as the search knows them: in UTC, and so a day wider at both ends.
fn within(period: Period) -> Vec<Parameter> {
    let from = period.from.and_then(Date::previous_day).map(|day| Parameter::new("date", format!("ge{day}")));
    let until = period.until.and_then(Date::next_day).map(|day| Parameter::new("date", format!("le{day}")));
    from.into_iter().chain(until).collect()
}

fn of_days(mut records: Vec<Numbered>, period: Period) -> Vec<Numbered> {
    records.retain(|(_, record)| is_of_days(record, period));
    records
}

/// Whether it was within these days, as they are counted in the Netherlands.
fn is_of_days(record: &AccessRecord, period: Period) -> bool {
    let Some(moment) = moment(record) else { return true };
    let day = in_amsterdam(moment).date();
    period.from.is_none_or(|from| from <= day) && period.until.is_none_or(|until| day <= until)
}

/// The period that was chosen, or the last weeks.
fn chosen(period: Period) -> Period {
    if period.from.is_some() || period.until.is_some() {
        return period;
    }
    let today = in_amsterdam(OffsetDateTime::now_utc()).date();
    Period { from: today.checked_sub(Duration::days(DAYS)), until: Some(today) }
}

fn moment(record: &AccessRecord) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(&record.recorded, &Rfc3339).ok()
}

/// A text as one value of a search (FHIR R4, search.html#escaping).
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, '\\' | '|' | ',' | '$').then_some('\\').into_iter().chain([c])).collect()
}
