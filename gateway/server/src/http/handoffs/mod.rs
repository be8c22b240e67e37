//! `/handoffs` at the inner listener: the provider's own systems push handoffs, see how far each transfer is, take what is
//! offered and get it. Nothing of a patient is in an answer but in the document, which comes through the stack.

mod asked;
mod making;
pub mod notification;
pub mod printed;
mod pushing;
mod replacing;
mod routing;
mod views;

use std::sync::Arc;

use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use exchange::notice::{Handed, record_handed};
use exchange::ports::Throttle;
use exchange::{Gate, Inbound, Refusal};
use fhir::{FhirVersion, IssueCode, Outcome, Severity};
use policy::{Caller, Direction};
use serde::Deserialize;
use store::transfers::Id;

use super::endpoint;
use super::inbound::{self, BodyBounds};
use super::media;
use super::responder::{self, Frame};
use super::routes::routes;
use crate::handoffs::getting::{Getting, GettingFault};
use crate::handoffs::{CancelFault, Handoffs, INBOX, SENDER, TakeFault, names, received};
use crate::node::Node;

pub use making::make;
pub use pushing::push;
pub use replacing::replace;

routes! {
    "/handoffs":
    post "" => push,
    post "/from-sources" => make,
    get "/sent" => sent,
    get "/sent/{id}" => sent_one,
    put "/sent/{id}" => replace,
    post "/sent/{id}/cancel" => cancel,
    post "/sent/{id}/resend" => resend,
    get "/received" => received,
    get "/received/{id}" => received_one,
    post "/received/{id}/take" => take,
    post "/received/{id}/retry" => retry,
    post "/received/{id}/answer" => asked::answer,
    get "/received/{id}/notice" => asked::notice,
    get "/received/{id}/document" => document,
    get "/received/{id}/pdf" => printed::pdf,
}

/// An answer that is a no.
pub(super) type No = actix_web::Error;

pub(super) fn no(answer: HttpResponse) -> No {
    InternalError::from_response("refused", answer).into()
}

/// How many transfers one page of a list has.
pub(super) const PAGE: usize = 100;

/// From where a list goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behind {
    pub(super) behind: Option<String>,
}

/// A request of one of our own, who may do this.
struct Entered {
    handoffs: Arc<Handoffs>,
    caller: Caller,
    inbound: Inbound,
    frame: Frame,
}

/// Lets in who is one of our own and holds the use case.
async fn enter(
    request: &HttpRequest,
    payload: Payload,
    node: &Arc<Node>,
    use_case: &str,
    path: &str,
) -> Result<Entered, No> {
    enter_in(FhirVersion::Stu3, request, payload, node, (use_case, path)).await
}

/// The same with what is pushed, in the version that it says it is in.
async fn enter_to_push(request: &HttpRequest, payload: Payload, node: &Arc<Node>) -> Result<Entered, No> {
    let version = media::body_version(request.headers()).unwrap_or(FhirVersion::Stu3);
    enter_in(version, request, payload, node, (SENDER, "")).await
}

async fn enter_in(
    version: FhirVersion,
    request: &HttpRequest,
    payload: Payload,
    node: &Arc<Node>,
    (use_case, path): (&str, &str),
) -> Result<Entered, No> {
    let Some(handoffs) = node.handoffs().cloned() else { return Err(no(HttpResponse::NotFound().finish())) };
    let bytes = usize::try_from(handoffs.config.largest_bytes).unwrap_or(usize::MAX);
    let bounds = BodyBounds { bytes, ..node.body_bounds() };
    let (inbound, negotiated) = inbound::read(request, payload, Gate::Inner, version, path, bounds).await;
    let frame = Frame::of(node, &inbound, negotiated);
    let identified = node.authenticator().identify(Gate::Inner, &inbound.credentials).await;
    let caller = identified.map_err(|fault| no(responder::refuse(&frame, &Refusal::Unidentified(fault))))?;
    within_measure(node, Gate::Inner, &caller, &frame)?;
    if !caller.use_cases.iter().any(|held| held.as_str() == use_case) {
        let text = format!("this caller does not hold the use case {use_case}");
        return Err(refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, &text));
    }
    Ok(Entered { handoffs, caller, inbound, frame })
}

/// Whether this caller has not asked too much: the same measure as of exchanges.
pub(super) fn within_measure(node: &Node, gate: Gate, caller: &Caller, frame: &Frame) -> Result<(), No> {
    let admitted = Throttle::admit(node.entrance().limits(), gate, caller);
    admitted.map_err(|wait| no(responder::refuse(frame, &Refusal::throttled(wait))))
}

/// `GET /handoffs/sent`: transfers that we send.
pub async fn sent(
    request: HttpRequest,
    payload: Payload,
    query: Query<Behind>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), SENDER, "").await?;
    let listed = entered.handoffs.books.sent.list(behind(&query)?, PAGE).map_err(|fault| unavailable(&fault))?;
    let next = listed.last().filter(|_| listed.len() == PAGE).map(|(id, _)| names::shown(*id));
    Ok(told(&views::List {
        transfers: listed.iter().map(|(id, sent)| views::Sent::of(*id, sent, &entered.handoffs)).collect(),
        next,
    }))
}

/// `GET /handoffs/sent/[id]`: how far one is.
pub async fn sent_one(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), SENDER, "").await?;
    let id = read_id(&id)?;
    let found = entered.handoffs.books.sent.get(id).map_err(|fault| unavailable(&fault))?;
    Ok(told(&views::Sent::of(id, &found.ok_or_else(unknown)?, &entered.handoffs)))
}

/// `POST /handoffs/sent/[id]/resend`: what was given up is tried again.
pub async fn resend(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), SENDER, "").await?;
    let known = entered.handoffs.resend(read_id(&id)?).await.map_err(|fault| unavailable(&fault))?;
    if known { Ok(HttpResponse::Accepted().finish()) } else { Err(unknown()) }
}

/// `POST /handoffs/sent/[id]/cancel`: a handoff that its receiver has not confirmed is taken back.
pub async fn cancel(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let Entered { handoffs, caller, inbound, .. } = enter(&request, payload, &node, SENDER, "").await?;
    let id = read_id(&id)?;
    let sent = handoffs.books.sent.get(id).map_err(|fault| unavailable(&fault))?.ok_or_else(unknown)?;
    let patient = sent.patient();
    let handed = Handed {
        caller: &caller,
        direction: Direction::User,
        interaction: "update",
        patient: patient.as_ref(),
        resource_type: "Task",
        resource: Some(format!("Task/{}", sent.task)),
    };
    record(&node, &inbound, handed).await?;
    match handoffs.cancel(id).await {
        Ok(()) => Ok(HttpResponse::Accepted().finish()),
        Err(CancelFault::Unknown) => Err(unknown()),
        Err(CancelFault::Over(status)) => {
            let text = format!("it cannot be taken back: it is {status}");
            Err(refuse(StatusCode::CONFLICT, IssueCode::Conflict, &text))
        }
        Err(CancelFault::Trouble(fault)) => Err(unavailable(&fault)),
    }
}

/// `GET /handoffs/received`: transfers that we receive.
pub async fn received(
    request: HttpRequest,
    payload: Payload,
    query: Query<Behind>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), INBOX, "").await?;
    let listed = entered.handoffs.books.received.list(behind(&query)?, PAGE).map_err(|fault| unavailable(&fault))?;
    let next = listed.last().filter(|_| listed.len() == PAGE).map(|(id, _)| names::shown(*id));
    let transfers = listed.iter().map(|(id, received)| views::Received::of(*id, received, &entered.handoffs)).collect();
    Ok(told(&views::List { transfers, next }))
}

/// `GET /handoffs/received/[id]`: how far one is.
pub async fn received_one(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), INBOX, "").await?;
    let id = read_id(&id)?;
    let found = entered.handoffs.books.received.get(id).map_err(|fault| unavailable(&fault))?;
    Ok(told(&views::Received::of(id, &found.ok_or_else(unknown)?, &entered.handoffs)))
}

/// `POST /handoffs/received/[id]/take`: a person of ours takes what is offered. It is fetched in their name.
pub async fn take(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), INBOX, "").await?;
    let person = entered.caller.person.clone().ok_or_else(|| {
        refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, "a handoff is taken by a person, and this caller is none")
    })?;
    match entered.handoffs.take(read_id(&id)?, person).await {
        Ok(taken) => Ok(json(StatusCode::ACCEPTED).body(format!("{{\"state\":\"{}\"}}", received::word(taken.stage)))),
        Err(TakeFault::Unknown) => Err(unknown()),
        Err(TakeFault::NotOffered(stage)) => {
            let text = format!("it is not offered now: it is {}", received::word(stage));
            Err(refuse(StatusCode::CONFLICT, IssueCode::Conflict, &text))
        }
        Err(TakeFault::Trouble(fault)) => Err(unavailable(&fault)),
    }
}

/// `POST /handoffs/received/[id]/retry`: what was given up is tried again.
pub async fn retry(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), INBOX, "").await?;
    let known = entered.handoffs.retry(read_id(&id)?).await.map_err(|fault| unavailable(&fault))?;
    if known { Ok(HttpResponse::Accepted().finish()) } else { Err(unknown()) }
}

/// `GET /handoffs/received/[id]/document`: the handoff, as a document Bundle: an exchange like any other.
pub async fn document(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    given(&request, payload, &id, &node.into_inner(), Handoffs::getting).await
}

/// Gives what was received by the exchange that gets it.
async fn given(
    request: &HttpRequest,
    payload: Payload,
    id: &str,
    node: &Arc<Node>,
    by: impl FnOnce(&Handoffs, Id, Caller, Inbound) -> Result<Getting, GettingFault>,
) -> Result<HttpResponse, No> {
    let id = read_id(id)?;
    let Entered { handoffs, caller, inbound, frame } = enter(request, payload, node, INBOX, "").await?;
    let getting = by(&handoffs, id, caller, inbound).map_err(|fault| not_got(&fault))?;
    let (inbound, _ticket) = getting.apart();
    let made = responder::make(&frame, &endpoint::run(node, inbound).await);
    Ok(responder::send(&frame, made))
}

/// Why nothing of what was received is given.
fn not_got(fault: &GettingFault) -> No {
    match fault {
        GettingFault::Unknown => unknown(),
        GettingFault::NoTicket => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, "no ticket can be made now")
        }
        GettingFault::Trouble(fault) => unavailable(fault),
    }
}

/// Writes the record of what was handed to us.
async fn record(node: &Node, inbound: &Inbound, handed: Handed<'_>) -> Result<(), No> {
    let Some(handoffs) = node.handoffs() else { return Err(unknown()) };
    let written = record_handed(node.log().as_ref(), handoffs.clock.clone(), node.ura(), inbound, handed).await;
    written.map_err(|_| {
        refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, "the access log cannot be written now")
    })
}

fn behind(query: &Behind) -> Result<Option<Id>, No> {
    query.behind.as_deref().map(read_id).transpose()
}

fn read_id(text: &str) -> Result<Id, No> {
    names::read(text).ok_or_else(unknown)
}

fn unknown() -> No {
    refuse(StatusCode::NOT_FOUND, IssueCode::NotFound, "there is no such transfer")
}

fn unavailable(fault: &crate::handoffs::book::Trouble) -> No {
    tracing::error!(handoff.fault = %fault, "the transfers cannot be read or written");
    refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, "the transfers cannot be read or written now")
}

/// A refusal outside an exchange, as an OperationOutcome.
pub(super) fn refuse(status: StatusCode, code: IssueCode, says: &str) -> No {
    let outcome = Outcome::one(Severity::Error, code, says).to_resource();
    no(plain(status).content_type("application/fhir+json").body(outcome.bytes()))
}

pub(super) fn told<T: serde::Serialize>(view: &T) -> HttpResponse {
    json(StatusCode::OK).body(text(view))
}

pub(super) fn json(status: StatusCode) -> actix_web::HttpResponseBuilder {
    let mut answer = plain(status);
    answer.content_type("application/json");
    answer
}

pub(super) fn text<T: serde::Serialize>(view: &T) -> String {
    // A view of plain texts and numbers does not fail to be written.
    serde_json::to_string(view).unwrap_or_default()
}

pub(super) fn plain(status: StatusCode) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer.insert_header(("Cache-Control", "no-store")).insert_header(("X-Content-Type-Options", "nosniff"));
    answer
}
