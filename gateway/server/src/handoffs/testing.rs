//! A receiving node with one sender, for tests: the real stack and policy, and a sender that does what it is told.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use connectors::http::{HttpClient, HttpSettings, Trust};
use connectors::identity::NodeKey;
use connectors::identity::oauth::TokenClient;
use connectors::peers::Notifier;
use connectors::registers::Nobody;
use connectors::relations::Relations;
use connectors::webhooks::{Secrets, WebhookConfig, WebhookReceiver};
use exchange::ports::{
    AccessLog, Answer, AuthenticationFault, Authenticator, BoxFuture, Item, Localisation, LogUnavailable, NoThrottle,
    NoValueSets, PatientIndex, Question, Slot, SourceFault, SystemClock, Whereabouts, Written,
};
use exchange::{Bounds, Credentials, Fanout, Gate, Handle, Inbound, NodeFacts, PageBounds, Wiring};
use fhir::interaction::Level;
use fhir::json::Limits;
use fhir::{Interaction, Resource, SearchMode};
use flows::eoverdracht::{Stage, TaskStatus, task};
use policy::{Caller, DataHolder, Finding, Permit, Person, UseCase, UseCases};
use rcgen::{CertificateParams, KeyPair, SanType};
use serde_json::{Value, json};
use store::state::StateOptions;
use store::transfers::Id;

use super::asking::Runs;
use super::ports::HandoffPlaces;
use super::tickets::TicketDesk;
use super::*;
use crate::patient_index::OwnPatients;

pub(super) const OWN: &str = "90010002";
pub(super) const OTHER: &str = "90010001";
pub(super) const BSN: &str = "999911120";

/// The sender's node, as far as it is asked.
pub(super) struct Sender {
    holder: DataHolder,
    pub(super) has: Mutex<BTreeMap<String, Value>>,
    /// What goes wrong, by what is asked; each once.
    pub(super) faults: Mutex<HashMap<String, SourceFault>>,
    /// Whether it makes documents.
    documents: bool,
    /// Whether the answer to what is put gets lost.
    pub(super) loses: Mutex<bool>,
    asked: Mutex<Vec<String>>,
}

impl Sender {
    pub(super) fn task(&self, change: impl FnOnce(&mut Value)) {
        change(self.has.lock().unwrap().get_mut("Task/t1").unwrap());
    }

    fn answer(&self, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let (key, person) = (key(question.interaction()), question.permit().request().caller.person.is_some());
        self.asked.lock().unwrap().push(format!("{key}{}", if person { " for a person" } else { "" }));
        if let Some(fault) = self.faults.lock().unwrap().remove(&key) {
            return Err(fault);
        }
        let mut has = self.has.lock().unwrap();
        match question.interaction() {
            Interaction::Operation { level: Level::Instance(_, id), .. } => {
                if !self.documents {
                    return Err(SourceFault::NotSupported);
                }
                let apart = |one: &&Value| match one["resourceType"].as_str() {
                    Some("Task" | "Binary") => false,
                    Some("Composition") => one["id"] == id.as_str(),
                    _ => true,
                };
                let mut all: Vec<&Value> = has.values().filter(apart).collect();
                all.sort_by_key(|one| one["resourceType"] != "Composition");
                Ok(answer(all.into_iter().map(read).collect()))
            }
            Interaction::Update { .. } => {
                let put = question.body().ok_or(SourceFault::Rejected)?;
                let ours = read(&has["Task/t1"]);
                let asks = has["Task/t1"]["status"] == "requested";
                if !asks && task::only_status_changed(&ours, put) != Some(TaskStatus::Completed) {
                    return Err(SourceFault::Rejected);
                }
                has.insert("Task/t1".to_owned(), serde_json::from_str(put.text()).unwrap());
                if std::mem::take(&mut *self.loses.lock().unwrap()) {
                    return Err(SourceFault::TimedOut);
                }
                let written = Written { created: false, id: Some("t1".to_owned()), version_id: None };
                Ok(Answer { written: Some(written), ..answer(vec![put.clone()]) })
            }
            _ => {
                let one = has.get(&key).ok_or(SourceFault::NotFound)?;
                Ok(Answer { vouched: vec![key], ..answer(vec![read(one)]) })
            }
        }
    }
}

fn key(interaction: &Interaction) -> String {
    match interaction {
        Interaction::Read { resource_type, id } => format!("{}/{}", resource_type.name(), id.as_str()),
        Interaction::Update { id, .. } => format!("PUT Task/{}", id.as_str()),
        Interaction::Operation { level: Level::Instance(kind, id), name, .. } => {
            format!("{}/{}/${name}", kind.name(), id.as_str())
        }
        _ => "something else".to_owned(),
    }
}

pub(super) fn read(json: &Value) -> Resource {
    Resource::parse(Bytes::from(json.to_string()), &Limits::default()).unwrap()
}

fn answer(resources: Vec<Resource>) -> Answer {
    let mode = |at| if at == 0 { SearchMode::Match } else { SearchMode::Include };
    let items = resources.into_iter().enumerate().map(|(at, resource)| Item { resource, mode: mode(at) });
    Answer { items: items.collect(), ..Answer::default() }
}

impl Source for Sender {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }
    fn name(&self) -> &str {
        "Maasdal"
    }
    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        let answer = self.answer(&question);
        Box::pin(std::future::ready(answer))
    }
}

/// A log that counts.
#[derive(Default)]
pub(super) struct Log(Arc<AtomicUsize>);

impl Log {
    /// How many records were written, as it goes on.
    pub(super) fn count(&self) -> Arc<AtomicUsize> {
        self.0.clone()
    }
}

struct Place(Arc<AtomicUsize>);

impl AccessLog for Log {
    fn reserve(&self) -> Result<Box<dyn Slot>, LogUnavailable> {
        Ok(Box::new(Place(self.0.clone())))
    }
}

impl Slot for Place {
    fn write(self: Box<Self>, _: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(())))
    }
    fn hand_over(self: Box<Self>, _: Vec<u8>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Nobody else comes in, and nothing else is anywhere.
pub(super) struct Nothing;

impl Authenticator for Nothing {
    fn identify<'a>(&'a self, _: Gate, _: &'a Credentials) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        Box::pin(std::future::ready(Err(AuthenticationFault::NoToken)))
    }
}

impl Localisation for Nothing {
    fn locate<'a>(&'a self, _: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        Box::pin(std::future::ready(Whereabouts { places: Vec::new(), index: Finding::Absent }))
    }
}

/// A record system, and whom its ids mean.
type Record = (Arc<dyn Source>, Arc<dyn PatientIndex>);

/// A receiving node with one sender.
pub(super) struct World {
    pub(super) handoffs: Arc<Handoffs>,
    pub(super) sender: Arc<Sender>,
    pub(super) runs: Runs,
    pub(super) records: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

pub(super) fn ura(text: &str) -> Ura {
    Ura::parse(text).unwrap()
}

/// Nobody listens there.
pub(super) fn dead(path: &str) -> WebAddress {
    WebAddress::parse(&format!("https://127.0.0.1:9/{path}")).unwrap()
}

fn node_key() -> NodeKey {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let name = format!("2.16.528.1.1007.99.2110-1-900012345-S-{OWN}-00.000-00000000");
    params.subject_alt_names.push(SanType::OtherName((vec![2, 5, 5, 5], name.as_str().into())));
    let key = KeyPair::generate().unwrap();
    NodeKey::new(params.self_signed(&key).unwrap().der(), key.serialize_pem().as_bytes()).unwrap()
}

pub(super) fn use_case_of(name: &str) -> UseCase {
    let file = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles").join(name).join(file);
        std::fs::read_to_string(path).unwrap()
    };
    UseCase::load(name, &file("capability.json"), &file("policy.rego"), &file("release.toml"), false).unwrap()
}

/// A secret of nobody.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

impl World {
    pub(super) fn new(documents: bool) -> Self {
        World::of(documents, None, None)
    }

    /// With a record system that is told.
    pub(super) fn telling(documents: bool, webhook: Option<WebhookConfig>) -> Self {
        World::of(documents, webhook, None)
    }

    /// With a record system that takes handoffs in.
    #[cfg(feature = "demo")]
    pub(super) fn filing<S: Source + PatientIndex + 'static>(record: Arc<S>) -> Self {
        World::of(true, None, Some((record.clone(), record)))
    }

    fn of(documents: bool, webhook: Option<WebhookConfig>, record: Option<Record>) -> Self {
        let (record, patients) = record.unzip();
        let folder = tempfile::tempdir().unwrap();
        let state = Arc::new(State::open(&StateOptions::new(folder.path().join("state"))).unwrap());
        let config = HandoffsConfig { attempts: 3, webhook: webhook.clone(), ..HandoffsConfig::default() };
        let books = Books::open(&state, &folder.path().join("documents"), &config).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let sender = Arc::new(Sender {
            holder: DataHolder(ura(OTHER)),
            has: Mutex::new(handoff()),
            faults: Mutex::default(),
            documents,
            loses: Mutex::new(false),
            asked: Mutex::default(),
        });
        let peer: PeerConfig = serde_json::from_value(json!({
            "ura": OTHER, "name": "Maasdal", "bases": {"stu3": dead("fhir")}, "token_endpoint": dead("token"),
        }))
        .unwrap();
        let http = HttpClient::new(HttpSettings::default()).unwrap();
        let tokens = Arc::new(TokenClient::new(Arc::new(node_key()), http.clone(), clock.clone()));
        let notification = Some((dead("notification"), NotificationShape::EmptyPost));
        let partner = Partner { peer, notification, source: sender.clone() };
        let tickets = Arc::<Tickets>::default();
        let handoffs = Handoffs::new(Parts {
            own: (ura(OWN), "De Linde".to_owned()),
            config,
            clock: clock.clone(),
            books,
            grants: GrantsPort::open(state, clock.clone()).unwrap(),
            partners: HashMap::from([(ura(OTHER), partner)]),
            notifier: Arc::new(Notifier::new(http, tokens, use_case(RECEIVER).unwrap(), Duration::from_secs(1))),
            tickets: tickets.clone(),
            takes_in: record.is_some(),
            record_system: webhook.map(|webhook| {
                let secrets = Secrets::parse(SECRET).unwrap();
                WebhookReceiver::new(webhook, secrets, Trust::Roots(Vec::new()), None).unwrap()
            }),
        })
        .unwrap();
        let log = Log::default();
        let records = log.0.clone();
        let places = HandoffPlaces {
            otherwise: Arc::new(Nothing),
            outbox: Arc::new(OutboxSource::new(handoffs.clone())),
            inbox: Arc::new(InboxSource::new(handoffs.clone())),
            record,
            handoffs: handoffs.clone(),
        };
        let stack = Arc::new(exchange::stack(Wiring {
            node: NodeFacts { holder: DataHolder(ura(OWN)), kind: None, limits: Limits::default() },
            use_cases: Arc::new(UseCases::new([RECEIVER, NOTICE, FILING].map(use_case_of).into()).into()),
            log: Arc::new(log),
            clock,
            authenticator: Arc::new(TicketDesk { tickets, doorman: Arc::new(Nothing) }),
            throttle: Arc::new(NoThrottle),
            patients: Arc::new(OwnPatients::new(patients.into_iter().collect())),
            relations: Arc::new(Relations::new(true, Vec::new())),
            consents: Arc::new(Nobody),
            localisation: Arc::new(places),
            value_sets: Arc::new(NoValueSets),
            bounds: Bounds {
                exchange: Duration::from_secs(20),
                at_once: 8,
                finding: Duration::from_secs(2),
                fanout: Fanout { patience: Duration::from_secs(5), at_once: 8, most: 8 },
                questions_at_once: 4,
                pages: PageBounds::default(),
            },
        }));
        let runs: Runs = Arc::new(move |inbound: Inbound| {
            let stack = stack.clone();
            Box::pin(async move { stack.handle(inbound).await })
        });
        World { handoffs, sender, runs, records, _folder: folder }
    }

    /// Is told of the Task, and does what is due, so often.
    pub(super) async fn told(&self, steps: usize) -> Id {
        let other = ura(OTHER);
        let id = self.handoffs.told((&other, "Maasdal"), "t1", None, "correlation").await.unwrap();
        self.steps(id, steps).await;
        id
    }

    pub(super) async fn steps(&self, id: Id, steps: usize) {
        for _ in 0..steps {
            self.handoffs.receive_on(&self.runs, id).await.unwrap();
        }
    }

    pub(super) async fn take(&self, id: Id) {
        let nurse = Person { id: "n-1".to_owned(), name: None, role: "30.000".to_owned() };
        self.handoffs.take(id, nurse).await.unwrap();
    }

    pub(super) fn received(&self, id: Id) -> Received {
        self.handoffs.books.received.get(id).unwrap().unwrap()
    }

    pub(super) fn stage(&self, id: Id) -> Stage {
        self.received(id).receiving().unwrap().stage()
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.sender.asked.lock().unwrap().clone()
    }

    pub(super) fn at_sender(&self) -> String {
        self.sender.has.lock().unwrap()["Task/t1"]["status"].as_str().unwrap().to_owned()
    }
}

/// A small handoff and its Task, by name.
pub(super) fn handoff() -> BTreeMap<String, Value> {
    let snomed = |code: &str| json!({"coding": [{"system": "http://snomed.info/sct", "code": code}]});
    let all = [
        json!({"resourceType": "Task", "id": "t1", "status": "in-progress", "intent": "order", "code": snomed("308292007"),
            "for": {"reference": "Patient/p1"}, "requester": {"agent": {"display": "Maasdal"}},
            "owner": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": OWN}},
            "input": [{"type": snomed("11171000146100"), "valueReference": {"reference": "Composition/c1"}}]}),
        json!({"resourceType": "Composition", "id": "c1", "status": "final", "type": snomed("11171000146100"),
            "subject": {"reference": "Patient/p1"}, "date": "2026-11-20", "author": [{"reference": "Practitioner/n1"}],
            "title": "Overdracht", "section": [{"entry": [{"reference": "Condition/k1"}]}]}),
        json!({"resourceType": "Patient", "id": "p1", "identifier": [
            {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BSN}]}),
        json!({"resourceType": "Practitioner", "id": "n1"}),
        json!({"resourceType": "Condition", "id": "k1", "subject": {"reference": "Patient/p1"},
            "asserter": {"reference": "Practitioner/gone"}}),
    ];
    let name = |one: &Value| format!("{}/{}", one["resourceType"].as_str().unwrap(), one["id"].as_str().unwrap());
    all.into_iter().map(|one| (name(&one), one)).collect()
}
