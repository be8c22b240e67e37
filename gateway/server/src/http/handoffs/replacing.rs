//! `PUT /handoffs/sent/[id]`: a newer version of a handoff, in the place of the one that is offered.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use fhir::IssueCode;
use serde::Deserialize;

use super::printed::with_print;
use super::pushing::{offered, on_record, prepared, push_refused};
use super::{Entered, No, enter_to_push, read_id, refuse, told, unavailable, unknown, views};
use crate::handoffs::{ReplaceFault, names};
use crate::node::Node;

/// Whether it goes with itself in print (PDF/A).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InPrint {
    #[serde(default)]
    pdf: bool,
}

/// `PUT /handoffs/sent/[id][?pdf=true]`. What is read of it and refused is as of a push.
pub async fn replace(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    query: Query<InPrint>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let Entered { handoffs, caller, inbound, frame } = enter_to_push(&request, payload, &node).await?;
    let id = read_id(&id)?;
    let sent = handoffs.books.sent.get(id).map_err(|fault| unavailable(&fault))?.ok_or_else(unknown)?;
    let prepared = prepared(&node, &handoffs, &inbound, &frame).await?.routed_to(sent.routed.clone());
    let prepared =
        if query.pdf { with_print(&handoffs, &sent.receiver, prepared, offered(&node)).await? } else { prepared };
    on_record(&node, &inbound, &caller, "update", &prepared).await?;
    let replaced = handoffs.replace(id, &prepared).await.map_err(|fault| refused(&fault))?;
    tracing::info!(handoff.transfer = %names::shown(id), "a newer version of a handoff was pushed");
    let view = views::Sent::of(id, &replaced.sent, &handoffs).when_pushed(replaced.dangling, replaced.shortcomings);
    Ok(told(&view))
}

fn refused(fault: &ReplaceFault) -> No {
    let conflict = |says: &str| refuse(StatusCode::CONFLICT, IssueCode::Conflict, says);
    match fault {
        ReplaceFault::Unknown => unknown(),
        ReplaceFault::Over(status) => conflict(&format!("it cannot be replaced: it is {status}")),
        ReplaceFault::OtherPatient => conflict("a newer version is about the same patient, and this one is not"),
        ReplaceFault::OtherTransfer => conflict("this was pushed as another transfer"),
        ReplaceFault::Push(fault) => push_refused(fault),
    }
}
