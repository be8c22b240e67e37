//! One side: its books, grants, use cases and stack over its own disk, and the other side as its partner, reached over the
//! simulated network instead of HTTP. Between them is what the token endpoint would say of what the receiver comes back with.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use connectors::http::FetchFault;
use connectors::identity::oauth::{AuthorizationBases, HeldBases};
use connectors::peers::{NotTaken, Notification, NotificationShape, PeerConfig};
use exchange::ports::{
    Answer, AuthenticationFault, Authenticator, BoxFuture, Item, NoThrottle, NoValueSets, Question, Source,
    SourceFault, Written,
};
use exchange::{
    BodyKind, Bounds, Conditions, Credentials, Fanout, Gate, Handle, Inbound, NodeFacts, PageBounds, Refusal, Wiring,
};
use fhir::interaction::Level;
use fhir::json::Limits;
use fhir::{FhirVersion, Interaction, Method, Resource, SearchMode};
use flows::eoverdracht::NotificationTask;
use policy::{Caller, DataHolder, Organisation, UseCases};
use store::state::StateOptions;

use super::super::asking::Runs;
use super::super::book::Trouble;
use super::super::ports::{HandoffBases, HandoffPatients, HandoffPlaces, HeldByReceived, Tells};
use super::super::testing::{Log, Nothing, dead, use_case_of};
use super::super::tickets::TicketDesk;
use super::super::*;
use super::net::{Fate, Late, Net, Who};
use crate::patient_index::OwnPatients;

/// One side, open.
pub struct Side {
    pub handoffs: Arc<Handoffs>,
    stack: Arc<exchange::Stack>,
    who: Who,
    bases: HandoffBases,
    doorman: Arc<Doorman>,
}

/// Knows whoever was given a token since this side was opened.
#[derive(Default)]
struct Doorman(Mutex<HashMap<String, Caller>>);

/// The other side as a source.
struct Line {
    net: Arc<Net>,
    /// Whose line it is.
    who: Who,
    holder: DataHolder,
}

impl Authenticator for Doorman {
    fn identify<'a>(
        &'a self,
        gate: Gate,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        let shown = credentials.authorization.first().filter(|_| gate == Gate::Outer);
        let known = shown.and_then(|shown| self.0.lock().unwrap().get(shown).cloned());
        Box::pin(std::future::ready(known.ok_or(AuthenticationFault::NoToken)))
    }
}

impl Side {
    /// Opens what lies in this folder.
    pub fn open(folder: &Path, who: Who, net: &Arc<Net>) -> Arc<Self> {
        let state = Arc::new(State::open(&StateOptions::new(folder.join("state"))).unwrap());
        let config =
            HandoffsConfig { attempts: 5, retry_seconds: 1, retry_most_seconds: 8, ..HandoffsConfig::default() };
        let books = Books::open(&state, &folder.join("documents"), &config).unwrap();
        let (clock, other) = (net.clock(), who.other());
        let grants = GrantsPort::open(state, clock.clone()).unwrap();
        let peer: PeerConfig = serde_json::from_value(serde_json::json!({
            "ura": other.ura().as_str(), "name": other.name(), "bases": {"stu3": dead("fhir")}, "token_endpoint": dead("token"),
        }))
        .unwrap();
        // The shapes of notifications take turns with the seeds.
        let shape = if net.below(2) == 0 { NotificationShape::EmptyPost } else { NotificationShape::NotificationTask };
        let line = Line { net: net.clone(), who, holder: DataHolder(other.ura()) };
        let partner = Partner { peer, notification: Some((dead("notification"), shape)), source: Arc::new(line) };
        let tickets = Arc::<Tickets>::default();
        let handoffs = Handoffs::new(Parts {
            own: (who.ura(), who.name().to_owned()),
            config,
            clock: clock.clone(),
            books: books.clone(),
            grants: grants.clone(),
            partners: HashMap::from([(other.ura(), partner)]),
            notifier: Arc::new(Line { net: net.clone(), who, holder: DataHolder(other.ura()) }),
            tickets: tickets.clone(),
            record_system: None,
            takes_in: false,
        })
        .unwrap();
        let places = HandoffPlaces {
            otherwise: Arc::new(Nothing),
            outbox: Arc::new(OutboxSource::new(handoffs.clone())),
            inbox: Arc::new(InboxSource::new(handoffs.clone())),
            record: None,
            handoffs: handoffs.clone(),
        };
        let doorman = Arc::<Doorman>::default();
        let stack = Arc::new(exchange::stack(Wiring {
            node: NodeFacts { holder: DataHolder(who.ura()), kind: None, limits: Limits::default() },
            use_cases: Arc::new(UseCases::new(vec![use_case_of(SENDER), use_case_of(RECEIVER)]).into()),
            log: Arc::new(Log::default()),
            clock: clock.clone(),
            authenticator: Arc::new(TicketDesk { tickets, doorman: doorman.clone() }),
            throttle: Arc::new(NoThrottle),
            patients: Arc::new(OwnPatients::new(vec![Arc::new(HandoffPatients(handoffs.clone()))])),
            relations: Arc::new(connectors::relations::Relations::new(true, Vec::new())),
            consents: Arc::new(connectors::registers::Nobody),
            localisation: Arc::new(places),
            value_sets: Arc::new(NoValueSets),
            bounds: Bounds {
                exchange: Duration::from_secs(60),
                at_once: 8,
                finding: Duration::from_secs(20),
                fanout: Fanout { patience: Duration::from_secs(50), at_once: 8, most: 8 },
                questions_at_once: 4,
                pages: PageBounds::default(),
            },
        }));
        Arc::new(Side { bases: HandoffBases { grants, books, clock }, handoffs, stack, who, doorman })
    }

    /// What carries its exchanges out.
    pub fn runs(&self) -> Runs {
        let stack = self.stack.clone();
        Arc::new(move |inbound: Inbound| {
            let stack = stack.clone();
            Box::pin(async move { stack.handle(inbound).await })
        })
    }

    /// A notification arrives.
    pub async fn told(&self, task: &str, base: Option<&str>) -> Result<store::transfers::Id, Trouble> {
        let other = self.who.other();
        self.handoffs.told((&other.ura(), other.name()), task, base, "simulated").await
    }

    /// What the token endpoint gives to whoever comes back with this value; nothing when it says no.
    async fn token(&self, value: &str, caller: &Caller) -> Option<String> {
        let base = self.bases.base(value, &self.who.other().ura()).await.ok()??;
        let token = uuid::Uuid::new_v4().to_string();
        let organisation = Organisation { ura: self.who.other().ura(), name: None, kind: None };
        let known = Caller {
            client_id: organisation.ura.as_str().to_owned(),
            organisation,
            person: caller.person.clone(),
            responsible: None,
            use_cases: vec![base.use_case],
            patient: Some(base.patient),
            treatment_relation: Some(base.treatment_relation),
            emergency: None,
            token_id: None,
        };
        self.doorman.0.lock().unwrap().insert(token.clone(), known);
        Some(token)
    }
}

impl Line {
    /// The other side, when it lives.
    fn other(&self) -> Option<Arc<Side>> {
        self.net.alive(self.who.other())
    }

    async fn asked(&self, question: Question<'_>) -> Result<Answer, SourceFault> {
        let fate = self.net.fate();
        match fate {
            Fate::QuestionLost => return Err(SourceFault::TimedOut),
            Fate::AskerKilled { arrives: false } => self.net.kill_asker().await,
            Fate::AskedKilled { arrives: false } => self.net.kill(self.who.other()),
            _ => {}
        }
        // A dead side is started again by whoever looks after it; whoever asks meanwhile finds nobody.
        let Some(other) = self.other() else { return Err(SourceFault::Unreachable) };
        let permit = question.permit();
        let caller = &permit.request().caller;
        let transfer = caller.treatment_relation.as_ref().map(|ground| ground.reference.clone()).unwrap_or_default();
        let own = self.net.alive(self.who).ok_or(SourceFault::Unreachable)?;
        let value = HeldByReceived(own.handoffs.books.received.clone()).held(&transfer).ok_or(SourceFault::Refused)?;
        drop(own);
        let token = other.token(value.reveal(), caller).await.ok_or(SourceFault::Refused)?;
        let inbound = inbound(question.interaction(), question.body(), token)?;
        if fate == Fate::Late {
            self.net.keep_late(self.who.other(), Late::Question(Box::new(inbound)));
            return Err(SourceFault::TimedOut);
        }
        if fate == Fate::Doubled {
            drop(run(&other, inbound.clone()).await);
        }
        let answer = run(&other, inbound).await;
        match fate {
            Fate::AnswerLost => Err(SourceFault::TimedOut),
            Fate::AskerKilled { .. } => {
                self.net.kill_asker().await;
                Err(SourceFault::TimedOut)
            }
            Fate::AskedKilled { .. } => {
                self.net.kill(self.who.other());
                Err(SourceFault::Unreachable)
            }
            _ => answer,
        }
    }

    async fn tell(&self, notification: &Notification) -> Result<(), NotTaken> {
        let lost = || Err(NotTaken::NoAnswer(FetchFault::TimedOut));
        let (task, base) = match notification {
            Notification::EmptyPost { task } => (task.clone(), None),
            Notification::NotificationTask(text) => {
                let task = Resource::parse(text.clone(), &Limits::default()).unwrap();
                let read = NotificationTask::read(&task).unwrap();
                (read.task, read.base)
            }
            // A handoff's notification is never cancelled.
            Notification::Cancellation { .. } => return Err(NotTaken::Unusable("no handoff is cancelled so")),
        };
        let fate = self.net.fate();
        match fate {
            Fate::QuestionLost => return lost(),
            Fate::AskerKilled { arrives: false } => self.net.kill_asker().await,
            Fate::AskedKilled { arrives: false } => self.net.kill(self.who.other()),
            Fate::Late => {
                self.net.keep_late(self.who.other(), Late::Notification { task, base });
                return lost();
            }
            _ => {}
        }
        let Some(other) = self.other() else { return Err(NotTaken::NoAnswer(FetchFault::Unreachable)) };
        for _ in 0..if fate == Fate::Doubled { 2 } else { 1 } {
            other.told(&task, base.as_deref()).await.map_err(|_| NotTaken::Answered(503))?;
        }
        match fate {
            Fate::AnswerLost => lost(),
            Fate::AskerKilled { .. } => {
                self.net.kill_asker().await;
                lost()
            }
            Fate::AskedKilled { .. } => {
                self.net.kill(self.who.other());
                lost()
            }
            _ => Ok(()),
        }
    }
}

impl Source for Line {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }
    fn name(&self) -> &str {
        self.who.other().name()
    }
    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(self.asked(question))
    }
}

impl Tells for Line {
    fn tell<'a>(
        &'a self,
        _: &'a PeerConfig,
        _: &'a WebAddress,
        notification: &'a Notification,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), NotTaken>> {
        Box::pin(self.tell(notification))
    }
}

/// The question as it comes in at the other side.
fn inbound(asked: &Interaction, body: Option<&Resource>, token: String) -> Result<Inbound, SourceFault> {
    let (method, path) = match asked {
        Interaction::Read { resource_type, id } => (Method::Get, format!("{}/{}", resource_type.name(), id.as_str())),
        Interaction::Update { resource_type, id } => (Method::Put, format!("{}/{}", resource_type.name(), id.as_str())),
        Interaction::Operation { level: Level::Instance(kind, id), name, .. } => {
            (Method::Get, format!("{}/{}/${name}", kind.name(), id.as_str()))
        }
        _ => return Err(SourceFault::NotSupported),
    };
    Ok(Inbound {
        request_id: uuid::Uuid::new_v4().to_string(),
        correlation_id: "simulated".to_owned(),
        gate: Gate::Outer,
        remote: None,
        version: FhirVersion::Stu3,
        method: Some(method),
        path,
        query: String::new(),
        body: body.map_or_else(bytes::Bytes::new, Resource::bytes),
        body_kind: if body.is_some() { BodyKind::Json } else { BodyKind::None },
        conditions: Conditions::default(),
        credentials: Credentials { authorization: vec![token], ..Credentials::default() },
        use_case: None,
        emergency: None,
        unreadable: None,
    })
}

/// What the other side answers. It goes on when nobody waits any more.
async fn run(side: &Arc<Side>, inbound: Inbound) -> Result<Answer, SourceFault> {
    let (tell, told) = tokio::sync::oneshot::channel();
    let (stack, is_put) = (side.stack.clone(), inbound.method == Some(Method::Put));
    super::net::apart(move || {
        Box::pin(async move {
            let answered = stack.handle(inbound).await;
            let _ = tell.send(answered.map(|recorded| {
                let released = recorded.released();
                released.items().map(|(_, item)| item.resource().clone()).collect::<Vec<Resource>>()
            }));
        })
    });
    match told.await.map_err(|_| SourceFault::Unreachable)? {
        Ok(resources) => {
            let mode = |at| if at == 0 { SearchMode::Match } else { SearchMode::Include };
            let vouched = resources.iter().filter_map(|one| {
                let kind = one.resource_type();
                (kind == "Binary").then(|| Some(format!("{kind}/{}", one.id()?)))?
            });
            let vouched = vouched.collect();
            let written = is_put.then_some(Written { created: false, id: None, version_id: None });
            let items = resources.into_iter().enumerate().map(|(at, resource)| Item { resource, mode: mode(at) });
            Ok(Answer { items: items.collect(), vouched, written, ..Answer::default() })
        }
        Err(refusal) => Err(of(&refusal)),
    }
}

/// A refusal as whoever asked reads it.
fn of(refusal: &Refusal) -> SourceFault {
    match refusal.row().status {
        404 => SourceFault::NotFound,
        401 | 403 => SourceFault::Refused,
        412 => SourceFault::PreconditionFailed,
        400 | 422 => SourceFault::Rejected,
        504 => SourceFault::TimedOut,
        _ => SourceFault::Unreachable,
    }
}
