//! A small world around the stack: one holder, stub ports that say what a test wants, and a log in memory.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use exchange::ports::*;
use exchange::{
    BodyKind, Bounds, Conditions, Credentials, Fanout, Gate, Handle, Inbound, NodeFacts, PageBounds, Recorded, Refusal,
    Wiring,
};
use fhir::json::Limits;
use fhir::{Bsn, FhirVersion, Interaction, LogicalId, Method, Resource, SearchMode, Ura};
use policy::{
    Caller, Consent, ConsentDecision, DataHolder, Direction, Finding, Organisation, Permit, Person, TreatmentRelation,
    UseCase, UseCaseId, UseCases,
};
use serde_json::Value;
use time::OffsetDateTime;

use crate::log::MemoryLog;

/// Two patients from the published test range.
pub const ANNA: &str = "999911120";
pub const BRAM: &str = "999910930";

pub const CAPABILITY: &str = r#"{
  "title": "Test reading", "purpose": "TREAT", "patient": "one",
  "findings": {"holder": ["treatment-relation", "consent"], "user": ["treatment-relation"]},
  "versions": {"r4": {
    "interactions": [
      {"type": "Patient", "codes": ["read", "search-type"]},
      {"type": "Condition", "codes": ["read", "search-type"], "search": ["category", "_count"]},
      {"type": "Observation", "codes": ["read", "search-type", "create", "update"], "search": ["code"]},
      {"type": "Device", "codes": ["read"]},
      {"type": "Provenance", "codes": ["read"]}
    ],
    "included": ["Practitioner"],
    "operations": {"gather": {"level": "type", "type": "Patient", "directions": ["user"],
      "collects": ["Patient", "Condition", "Observation"]}}
  }}
}"#;

/// What a source is asked in pages, by the operations of the standard, and in transactions.
const SENDING: &str = r#"{
  "title": "Test sending", "purpose": "TREAT", "patient": "one",
  "findings": {"holder": ["treatment-relation", "consent"], "user": ["treatment-relation"]},
  "versions": {"r4": {
    "interactions": [
      {"type": "Patient", "codes": ["read", "create", "search-type", "$everything"]},
      {"type": "Condition", "codes": ["read", "vread", "history-instance", "search-type", "update", "delete"],
       "search": ["category", "_sort", "_count", "_total", "_summary", "_elements", "_include"]},
      {"type": "Observation", "codes": ["read", "search-type", "$lastn", "create", "update"],
       "search": ["code", "_count", "_sort", "_elements"]},
      {"type": "Composition", "codes": ["$document"]},
      {"type": "MedicationRequest", "codes": ["create", "$latest-stops"]},
      {"type": "MedicationDispense", "codes": ["$latest-stops"]}
    ],
    "system": ["transaction", "$latest-stops"],
    "included": ["Practitioner", "Medication"]
  }}
}"#;

/// What collects from sources of both versions.
const MIXED: &str = r#"{
  "title": "Test of both versions", "purpose": "TREAT", "patient": "one",
  "findings": {"holder": ["treatment-relation", "consent"], "user": ["treatment-relation"]},
  "versions": {
    "stu3": {"interactions": [
      {"type": "Patient", "codes": ["search-type"]},
      {"type": "MedicationStatement", "codes": ["read", "search-type"], "search": ["category"]},
      {"type": "ProcedureRequest", "codes": ["search-type"]}
    ]},
    "r4": {"interactions": [
      {"type": "Patient", "codes": ["search-type"]},
      {"type": "MedicationStatement", "codes": ["read", "search-type", "create"], "search": ["_count"]},
      {"type": "ServiceRequest", "codes": ["search-type"]}
    ],
    "operations": {"gather-both": {"level": "type", "type": "Patient", "directions": ["user"],
      "collects": ["Patient", "MedicationStatement", "ServiceRequest"],
      "collects-in": {"stu3": ["Patient", "MedicationStatement?category=6", "ProcedureRequest"]}}}}
  }
}"#;

/// Nobody of whom the role is not known here is asked in the older version; there, requests of procedures stay.
const MIXED_POLICY: &str = r#"package test_mixed
import rego.v1
default allow := false
allow if {
    input.findings.treatment_relation.finding == "found"
    allowed_in_version
}
allowed_in_version if input.context.fhir_version == "r4"
allowed_in_version if input.subject.user.role == "30.000"
reasons contains {"code": "not-in-version", "description": "Not in this version."} if not allowed_in_version
obligations contains {"kind": "withhold-type", "resource_type": "ProcedureRequest"} if {
    input.context.fhir_version == "stu3"
}
"#;

pub const POLICY: &str = r#"package PACKAGE
import rego.v1
default allow := false
allow if {
    input.findings.treatment_relation.finding == "found"
    input.context.direction == "user"
}
allow if {
    input.findings.treatment_relation.finding == "found"
    input.findings.consent.detail.decision == "permit"
}
reasons contains {"code": "no-consent", "description": "There is no consent."} if {
    input.findings.consent.finding == "absent"
}
obligations contains {"kind": "withhold-type", "resource_type": "Practitioner"} if {
    input.findings.consent.detail.source == "narrow"
}
obligations contains {"kind": "withhold-label",
    "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "codes": ["R", "V"]}
"#;

/// What a stub source does.
#[derive(Clone)]
pub enum Doing {
    Answer(Vec<Value>),
    /// What it has in each version.
    ByVersion {
        stu3: Vec<Value>,
        r4: Vec<Value>,
    },
    /// The same, and it says that it has more in these versions.
    Further(Vec<Value>, Vec<FhirVersion>),
    /// What is written in a transaction: id and version of each entry.
    Write(Vec<(&'static str, &'static str)>),
    Fault(SourceFault),
    Hang,
    Panic,
}

pub struct StubSource {
    holder: DataHolder,
    name: String,
    pub doing: Mutex<Doing>,
    pub asked: AtomicUsize,
    /// The questions, as code, type and query.
    pub questions: Mutex<Vec<String>>,
    /// The versions in which it was asked, one for each question.
    pub versions: Mutex<Vec<FhirVersion>>,
    speaks: Vec<FhirVersion>,
}

impl StubSource {
    pub fn new(ura: &str, name: &str, doing: Doing) -> Arc<Self> {
        StubSource::speaking(&[], ura, name, doing)
    }
    /// One that is asked in these versions.
    pub fn speaking(versions: &[FhirVersion], ura: &str, name: &str, doing: Doing) -> Arc<Self> {
        Arc::new(StubSource {
            speaks: versions.to_vec(),
            versions: Mutex::default(),
            holder: DataHolder(Ura::parse(ura).unwrap()),
            name: name.into(),
            doing: Mutex::new(doing),
            asked: AtomicUsize::new(0),
            questions: Mutex::default(),
        })
    }
    pub fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Source for StubSource {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn asked_in(&self, _: &UseCaseId) -> &[FhirVersion] {
        &self.speaks
    }
    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let version = question.permit().version();
        self.versions.lock().unwrap().push(version);
        let asked = question.interaction();
        let query = asked.query().map(|query| query.write()).unwrap_or_default();
        let of = asked.resource_type().map_or("", |kind| kind.name());
        self.questions.lock().unwrap().push(format!("{} {of}?{query}", asked.code()));
        let (doing, elsewhere) = match self.doing.lock().unwrap().clone() {
            Doing::ByVersion { stu3, .. } if version == FhirVersion::Stu3 => (Doing::Answer(stu3), vec![]),
            Doing::ByVersion { r4, .. } => (Doing::Answer(r4), vec![]),
            Doing::Further(resources, versions) => (Doing::Answer(resources), versions),
            other => (other, vec![]),
        };
        let kind = question.interaction().resource_type().map(|kind| kind.name());
        let known_as = match question.permit().patient() {
            policy::PatientScope::One(bsn) if *bsn == Bsn::parse(ANNA).unwrap() => "anna",
            _ => "bram",
        };
        Box::pin(async move {
            match doing {
                Doing::Answer(resources) => {
                    // A search gets its type; anything smuggled in is marked by "evil" and comes along always.
                    let mine = resources.iter().filter(|resource| {
                        !matches!(question.interaction(), Interaction::Search { .. })
                            || kind.is_none_or(|kind| resource["resourceType"] == kind)
                            || mode(resource) == SearchMode::Include
                            || resource["id"].as_str().is_some_and(|id| id.starts_with("evil"))
                    });
                    Ok(Answer {
                        items: mine.map(|json| Item { resource: resource(json), mode: mode(json) }).collect(),
                        patients: vec![known_as.into()],
                        vouched: vec!["Observation/vouched".into(), "Device/vouched".into()],
                        elsewhere,
                        ..Answer::default()
                    })
                }
                Doing::Write(entries) => {
                    let written = |(id, version): &(&str, &str)| Written {
                        created: true,
                        id: Some((*id).into()),
                        version_id: Some((*version).into()),
                    };
                    Ok(Answer { transaction: entries.iter().map(written).collect(), ..Answer::default() })
                }
                Doing::Fault(fault) => Err(fault),
                Doing::ByVersion { .. } | Doing::Further(..) => Err(SourceFault::NotFound),
                Doing::Hang => std::future::pending().await,
                Doing::Panic => panic!("a defect in a connector"),
            }
        })
    }
}

/// Practitioners come along, and what says so; everything else was asked for.
fn mode(json: &Value) -> SearchMode {
    let comes_along = json["resourceType"] == "Practitioner" || json["_mode"] == "include";
    if comes_along { SearchMode::Include } else { SearchMode::Match }
}

pub fn resource(json: &Value) -> Resource {
    Resource::parse(Bytes::from(json.to_string()), &Limits::default()).unwrap()
}

/// The one value set that the node knows.
struct OneValueSet;

impl ValueSets for OneValueSet {
    fn codes(&self, _: FhirVersion, canonical: &str) -> Option<Vec<(String, String)>> {
        (canonical == "http://set.example/pressure").then(|| vec![("http://loinc.org".into(), "85354-9".into())])
    }
}

/// What the facts are in a test.
pub struct World {
    pub identity: Mutex<Result<Caller, AuthenticationFault>>,
    /// How long callers are told to wait, when they are.
    pub wait: Mutex<Option<Duration>>,
    pub relation: Mutex<Finding<TreatmentRelation>>,
    /// What this provider itself knows of the relations of others.
    pub of_others: Mutex<Relation>,
    pub consent: Mutex<Finding<Consent>>,
    pub consents_asked: AtomicUsize,
    pub sources: Mutex<Vec<Arc<StubSource>>>,
    pub index: Mutex<Finding<usize>>,
    pub log: Arc<MemoryLog>,
    pub pages: Mutex<PageBounds>,
    /// Seconds since the world began.
    pub seconds: AtomicI64,
}

impl Clock for World {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(1_800_000_000 + self.seconds.load(Ordering::SeqCst))
    }
}

struct Ports(Arc<World>);

impl Authenticator for Ports {
    fn identify<'a>(&'a self, _: Gate, _: &'a Credentials) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        let identity = self.0.identity.lock().unwrap().clone();
        Box::pin(async { identity })
    }
}
impl TreatmentRelations for Ports {
    fn relation<'a>(&'a self, question: RelationQuestion<'a>) -> BoxFuture<'a, Relation> {
        let known = match question.direction {
            Direction::User => self.0.relation.lock().unwrap().clone().into(),
            Direction::Holder => self.0.of_others.lock().unwrap().clone(),
        };
        Box::pin(async { known })
    }
}
impl Consents for Ports {
    fn consent<'a>(&'a self, _: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        self.0.consents_asked.fetch_add(1, Ordering::SeqCst);
        let consent = self.0.consent.lock().unwrap().clone();
        Box::pin(async { consent })
    }
}
impl Throttle for Ports {
    fn admit(&self, _: Gate, _: &Caller) -> Result<(), Duration> {
        match *self.0.wait.lock().unwrap() {
            Some(wait) => Err(wait),
            None => Ok(()),
        }
    }
}

impl PatientIndex for Ports {
    fn patient<'a>(&'a self, id: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        let found = match id.as_str() {
            "anna" => Finding::Found(Bsn::parse(ANNA).unwrap()),
            "bram" => Finding::Found(Bsn::parse(BRAM).unwrap()),
            _ => Finding::Absent,
        };
        Box::pin(async { found })
    }
}
impl Localisation for Ports {
    fn locate<'a>(&'a self, _: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        let places = self.0.sources.lock().unwrap().iter().map(|source| source.clone() as Arc<dyn Source>).collect();
        let index = self.0.index.lock().unwrap().clone();
        Box::pin(async { Whereabouts { places, index } })
    }
}

impl World {
    /// Everything in order: a nurse of De Linde with a relation, a consent, and one source that knows Anna.
    pub fn in_order() -> Arc<World> {
        Arc::new(World {
            identity: Mutex::new(Ok(caller())),
            wait: Mutex::default(),
            relation: Mutex::new(Finding::Found(relation())),
            of_others: Mutex::new(Finding::Absent.into()),
            consent: Mutex::new(Finding::Found(consent(ConsentDecision::Permit))),
            consents_asked: AtomicUsize::new(0),
            sources: Mutex::new(vec![StubSource::new("90000111", "Maasdal", Doing::Answer(annas()))]),
            index: Mutex::new(Finding::Found(0)),
            log: Arc::new(MemoryLog::default()),
            pages: Mutex::new(PageBounds::default()),
            seconds: AtomicI64::new(0),
        })
    }

    pub fn source(&self) -> Arc<StubSource> {
        self.sources.lock().unwrap()[0].clone()
    }

    pub async fn ask(self: &Arc<World>, inbound: Inbound) -> Result<Recorded, Refusal> {
        stack(self).handle(inbound).await
    }

    /// The same, for a caller of the other use case who speaks of Anna.
    pub fn of_anna() -> Arc<World> {
        let world = World::in_order();
        let mut caller = caller();
        caller.use_cases = vec![UseCaseId::parse("test-sending").unwrap()];
        caller.patient = Some(Bsn::parse(ANNA).unwrap());
        *world.identity.lock().unwrap() = Ok(caller);
        world
    }

    pub fn has(&self, resources: Vec<Value>) {
        *self.source().doing.lock().unwrap() = Doing::Answer(resources);
    }

    /// The last record.
    pub fn last_record(&self) -> Value {
        self.log.records.lock().unwrap().last().unwrap().clone()
    }

    /// The one record of the one exchange, with no trail left open.
    pub fn record(&self) -> Value {
        let records = self.log.records.lock().unwrap();
        assert_eq!(records.len(), 1, "one exchange leaves one record");
        assert_eq!(self.log.open.load(Ordering::SeqCst), 0, "no trail stays open");
        records[0].clone()
    }
}

pub fn stack(world: &Arc<World>) -> exchange::Stack {
    let load = |id: &str, capability: &str| {
        let policy = POLICY.replace("PACKAGE", &id.replace('-', "_"));
        UseCase::load(id, capability, &policy, "version = \"1.0.0\"\ntitle = \"Test\"\n", false).unwrap()
    };
    let mixed = UseCase::load("test-mixed", MIXED, MIXED_POLICY, "version = \"1.0.0\"\ntitle = \"Test\"\n", false);
    let use_cases = vec![load("test-reading", CAPABILITY), load("test-sending", SENDING), mixed.unwrap()];
    exchange::stack(wiring(world, use_cases))
}

/// A node with these use cases.
pub fn wiring(world: &Arc<World>, use_cases: Vec<UseCase>) -> Wiring {
    let ports = Arc::new(Ports(world.clone()));
    Wiring {
        node: NodeFacts {
            holder: DataHolder(Ura::parse("90000111").unwrap()),
            kind: Some("V6".into()),
            limits: Limits::default(),
        },
        use_cases: Arc::new(UseCases::new(use_cases).into()),
        log: world.log.clone(),
        clock: world.clone(),
        authenticator: ports.clone(),
        throttle: ports.clone(),
        patients: ports.clone(),
        relations: ports.clone(),
        consents: ports.clone(),
        localisation: ports,
        value_sets: Arc::new(OneValueSet),
        bounds: Bounds {
            exchange: Duration::from_millis(600),
            at_once: 4,
            finding: Duration::from_millis(100),
            fanout: Fanout { patience: Duration::from_millis(200), at_once: 4, most: 5 },
            questions_at_once: 4,
            pages: *world.pages.lock().unwrap(),
        },
    }
}

pub fn relation() -> TreatmentRelation {
    TreatmentRelation { kind: "asserted".into(), reference: "transfer-1".into(), age_days: None }
}

pub fn consent(decision: ConsentDecision) -> Consent {
    Consent { decision, source: "local".into(), reference: "c-1".into(), withhold: Vec::new() }
}

pub fn caller() -> Caller {
    Caller {
        client_id: "90000222".into(),
        organisation: Organisation {
            ura: Ura::parse("90000222").unwrap(),
            name: Some("De Linde".into()),
            kind: Some("X3".into()),
        },
        person: Some(Person { id: "n-1".into(), name: Some("Noor Voorbeeld".into()), role: "30.000".into() }),
        responsible: None,
        use_cases: vec![UseCaseId::parse("test-reading").unwrap()],
        patient: None,
        treatment_relation: Some(relation()),
        emergency: None,
        token_id: Some("abc".into()),
    }
}

/// A request at the outer gate: `"GET Condition?category=x"`.
pub fn get(text: &str) -> Inbound {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    Inbound {
        request_id: "r-1".into(),
        correlation_id: "c-1".into(),
        gate: Gate::Outer,
        remote: None,
        version: FhirVersion::R4,
        method: Some(Method::Get),
        path: path.into(),
        query: query.into(),
        body: Bytes::new(),
        body_kind: BodyKind::None,
        conditions: Conditions::default(),
        credentials: Credentials::default(),
        use_case: None,
        emergency: None,
        unreadable: None,
    }
}

pub fn post(path: &str, kind: BodyKind, body: impl Into<Bytes>) -> Inbound {
    Inbound { method: Some(Method::Post), body: body.into(), body_kind: kind, ..get(path) }
}

pub fn about(bsn: &str, kind: &str) -> Inbound {
    let name = if kind == "Patient" { "identifier" } else { "patient.identifier" };
    let form = format!("{name}=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C{bsn}");
    post(&format!("{kind}/_search"), BodyKind::Form, form)
}

/// What the source has of Anna.
pub fn annas() -> Vec<Value> {
    vec![
        serde_json::json!({"resourceType": "Patient", "id": "anna", "identifier": [
            {"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": ANNA}]}),
        serde_json::json!({"resourceType": "Condition", "id": "c1", "meta": {"versionId": "2"},
            "subject": {"reference": "Patient/anna"}}),
        serde_json::json!({"resourceType": "Observation", "id": "o1", "subject": {"reference": "Patient/anna"}}),
    ]
}
