//! What the pages need of the node: sign in, and ask through the stacks like everybody else.

mod certificates;
mod log;
mod proof;
mod questions;

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::digest;
use bytes::Bytes;
use connectors::identity::{InnerCallers, Sessions};
use exchange::ports::BoxFuture;
use exchange::{BodyKind, Conditions, Credentials, Gate, Inbound};
use fhir::{FhirVersion, Method, Parameter, SearchQuery};
use policy::{Caller, Data, PatientBinding};
use portal::{Answered, CertificatesShown, DataQuality, Desk, Kind, LogDesk, Session};
use time::OffsetDateTime;

use crate::http::endpoint;
use crate::node::Node;
use crate::quality::view;
use log::NodeLogDesk;

/// The node's side of the pages.
pub struct NodeDesk {
    node: Arc<Node>,
    callers: Arc<InnerCallers>,
    sessions: Arc<Sessions>,
    log: NodeLogDesk,
}

impl NodeDesk {
    pub fn new(node: Arc<Node>, callers: Arc<InnerCallers>, sessions: Arc<Sessions>) -> Self {
        NodeDesk { log: NodeLogDesk::new(node.clone()), node, callers, sessions }
    }

    /// Which pages somebody sees: by the use cases that they hold.
    fn kind(&self, caller: &Caller) -> Kind {
        let in_force = self.node.use_cases().current();
        let held = caller.use_cases.iter().filter_map(|id| in_force.get(id)).map(|held| held.capability());
        let supervises =
            |found: &policy::Capability| found.data == Data::AccessLog && found.patient == PatientBinding::Any;
        if caller.patient.is_some() {
            Kind::Patient
        } else if held.into_iter().any(supervises) {
            Kind::Auditor
        } else {
            Kind::Practitioner
        }
    }
}

impl Desk for NodeDesk {
    fn provider(&self) -> &str {
        self.node.provider()
    }

    fn sign_in(&self, code: &str) -> Option<String> {
        let caller = self.callers.by_access_code(code)?;
        let session = self.sessions.create(&caller.client_id, OffsetDateTime::now_utc()).ok()?;
        Some(session.reveal().to_owned())
    }

    fn session(&self, id: &str) -> Option<Session> {
        let client = self.sessions.lookup(id, OffsetDateTime::now_utc())?;
        let caller = self.callers.by_client(&client)?;
        let kind = self.kind(caller);
        let (name, role) = match (&caller.person, kind) {
            (Some(person), _) => (person.name.clone().unwrap_or_else(|| person.id.clone()), person.role.clone()),
            // Whose page it is, the patient knows.
            (None, Kind::Patient) => ("Mijn gegevens".to_owned(), String::new()),
            (None, Kind::Practitioner | Kind::Auditor) => return None,
        };
        Some(Session { name, role, kind, csrf: csrf(id) })
    }

    fn sign_out(&self, id: &str) {
        self.sessions.end(id);
    }

    fn quality(&self) -> Option<DataQuality> {
        self.node.quality().measured().map(view::of)
    }

    fn certificates(&self) -> CertificatesShown {
        certificates::of(self.node.certificates())
    }

    fn log(&self) -> Option<&dyn LogDesk> {
        self.node.log_stack().map(|_| &self.log as &dyn LogDesk)
    }

    fn overview(&self, session: &str, bsn: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered> {
        let identifier = format!("{}|{bsn}", fhir::identifiers::systems::BSN);
        let form = SearchQuery { parameters: vec![Parameter::new("identifier", identifier)] }.write();
        let request_id = uuid::Uuid::new_v4().to_string();
        let inbound = Inbound {
            correlation_id: request_id.clone(),
            request_id: request_id.clone(),
            gate: Gate::Inner,
            remote,
            version: FhirVersion::R4,
            method: Some(Method::Post),
            path: format!("Patient/${}", flows::overview::OPERATION),
            query: String::new(),
            body: Bytes::from(form),
            body_kind: BodyKind::Form,
            conditions: Conditions::default(),
            credentials: Credentials { session: Some(session.to_owned()), ..Credentials::default() },
            use_case: None,
            unreadable: None,
        };
        let node = self.node.clone();
        Box::pin(async move { Answered { request_id, result: endpoint::run(&node, inbound).await } })
    }
}

/// The session's token against forged forms: follows from the session id, which only the browser has, and does not
/// give it away.
fn csrf(session: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"zorgsluis-csrf:");
    context.update(session.as_bytes());
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
