//! Mitz as a register that can be asked: complete question, memory, one flight for equal questions, breaker, wire, answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use exchange::ports::{BoxFuture, ConsentQuestion, Consents};
use fhir::{Bsn, Ura};
use futures_util::FutureExt;
use policy::{Consent, ConsentDecision, Finding, NotFoundOut};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tracing::{info, warn};
use uuid::Uuid;

use super::cache::{Decisions, Known};
use super::categories::{Categories, Category};
use super::client::{Client, SendFault};
use super::closed::{self, AnswerFault, ClosedQuestion, Decision, Receiver};
use super::config::{MitzConfig, SubscriptionsConfig};
use super::counts::{Counts, Outcome};
use super::envelope::EnvelopeFault;
use super::open::{self, Located, LocationFault, LocationQuestion, OpenQuestion};
use super::subscription::Subscriber;
use crate::http::HttpClient;
use crate::national::breaker::{Admission, Breaker, BreakerSettings, BreakerState};
use crate::national::flights::Flights;

/// Where a consent was found, as the record says it.
const SOURCE: &str = "mitz";
/// The interface of the closed question, and of the open one.
const CLOSED: [&str; 2] = ["geslotenautorisatievraag", "xacml3"];
const OPEN: [&str; 1] = ["openautorisatievraag"];
const OPEN_MEDIA: &str = "application/soap+xml; charset=UTF-8";

/// The national consent register.
#[derive(Clone)]
pub struct Mitz(Arc<Inner>);

struct Inner {
    client: Client,
    categories: Categories,
    professional_root: Option<String>,
    /// What this provider calls itself.
    itself: Option<String>,
    decisions: Decisions,
    flights: Flights<(ClosedQuestion, u64), Told>,
    flight_number: AtomicU64,
    breaker: Mutex<Breaker>,
    places: Semaphore,
    counts: Counts,
}

/// What one question brought: a decision about each category, or none.
type Told = Result<Arc<BTreeMap<Category, Known>>, Failure>;

/// Why there is no answer, and a word of it for the log.
type Amiss = (Failure, &'static str);

/// Why there is no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    TimedOut,
    Unreachable,
    Unusable,
    /// Mitz works, and finds our question wrong.
    Rejected,
    /// Not asked: it was ill a moment ago.
    Resting,
}

/// How it goes with Mitz, for the metrics.
#[derive(Clone, Debug)]
pub struct MitzView {
    /// What became of questions, by a fixed word: how often, and whether it is one to look at.
    pub outcomes: Vec<(&'static str, u64, bool)>,
    pub breaker: BreakerState,
}

impl Mitz {
    /// `http` shows the certificate that Mitz admitted and trusts its authorities only.
    pub fn new(config: &MitzConfig, categories: Categories, http: HttpClient) -> Self {
        let settings =
            BreakerSettings { failures: config.breaker_failures, rest: Duration::from_millis(config.breaker_rest_ms) };
        Mitz(Arc::new(Inner {
            client: Client::new(http, config.clone()),
            categories,
            professional_root: config.professional_root.clone(),
            itself: config.locates_as.clone(),
            decisions: Decisions::new(Duration::from_secs(config.remember_seconds)),
            flights: Flights::new(),
            flight_number: AtomicU64::new(0),
            breaker: Mutex::new(Breaker::new(settings)),
            places: Semaphore::new(config.questions_at_once),
            counts: Counts::default(),
        }))
    }

    /// Who subscribes to patients for this holder, whom Mitz tells of changes at `endpoint`.
    pub fn subscriber(&self, settings: &SubscriptionsConfig, holder: (Ura, String), endpoint: String) -> Subscriber {
        Subscriber::new(self.0.client.clone(), settings.clone(), holder, endpoint)
    }

    /// Asks which holders have data of a patient that the requester may consult. That nobody was found may also mean that
    /// nobody may be consulted: Mitz does not tell these apart.
    pub async fn locate(&self, asked: &LocationQuestion<'_>) -> Finding<Vec<Located>> {
        let inner = &self.0;
        let question = match OpenQuestion::of(asked, inner.professional_root.as_deref()) {
            Ok(question) => question,
            Err(missing) => {
                inner.counts.add(Outcome::Incomplete);
                warn!(mitz.missing = missing.word(), "a question to Mitz could not be put");
                return Finding::NotFoundOut(NotFoundOut::Incomplete);
            }
        };
        let id = Uuid::new_v4();
        let (message_id, request_id) = (format!("urn:uuid:{id}"), id.to_string());
        let until = Instant::now() + inner.client.deadline();
        let asking = inner.location(&question, &message_id, &request_id, until);
        match inner.guarded(&message_id, until, asking).await {
            Ok(found) => {
                inner.counts.add(Outcome::Located);
                if found.is_empty() { Finding::Absent } else { Finding::Found(found) }
            }
            Err(failure) => {
                let (outcome, reason) = failure.said();
                inner.counts.add(outcome);
                Finding::NotFoundOut(reason)
            }
        }
    }

    /// Forgets what is known of a patient: their choice changed. What is asked from now on is asked anew, also when the
    /// same is under way.
    pub fn forget(&self, patient: &Bsn) {
        self.0.decisions.forget(patient);
    }

    pub fn view(&self) -> MitzView {
        MitzView { outcomes: self.0.counts.all(), breaker: self.0.breaker().state() }
    }

    /// Questions under way.
    #[cfg(test)]
    pub(super) fn in_flight(&self) -> usize {
        self.0.flights.count()
    }

    async fn closed(&self, asked: &ConsentQuestion<'_>) -> Finding<Consent> {
        let inner = &self.0;
        let question = match ClosedQuestion::of(asked, &inner.categories, inner.professional_root.as_deref()) {
            Ok(question) => question,
            Err(missing) => {
                inner.counts.add(Outcome::Incomplete);
                warn!(mitz.missing = missing.word(), "a question to Mitz could not be put");
                return Finding::NotFoundOut(NotFoundOut::Incomplete);
            }
        };
        if let Some(known) = inner.remembered(&question) {
            inner.counts.add(Outcome::Remembered);
            return finding(&known);
        }
        // Whoever asks after a patient changed their mind does not get the answer to an earlier question.
        let changes = inner.decisions.changes();
        let key = (question.clone(), changes);
        let number = inner.flight_number.fetch_add(1, Ordering::Relaxed);
        let flight = inner.flights.join(key, number, || {
            let inner = self.0.clone();
            async move { inner.ask(&question, changes).await }.boxed()
        });
        match flight.await {
            Ok(known) => {
                let found = finding(&known);
                inner.counts.add(match &found {
                    Finding::Found(Consent { decision: ConsentDecision::Permit, .. }) => Outcome::Permit,
                    Finding::Found(_) => Outcome::Deny,
                    Finding::Absent | Finding::NotFoundOut(_) => Outcome::Unusable,
                });
                found
            }
            Err(failure) => {
                let (outcome, reason) = failure.said();
                inner.counts.add(outcome);
                Finding::NotFoundOut(reason)
            }
        }
    }
}

impl Consents for Mitz {
    fn consent<'a>(&'a self, question: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        Box::pin(async move { self.closed(&question).await })
    }
}

impl Inner {
    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The decisions about every category of a question, if all are remembered.
    fn remembered(&self, question: &ClosedQuestion) -> Option<BTreeMap<Category, Known>> {
        let now = Instant::now();
        let of = |category: &Category| Some((category.clone(), self.decisions.get(&question.about(category), now)?));
        question.categories.iter().map(of).collect()
    }

    /// Asks Mitz, and tells of what is not as it should be, once.
    async fn ask(self: Arc<Self>, question: &ClosedQuestion, changes: u64) -> Told {
        let id = Uuid::new_v4();
        let message_id = format!("urn:uuid:{id}");
        let request_id = id.to_string();
        let until = Instant::now() + self.client.deadline();
        let decisions = self.guarded(&message_id, until, self.put(question, &message_id, &request_id, until)).await?;
        let alarming = |decision: &&Decision| matches!(decision, Decision::Indeterminate | Decision::NotApplicable);
        if let Some(decision) = decisions.values().find(alarming) {
            warn!(mitz.alarm = ?decision, mitz.message_id = %message_id, "Mitz could not decide");
        }
        let now = Instant::now();
        let known: BTreeMap<Category, Known> = decisions
            .into_iter()
            .map(|(category, decision)| (category, Known { decision, message_id: message_id.clone() }))
            .collect();
        for (category, known) in &known {
            if matches!(known.decision, Decision::Permit | Decision::Deny) {
                self.decisions.put(question.about(category), known.clone(), changes, now);
            }
        }
        Ok(Arc::new(known))
    }

    /// Lets a message go if the breaker does, within the deadline, and tells of what is amiss, once.
    async fn guarded<T>(
        &self,
        message_id: &str,
        until: Instant,
        asking: impl Future<Output = Result<T, Amiss>>,
    ) -> Result<T, Failure> {
        let Some(admission) = self.breaker().admit(Instant::now()) else { return Err(Failure::Resting) };
        let mut under_way = UnderWay { inner: self, admission: Some(admission) };
        // One deadline over everything: waiting for a place, connecting, and the answer to its last byte.
        let answer = tokio::time::timeout_at(until.into(), asking).await;
        let answer = answer.unwrap_or(Err((Failure::TimedOut, "timed-out")));
        under_way.ended(answer.as_ref().map_or_else(|(failure, _)| *failure == Failure::Rejected, |_| true));
        answer.map_err(|(failure, word)| {
            warn!(mitz.alarm = word, mitz.message_id = %message_id, "Mitz gave no answer that can be used");
            failure
        })
    }

    async fn location(
        &self,
        question: &OpenQuestion,
        message_id: &str,
        request_id: &str,
        until: Instant,
    ) -> Result<Vec<Located>, Amiss> {
        let _place = self.places.acquire().await.map_err(|_| (Failure::Unreachable, "closed"))?;
        let to = self.client.address(&OPEN);
        let envelope = open::write(question, message_id, to.as_str(), OffsetDateTime::now_utc())
            .map_err(|_| (Failure::Unusable, "question-not-written"))?;
        let answer = self.client.send(&to, OPEN_MEDIA, request_id, Bytes::from(envelope), until).await;
        let said = |fault: SendFault| (fault.kind(), fault.word());
        let (status, answer) = answer.map_err(said)?;
        match open::read(&answer, question, message_id) {
            Err(fault @ LocationFault::Envelope(EnvelopeFault::Receiver)) => Err((Failure::Unreachable, fault.word())),
            Err(fault @ LocationFault::Envelope(EnvelopeFault::Sender)) => Err((Failure::Rejected, fault.word())),
            _ if status != 200 => Err(said(SendFault::Status(status))),
            answer => answer.map_err(|fault| (Failure::Unusable, fault.word())),
        }
    }

    async fn put(
        &self,
        question: &ClosedQuestion,
        message_id: &str,
        request_id: &str,
        until: Instant,
    ) -> Result<BTreeMap<Category, Decision>, Amiss> {
        let _place = self.places.acquire().await.map_err(|_| (Failure::Unreachable, "closed"))?;
        let to = self.client.address(&CLOSED);
        let envelope = closed::write(question, message_id, to.as_str())
            .map_err(|_| (Failure::Unusable, "question-not-written"))?;
        let media_type = self.client.closed_media_type();
        let answer = self.client.send(&to, media_type, request_id, Bytes::from(envelope), until).await;
        let said = |fault: SendFault| (fault.kind(), fault.word());
        let (status, answer) = answer.map_err(said)?;
        let receiver = Receiver { ourselves: self.itself.as_deref(), now: OffsetDateTime::now_utc() };
        match closed::read(&answer, question, message_id, &receiver) {
            Err(fault @ AnswerFault::Envelope(EnvelopeFault::Receiver)) => Err((Failure::Unreachable, fault.word())),
            Err(fault @ AnswerFault::Envelope(EnvelopeFault::Sender)) => Err((Failure::Rejected, fault.word())),
            // A decision counts with the status of a decision only.
            _ if status != 200 => Err(said(SendFault::Status(status))),
            answer => answer.map_err(|fault| (Failure::Unusable, fault.word())),
        }
    }
}

/// A question that the breaker let through, until it is told what became of it; also when whoever asked went away.
struct UnderWay<'a> {
    inner: &'a Inner,
    admission: Option<Admission>,
}

impl UnderWay<'_> {
    fn ended(&mut self, works: bool) {
        let Some(admission) = self.admission.take() else { return };
        let mut breaker = self.inner.breaker();
        let before = breaker.state();
        if works {
            breaker.succeeded(admission);
        } else {
            breaker.failed(admission, Instant::now());
        }
        match (before, breaker.state()) {
            (BreakerState::Closed | BreakerState::HalfOpen, BreakerState::Open) => {
                warn!(mitz.breaker = "open", "Mitz is left alone for a while");
            }
            (BreakerState::HalfOpen, BreakerState::Closed) => info!(mitz.breaker = "closed", "Mitz answers again"),
            _ => {}
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            self.inner.breaker().abandoned(admission, Instant::now());
        }
    }
}

impl Failure {
    const fn said(self) -> (Outcome, NotFoundOut) {
        match self {
            Failure::TimedOut => (Outcome::TimedOut, NotFoundOut::TimedOut),
            Failure::Unreachable => (Outcome::Unreachable, NotFoundOut::Unreachable),
            Failure::Unusable | Failure::Rejected => (Outcome::Unusable, NotFoundOut::Unusable),
            Failure::Resting => (Outcome::Resting, NotFoundOut::Unreachable),
        }
    }
}

/// One finding of the decisions about all categories: an objection to any is an objection, and permission holds only when
/// it is given for each.
fn finding(known: &BTreeMap<Category, Known>) -> Finding<Consent> {
    let reference = |decision: Decision| {
        let mut messages: Vec<&str> =
            known.values().filter(|known| known.decision == decision).map(|known| known.message_id.as_str()).collect();
        messages.sort_unstable();
        messages.dedup();
        messages.join(",")
    };
    let found = |decision, reference| {
        Finding::Found(Consent { decision, source: SOURCE.to_owned(), reference, withhold: Vec::new() })
    };
    let says = |decision| known.values().any(|known| known.decision == decision);
    if says(Decision::Deny) {
        found(ConsentDecision::Deny, reference(Decision::Deny))
    } else if known.is_empty() || known.values().any(|known| known.decision != Decision::Permit) {
        Finding::NotFoundOut(NotFoundOut::Unusable)
    } else {
        found(ConsentDecision::Permit, reference(Decision::Permit))
    }
}
