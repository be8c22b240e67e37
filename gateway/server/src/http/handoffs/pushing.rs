//! What is pushed: read, held against the use case and our own sources, on record, and only then a transfer.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use exchange::notice::Handed;
use exchange::{Inbound, Refusal};
use fhir::json::Limits;
use fhir::{FhirVersion, Issue, IssueCode, LogicalId, Outcome, Severity, Ura};
use flows::eoverdracht::from_r4::{NotConverted, Unmapped};
use policy::{Caller, Direction, Finding};
use serde::Deserialize;

use super::super::format;
use super::super::responder::{self, Frame};
use super::printed::with_print;
use super::routing::Within;
use super::{Entered, No, enter_to_push, json, no, plain, record, refuse, text, views};
use crate::handoffs::{Handoffs, Prepared, PushFault, SENDER, names};
use crate::node::Node;

/// Whom a handoff is for, and whether it goes with itself in print (PDF/A).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForWhom {
    /// Its URA; without, it is whoever has the service.
    receiver: Option<String>,
    #[serde(default)]
    pdf: bool,
    service: Option<String>,
    location: Option<String>,
}

/// `POST /handoffs?receiver=[URA][&service=…|&location=…][&pdf=true]`, or `?service=[identifier]` alone: a handoff as a document or as
/// another Bundle with the Composition and its resources, in STU3, or in R4 where its media type says so.
pub async fn push(
    request: HttpRequest,
    payload: Payload,
    query: Query<ForWhom>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let Entered { handoffs, caller, inbound, frame } = enter_to_push(&request, payload, &node).await?;
    let within = Within { service: query.service.clone(), location: query.location.clone() };
    let named = query.receiver.as_deref().map(Ura::parse).transpose();
    let named = named.map_err(|_| refuse(StatusCode::BAD_REQUEST, IssueCode::Invalid, "receiver is no URA"))?;
    let prepared = prepared(&node, &handoffs, &inbound, &frame).await?;
    let (receiver, routed) = match named {
        Some(receiver) => {
            let routed = within.look_up(&node, &receiver).await?;
            (receiver, routed)
        }
        None => within.owner(&node).await.map(|(receiver, routed)| (receiver, Some(routed)))?,
    };
    let prepared = prepared.routed_to(routed);
    let prepared = if query.pdf { with_print(&handoffs, &receiver, prepared, offered(&node)).await? } else { prepared };
    on_record(&node, &inbound, &caller, "create", &prepared).await?;
    let pushed = handoffs.push(&receiver, &prepared, &inbound.correlation_id).await;
    let pushed = pushed.map_err(|fault| push_refused(&fault))?;
    tracing::info!(handoff.transfer = %names::shown(pushed.id), handoff.new = pushed.new, "a handoff was pushed");
    let status = if pushed.new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("{}/handoffs/sent/{}", node.inner_base(), names::shown(pushed.id));
    let view = views::Sent::of(pushed.id, &pushed.sent, &handoffs).when_pushed(pushed.dangling, pushed.shortcomings);
    Ok(json(status).insert_header(("Location", location)).body(text(&view)))
}

/// Reads the body of a push, and holds it against the use case and our own sources.
pub(super) async fn prepared(
    node: &Node,
    handoffs: &Handoffs,
    inbound: &Inbound,
    frame: &Frame,
) -> Result<Prepared, No> {
    if let Some(unreadable) = inbound.unreadable {
        let refusal = match unreadable {
            exchange::Unreadable::BodyTooLarge => Refusal::BodyTooLarge,
            exchange::Unreadable::NotAcceptable => Refusal::NotAcceptable,
            exchange::Unreadable::BodyBroken | exchange::Unreadable::NotServed => Refusal::BodyBroken,
        };
        return Err(no(responder::refuse(frame, &refusal)));
    }
    let limits = Limits { bytes: inbound.body.len(), ..Limits::default() };
    let bundle = format::read(inbound.version, inbound.body_kind, &inbound.body, &limits);
    let bundle = bundle.ok_or_else(|| {
        refuse(
            StatusCode::BAD_REQUEST,
            IssueCode::Structure,
            "the body is no resource in FHIR STU3 or R4, as JSON or XML",
        )
    })?;
    let read = handoffs.read_in(inbound.version, &bundle, offered(node));
    let prepared = read.map_err(|fault| push_refused(&fault))?;
    let handoff = prepared.handoff();
    // An id of our own sources is not another patient's in what we send: requests by that id would find nobody.
    let meant = LogicalId::parse(handoff.patient_id());
    if let Some(id) = meant
        && let Finding::Found(bsn) = node.patients().patient(&id).await
        && bsn != *handoff.patient()
    {
        return Err(push_refused(&PushFault::PatientId));
    }
    Ok(prepared)
}

/// Who gave it, about whom, is on record before there is a transfer, or a newer version of one.
pub(super) async fn on_record(
    node: &Node,
    inbound: &Inbound,
    caller: &Caller,
    interaction: &'static str,
    prepared: &Prepared,
) -> Result<(), No> {
    let handoff = prepared.handoff();
    let handed = Handed {
        caller,
        direction: Direction::User,
        interaction,
        patient: Some(handoff.patient()),
        resource_type: "Composition",
        resource: Some(format!("Composition/{}", handoff.composition())),
    };
    record(node, inbound, handed).await
}

/// Which types may leave with a handoff.
pub(super) fn offered(node: &Node) -> impl Fn(&str) -> bool + use<> {
    let in_force = node.use_cases().current();
    let offered = policy::UseCaseId::parse(SENDER).and_then(|id| in_force.get(&id)).and_then(|use_case| {
        let version = use_case.capability().versions.get(&FhirVersion::Stu3)?;
        Some(version.interactions.iter().map(|entry| entry.resource_type.clone()).collect::<Vec<_>>())
    });
    let offered = offered.unwrap_or_default();
    move |kind| kind != "Task" && offered.iter().any(|known| known == kind)
}

pub(super) fn push_refused(fault: &PushFault) -> No {
    let (status, code) = match fault {
        PushFault::R4(NotConverted::Unmapped(all)) => return unmapped(all),
        PushFault::R4(NotConverted::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, IssueCode::TooCostly),
        PushFault::R4(NotConverted::Structure(_)) | PushFault::Unsaid => {
            (StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Structure)
        }
        PushFault::R4(NotConverted::NoBundle)
        | PushFault::Receiver
        | PushFault::Assembly(_)
        | PushFault::Handoff(_)
        | PushFault::Content(_) => (StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing),
        PushFault::TooLarge | PushFault::TooMany => (StatusCode::PAYLOAD_TOO_LARGE, IssueCode::TooCostly),
        PushFault::PatientId => (StatusCode::CONFLICT, IssueCode::Conflict),
        PushFault::Full | PushFault::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient),
    };
    refuse(status, code, &fault.to_string())
}

/// Every place of which STU3 can say nothing that is the same.
fn unmapped(all: &[Unmapped]) -> No {
    let issues = all.iter().map(|one| {
        let says = format!("a handoff goes in FHIR STU3, and this cannot be put into it: {}", one.why);
        Issue { expression: Some(one.place.clone()), ..Issue::new(Severity::Error, IssueCode::NotSupported, says) }
    });
    let outcome = Outcome { issues: issues.collect() }.to_resource();
    no(plain(StatusCode::UNPROCESSABLE_ENTITY).content_type("application/fhir+json").body(outcome.bytes()))
}
