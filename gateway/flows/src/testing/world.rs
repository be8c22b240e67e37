//! The real stack, with the real policies of the overviews, and stubs for everything outside.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exchange::ports::{
    AccessLog, AuthenticationFault, Authenticator, BoxFuture, ConsentQuestion, Consents, Localisation, LogUnavailable,
    PatientIndex, Relation, RelationQuestion, Slot, Source, SystemClock, TreatmentRelations, Whereabouts,
};
use exchange::{
    BodyKind, Bounds, Conditions, Credentials, Fanout, Gate, Handle, Inbound, NodeFacts, PageBounds, Recorded, Refusal,
    Wiring,
};
use fhir::json::Limits;
use fhir::{Bsn, FhirVersion, LogicalId, Method, Ura};
use policy::{
    Caller, Consent, DataHolder, Finding, NotFoundOut, Organisation, Permit, Person, TreatmentRelation, UseCase,
    UseCases,
};

use super::Place;
use crate::medication;
use crate::overview::OPERATION;

const USE_CASE: &str = "health-overview";

/// The texts of a use case: id, capability, policy, release.
type Texts = (&'static str, &'static str, &'static str, &'static str);

macro_rules! texts {
    ($id:literal) => {
        (
            $id,
            include_str!(concat!("../../../../profiles/", $id, "/capability.json")),
            include_str!(concat!("../../../../profiles/", $id, "/policy.rego")),
            include_str!(concat!("../../../../profiles/", $id, "/release.toml")),
        )
    };
}

const USE_CASES: [Texts; 2] = [texts!("health-overview"), texts!("medication-overview")];

/// A region as one node sees it: its places, its index, its registers and its log.
#[derive(Clone)]
pub struct World {
    own: DataHolder,
    places: Vec<Place>,
    index: Finding<usize>,
    related: bool,
    most: usize,
    log: Arc<Memory>,
}

impl World {
    /// A world around the node of this provider, with nobody in it.
    pub fn new(own: &str) -> Self {
        World {
            own: DataHolder(Ura::parse(own).unwrap()),
            places: Vec::new(),
            index: Finding::Found(0),
            related: true,
            most: 64,
            log: Arc::default(),
        }
    }

    #[must_use]
    pub fn with(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// Replaces the place of the same name.
    #[must_use]
    pub fn changed(mut self, name: &str, change: impl FnOnce(Place) -> Place) -> Self {
        let at = self.places.iter().position(|place| place.name() == name).unwrap();
        let place = self.places.remove(at);
        self.places.insert(at, change(place));
        self
    }

    /// The same world, whose places come in this order.
    #[must_use]
    pub fn in_order(mut self, order: &[usize]) -> Self {
        self.places = order.iter().map(|at| self.places[*at].clone()).collect();
        self
    }

    /// What the index of other providers says.
    #[must_use]
    pub fn index(mut self, index: Finding<usize>) -> Self {
        self.index = index;
        self
    }

    #[must_use]
    pub fn without_relation(mut self) -> Self {
        self.related = false;
        self
    }

    /// At most so many places are asked.
    #[must_use]
    pub fn asking_at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    #[must_use]
    pub fn with_broken_log(self) -> Self {
        self.log.broken.store(true, Ordering::Relaxed);
        self
    }

    /// The records written so far.
    pub fn records(&self) -> Vec<String> {
        self.log.records.lock().unwrap().clone()
    }

    /// Asks for the overview of one patient, as the portal does.
    pub async fn overview(&self, bsn: &str) -> Result<Recorded, Refusal> {
        self.stack().handle(request(bsn, USE_CASE, OPERATION)).await
    }

    /// Asks for the medication overview of one patient, as the portal does.
    pub async fn medication(&self, bsn: &str) -> Result<Recorded, Refusal> {
        self.asking(bsn, medication::OPERATION).await
    }

    /// Asks for this operation of the medication overview.
    pub async fn asking(&self, bsn: &str, operation: &str) -> Result<Recorded, Refusal> {
        self.stack().handle(request(bsn, medication::USE_CASE, operation)).await
    }

    fn stack(&self) -> exchange::Stack {
        let load = |(id, capability, policy, release): Texts| UseCase::load(id, capability, policy, release, false);
        let use_cases = USE_CASES.into_iter().map(|texts| load(texts).unwrap()).collect();
        let stubs = Arc::new(self.clone());
        exchange::stack(Wiring {
            node: NodeFacts { holder: self.own.clone(), kind: Some("V4".to_owned()), limits: Limits::default() },
            use_cases: Arc::new(UseCases::new(use_cases).into()),
            log: self.log.clone(),
            clock: Arc::new(SystemClock),
            authenticator: stubs.clone(),
            throttle: Arc::new(exchange::ports::NoThrottle),
            patients: stubs.clone(),
            relations: stubs.clone(),
            consents: stubs.clone(),
            localisation: stubs,
            value_sets: Arc::new(exchange::ports::NoValueSets),
            bounds: Bounds {
                exchange: Duration::from_secs(20),
                at_once: 8,
                finding: Duration::from_secs(2),
                fanout: Fanout { patience: Duration::from_secs(5), at_once: 8, most: self.most },
                questions_at_once: 4,
                pages: PageBounds::default(),
            },
        })
    }
}

fn request(bsn: &str, use_case: &str, operation: &str) -> Inbound {
    let bsn: String = bsn.bytes().map(|byte| format!("%{byte:02X}")).collect();
    Inbound {
        request_id: "request-1".to_owned(),
        correlation_id: "correlation-1".to_owned(),
        gate: Gate::Inner,
        remote: None,
        version: FhirVersion::R4,
        method: Some(Method::Post),
        path: format!("Patient/${operation}"),
        query: String::new(),
        body: format!("identifier=http://fhir.nl/fhir/NamingSystem/bsn%7C{bsn}").into_bytes().into(),
        body_kind: BodyKind::Form,
        conditions: Conditions::default(),
        credentials: Credentials { session: Some("session-1".to_owned()), ..Credentials::default() },
        use_case: Some(use_case.to_owned()),
        emergency: None,
        unreadable: None,
    }
}

impl Authenticator for World {
    fn identify<'a>(
        &'a self,
        _gate: Gate,
        _credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        let caller = Caller {
            client_id: "portal".to_owned(),
            organisation: Organisation { ura: self.own.0.clone(), name: None, kind: Some("V4".to_owned()) },
            person: Some(Person { id: "p-1".to_owned(), name: None, role: "01.015".to_owned() }),
            responsible: None,
            use_cases: USE_CASES.iter().filter_map(|(id, ..)| policy::UseCaseId::parse(id)).collect(),
            patient: None,
            treatment_relation: None,
            emergency: None,
            token_id: None,
        };
        Box::pin(std::future::ready(Ok(caller)))
    }
}

impl PatientIndex for World {
    fn patient<'a>(&'a self, _id: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        Box::pin(std::future::ready(Finding::Absent))
    }
}

impl TreatmentRelations for World {
    fn relation<'a>(&'a self, _: RelationQuestion<'a>) -> BoxFuture<'a, Relation> {
        let relation =
            TreatmentRelation { kind: "provider-list".to_owned(), reference: "list-1".to_owned(), age_days: None };
        let finding = if self.related { Finding::Found(relation) } else { Finding::Absent };
        Box::pin(std::future::ready(finding.into()))
    }
}

impl Consents for World {
    fn consent<'a>(&'a self, _question: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        // At the data user's gate nobody asks for it.
        Box::pin(std::future::ready(Finding::NotFoundOut(NotFoundOut::NobodyToAsk)))
    }
}

impl Localisation for World {
    fn locate<'a>(&'a self, _permit: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        let places = self.places.iter().map(|place| Arc::new(place.clone()) as Arc<dyn Source>).collect();
        Box::pin(std::future::ready(Whereabouts { places, index: self.index.clone() }))
    }
}

/// A log in memory.
#[derive(Default)]
struct Memory {
    records: Arc<Mutex<Vec<String>>>,
    broken: AtomicBool,
}

impl AccessLog for Memory {
    fn reserve(&self) -> Result<Box<dyn Slot>, LogUnavailable> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(LogUnavailable);
        }
        Ok(Box::new(Room(self.records.clone())))
    }
}

struct Room(Arc<Mutex<Vec<String>>>);

impl Slot for Room {
    fn write(self: Box<Self>, record: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>> {
        self.hand_over(record);
        Box::pin(std::future::ready(Ok(())))
    }

    fn hand_over(self: Box<Self>, record: Vec<u8>) {
        self.0.lock().unwrap().push(String::from_utf8(record).unwrap());
    }
}
