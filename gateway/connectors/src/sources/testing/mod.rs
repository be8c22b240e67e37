//! For tests: permits of a development use case, questions under them, and servers that misbehave on order.

pub(crate) mod server;
pub(crate) mod stub;

use std::sync::OnceLock;
use std::time::Duration;

use exchange::inbound::Conditions;
use exchange::ports::{Answer, Question, Source, SourceFault};
use fhir::interaction::Method;
use fhir::{Bsn, FhirVersion, Interaction, Resource, Ura};
use policy::{
    Caller, Data, DataHolder, Direction, Finding, Findings, NotFoundOut, Organisation, PatientScope, Permit, Request,
    UseCase, UseCaseId, UseCases,
};

pub(crate) const BSN: &str = "999911120";
pub(crate) const OTHER_BSN: &str = "900203638";

const CAPABILITY: &str = r#"{ "title": "Tests", "purpose": "TREAT", "patient": "any", "development": true,
    "versions": { "r4": VERSION, "stu3": VERSION } }"#;
const VERSION: &str = r#"{ "system": ["transaction"], "interactions": [ { "type": "*", "search": ["*"],
    "codes": ["read", "vread", "search-type", "search-system", "history-instance", "history-type", "history-system",
              "create", "update", "patch", "delete", "operation"] } ] }"#;
const POLICY: &str =
    "package tests\nimport rego.v1\ndefault allow := false\nallow if input.subject.client.id == \"tests\"\n";
const RELEASE: &str = "version = \"1.0.0\"\ntitle = \"Tests\"\n";

pub(crate) fn bsn() -> Bsn {
    Bsn::parse(BSN).unwrap()
}

pub(crate) fn one() -> PatientScope {
    PatientScope::One(bsn())
}

pub(crate) fn holder() -> DataHolder {
    DataHolder(Ura::parse("90000901").unwrap())
}

/// What a caller asks, as it stands in a request line: `GET Patient/1`, `POST Observation`.
pub(crate) fn interaction(version: FhirVersion, request_line: &str) -> Interaction {
    let (method, target) = request_line.split_once(' ').unwrap();
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => panic!("no method {other}"),
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Interaction::read(version, method, path, query, None).unwrap()
}

/// A permit to ask this about this patient, under one of two use cases: `tests`, and `once`, in which what is sent is taken once.
fn permit(use_case: &str, version: FhirVersion, patient: PatientScope, interaction: Interaction) -> Permit {
    static CASES: OnceLock<UseCases> = OnceLock::new();
    let cases = CASES.get_or_init(|| {
        let capability = CAPABILITY.replace("VERSION", VERSION);
        let once = capability.replacen('{', r#"{"taken-once": true,"#, 1);
        let load = |id: &str, capability: &str| {
            let policy = POLICY.replace("package tests", &format!("package {id}"));
            UseCase::load(id, capability, &policy, RELEASE, true).unwrap()
        };
        UseCases::new(vec![load("tests", &capability), load("once", &once)])
    });
    let id = UseCaseId::parse(use_case).unwrap();
    let organisation = Organisation { ura: Ura::parse("90000902").unwrap(), name: None, kind: None };
    let caller = Caller {
        client_id: "tests".into(),
        organisation,
        person: None,
        responsible: None,
        use_cases: vec![id.clone()],
        patient: None,
        treatment_relation: None,
        emergency: None,
        token_id: None,
    };
    let request = Request {
        caller,
        direction: Direction::Holder,
        holder: holder(),
        holder_kind: None,
        version,
        interaction,
        patient,
        data: Data::Sources,
        use_case: Some(id),
    };
    let admitted = cases.admissible(request).expect("the use case of the tests admits everything");
    let nothing = Findings {
        treatment_relation: Finding::NotFoundOut(NotFoundOut::NotAsked),
        consent: Finding::NotFoundOut(NotFoundOut::NotAsked),
    };
    cases.decide(&admitted, &nothing).expect("the policy of the tests allows everything")
}

/// Someone who asks a source, for tests to speak as.
pub(crate) struct Asker {
    pub version: FhirVersion,
    pub patient: PatientScope,
    pub body: Option<Resource>,
    pub conditions: Conditions,
    pub patience: Duration,
    use_case: &'static str,
}

impl Asker {
    pub fn about(patient: PatientScope) -> Self {
        Asker {
            version: FhirVersion::R4,
            patient,
            body: None,
            conditions: Conditions::default(),
            patience: Duration::from_secs(20),
            use_case: "tests",
        }
    }

    pub fn writing(mut self, body: &serde_json::Value) -> Self {
        self.body = Some(resource(body));
        self
    }

    /// Under a use case in which what is sent is taken once.
    pub fn once(mut self) -> Self {
        self.use_case = "once";
        self
    }

    pub fn patient_for(mut self, milliseconds: u64) -> Self {
        self.patience = Duration::from_millis(milliseconds);
        self
    }

    pub async fn asks(&self, source: &dyn Source, request_line: &str) -> Result<Answer, SourceFault> {
        self.puts(source, interaction(self.version, request_line)).await
    }

    /// The body as a transaction.
    pub async fn transacts(&self, source: &dyn Source) -> Result<Answer, SourceFault> {
        let bundle = fhir::Bundle::read(self.body.as_ref().unwrap()).unwrap();
        self.puts(source, fhir::interaction::transaction::read(self.version, &bundle).unwrap()).await
    }

    async fn puts(&self, source: &dyn Source, interaction: Interaction) -> Result<Answer, SourceFault> {
        let permit = permit(self.use_case, self.version, self.patient.clone(), interaction);
        let plan = permit.plan().first().unwrap();
        source
            .ask(Question::new(&permit, plan, self.body.as_ref(), &self.conditions, "correlation-1", self.patience))
            .await
    }
}

pub(crate) fn resource(value: &serde_json::Value) -> Resource {
    Resource::parse(value.to_string().into(), &fhir::json::Limits::default()).unwrap()
}

/// A Patient with these BSNs.
pub(crate) fn patient(id: &str, bsns: &[&str]) -> serde_json::Value {
    let identifiers: Vec<_> =
        bsns.iter().map(|bsn| serde_json::json!({"system": fhir::identifiers::systems::BSN, "value": bsn})).collect();
    serde_json::json!({"resourceType": "Patient", "id": id, "identifier": identifiers})
}

pub(crate) fn observation(id: &str, patient: &str) -> serde_json::Value {
    serde_json::json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "weight"},
        "subject": {"reference": format!("Patient/{patient}")}})
}

/// A searchset of these resources, with a link to a next page.
pub(crate) fn searchset(resources: &[serde_json::Value], next: Option<&str>) -> serde_json::Value {
    let entries: Vec<_> = resources
        .iter()
        .map(|resource| serde_json::json!({"resource": resource, "search": {"mode": "match"}}))
        .collect();
    let links: Vec<_> = next.iter().map(|url| serde_json::json!({"relation": "next", "url": url})).collect();
    serde_json::json!({"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries})
}

/// `Type/id` of every item.
pub(crate) fn names(answer: &Answer) -> Vec<String> {
    let name = |item: &exchange::ports::Item| {
        format!("{}/{}", item.resource.resource_type(), item.resource.id().unwrap_or_default())
    };
    answer.items.iter().map(name).collect()
}
