//! What the pages need of the node: sign in, and ask through the stacks like everybody else.

mod administration;
mod certificates;
mod directory;
mod explaining;
mod handoffs;
mod log;
mod proof;
mod questions;
mod referrals;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use aws_lc_rs::digest;
use bytes::Bytes;
use connectors::identity::dezi::Returned;
use connectors::identity::sessions::{Listed, Way};
use connectors::identity::smart;
use exchange::ports::BoxFuture;
use exchange::{BodyKind, Conditions, Credentials, Gate, Inbound};
use fhir::{FhirVersion, Method, Parameter, SearchQuery};
use flows::medication::Windows;
use policy::{Caller, Data, PatientBinding, Person, Purpose};
use portal::{
    Administration, Answered, CertificatesShown, DataQuality, Departure, Desk, DirectoryShown, Elsewhere, HandoffDesk,
    Kind, LogDesk, NotSignedIn, OwnSession, ReferralDesk, Return, Session, Ways,
};
use time::OffsetDateTime;

use crate::entrance::Kept;
use crate::handoffs::{INBOX, SENDER};
use crate::http::connection::ClientCertificate;
use crate::http::endpoint;
use crate::node::Node;
use crate::quality::view;
use crate::referrals as referring;
use log::NodeLogDesk;

/// The node's side of the pages.
pub struct NodeDesk {
    node: Arc<Node>,
    log: NodeLogDesk,
}

impl NodeDesk {
    pub fn new(node: Arc<Node>) -> Self {
        NodeDesk { log: NodeLogDesk::new(node.clone()), node }
    }

    /// Whether somebody holds a use case for emergencies.
    fn has_emergencies(&self, caller: &Caller) -> bool {
        let in_force = self.node.use_cases().current();
        let found = caller.use_cases.iter().filter_map(|id| in_force.get(id));
        found.into_iter().any(|found| found.capability().purpose == Purpose::BreakTheGlass)
    }

    /// Whether somebody holds the use case of the medication overview.
    fn has_medication(&self, caller: &Caller) -> bool {
        caller.use_cases.iter().any(|id| id.as_str() == flows::medication::USE_CASE)
    }

    /// Whether somebody sees this side's handoffs: who holds the use case, and is not here about one patient only.
    fn hands_over(&self, caller: &Caller, kind: Kind, use_case: &str) -> bool {
        self.node.handoffs().is_some() && hands_on(caller, kind, use_case)
    }

    /// The same of referrals.
    fn refers(&self, caller: &Caller, kind: Kind, use_case: &str) -> bool {
        self.node.referrals().is_some() && hands_on(caller, kind, use_case)
    }

    /// Asks for what an operation collects about one patient, through the whole stack.
    fn ask(
        &self,
        operation: &str,
        use_case: Option<String>,
        session: &str,
        bsn: Option<&str>,
        emergency: Option<&str>,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered> {
        // Without a patient it is the one that the session is bound to: identification says who that is.
        let identifier = |bsn| Parameter::new("identifier", format!("{}|{bsn}", fhir::identifiers::systems::BSN));
        let form = SearchQuery { parameters: bsn.map(identifier).into_iter().collect() }.write();
        let request_id = uuid::Uuid::new_v4().to_string();
        let inbound = Inbound {
            correlation_id: request_id.clone(),
            request_id: request_id.clone(),
            gate: Gate::Inner,
            remote,
            version: FhirVersion::R4,
            method: Some(Method::Post),
            path: format!("Patient/${}", operation),
            query: String::new(),
            body_kind: if form.is_empty() { BodyKind::None } else { BodyKind::Form },
            body: Bytes::from(form),
            conditions: Conditions::default(),
            credentials: Credentials { session: Some(session.to_owned()), ..Credentials::default() },
            use_case,
            emergency: emergency.map(str::to_owned),
            unreadable: None,
        };
        let node = self.node.clone();
        Box::pin(async move { Answered { request_id, result: endpoint::run(&node, inbound).await } })
    }

    /// Which pages somebody sees: by the use cases that they hold.
    fn kind(&self, caller: &Caller, administrator: bool) -> Kind {
        if administrator {
            return Kind::Administrator;
        }
        let in_force = self.node.use_cases().current();
        let held = caller.use_cases.iter().filter_map(|id| in_force.get(id)).map(|held| held.capability());
        let supervises =
            |found: &policy::Capability| found.data == Data::AccessLog && found.patient == PatientBinding::Any;
        // A person whose session is about one patient is no patient.
        if caller.patient.is_some() && caller.person.is_none() {
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

    fn ways(&self) -> Ways {
        let entrance = self.node.entrance();
        Ways {
            code: entrance.takes_codes(),
            dezi: entrance.takes_dezi(),
            certificate: entrance.takes_certificates(),
            card: entrance.takes_cards(),
        }
    }

    fn sign_in(&self, code: &str, remote: Option<IpAddr>) -> Result<String, NotSignedIn> {
        self.node.entrance().by_code(code, remote).map_err(told)
    }

    fn sign_in_by_certificate(&self, request: &HttpRequest) -> BoxFuture<'static, Result<String, NotSignedIn>> {
        let certificate = request.conn_data::<ClientCertificate>().map(|certificate| certificate.0.clone());
        let remote = request.peer_addr().map(|address| address.ip());
        let entrance = self.node.entrance().clone();
        Box::pin(async move { entrance.by_certificate(certificate, remote).await.map_err(told) })
    }

    fn depart(&self, to: Elsewhere, remote: Option<IpAddr>) -> Result<Departure, NotSignedIn> {
        let entrance = self.node.entrance();
        let (url, binding) = match to {
            Elsewhere::Dezi => entrance.depart(remote).map(|away| (away.url, away.binding)).map_err(told)?,
            Elsewhere::Card => entrance.depart_with_card(remote).map(|away| (away.url, away.binding)).map_err(told)?,
            // Nobody goes there by themselves: an EPD sends its users.
            Elsewhere::Epd(_) => return Err(NotSignedIn::NotAccepted),
        };
        Ok(Departure { url: url.into(), binding: binding.reveal().to_owned() })
    }

    fn depart_to_epd(
        &self,
        iss: &str,
        launch: &str,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<Departure, NotSignedIn>> {
        let (entrance, iss, launch) = (self.node.entrance().clone(), iss.to_owned(), launch.to_owned());
        Box::pin(async move {
            let away = entrance.depart_to_epd(&iss, &launch, remote).await.map_err(told)?;
            Ok(Departure { url: away.url.into(), binding: away.binding.reveal().to_owned() })
        })
    }

    fn arrive(
        &self,
        from: Elsewhere,
        back: Return,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<String, NotSignedIn>> {
        let entrance = self.node.entrance().clone();
        Box::pin(async move {
            let (state, code, iss, binding) = (&back.state, back.code.as_deref(), &back.iss, &back.binding);
            let arrived = match from {
                Elsewhere::Dezi => entrance.arrive(Returned { state, code, iss, binding }, remote).await,
                Elsewhere::Card => entrance.arrive_with_card(state, code, binding, remote),
                Elsewhere::Epd(key) => {
                    let returned = smart::Returned { state, code, iss, binding };
                    entrance.arrive_from_epd(&key, returned, remote).await
                }
            };
            arrived.map_err(told)
        })
    }

    fn launch(&self, handle: &str, remote: Option<IpAddr>) -> Result<String, NotSignedIn> {
        self.node.entrance().launch(handle, remote).map_err(told)
    }

    fn session(&self, id: &str) -> Option<Session> {
        let live = self.node.entrance().sessions().lookup(id, OffsetDateTime::now_utc())?;
        let caller = &live.caller;
        let kind = self.kind(caller, live.administrator);
        let (name, role) = match (&caller.person, kind) {
            (Some(person), _) => (person.name.clone().unwrap_or_else(|| person.id.clone()), person.role.clone()),
            // Whose page it is, the patient knows.
            (None, Kind::Patient) => ("Mijn gegevens".to_owned(), String::new()),
            (None, Kind::Practitioner | Kind::Auditor | Kind::Administrator) => return None,
        };
        let one_patient = caller.patient.is_some() && kind == Kind::Practitioner;
        let named = |person: &Person| person.name.clone().unwrap_or_else(|| person.id.clone());
        let mut mandates: Vec<String> = live.mandates.iter().map(|mandate| named(&mandate.responsible)).collect();
        let mut acting = live.acting;
        // For whom a launch or the configuration says that one acts is shown too, and cannot be chosen.
        let fixed = caller.responsible.as_ref().filter(|_| acting.is_none());
        let choice = mandates.len() > 1 || (mandates.len() == 1 && !live.mandate_only());
        if let Some(responsible) = fixed {
            (mandates, acting) = (vec![named(responsible)], Some(0));
        }
        Some(Session {
            name,
            role,
            kind,
            csrf: csrf(id),
            one_patient,
            mandates,
            acting,
            chooses: choice && fixed.is_none(),
            emergencies: kind == Kind::Practitioner && self.has_emergencies(caller),
            medication: kind == Kind::Practitioner && self.has_medication(caller),
            inbox: self.hands_over(caller, kind, INBOX),
            outbox: self.hands_over(caller, kind, SENDER),
            referred: self.refers(caller, kind, referring::INBOX),
            refers: self.refers(caller, kind, referring::SENDER),
        })
    }

    fn sign_out(&self, id: &str) {
        self.node.entrance().sessions().end(id);
    }

    fn sessions(&self, id: &str) -> Vec<OwnSession> {
        let listed = self.node.entrance().sessions().of_same_person(id, OffsetDateTime::now_utc());
        listed.into_iter().map(own_session).collect()
    }

    fn end_sessions(&self, id: &str, handle: Option<&str>) {
        self.node.entrance().sessions().end_other(id, handle, OffsetDateTime::now_utc());
    }

    fn act(&self, id: &str, choice: Option<usize>) -> bool {
        self.node.entrance().sessions().act(id, choice, OffsetDateTime::now_utc())
    }

    fn quality(&self) -> Option<DataQuality> {
        self.node.quality().measured().map(view::of)
    }

    fn certificates(&self) -> CertificatesShown {
        certificates::of(self.node.certificates())
    }

    fn administration(&self) -> &dyn Administration {
        self
    }

    fn directory<'a>(&'a self, ura: &'a str, language: audit::Language) -> BoxFuture<'a, DirectoryShown> {
        let (book, ura) = (self.node.book().cloned(), ura.to_owned());
        Box::pin(async move {
            let shown = tokio::task::spawn_blocking(move || directory::of(book.as_ref(), &ura, language)).await;
            shown.unwrap_or_default()
        })
    }

    fn log(&self) -> Option<&dyn LogDesk> {
        self.node.log_stack().map(|_| &self.log as &dyn LogDesk)
    }

    fn overview(
        &self,
        session: &str,
        bsn: Option<&str>,
        emergency: Option<&str>,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered> {
        self.ask(flows::overview::OPERATION, None, session, bsn, emergency, remote)
    }

    fn medication(&self, session: &str, bsn: Option<&str>, remote: Option<IpAddr>) -> BoxFuture<'static, Answered> {
        // Somebody who may ask for both is asked for by name: the health overview holds no operation of this one.
        let use_case = Some(flows::medication::USE_CASE.to_owned());
        self.ask(flows::medication::OPERATION, use_case, session, bsn, None, remote)
    }

    fn referrals(&self) -> Option<&dyn ReferralDesk> {
        self.node.referrals().map(|_| self as &dyn ReferralDesk)
    }

    fn handoffs(&self) -> Option<&dyn HandoffDesk> {
        self.node.handoffs().map(|_| self as &dyn HandoffDesk)
    }

    fn windows(&self) -> Windows {
        self.node.medication()
    }
}

/// Why nobody is signed in, as the pages say it.
fn told(why: Kept) -> NotSignedIn {
    match why {
        Kept::NotAccepted => NotSignedIn::NotAccepted,
        Kept::NothingHere => NotSignedIn::NothingHere,
        Kept::Unavailable => NotSignedIn::Unavailable,
        Kept::Wait(wait) => NotSignedIn::Wait(wait),
        Kept::Full => NotSignedIn::Full,
    }
}

fn own_session(listed: Listed) -> OwnSession {
    let way = way_in(listed.way);
    OwnSession { handle: listed.handle, way, started: listed.started, last_used: listed.last_used, this: listed.this }
}

/// How somebody came in, in Dutch.
const fn way_in(way: Way) -> &'static str {
    match way {
        Way::AccessCode => "Met een toegangscode",
        Way::Dezi => "Met Dezi",
        Way::Certificate => "Met een UZI-pas",
        Way::Launch => "Vanuit het EPD",
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

/// Whether somebody may see the transfers of whoever they are about: who holds the use case, and is not here about one patient only.
fn hands_on(caller: &Caller, kind: Kind, use_case: &str) -> bool {
    let holds = caller.use_cases.iter().any(|held| held.as_str() == use_case);
    kind == Kind::Practitioner && holds && caller.patient.is_none()
}
