//! `/referrals` at the inner listener: the provider's own systems refer patients, see how far each referral is, take what is
//! offered and get it. Nothing of a patient is in an answer but in the data itself, which comes through the stack.

pub mod notification;
mod received;
mod sent;
mod views;

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use exchange::notice::{Handed, record_handed};
use exchange::{Gate, Inbound, Refusal};
use fhir::{FhirVersion, IssueCode};
use policy::Caller;
use store::transfers::Id;

use super::handoffs::{Behind, No, no, refuse, within_measure};
use super::inbound;
use super::responder::{self, Frame};
use super::routes::routes;
use crate::handoffs::book::Trouble;
use crate::handoffs::names;
use crate::node::Node;
use crate::referrals::Referrals;

routes! {
    "/referrals":
    post "" => sent::push,
    get "/sent" => sent::all,
    get "/sent/{id}" => sent::one,
    post "/sent/{id}/cancel" => sent::cancel,
    post "/sent/{id}/renew" => sent::renew,
    post "/sent/{id}/resend" => sent::resend,
    get "/received" => received::all,
    get "/received/{id}" => received::one,
    post "/received/{id}/take" => received::take,
    post "/received/{id}/reject" => received::reject,
    post "/received/{id}/withdraw" => received::withdraw,
    post "/received/{id}/complete" => received::complete,
    post "/received/{id}/retry" => received::retry,
    get "/received/{id}/bundle" => received::bundle,
    get "/received/{id}/parts/{number}" => received::part,
}

/// A request of one of our own, who may do this.
struct Entered {
    referrals: Arc<Referrals>,
    caller: Caller,
    inbound: Inbound,
    frame: Frame,
}

/// Lets in who is one of our own and holds the use case.
async fn enter(request: &HttpRequest, payload: Payload, node: &Arc<Node>, use_case: &str) -> Result<Entered, No> {
    let Some(referrals) = node.referrals().cloned() else {
        return Err(no(actix_web::HttpResponse::NotFound().finish()));
    };
    let (inbound, negotiated) =
        inbound::read(request, payload, Gate::Inner, FhirVersion::Stu3, "", node.body_bounds()).await;
    let frame = Frame::of(node, &inbound, negotiated);
    let identified = node.authenticator().identify(Gate::Inner, &inbound.credentials).await;
    let caller = identified.map_err(|fault| no(responder::refuse(&frame, &Refusal::Unidentified(fault))))?;
    within_measure(node, Gate::Inner, &caller, &frame)?;
    if !caller.use_cases.iter().any(|held| held.as_str() == use_case) {
        let text = format!("this caller does not hold the use case {use_case}");
        return Err(refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, &text));
    }
    Ok(Entered { referrals, caller, inbound, frame })
}

/// Writes the record of what was handed to us.
async fn record(node: &Node, inbound: &Inbound, handed: Handed<'_>) -> Result<(), No> {
    let Some(referrals) = node.referrals() else { return Err(unknown()) };
    let written = record_handed(node.log().as_ref(), referrals.clock.clone(), node.ura(), inbound, handed).await;
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
    refuse(StatusCode::NOT_FOUND, IssueCode::NotFound, "there is no such referral")
}

fn unavailable(fault: &Trouble) -> No {
    tracing::error!(referral.fault = %fault, "the referrals cannot be read or written");
    refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, "the referrals cannot be read or written now")
}
