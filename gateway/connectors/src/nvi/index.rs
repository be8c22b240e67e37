//! The index as something that can be asked and told: pseudonym, token, breaker, one flight for equal questions, wire, answer.

mod own;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fhir::{Bsn, Ura};
use futures_util::FutureExt;
use policy::NotFoundOut;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Url};
use tracing::warn;
use url::form_urlencoded;
use uuid::Uuid;

use super::answer;
use super::categories::{IndexCategories, IndexCategory};
use super::config::{NviConfig, SearchBy};
use super::counts::{Counts, Outcome};
use crate::http::{Fetched, HttpClient};
use crate::national::breaker::BreakerSettings;
use crate::national::flights::Flights;
use crate::national::{BreakerState, Caller, ClientKey, Failure, Guard, Tokens};
use crate::prs::Prs;

/// What the scopes of its interactions are called (handbook: generic functions, 3.3.2).
const LOCALIZE: &str = "nvi:localize";
const READ: &str = "nvi:read";
const CREATE: &str = "nvi:create";
const DELETE: &str = "nvi:delete";

/// The index.
#[derive(Clone)]
pub struct Nvi(Arc<Inner>);

/// What the index is opened with, besides its configuration.
pub struct NviSetup {
    pub categories: IndexCategories,
    /// Shows the certificate that the services admitted and trusts their authorities only.
    pub http: HttpClient,
    /// The key of that certificate.
    pub key: ClientKey,
    /// This provider.
    pub holder: Ura,
    /// Where this provider's FHIR is.
    pub address: String,
}

struct Inner {
    config: NviConfig,
    categories: IndexCategories,
    caller: Caller,
    tokens: Arc<Tokens>,
    prs: Prs,
    holder: Ura,
    address: String,
    flights: Flights<Bsn, Told>,
    flight_number: AtomicU64,
    /// Before questions that an exchange waits for.
    guard: Guard,
    /// Before what nobody waits for: registering must not have a question wait or rest.
    behind: Guard,
    counts: Counts,
}

/// Who has data of a patient, by category where that was told. Shared by all who asked the same.
type Told = Result<Arc<Named>, Failure>;

#[derive(Debug, Default)]
struct Named {
    holders: BTreeMap<Ura, BTreeSet<Option<IndexCategory>>>,
    strange: usize,
}

/// Which providers registered that they have data of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holders {
    /// Us included, when we are.
    pub holders: BTreeSet<Ura>,
    /// Why there may be others, when that could not be ruled out.
    pub doubt: Option<NotFoundOut>,
}

/// What the index holds of us, against what we believe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// Ids that we know and that are not there.
    pub missing: BTreeSet<String>,
    /// Ids that are there, are of our own source system, and that we do not know.
    pub strays: BTreeSet<String>,
}

/// How it goes with the index, for the metrics.
#[derive(Clone, Debug)]
pub struct NviView {
    /// What became of messages, by a fixed word: how often, and whether it is one to look at.
    pub outcomes: Vec<(&'static str, u64, bool)>,
    pub breaker: BreakerState,
}

impl fmt::Debug for Nvi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nvi(..)")
    }
}

impl Nvi {
    pub fn new(config: NviConfig, setup: NviSetup) -> Self {
        let NviSetup { categories, http, key, holder, address } = setup;
        let caller = Caller::new(http, config.answer_bytes);
        let source_id = config.source_id.clone();
        let tokens = Tokens::new(caller.clone(), config.tokens.clone(), key, holder.clone(), source_id);
        let tokens = Arc::new(tokens);
        let settings =
            BreakerSettings { failures: config.breaker_failures, rest: Duration::from_millis(config.breaker_rest_ms) };
        let deadline = Duration::from_millis(config.deadline_ms);
        Nvi(Arc::new(Inner {
            prs: Prs::new(caller.clone(), config.prs.clone(), tokens.clone()),
            guard: Guard::new("nvi", settings, config.questions_at_once, deadline),
            behind: Guard::new("nvi-registrations", settings, 1, deadline.saturating_mul(4)),
            flights: Flights::new(),
            flight_number: AtomicU64::new(0),
            counts: Counts::default(),
            config,
            categories,
            caller,
            tokens,
            holder,
            address,
        }))
    }

    /// Which providers may have data of these types of a patient. Types of no category may be anywhere.
    ///
    /// # Errors
    /// Why that could not be found out.
    pub async fn holders(&self, patient: &Bsn, types: &[String]) -> Result<Holders, NotFoundOut> {
        let inner = &self.0;
        let number = inner.flight_number.fetch_add(1, Ordering::Relaxed);
        let flight = inner.flights.join(patient.clone(), number, || {
            let (inner, patient) = (self.0.clone(), patient.clone());
            async move {
                let asking = inner.guard.ask(|until| inner.named(&patient, LOCALIZE, until));
                asking.await.map(Arc::new)
            }
            .boxed()
        });
        let named = match flight.await {
            Ok(named) => named,
            Err(failure) => {
                inner.counts.failed(failure);
                return Err(failure.into());
            }
        };
        let wanted = inner.categories.of_types(types);
        // What is told without a category may be of any.
        let fits = |told: &BTreeSet<Option<IndexCategory>>| {
            let wants = |category: &IndexCategory| wanted.as_ref().is_none_or(|wanted| wanted.contains(category));
            told.iter().any(|category| category.as_ref().is_none_or(wants))
        };
        let holders: BTreeSet<Ura> =
            named.holders.iter().filter(|(_, told)| fits(told)).map(|(ura, _)| ura.clone()).collect();
        inner.counts.add(if holders.is_empty() { Outcome::Nowhere } else { Outcome::Found });
        Ok(Holders { holders, doubt: (named.strange > 0).then_some(NotFoundOut::Unusable) })
    }

    /// Whether this index tells categories apart. When not, one registration stands for all data of a patient.
    pub fn has_categories(&self) -> bool {
        self.0.config.dialect.has_categories()
    }

    pub fn categories(&self) -> &IndexCategories {
        &self.0.categories
    }

    /// Registers that we have data of this category of this patient; gives the ids by which the index may know that. More
    /// than one when it was registered before and the index does not tell which category is which.
    ///
    /// # Errors
    /// Why it is not registered.
    pub async fn register(&self, patient: &Bsn, category: &IndexCategory) -> Result<BTreeSet<String>, Failure> {
        let inner = &self.0;
        let done = inner.behind.ask(|until| inner.create(patient, category, until)).await;
        inner.counted(done, Outcome::Registered)
    }

    /// Under which ids we are registered for this category of this patient; none when we are not.
    ///
    /// # Errors
    /// Why that could not be found out.
    pub async fn registered(&self, patient: &Bsn, category: &IndexCategory) -> Result<BTreeSet<String>, Failure> {
        let found = self.0.behind.ask(|until| self.0.own_of(patient, category, until)).await;
        found.inspect_err(|failure| self.0.counts.failed(*failure))
    }

    /// Takes a registration of ours away. That it is not there any more is as good.
    ///
    /// # Errors
    /// Why it may still be there.
    pub async fn remove(&self, id: &str) -> Result<(), Failure> {
        let inner = &self.0;
        let done = inner.behind.ask(|until| inner.delete(id, until)).await;
        inner.counted(done, Outcome::Removed)
    }

    /// Holds the ids of our registrations against what the index holds of our source system.
    ///
    /// # Errors
    /// Why that could not be found out.
    pub async fn present(&self, known: &BTreeSet<String>) -> Result<Present, Failure> {
        let inner = &self.0;
        let found = match inner.config.dialect.by_source(&inner.config.source_id) {
            Some(parameters) => inner.behind.ask(|until| inner.of_source(parameters, known, until)).await,
            None => inner.one_by_one(known).await,
        };
        found.inspect_err(|failure| inner.counts.failed(*failure))
    }

    pub fn view(&self) -> NviView {
        NviView { outcomes: self.0.counts.all(), breaker: self.0.guard.state() }
    }
}

impl Inner {
    fn counted<T>(&self, done: Result<T, Failure>, outcome: Outcome) -> Result<T, Failure> {
        match &done {
            Ok(_) => self.counts.add(outcome),
            Err(failure) => self.counts.failed(*failure),
        }
        done
    }

    /// Who is named for a patient. Records about another patient are dropped and leave a doubt.
    async fn named(&self, patient: &Bsn, scope: &'static str, until: Instant) -> Result<Named, Failure> {
        let token = self.prs.token(patient, until).await?;
        let parameters = self.config.dialect.by_patient(&token);
        let found = self.searched(parameters, scope, until).await?;
        let mut named = Named { strange: found.strange, ..Named::default() };
        for record in found.records {
            if record.patient.as_deref().is_some_and(|about| about != token.reveal()) {
                named.strange += 1;
                continue;
            }
            named.holders.entry(record.holder).or_default().insert(record.category);
        }
        self.note_strange(named.strange);
        Ok(named)
    }

    async fn searched(
        &self,
        parameters: Vec<(&'static str, String)>,
        scope: &'static str,
        until: Instant,
    ) -> Result<answer::Records, Failure> {
        let dialect = self.config.dialect;
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let answer = match self.config.search_by {
            SearchBy::Form => {
                let to = self.config.base.below([dialect.resource_type(), "_search"]);
                let kind = "application/x-www-form-urlencoded";
                self.call(scope, until, |http| {
                    http.request(Method::POST, to.clone()).header(CONTENT_TYPE, kind).body(form.clone())
                })
                .await?
            }
            SearchBy::Query => {
                let mut to = self.config.base.below([dialect.resource_type()]);
                to.set_query(Some(&form));
                self.call(scope, until, |http| http.request(Method::GET, to.clone())).await?
            }
        };
        match answer.status.as_u16() {
            200 => answer::records(dialect, &answer::body(&answer)?),
            other => Err(Failure::Rejected(other)),
        }
    }

    /// One request to the index with a token for its interaction. A token that is not taken is not used again.
    async fn call(
        &self,
        scope: &'static str,
        until: Instant,
        request: impl Fn(&HttpClient) -> RequestBuilder,
    ) -> Result<Fetched, Failure> {
        let access = self.tokens.for_index(scope, until).await?;
        let request_id = Uuid::new_v4().to_string();
        let answer = self.caller.call(until, |http| {
            request(http)
                .header(AUTHORIZATION, format!("Bearer {}", access.reveal()))
                .header(ACCEPT, "application/fhir+json")
                .header("X-Request-Id", &request_id)
        });
        let answer = answer.await?;
        if answer.status.as_u16() == 401 {
            self.tokens.forget(&access).await;
        }
        Ok(answer)
    }

    fn record(&self, id: &str) -> Url {
        self.config.base.below([self.config.dialect.resource_type(), id])
    }

    fn note_strange(&self, strange: usize) {
        if strange > 0 {
            self.counts.add(Outcome::Strange);
            warn!(
                nvi.alarm = "strange",
                nvi.dropped = strange,
                "the index answered with records that were not asked for"
            );
        }
    }
}
