//! `POST /referrals` and `/referrals/sent`: what the provider's own systems refer.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use exchange::notice::Handed;
use fhir::{Bsn, IssueCode, LogicalId, Ura};
use policy::{Direction, Finding, NotFoundOut};
use serde::Deserialize;
use store::transfers::Id;

use super::super::handoffs::{Behind, No, PAGE, json, no, refuse, text, told};
use super::super::inbound::broken_body;
use super::super::responder;
use super::{Entered, behind, enter, read_id, record, unavailable, unknown, views};
use crate::handoffs::names;
use crate::node::Node;
use crate::referrals::{PushFault, Referrals, SENDER, Wanted};

/// The longest name of an episode.
const LONGEST_EPISODE: usize = 128;

/// Who is referred, to whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Referral {
    /// The URA.
    receiver: String,
    patient: Patient,
    /// What the record system calls it: the same one comes to no second referral.
    episode: String,
}

/// A patient by BSN, and by the id of the Patient in the sources that the data comes from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patient {
    bsn: String,
    id: String,
}

/// `POST /referrals`: refers a patient.
pub async fn push(request: HttpRequest, payload: Payload, node: Data<Node>) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let Entered { referrals, caller, inbound, frame } = enter(&request, payload, &node, SENDER).await?;
    if let Some(refusal) = broken_body(&inbound) {
        return Err(no(responder::refuse(&frame, &refusal)));
    }
    let bad = |says: &str| refuse(StatusCode::BAD_REQUEST, IssueCode::Invalid, says);
    // What a parser says of it may repeat it.
    let referral: Referral = serde_json::from_slice(&inbound.body)
        .map_err(|_| bad("the body is not JSON with receiver, patient (bsn, id) and episode, and nothing else"))?;
    let receiver = Ura::parse(&referral.receiver).map_err(|_| bad("receiver is no URA"))?;
    let bsn = Bsn::parse(&referral.patient.bsn).map_err(|_| bad("patient.bsn is no BSN"))?;
    let patient_id = LogicalId::parse(&referral.patient.id).ok_or_else(|| bad("patient.id is no id of FHIR"))?;
    let episode = referral.episode.trim();
    if episode.is_empty() || episode.len() > LONGEST_EPISODE || episode.chars().any(char::is_control) {
        return Err(bad("episode is empty, or longer than 128 bytes, or no plain text"));
    }
    // The receiver asks for the Patient by this id: it has to be this patient's here.
    match node.patients().patient(&patient_id).await {
        Finding::Found(known) if known == bsn => {}
        // A source that is a FHIR server is not asked for that. Whatever it gives is held against the patient all the same.
        Finding::NotFoundOut(NotFoundOut::NobodyToAsk) => {}
        Finding::Found(_) | Finding::Absent => {
            let says = "no Patient of this id in the own sources has this BSN";
            return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing, says));
        }
        Finding::NotFoundOut(_) => {
            let says = "it cannot be found out now whose id that is";
            return Err(refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, says));
        }
    }
    // Who referred whom is on record before there is a referral.
    let handed = Handed {
        caller: &caller,
        direction: Direction::User,
        interaction: "create",
        patient: Some(&bsn),
        resource_type: "Task",
        resource: None,
    };
    record(&node, &inbound, handed).await?;
    let wanted = Wanted { receiver: &receiver, patient: &bsn, patient_id: &patient_id, episode };
    let pushed = referrals.push(&wanted, &inbound.correlation_id).await.map_err(|fault| push_refused(&fault))?;
    tracing::info!(referral.id = %names::shown(pushed.id), referral.new = pushed.new, "a patient was referred");
    let status = if pushed.new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("{}/referrals/sent/{}", node.inner_base(), names::shown(pushed.id));
    let view = views::Sent::of(pushed.id, &pushed.sent);
    Ok(json(status).insert_header(("Location", location)).body(text(&view)))
}

/// `GET /referrals/sent`: referrals that we send.
pub async fn all(
    request: HttpRequest,
    payload: Payload,
    query: Query<Behind>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), SENDER).await?;
    let listed = entered.referrals.books.sent.list(behind(&query)?, PAGE).map_err(|fault| unavailable(&fault))?;
    let next = listed.last().filter(|_| listed.len() == PAGE).map(|(id, _)| names::shown(*id));
    Ok(told(&views::List { referrals: listed.iter().map(|(id, sent)| views::Sent::of(*id, sent)).collect(), next }))
}

/// `GET /referrals/sent/[id]`: how far one is.
pub async fn one(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), SENDER).await?;
    let id = read_id(&id)?;
    let found = entered.referrals.books.sent.get(id).map_err(|fault| unavailable(&fault))?;
    Ok(told(&views::Sent::of(id, &found.ok_or_else(unknown)?)))
}

/// `POST /referrals/sent/[id]/cancel`: it is taken back.
pub async fn cancel(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let (referrals, id) = noted(&request, payload, &id, &node.into_inner()).await?;
    done(referrals.cancel(id).await.map_err(|fault| unavailable(&fault))?)
}

/// `POST /referrals/sent/[id]/renew`: the receiver is to pull the data again.
pub async fn renew(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let (referrals, id) = noted(&request, payload, &id, &node.into_inner()).await?;
    done(referrals.renew(id).await.map_err(|fault| unavailable(&fault))?)
}

/// `POST /referrals/sent/[id]/resend`: what was given up is tried again.
pub async fn resend(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let entered = enter(&request, payload, &node.into_inner(), SENDER).await?;
    let known = entered.referrals.resend(read_id(&id)?).await.map_err(|fault| unavailable(&fault))?;
    if known { Ok(HttpResponse::Accepted().finish()) } else { Err(unknown()) }
}

/// A referral of ours that somebody is about to change: on record before it is.
async fn noted(
    request: &HttpRequest,
    payload: Payload,
    id: &str,
    node: &Arc<Node>,
) -> Result<(Arc<Referrals>, Id), No> {
    let Entered { referrals, caller, inbound, .. } = enter(request, payload, node, SENDER).await?;
    let id = read_id(id)?;
    let sent = referrals.books.sent.get(id).map_err(|fault| unavailable(&fault))?.ok_or_else(unknown)?;
    let patient = sent.patient();
    let handed = Handed {
        caller: &caller,
        direction: Direction::User,
        interaction: "update",
        patient: patient.as_ref(),
        resource_type: "Task",
        resource: Some(format!("Task/{}", sent.task)),
    };
    record(node, &inbound, handed).await?;
    Ok((referrals, id))
}

fn done(changed: Option<bool>) -> Result<HttpResponse, No> {
    match changed {
        Some(true) => Ok(HttpResponse::Accepted().finish()),
        Some(false) => Err(refuse(StatusCode::CONFLICT, IssueCode::Conflict, "the referral is over")),
        None => Err(unknown()),
    }
}

fn push_refused(fault: &PushFault) -> No {
    let (status, code) = match fault {
        PushFault::Receiver => (StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing),
        PushFault::PatientId => (StatusCode::CONFLICT, IssueCode::Conflict),
        PushFault::Full | PushFault::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient),
    };
    refuse(status, code, &fault.to_string())
}
