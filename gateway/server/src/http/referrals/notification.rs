//! `POST /bgz/notification/Task` and `PUT /bgz/notification/Task?identifier=…` at the outer listener: another provider tells
//! that a patient is referred to us (TA Notified Pull, Twiin-01), or cancels what it told (Twiin-02).
//!
//! It is kept before it is answered, and answered the same whether it is the first or comes again. Who tells is known by
//! certificate and token; what the message says of its sender must be the same.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::notice::Handed;
use exchange::{Gate, Inbound, Refusal};
use fhir::json::Limits;
use fhir::{FhirVersion, IssueCode, Resource};
use flows::bgz::Cancellation;
use flows::eoverdracht::NotificationTask;
use policy::{Caller, Direction};

use super::super::handoffs::{No, no, plain, refuse, within_measure};
use super::super::inbound::{self, BodyBounds};
use super::super::responder::{self, Frame};
use super::super::{doors, format};
use super::{record, unavailable};
use crate::handoffs::names;
use crate::node::Node;
use crate::referrals::{CancelFault, Notice, RECEIVER, Referrals};

/// The base, below the outer one.
pub const PATH: &str = "/bgz/notification";

/// What is told names a Task and little else.
const LARGEST: usize = 64 << 10;

/// A partner that may tell, and what it sent.
struct Teller {
    referrals: Arc<Referrals>,
    caller: Caller,
    inbound: Inbound,
    task: Resource,
}

/// There is a referral, or its data was renewed.
pub async fn told(request: HttpRequest, payload: Payload, node: Data<Node>) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let Teller { referrals, caller, inbound, task } = enter(&request, payload, &node).await?;
    if !inbound.query.is_empty() {
        return Err(bad("a notification has no query"));
    }
    let read = NotificationTask::read(&task)
        .map_err(|fault| refuse(StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing, &fault.to_string()))?;
    if read.sender != caller.organisation.ura || read.receiver != referrals.own.0 {
        return Err(another());
    }
    let base = read.base.as_deref().ok_or_else(|| {
        let says = "it does not say with what to come back (authorization-base)";
        refuse(StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Required, says)
    })?;
    record(&node, &inbound, handed(&caller, "create", Some(format!("Task/{}", read.task)))).await?;
    let organisation = &caller.organisation;
    let name = organisation.name.as_deref().unwrap_or_else(|| organisation.ura.as_str());
    let notice = Notice { identifier: &read.identifier, task: &read.task, base, until: read.until.as_deref() };
    let id = referrals.told((&organisation.ura, name), notice, &inbound.correlation_id).await;
    let id = id.map_err(|fault| unavailable(&fault))?;
    let location = format!("{}{PATH}/Task/{}", node.outer_base(), names::shown(id));
    Ok(plain(StatusCode::CREATED).insert_header(("Location", location)).finish())
}

/// What was told is cancelled.
pub async fn cancelled(request: HttpRequest, payload: Payload, node: Data<Node>) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let Teller { referrals, caller, inbound, task } = enter(&request, payload, &node).await?;
    let read = Cancellation::read(&task, &inbound.query).ok_or_else(|| {
        let says = "it is no cancellation: a Task with the identifier of the query and the status cancelled";
        refuse(StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing, says)
    })?;
    let own = &referrals.own.0;
    if read.sender.is_some_and(|ura| ura != caller.organisation.ura) || read.receiver.is_some_and(|ura| ura != *own) {
        return Err(another());
    }
    record(&node, &inbound, handed(&caller, "update", None)).await?;
    match referrals.cancelled(&caller.organisation.ura, &read.identifier).await {
        Ok(_) => Ok(plain(StatusCode::OK).finish()),
        Err(CancelFault::Unknown) => {
            let says = "no notification of this sender has this identifier";
            Err(refuse(StatusCode::NOT_FOUND, IssueCode::NotFound, says))
        }
        Err(CancelFault::Trouble(fault)) => Err(unavailable(&fault)),
    }
}

/// Lets in who is a partner with a token to tell of referrals with, and reads what it sent.
async fn enter(request: &HttpRequest, payload: Payload, node: &Arc<Node>) -> Result<Teller, No> {
    let referrals = node.referrals().cloned().ok_or_else(|| no(HttpResponse::NotFound().finish()))?;
    let bounds = BodyBounds { bytes: LARGEST, ..node.body_bounds() };
    let (inbound, negotiated) = inbound::read(request, payload, Gate::Outer, FhirVersion::Stu3, "", bounds).await;
    let frame = Frame::of(node, &inbound, negotiated);
    doors::may_enter(node, &inbound).await.map_err(|refusal| no(responder::refuse(&frame, &refusal)))?;
    let identified = node.authenticator().identify(Gate::Outer, &inbound.credentials).await;
    let caller = identified.map_err(|fault| {
        if let Some(remote) = inbound.remote {
            let _ = node.entrance().limits().unidentified(Some(remote));
        }
        no(responder::refuse(&frame, &Refusal::Unidentified(fault)))
    })?;
    within_measure(node, Gate::Outer, &caller, &frame)?;
    let known = referrals.partners.contains_key(&caller.organisation.ura);
    if !known || !caller.use_cases.iter().any(|held| held.as_str() == RECEIVER) {
        let says = "the token is not one to tell of referrals with";
        return Err(refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, says));
    }
    if inbound.unreadable.is_some() {
        return Err(bad("the notification cannot be read"));
    }
    let limits = Limits { bytes: LARGEST, ..Limits::default() };
    let task = format::read(FhirVersion::Stu3, inbound.body_kind, &inbound.body, &limits);
    let task = task.ok_or_else(|| bad("the notification is no resource in FHIR STU3, as JSON or XML"))?;
    Ok(Teller { referrals, caller, inbound, task })
}

fn handed<'c>(caller: &'c Caller, interaction: &'static str, resource: Option<String>) -> Handed<'c> {
    Handed { caller, direction: Direction::Holder, interaction, patient: None, resource_type: "Task", resource }
}

fn bad(says: &str) -> No {
    refuse(StatusCode::BAD_REQUEST, IssueCode::Invalid, says)
}

fn another() -> No {
    let says = "the notification is of another sender than its token, or for another receiver";
    refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, says)
}
