//! The receiver before senders that behave and senders that do not, through the real stack and the real policy; and a sender
//! whose receiver cannot be told.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use connectors::http::{HttpClient, HttpSettings};
use connectors::identity::NodeKey;
use connectors::identity::oauth::TokenClient;
use connectors::registers::Nobody;
use exchange::ports::{
    AccessLog, Answer, AuthenticationFault, Authenticator, BoxFuture, Item, Localisation, LogUnavailable, NoThrottle,
    NoValueSets, Question, Slot, SourceFault, SystemClock, Whereabouts, Written,
};
use exchange::{Bounds, Credentials, Fanout, Gate, Handle, Inbound, NodeFacts, PageBounds, Wiring};
use fhir::interaction::Level;
use fhir::json::Limits;
use fhir::{Interaction, Resource, SearchMode};
use flows::eoverdracht::{Closed, Stage, TaskStatus, task};
use policy::{Caller, DataHolder, Finding, Permit, Person, UseCase, UseCases};
use rcgen::{CertificateParams, KeyPair, SanType};
use serde_json::{Value, json};
use store::state::StateOptions;
use store::transfers::Id;

use super::ports::HandoffPlaces;
use super::receiving::Runs;
use super::tickets::TicketDesk;
use super::*;
use crate::patient_index::OwnPatients;

const OWN: &str = "90010002";
const OTHER: &str = "90010001";
const BSN: &str = "999911120";

/// The sender's node, as far as it is asked.
struct Sender {
    holder: DataHolder,
    has: Mutex<BTreeMap<String, Value>>,
    /// What goes wrong, by what is asked; each once.
    faults: Mutex<HashMap<String, SourceFault>>,
    /// Whether it makes documents.
    documents: bool,
    /// Whether the answer to what is put gets lost.
    loses: Mutex<bool>,
    asked: Mutex<Vec<String>>,
}

impl Sender {
    fn task(&self, change: impl FnOnce(&mut Value)) {
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
            Interaction::Operation { level: Level::Instance(..), .. } => {
                if !self.documents {
                    return Err(SourceFault::NotSupported);
                }
                let apart = |one: &&Value| one["resourceType"] != "Task" && one["resourceType"] != "Binary";
                let mut all: Vec<&Value> = has.values().filter(apart).collect();
                all.sort_by_key(|one| one["resourceType"] != "Composition");
                Ok(answer(all.into_iter().map(read).collect()))
            }
            Interaction::Update { .. } => {
                let put = question.body().ok_or(SourceFault::Rejected)?;
                let ours = read(&has["Task/t1"]);
                if task::only_status_changed(&ours, put) != Some(TaskStatus::Completed) {
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

fn read(json: &Value) -> Resource {
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

/// A receiving node with one sender.
struct World {
    handoffs: Arc<Handoffs>,
    sender: Arc<Sender>,
    runs: Runs,
    records: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

fn ura(text: &str) -> Ura {
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
    fn new(documents: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = Arc::new(State::open(&StateOptions::new(folder.path().join("state"))).unwrap());
        let config = HandoffsConfig { attempts: 3, ..HandoffsConfig::default() };
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
        // Nobody listens there.
        let dead = |path: &str| WebAddress::parse(&format!("https://127.0.0.1:9/{path}")).unwrap();
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
            notifier: Notifier::new(http, tokens, use_case(RECEIVER).unwrap(), Duration::from_secs(1)),
            tickets: tickets.clone(),
        })
        .unwrap();
        let log = Log::default();
        let records = log.0.clone();
        let places = HandoffPlaces {
            otherwise: Arc::new(Nothing),
            outbox: Arc::new(OutboxSource::new(handoffs.clone())),
            inbox: Arc::new(InboxSource::new(handoffs.clone())),
            handoffs: handoffs.clone(),
        };
        let stack = Arc::new(exchange::stack(Wiring {
            node: NodeFacts { holder: DataHolder(ura(OWN)), kind: None, limits: Limits::default() },
            use_cases: Arc::new(UseCases::new(vec![use_case_of(RECEIVER)]).into()),
            log: Arc::new(log),
            clock,
            authenticator: Arc::new(TicketDesk { tickets, doorman: Arc::new(Nothing) }),
            throttle: Arc::new(NoThrottle),
            patients: Arc::new(OwnPatients::new(Vec::new())),
            relations: Arc::new(Nobody),
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
    async fn told(&self, steps: usize) -> Id {
        let other = ura(OTHER);
        let id = self.handoffs.told((&other, "Maasdal"), "t1", None, "correlation").await.unwrap();
        self.steps(id, steps).await;
        id
    }

    async fn steps(&self, id: Id, steps: usize) {
        for _ in 0..steps {
            self.handoffs.receive_on(&self.runs, id).await.unwrap();
        }
    }

    async fn take(&self, id: Id) {
        let nurse = Person { id: "n-1".to_owned(), name: None, role: "30.000".to_owned() };
        self.handoffs.take(id, nurse).await.unwrap();
    }

    fn received(&self, id: Id) -> Received {
        self.handoffs.books.received.get(id).unwrap().unwrap()
    }

    fn stage(&self, id: Id) -> Stage {
        self.received(id).receiving().unwrap().stage()
    }

    fn asked(&self) -> Vec<String> {
        self.sender.asked.lock().unwrap().clone()
    }

    fn at_sender(&self) -> String {
        self.sender.has.lock().unwrap()["Task/t1"]["status"].as_str().unwrap().to_owned()
    }
}

/// A small handoff and its Task, by name.
fn handoff() -> BTreeMap<String, Value> {
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

#[tokio::test]
async fn a_handoff_is_read_for_nobody_fetched_for_a_person_kept_and_only_then_completed() {
    let world = World::new(true);
    let id = world.told(3).await;
    assert_eq!((world.stage(id), world.asked()), (Stage::Offered, vec!["Task/t1".to_owned()]));
    world.take(id).await;
    world.steps(id, 1).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Taken, "in-progress"));
    let kept = world.handoffs.books.received.part(id, 0).await.unwrap().unwrap();
    assert_eq!(read(&serde_json::from_slice(&kept).unwrap()).resource_type(), "Bundle");
    world.steps(id, 3).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Completed, "completed"));
    let asked = ["Task/t1", "Composition/c1/$document for a person", "Task/t1", "PUT Task/t1 for a person"];
    assert_eq!(world.asked(), asked);
    assert_eq!(world.records.load(Ordering::SeqCst), asked.len(), "each is on record");
    assert_eq!(world.received(id).resources, 4);
    // What comes again is the same transfer, and is read and not fetched again.
    assert_eq!(world.told(2).await, id);
    assert_eq!((world.stage(id), world.asked().len()), (Stage::Completed, 5));
}

#[tokio::test]
async fn er4_a_task_of_another_owner_or_another_kind_is_refused_and_nothing_is_fetched() {
    let organization = |ura: &str| {
        json!({"resourceType": "Organization", "id": "o1", "identifier": [
            {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": ura}]})
    };
    for (change, stage) in [
        (
            json!({"owner": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90010003"}}}),
            None,
        ),
        (json!({"owner": {"display": "De Linde"}}), None),
        (json!({"owner": {"reference": "Organization/o1"}, "other": "90010003"}), None),
        (json!({"owner": {"reference": "Organization/o1"}, "other": OWN}), Some(Stage::Offered)),
        (json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}}), None),
    ] {
        let world = World::new(true);
        if let Some(other) = change["other"].as_str() {
            world.sender.has.lock().unwrap().insert("Organization/o1".to_owned(), organization(other));
        }
        for name in ["owner", "code"] {
            if !change[name].is_null() {
                world.sender.task(|task| task[name] = change[name].clone());
            }
        }
        let id = world.told(3).await;
        assert_eq!(world.stage(id), stage.unwrap_or(Stage::Closed(Closed::Refused)), "{change}");
        assert!(!world.asked().iter().any(|asked| asked.starts_with("Composition")));
    }
}

#[tokio::test]
async fn er5_a_sender_that_makes_no_documents_is_asked_for_the_parts() {
    let world = World::new(false);
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 3).await;
    assert_eq!((world.stage(id), world.received(id).resources), (Stage::Completed, 4));
    for part in ["Composition/c1 for a person", "Patient/p1 for a person", "Condition/k1 for a person"] {
        assert!(world.asked().contains(&part.to_owned()), "{part}");
    }
}

#[tokio::test]
async fn er6_a_binary_is_a_part_of_its_own_and_nothing_is_completed_without_it() {
    let world = World::new(true);
    {
        let mut has = world.sender.has.lock().unwrap();
        let reference = json!({"resourceType": "DocumentReference", "id": "r1", "status": "current",
            "subject": {"reference": "Patient/p1"}, "content": [{"attachment": {"url": "Binary/b1"}}]});
        has.insert("DocumentReference/r1".to_owned(), reference);
    }
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 1).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Taking, "in-progress"), "it is not there");
    let binary = json!({"resourceType": "Binary", "id": "b1", "contentType": "application/pdf", "content": "JVBERi0="});
    world.sender.has.lock().unwrap().insert("Binary/b1".to_owned(), binary.clone());
    world.steps(id, 2).await;
    assert_eq!((world.stage(id), world.received(id).resources), (Stage::Completed, 6));
    let kept = world.handoffs.books.received.part(id, 1).await.unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap(), binary);
    assert!(world.asked().contains(&"Binary/b1 for a person".to_owned()));
}

#[tokio::test]
async fn er8_what_is_not_known_of_a_task_or_a_document_breaks_nothing() {
    let world = World::new(true);
    world.sender.task(|task| {
        let more = json!({"type": {"coding": [{"system": "http://snomed.info/sct", "code": "721915006"}]},
            "valueReference": {"reference": "Composition/old"}});
        task["input"].as_array_mut().unwrap().insert(0, more);
        task["extension"] = json!([{"url": "https://unknown.example", "valueString": "x"},
            {"url": "http://nuts-foundation.github.io/nl-generic-functions-ig/StructureDefinition/task-stu3-location",
             "valueReference": {"reference": "Location/l1", "display": "Afdeling Beuk"}}]);
    });
    world.sender.has.lock().unwrap().get_mut("Composition/c1").unwrap()["section"][0]["code"] =
        json!({"coding": [{"system": "http://snomed.info/sct", "code": "000"}]});
    let id = world.told(1).await;
    assert_eq!(world.received(id).routed, ["Afdeling Beuk"]);
    world.take(id).await;
    world.steps(id, 3).await;
    assert_eq!(world.stage(id), Stage::Completed);
}

#[tokio::test]
async fn er11_a_sender_that_fails_leaves_everything_as_it_is_and_is_asked_again() {
    for (at, fault) in [
        ("Task/t1", SourceFault::Refused),
        ("Task/t1", SourceFault::Unreachable),
        ("Composition/c1/$document", SourceFault::TimedOut),
        ("Composition/c1/$document", SourceFault::Unusable("torn")),
        ("PUT Task/t1", SourceFault::Rejected),
    ] {
        let world = World::new(true);
        world.sender.faults.lock().unwrap().insert(at.to_owned(), fault.clone());
        let id = world.told(1).await;
        if at == "Task/t1" {
            assert_eq!(world.stage(id), Stage::Told, "{fault:?}");
        } else {
            world.take(id).await;
            world.steps(id, if at.starts_with("PUT") { 2 } else { 1 }).await;
            assert_eq!(world.at_sender(), "in-progress", "{at} {fault:?}");
        }
        let effort = world.received(id).effort;
        assert!(effort.attempts == 1 && effort.failed.is_some() && !effort.given_up, "{at} {fault:?} is visible");
        world.steps(id, 2).await;
        if at == "Task/t1" {
            world.take(id).await;
        }
        world.steps(id, 3).await;
        assert_eq!(world.stage(id), Stage::Completed, "{at} {fault:?}");
    }
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_found_done_and_not_done_again() {
    let world = World::new(true);
    *world.sender.loses.lock().unwrap() = true;
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 2).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Taken, "completed"));
    world.steps(id, 1).await;
    assert_eq!(world.stage(id), Stage::Completed);
    assert_eq!(world.asked().iter().filter(|asked| asked.starts_with("PUT")).count(), 1);
}

#[tokio::test]
async fn a_document_that_is_not_whole_or_not_the_tasks_is_not_taken() {
    let smuggled = json!({"resourceType": "Flag", "id": "f1", "subject": {"reference": "Patient/p2"}});
    let world = World::new(true);
    world.sender.has.lock().unwrap().insert("Flag/f1".to_owned(), smuggled);
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 3).await;
    let received = world.received(id);
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Taking, "in-progress"));
    assert!(received.effort.given_up, "after so many times it waits for somebody");
    world.sender.has.lock().unwrap().remove("Flag/f1");
    assert!(world.handoffs.retry(id).await.unwrap());
    world.steps(id, 2).await;
    assert_eq!(world.stage(id), Stage::Completed);

    // The Task is about another patient than the document that it names.
    let world = World::new(true);
    world.sender.task(|task| task["for"]["reference"] = json!("Patient/p9"));
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 2).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Closed(Closed::Refused), "in-progress"));
}

#[tokio::test]
async fn what_was_kept_long_enough_is_forgotten_whole_and_nothing_else_is() {
    let world = World::new(true);
    let id = world.told(1).await;
    assert_eq!(world.handoffs.forget_old().await.unwrap(), 0);
    world.take(id).await;
    world.steps(id, 3).await;
    let aged = world.handoffs.books.received.change(id, |received| {
        received.modified = "2020-01-01T00:00:00Z".to_owned();
        book::Change::Made((), None)
    });
    aged.await.unwrap();
    assert_eq!(world.handoffs.forget_old().await.unwrap(), 1);
    assert!(world.handoffs.books.received.get(id).unwrap().is_none());
    assert_eq!(world.handoffs.books.received.part(id, 0).await.unwrap(), None);
}

#[tokio::test]
async fn es2_a_receiver_that_cannot_be_told_is_told_again_then_waits_for_somebody_and_can_be_told_anew() {
    let world = World::new(true);
    let entries: Vec<Value> = handoff().into_values().filter(|one| one["resourceType"] != "Task").collect();
    let entries: Vec<Value> = entries.into_iter().map(|resource| json!({"resource": resource})).collect();
    let bundle = read(&json!({"resourceType": "Bundle", "type": "document", "entry": entries}));
    let handoff = world.handoffs.read(&bundle, |_| true).unwrap();
    let pushed = world.handoffs.push(&ura(OTHER), &bundle, &handoff, "c").await.unwrap();
    let again = world.handoffs.push(&ura(OTHER), &bundle, &handoff, "c").await.unwrap();
    assert_eq!((pushed.new, again.new, again.id), (true, false, pushed.id));
    let nobody = world.handoffs.push(&ura("90010009"), &bundle, &handoff, "c").await;
    assert!(matches!(nobody, Err(PushFault::Receiver)));
    let sent = || world.handoffs.books.sent.get(pushed.id).unwrap().unwrap();
    // The grant comes first, then so many attempts.
    for attempts in [0, 1, 2, 3] {
        world.handoffs.send_on(pushed.id).await.unwrap();
        assert_eq!((sent().effort.attempts, sent().effort.given_up), (attempts, attempts == 3));
    }
    assert!(world.handoffs.books.sent.due(i64::MAX, 9).unwrap().is_empty(), "nothing is tried by itself any more");
    assert!(world.handoffs.resend(pushed.id).await.unwrap());
    assert_eq!((sent().effort.attempts, world.handoffs.books.sent.due(i64::MAX, 9).unwrap().len()), (0, 1));
    assert!(!world.handoffs.resend(names::fresh()).await.unwrap());
}
