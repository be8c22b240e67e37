//! A node with one other, for tests: the real stack and policies, and a sender that does what it is told.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use connectors::http::{HttpClient, HttpSettings, Trust};
use connectors::identity::NodeKey;
use connectors::identity::oauth::TokenClient;
use connectors::registers::Nobody;
use connectors::relations::Relations;
use connectors::webhooks::{Secrets, WebhookConfig, WebhookReceiver};
use exchange::ports::{
    AccessLog, Answer, AuthenticationFault, Authenticator, BoxFuture, Item, Localisation, LogUnavailable, NoThrottle,
    NoValueSets, Question, Slot, SourceFault, SystemClock, Whereabouts, Written,
};
use exchange::{Bounds, Credentials, Fanout, Gate, Handle, Inbound, NodeFacts, PageBounds, Wiring};
use fhir::json::Limits;
use fhir::{Interaction, Resource, SearchMode};
use flows::bgz::{Outcome, Stage, TaskStatus, task};
use policy::{Caller, DataHolder, Finding, Permit, Person, UseCase, UseCases};
use rcgen::{CertificateParams, KeyPair, SanType};
use serde_json::{Value, json};
use store::state::StateOptions;
use store::transfers::Id;

use super::ports::ReferralPlaces;
use super::*;
use crate::handoffs::tickets::TicketDesk;
use crate::handoffs::{Runs, use_case};
use crate::patient_index::OwnPatients;

pub(super) const OWN: &str = "90010002";
pub(super) const OTHER: &str = "90010001";
pub(super) const BSN: &str = "999911120";

/// The sender's node, as far as it is asked.
pub(super) struct Sender {
    holder: DataHolder,
    pub(super) has: Mutex<BTreeMap<String, Value>>,
    /// What goes wrong, by what is asked, each so often.
    pub(super) faults: Mutex<HashMap<String, (usize, SourceFault)>>,
    /// Whether the answer to what is put gets lost.
    pub(super) loses: Mutex<bool>,
    asked: Mutex<Vec<String>>,
}

impl Sender {
    pub(super) fn task(&self, change: impl FnOnce(&mut Value)) {
        change(self.has.lock().unwrap().get_mut("Task/t1").unwrap());
    }

    pub(super) fn fails(&self, key: &str, times: usize, fault: SourceFault) {
        self.faults.lock().unwrap().insert(key.to_owned(), (times, fault));
    }

    fn answer(&self, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let (key, person) = (key(question.interaction()), question.permit().request().caller.person.is_some());
        self.asked.lock().unwrap().push(format!("{key}{}", if person { " for a person" } else { "" }));
        if let Some((times, fault)) = self.faults.lock().unwrap().get_mut(&key)
            && *times > 0
        {
            *times -= 1;
            return Err(fault.clone());
        }
        let mut has = self.has.lock().unwrap();
        match question.interaction() {
            Interaction::Search { .. } => {
                let of_type = has.values().filter(|one| one["resourceType"] == key.as_str());
                let items = of_type.map(|one| Item { resource: read(one), mode: SearchMode::Match });
                Ok(Answer { items: items.collect(), patients: vec!["p1".to_owned()], ..Answer::default() })
            }
            Interaction::Update { .. } => {
                let put = question.body().ok_or(SourceFault::Rejected)?;
                let ours = read(&has["Task/t1"]);
                if task::only_status_changed(&ours, put).is_none() {
                    return Err(SourceFault::Rejected);
                }
                has.insert("Task/t1".to_owned(), serde_json::from_str(put.text()).unwrap());
                if std::mem::take(&mut *self.loses.lock().unwrap()) {
                    return Err(SourceFault::TimedOut);
                }
                let written = Written { created: false, id: Some("t1".to_owned()), version_id: None };
                Ok(Answer { written: Some(written), ..one(put.clone()) })
            }
            _ => Ok(one(read(has.get(&key).ok_or(SourceFault::NotFound)?))),
        }
    }
}

fn key(interaction: &Interaction) -> String {
    match interaction {
        Interaction::Read { resource_type, id } => format!("{}/{}", resource_type.name(), id.as_str()),
        Interaction::Update { id, .. } => format!("PUT Task/{}", id.as_str()),
        other => other.resource_type().map_or("something else", |kind| kind.name()).to_owned(),
    }
}

pub(super) fn read(json: &Value) -> Resource {
    Resource::parse(Bytes::from(json.to_string()), &Limits::default()).unwrap()
}

fn one(resource: Resource) -> Answer {
    Answer { items: vec![Item { resource, mode: SearchMode::Match }], ..Answer::default() }
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
struct Log(Arc<AtomicUsize>);

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
struct Nothing;

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

/// A node with one other.
pub(super) struct World {
    pub(super) referrals: Arc<Referrals>,
    pub(super) sender: Arc<Sender>,
    pub(super) runs: Runs,
    pub(super) records: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

pub(super) fn ura(text: &str) -> Ura {
    Ura::parse(text).unwrap()
}

fn node_key() -> NodeKey {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let name = format!("2.16.528.1.1007.99.2110-1-900012345-S-{OWN}-00.000-00000000");
    params.subject_alt_names.push(SanType::OtherName((vec![2, 5, 5, 5], name.as_str().into())));
    let key = KeyPair::generate().unwrap();
    NodeKey::new(params.self_signed(&key).unwrap().der(), key.serialize_pem().as_bytes()).unwrap()
}

fn use_case_of(name: &str) -> UseCase {
    let file = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles").join(name).join(file);
        std::fs::read_to_string(path).unwrap()
    };
    UseCase::load(name, &file("capability.json"), &file("policy.rego"), &file("release.toml"), false).unwrap()
}

impl World {
    pub(super) fn new() -> Self {
        World::telling(None)
    }

    /// With a record system that is told.
    pub(super) fn telling(webhook: Option<WebhookConfig>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = Arc::new(State::open(&StateOptions::new(folder.path().join("state"))).unwrap());
        let config = ReferralsConfig { attempts: 3, webhook: webhook.clone(), ..ReferralsConfig::default() };
        let books = Books::open(&state, &folder.path().join("documents"), &config).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let sender = Arc::new(Sender {
            holder: DataHolder(ura(OTHER)),
            has: Mutex::new(referral()),
            faults: Mutex::default(),
            loses: Mutex::new(false),
            asked: Mutex::default(),
        });
        // Nobody listens there.
        let dead = |path: &str| WebAddress::parse(&format!("https://127.0.0.1:9/{path}")).unwrap();
        let peer: PeerConfig = serde_json::from_value(json!({
            "ura": OTHER, "name": "Maasdal", "bases": {"stu3": dead("fhir")}, "token_endpoint": dead("token"),
        }))
        .unwrap();
        let http = HttpClient::new(HttpSettings::default()).unwrap();
        let tokens = Arc::new(TokenClient::new(Arc::new(node_key()), http.clone(), clock.clone()));
        let partner = Partner { peer, notification: Some(dead("notification")), source: sender.clone() };
        let tickets = Arc::<Tickets>::default();
        let referrals = Arc::new(Referrals {
            own: (ura(OWN), "De Linde".to_owned()),
            config,
            clock: clock.clone(),
            books,
            grants: GrantsPort::open(state, clock.clone()).unwrap(),
            partners: HashMap::from([(ura(OTHER), partner)]),
            notifier: Notifier::new(http, tokens, use_case(RECEIVER).unwrap(), Duration::from_secs(1)),
            tickets: tickets.clone(),
            record_system: webhook.map(|webhook| {
                let secrets = Secrets::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
                WebhookReceiver::new(webhook, secrets, Trust::Roots(Vec::new()), None).unwrap()
            }),
            known: Known::default(),
        });
        let log = Log::default();
        let records = log.0.clone();
        let places = ReferralPlaces {
            otherwise: Arc::new(Nothing),
            outbox: Arc::new(OutboxSource::new(referrals.clone())),
            inbox: Arc::new(InboxSource::new(referrals.clone())),
            referrals: referrals.clone(),
        };
        let stack = Arc::new(exchange::stack(Wiring {
            node: NodeFacts { holder: DataHolder(ura(OWN)), kind: None, limits: Limits::default() },
            use_cases: Arc::new(UseCases::new([RECEIVER, INTAKE, INBOX].map(use_case_of).into()).into()),
            log: Arc::new(log),
            clock,
            authenticator: Arc::new(TicketDesk { tickets, doorman: Arc::new(Nothing) }),
            throttle: Arc::new(NoThrottle),
            patients: Arc::new(OwnPatients::new(Vec::new())),
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
                // Small, so that pages are turned.
                pages: PageBounds { default_count: 2, ..PageBounds::default() },
            },
        }));
        let runs: Runs = Arc::new(move |inbound: Inbound| {
            let stack = stack.clone();
            Box::pin(async move { stack.handle(inbound).await })
        });
        World { referrals, sender, runs, records, _folder: folder }
    }

    /// Is told of the Task under this identifier.
    pub(super) async fn told(&self, identifier: &str) -> Id {
        let notice = Notice { identifier, task: "t1", base: "secret", until: None };
        self.referrals.told((&ura(OTHER), "Maasdal"), notice, "correlation").await.unwrap()
    }

    /// Does what is due, until nothing is.
    pub(super) async fn settle(&self, id: Id) {
        for _ in 0..40 {
            let before = self.received(id);
            if before.receiving().unwrap().next().is_none() || before.effort.attempts > 0 {
                return;
            }
            self.referrals.receive_on(&self.runs, id).await.unwrap();
        }
        panic!("it does not settle");
    }

    pub(super) async fn steps(&self, id: Id, steps: usize) {
        for _ in 0..steps {
            self.referrals.receive_on(&self.runs, id).await.unwrap();
        }
    }

    pub(super) async fn act(&self, id: Id, act: Act) -> Result<Stage, ActFault> {
        let doctor = Person { id: "d-1".to_owned(), name: None, role: "01.015".to_owned() };
        self.referrals.act(id, act, Some(doctor)).await
    }

    pub(super) fn received(&self, id: Id) -> Received {
        self.referrals.books.received.get(id).unwrap().unwrap()
    }

    pub(super) fn stage(&self, id: Id) -> Stage {
        self.received(id).receiving().unwrap().stage()
    }

    /// What became of the parts, by the path that was asked.
    pub(super) fn outcomes(&self, id: Id) -> Vec<(String, Outcome)> {
        let parts = self.received(id).parts;
        let path = |query: &str| query.split('?').next().unwrap_or_default().to_owned();
        parts.iter().map(|part| (path(&part.query), part.outcome().unwrap())).collect()
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.sender.asked.lock().unwrap().clone()
    }

    pub(super) fn at_sender(&self) -> TaskStatus {
        let has = self.sender.has.lock().unwrap();
        TaskStatus::parse(has["Task/t1"]["status"].as_str().unwrap()).unwrap()
    }
}

/// A referral of a patient with some data, by name.
pub(super) fn referral() -> BTreeMap<String, Value> {
    let asked = |code: &str, query: &str| json!({"type": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueString": query});
    let about = |kind: &str, id: &str| {
        json!({"resourceType": kind, "id": id, "subject": {"reference": "Patient/p1"},
            "patient": {"reference": "Patient/p1"}})
    };
    let all = [
        json!({"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order",
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]},
            "for": {"reference": "Patient/p1"}, "requester": {"agent": {"display": "Maasdal"}},
            "owner": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": OWN}},
            "input": [asked("11450-4", "Condition"), asked("75310-3", "Flag"), asked("48765-2", "AllergyIntolerance")]}),
        json!({"resourceType": "Patient", "id": "p1", "identifier": [
            {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": BSN}]}),
        about("Condition", "c1"),
        about("Condition", "c2"),
        about("Condition", "c3"),
        about("Flag", "f1"),
    ];
    let name = |one: &Value| format!("{}/{}", one["resourceType"].as_str().unwrap(), one["id"].as_str().unwrap());
    all.into_iter().map(|one| (name(&one), one)).collect()
}
