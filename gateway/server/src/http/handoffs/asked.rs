//! The advance notice of a sender that asks first: the provider's own systems get it, and a person answers it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::notice::Handed;
use fhir::IssueCode;
use flows::eoverdracht::notice::Answer;
use policy::Direction;
use serde::Deserialize;

use super::super::inbound::broken_body;
use super::super::responder;
use super::{Entered, No, enter, given, no, plain, read_id, record, refuse, unavailable, unknown};
use crate::handoffs::negotiating::AnswerNo;
use crate::handoffs::{Handoffs, INBOX};
use crate::node::Node;

/// What is answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answering {
    /// `accepted`, `on-hold` or `rejected`.
    answer: String,
    /// With `on-hold`: when the patient could come.
    date: Option<String>,
    /// For the sender, in words.
    reason: Option<String>,
}

/// `GET /handoffs/received/[id]/notice`: the notice, as a document Bundle: an exchange like any other.
pub async fn notice(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    given(&request, payload, &id, &node.into_inner(), Handoffs::getting_notice).await
}

/// `POST /handoffs/received/[id]/answer`: a person of ours answers the notice; its sender gets it soon.
pub async fn answer(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let id = read_id(&id)?;
    let Entered { handoffs, caller, inbound, frame } = enter(&request, payload, &node, INBOX, "").await?;
    if let Some(refusal) = broken_body(&inbound) {
        return Err(no(responder::refuse(&frame, &refusal)));
    }
    let person = caller.person.clone().ok_or_else(|| {
        let says = "a notice is answered by a person, and this caller is none";
        refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, says)
    })?;
    let bad = |says: &str| refuse(StatusCode::BAD_REQUEST, IssueCode::Invalid, says);
    let said: Answering = serde_json::from_slice(&inbound.body)
        .map_err(|_| bad("the body is no JSON with `answer`, and where they go with it `date` and `reason`"))?;
    let answer = Answer::of(&said.answer, said.date.as_deref(), said.reason.as_deref());
    let answer = answer.map_err(|fault| bad(&fault.to_string()))?;
    let found = handoffs.books.received.get(id).map_err(|fault| unavailable(&fault))?.ok_or_else(unknown)?;
    let handed = Handed {
        caller: &caller,
        direction: Direction::User,
        interaction: "update",
        // Whom it is about is not known here.
        patient: None,
        resource_type: "Task",
        resource: Some(format!("Task/{}", found.task)),
    };
    record(&node, &inbound, handed).await?;
    match handoffs.answer(id, answer, person).await {
        Ok(()) => Ok(plain(StatusCode::ACCEPTED).finish()),
        Err(AnswerNo::Unknown) => Err(unknown()),
        Err(AnswerNo::NotAsked) => {
            let says = "nothing is asked now, an answer is on its way, or the notice was not seen yet and can only be rejected";
            Err(refuse(StatusCode::CONFLICT, IssueCode::Conflict, says))
        }
        Err(AnswerNo::Trouble(fault)) => Err(unavailable(&fault)),
    }
}
