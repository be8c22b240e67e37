//! `/referrals/received`: what the provider's own systems and people do with referrals to us, and the data that came.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use exchange::notice::Handed;
use fhir::IssueCode;
use policy::Direction;
use serde::Deserialize;

use super::super::handoffs::{Behind, No, PAGE, json, refuse, told};
use super::super::{endpoint, responder};
use super::{Entered, behind, enter, read_id, record, unavailable, unknown, views};
use crate::handoffs::getting::GettingFault;
use crate::handoffs::names;
use crate::node::Node;
use crate::referrals::received::word;
use crate::referrals::{Act, ActFault, INBOX, everything};

/// Whether a treatment ends although parts could not be had.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anyway {
    #[serde(default)]
    whatever_failed: bool,
}

/// `GET /referrals/received`: referrals to us.
pub async fn all(
    request: HttpRequest,
    payload: Payload,
    query: Query<Behind>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), INBOX).await?;
    let listed = entered.referrals.books.received.list(behind(&query)?, PAGE).map_err(|fault| unavailable(&fault))?;
    let next = listed.last().filter(|_| listed.len() == PAGE).map(|(id, _)| names::shown(*id));
    let referrals = listed.iter().map(|(id, received)| views::Received::of(*id, received)).collect();
    Ok(told(&views::List { referrals, next }))
}

/// `GET /referrals/received/[id]`: how far one is, with what became of each part.
pub async fn one(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), INBOX).await?;
    let id = read_id(&id)?;
    let found = entered.referrals.books.received.get(id).map_err(|fault| unavailable(&fault))?;
    Ok(told(&views::Received::of(id, &found.ok_or_else(unknown)?)))
}

/// `POST /referrals/received/[id]/take`: a person of ours takes the patient. The data is pulled in their name.
pub async fn take(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    act(&request, payload, &id, &node.into_inner(), Act::Take).await
}

/// `POST /referrals/received/[id]/reject`: a person of ours does not take the patient.
pub async fn reject(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    act(&request, payload, &id, &node.into_inner(), Act::Reject).await
}

/// `POST /referrals/received/[id]/withdraw`: a person of ours takes it back after it was accepted.
pub async fn withdraw(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    act(&request, payload, &id, &node.into_inner(), Act::Withdraw).await
}

/// `POST /referrals/received/[id]/complete`: the treatment has ended.
pub async fn complete(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    anyway: Query<Anyway>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let act_of = Act::Complete { whatever_failed: anyway.whatever_failed };
    act(&request, payload, &id, &node.into_inner(), act_of).await
}

/// `POST /referrals/received/[id]/retry`: what failed, or was given up, is tried again.
pub async fn retry(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    act(&request, payload, &id, &node.into_inner(), Act::Retry).await
}

async fn act(
    request: &HttpRequest,
    payload: Payload,
    id: &str,
    node: &Arc<Node>,
    act: Act,
) -> Result<HttpResponse, No> {
    let entered = enter(request, payload, node, INBOX).await?;
    let person = entered.caller.person.clone();
    if person.is_none() && act != Act::Retry {
        let says = "this is for a person to do, and this caller is none";
        return Err(refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, says));
    }
    // Who has it tried again is not who took it.
    let person = person.filter(|_| act != Act::Retry);
    let id = read_id(id)?;
    // What somebody does is on record before it is done.
    let found = entered.referrals.books.received.get(id).map_err(|fault| unavailable(&fault))?.ok_or_else(unknown)?;
    let patient = found.patient();
    let handed = Handed {
        caller: &entered.caller,
        direction: Direction::User,
        interaction: "update",
        patient: patient.as_ref(),
        resource_type: "Task",
        resource: Some(format!("Task/{}", found.task)),
    };
    record(node, &entered.inbound, handed).await?;
    match entered.referrals.act(id, act, person).await {
        Ok(stage) => Ok(json(StatusCode::ACCEPTED).body(format!("{{\"state\":\"{}\"}}", word(stage)))),
        Err(ActFault::Unknown) => Err(unknown()),
        Err(ActFault::NotNow(stage)) => {
            let text = format!("that cannot be done now: the referral is {}", word(stage));
            Err(refuse(StatusCode::CONFLICT, IssueCode::Conflict, &text))
        }
        Err(ActFault::NotWhole) => {
            let says = "parts of the data could not be had: have them tried again, or say whatever_failed=true";
            Err(refuse(StatusCode::CONFLICT, IssueCode::Conflict, says))
        }
        Err(ActFault::Trouble(fault)) => Err(unavailable(&fault)),
    }
}

/// `GET /referrals/received/[id]/bundle`: everything that came, as a Bundle: an exchange like any other.
pub async fn bundle(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let entered = enter(&request, payload, &node, INBOX).await?;
    look(&node, entered, &id, |_| Some(everything())).await
}

/// `GET /referrals/received/[id]/parts/[number]`: what is found of one part in what came.
pub async fn part(
    request: HttpRequest,
    payload: Payload,
    path: Path<(String, usize)>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let (id, number) = path.into_inner();
    let entered = enter(&request, payload, &node, INBOX).await?;
    look(&node, entered, &id, |received| {
        let part = received.parts.get(number)?;
        let (path, query) = part.query.split_once('?').unwrap_or((&part.query, ""));
        Some((path.to_owned(), query.to_owned()))
    })
    .await
}

async fn look(
    node: &Arc<Node>,
    entered: Entered,
    id: &str,
    what: impl FnOnce(&crate::referrals::received::Received) -> Option<(String, String)>,
) -> Result<HttpResponse, No> {
    let Entered { referrals, caller, inbound, frame } = entered;
    let getting = referrals.getting(read_id(id)?, caller, inbound, what).map_err(|fault| match fault {
        GettingFault::Unknown => unknown(),
        GettingFault::NoTicket => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, "no ticket can be made now")
        }
        GettingFault::Trouble(fault) => unavailable(&fault),
    })?;
    let (inbound, _ticket) = getting.apart();
    let made = responder::make(&frame, &endpoint::run(node, inbound).await);
    Ok(responder::send(&frame, made))
}
