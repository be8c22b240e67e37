//! For tests of what HTTP makes of things: the project's use cases, and a stack with stubs for everything outside. Only
//! the stack makes what may leave, so whoever tests what becomes of it runs the stack.

use std::sync::Arc;

use bytes::Bytes;
use exchange::ports::{
    AccessLog, Answer, AuthenticationFault, Authenticator, BoxFuture, ConsentQuestion, Consents, Item, Localisation,
    LogUnavailable, PatientIndex, Question, Relation, RelationQuestion, Slot, Source, SourceFault, SystemClock,
    TreatmentRelations, Whereabouts,
};
use exchange::{BodyKind, Conditions, Credentials, Gate, Handle, Inbound, NodeFacts, Recorded, Refusal, Wiring};
use fhir::json::Limits;
use fhir::{Bsn, FhirVersion, LogicalId, Method, Resource, SearchMode, Ura};
use policy::{Caller, Consent, DataHolder, Finding, Organisation, Permit, UseCase, UseCaseId, UseCases};

use crate::config::BoundsConfig;

/// The use cases of a node in production.
pub fn use_cases() -> UseCases {
    UseCases::new(vec![
        UseCase::load(
            "health-overview",
            include_str!("../../../../profiles/health-overview/capability.json"),
            include_str!("../../../../profiles/health-overview/policy.rego"),
            include_str!("../../../../profiles/health-overview/release.toml"),
            false,
        )
        .unwrap(),
    ])
}

/// The use case of `zorgsluis try`: everything, in both versions.
pub fn development() -> UseCases {
    UseCases::new(vec![
        UseCase::load(
            "development-try",
            include_str!("../../../../profiles/development-try/capability.json"),
            include_str!("../../../../profiles/development-try/policy.rego"),
            include_str!("../../../../profiles/development-try/release.toml"),
            true,
        )
        .unwrap(),
    ])
}

/// The supervision of the access log.
pub fn supervision() -> UseCases {
    UseCases::new(vec![
        UseCase::load(
            "access-log",
            include_str!("../../../../profiles/access-log/capability.json"),
            include_str!("../../../../profiles/access-log/policy.rego"),
            include_str!("../../../../profiles/access-log/release.toml"),
            false,
        )
        .unwrap(),
    ])
}

/// A use case about one patient with these offers in both versions.
pub fn of_versions(id: &str, versions: &str) -> UseCases {
    let capability = format!(r#"{{"title":"Made up","purpose":"TREAT","patient":"one","versions":{versions}}}"#);
    let policy = format!("package {}\nallow := true\n", id.replace('-', "_"));
    let release = "version = \"1.0.0\"\ntitle = \"Made up\"\n";
    UseCases::new(vec![UseCase::load(id, &capability, &policy, release, false).unwrap()])
}

/// A stack with stubs for everything outside: one source that answers with what it is given, about one patient.
pub struct World {
    pub use_cases: UseCases,
    pub answer: Result<Answer, SourceFault>,
}

/// The patient of the world: known as `Patient/anna`. From the published test range.
pub const ANNA: &str = "999911120";

impl World {
    /// What the stack makes of a request at the inner gate.
    pub async fn ask(self, inbound: Inbound) -> Result<Recorded, Refusal> {
        self.ask_beside(inbound, None).await
    }

    /// The same where there is a second source, which speaks this version alone.
    pub async fn ask_beside(self, inbound: Inbound, other: Option<FhirVersion>) -> Result<Recorded, Refusal> {
        let source = |speaks: Vec<FhirVersion>| {
            Arc::new(Stub {
                holder: DataHolder(Ura::parse("90010001").unwrap()),
                ids: self.use_cases.all().map(|use_case| use_case.id().clone()).collect(),
                answer: self.answer.clone(),
                speaks,
            })
        };
        let stub = source(Vec::new());
        let beside = other.map(|version| source(vec![version]));
        let stack = exchange::stack(Wiring {
            node: NodeFacts { holder: stub.holder.clone(), kind: None, limits: Limits::default() },
            use_cases: Arc::new(self.use_cases.into()),
            log: stub.clone(),
            clock: Arc::new(SystemClock),
            authenticator: stub.clone(),
            throttle: Arc::new(exchange::ports::NoThrottle),
            patients: stub.clone(),
            relations: stub.clone(),
            consents: stub.clone(),
            localisation: Arc::new(Only([stub].into_iter().chain(beside).collect())),
            value_sets: Arc::new(exchange::ports::NoValueSets),
            bounds: BoundsConfig::default().exchange(),
        });
        stack.handle(inbound).await
    }
}

/// A request at the inner gate.
pub fn inbound(version: FhirVersion, method: Method, path: &str, query: &str, body: &str) -> Inbound {
    Inbound {
        request_id: "request-1".to_owned(),
        correlation_id: "correlation-1".to_owned(),
        gate: Gate::Inner,
        remote: None,
        version,
        method: Some(method),
        path: path.to_owned(),
        query: query.to_owned(),
        body: body.to_owned().into(),
        body_kind: if body.is_empty() { BodyKind::None } else { BodyKind::Json },
        conditions: Conditions::default(),
        credentials: Credentials::default(),
        use_case: None,
        emergency: None,
        unreadable: None,
    }
}

/// An answer with these resources; the patient is known as `anna`.
pub fn answer(resources: &[&str]) -> Answer {
    let item = |text: &&str| Item {
        resource: Resource::parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::default()).unwrap(),
        mode: SearchMode::Match,
    };
    Answer { items: resources.iter().map(item).collect(), patients: vec!["anna".to_owned()], ..Answer::default() }
}

struct Stub {
    holder: DataHolder,
    ids: Vec<UseCaseId>,
    answer: Result<Answer, SourceFault>,
    speaks: Vec<FhirVersion>,
}

struct Only(Vec<Arc<Stub>>);

fn at_once<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl Authenticator for Stub {
    fn identify<'a>(&'a self, _: Gate, _: &'a Credentials) -> BoxFuture<'a, Result<Caller, AuthenticationFault>> {
        at_once(Ok(Caller {
            client_id: "system".to_owned(),
            organisation: Organisation { ura: self.holder.0.clone(), name: None, kind: None },
            person: None,
            responsible: None,
            use_cases: self.ids.clone(),
            patient: Bsn::parse(ANNA).ok(),
            treatment_relation: None,
            emergency: None,
            token_id: None,
        }))
    }
}

impl PatientIndex for Stub {
    fn patient<'a>(&'a self, _: &'a LogicalId) -> BoxFuture<'a, Finding<Bsn>> {
        at_once(Bsn::parse(ANNA).map_or(Finding::Absent, Finding::Found))
    }
}

impl TreatmentRelations for Stub {
    fn relation<'a>(&'a self, _: RelationQuestion<'a>) -> BoxFuture<'a, Relation> {
        at_once(Finding::Absent.into())
    }
}

impl Consents for Stub {
    fn consent<'a>(&'a self, _: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        at_once(Finding::Absent)
    }
}

impl Localisation for Only {
    fn locate<'a>(&'a self, _: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        let places = self.0.iter().map(|stub| stub.clone() as Arc<dyn Source>).collect();
        at_once(Whereabouts { places, index: Finding::Absent })
    }
}

impl Source for Stub {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }
    fn name(&self) -> &str {
        "Ziekenhuis Maasdal"
    }
    fn asked_in(&self, _: &UseCaseId) -> &[FhirVersion] {
        &self.speaks
    }
    fn ask<'a>(&'a self, _: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        at_once(self.answer.clone())
    }
}

impl AccessLog for Stub {
    fn reserve(&self) -> Result<Box<dyn Slot>, LogUnavailable> {
        Ok(Box::new(Room))
    }
}

struct Room;

impl Slot for Room {
    fn write(self: Box<Self>, _: Vec<u8>) -> BoxFuture<'static, Result<(), LogUnavailable>> {
        at_once(Ok(()))
    }
    fn hand_over(self: Box<Self>, _: Vec<u8>) {}
}
