//! `PUT /handoffs/sent/[id]`: a newer version of a handoff, in the place of the one that is offered.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::notice::Handed;
use fhir::IssueCode;
use policy::Direction;

use super::pushing::{prepared, push_refused};
use super::{Entered, No, enter, read_id, record, refuse, told, unknown, views};
use crate::handoffs::{ReplaceFault, SENDER, names};
use crate::node::Node;

/// `PUT /handoffs/sent/[id]`. What is read of it and refused is as of a push.
pub async fn replace(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let Entered { handoffs, caller, inbound, frame } = enter(&request, payload, &node, SENDER, "").await?;
    let id = read_id(&id)?;
    let prepared = prepared(&node, &handoffs, &inbound, &frame).await?;
    let handoff = prepared.handoff();
    let handed = Handed {
        caller: &caller,
        direction: Direction::User,
        interaction: "update",
        patient: Some(handoff.patient()),
        resource_type: "Composition",
        resource: Some(format!("Composition/{}", handoff.composition())),
    };
    record(&node, &inbound, handed).await?;
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
