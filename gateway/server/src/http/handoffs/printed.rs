//! A handoff in print (PDF/A): asked for with a push, and of what was received.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use fhir::{IssueCode, Ura};
use uuid::Uuid;

use super::super::{endpoint, responder};
use super::pushing::push_refused;
use super::{Entered, No, enter, no, not_got, plain, read_id, refuse, unavailable, unknown};
use crate::handoffs::printing::{self, PrintingFault};
use crate::handoffs::{Handoffs, INBOX, Prepared, PushFault};
use crate::node::Node;

/// The handoff with its print beside it, as it is pushed from then on.
pub(super) async fn with_print(
    handoffs: &Handoffs,
    receiver: &Ura,
    prepared: Prepared,
    offers: impl Fn(&str) -> bool,
) -> Result<Prepared, No> {
    let partner = handoffs.partners.get(receiver).ok_or_else(|| push_refused(&PushFault::Receiver))?;
    let (from, to) = (handoffs.own.1.clone(), partner.peer.name.clone());
    let prepared = prepared.to_be_printed();
    let name = prepared.name(receiver);
    let printed = printing::with_print(prepared.handoff(), &name, from, to, handoffs.clock.now()).await;
    let printed = printed.map_err(|fault| refused(&fault))?;
    prepared.kept_as(printed, offers).map_err(|fault| push_refused(&fault))
}

/// `GET /handoffs/received/[id]/pdf`: the handoff in print; the same exchange as for the document.
pub async fn pdf(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let id = read_id(&id)?;
    let Entered { handoffs, caller, inbound, frame } = enter(&request, payload, &node, INBOX, "").await?;
    let received = handoffs.books.received.get(id).map_err(|fault| unavailable(&fault))?.ok_or_else(unknown)?;
    let getting = handoffs.getting(id, caller, inbound).map_err(|fault| not_got(&fault))?;
    let (inbound, _ticket) = getting.apart();
    let recorded = endpoint::run(&node, inbound).await.map_err(|refusal| no(responder::refuse(&frame, &refusal)))?;
    let resources = recorded.released().items().map(|(_, item)| item.resource().clone()).collect();
    let (from, to) = (received.sender_name, handoffs.own.1.clone());
    let pdf = printing::pdf(resources, Uuid::from_bytes(id), from, to, handoffs.clock.now())
        .await
        .map_err(|fault| refused(&fault))?;
    Ok(plain(StatusCode::OK).content_type("application/pdf").body(pdf))
}

fn refused(fault: &PrintingFault) -> No {
    let (status, code) = match fault {
        PrintingFault::Print(_) | PrintingFault::NoHandoff => (StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing),
        PrintingFault::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient),
    };
    refuse(status, code, &fault.to_string())
}
