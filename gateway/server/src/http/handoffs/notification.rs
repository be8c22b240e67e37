//! `POST /eoverdracht/notification/…` at the outer listener: another provider tells that there is a Task for us, by an empty
//! POST to the Task's id (Nuts eOverdracht, Nictiz) or by a Notification Task (TA Notified Pull, Twiin-01).
//!
//! It is kept before it is answered, and answered the same whether it is the first or comes again. Who tells is known by
//! certificate and token; what the message says of its sender must be the same.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::notice::Handed;
use exchange::{BodyKind, Gate, Inbound, Refusal};
use fhir::json::Limits;
use fhir::{FhirVersion, IssueCode, LogicalId};
use flows::eoverdracht::NotificationTask;
use policy::{Caller, Direction};

use super::super::inbound::{self, BodyBounds};
use super::super::responder::{self, Frame};
use super::super::{doors, format};
use super::{No, no, plain, refuse, unavailable};
use crate::handoffs::RECEIVER;
use crate::node::Node;

/// Where, below the outer base.
pub const PATH: &str = "/eoverdracht/notification";

/// What is told names a Task and little else.
const LARGEST: usize = 64 << 10;

/// What was told.
struct Told {
    task: String,
    base: Option<String>,
    status: StatusCode,
}

pub async fn notification(
    request: HttpRequest,
    payload: Payload,
    named: Path<String>,
    node: Data<Node>,
) -> Result<HttpResponse, No> {
    let node = node.into_inner();
    let handoffs = node.handoffs().cloned().ok_or_else(|| no(HttpResponse::NotFound().finish()))?;
    let bounds = BodyBounds { bytes: LARGEST, ..node.body_bounds() };
    let (inbound, negotiated) = inbound::read(&request, payload, Gate::Outer, FhirVersion::Stu3, "", bounds).await;
    let frame = Frame::of(&node, &inbound, negotiated);
    doors::may_enter(&node, &inbound).await.map_err(|refusal| no(responder::refuse(&frame, &refusal)))?;
    let identified = node.authenticator().identify(Gate::Outer, &inbound.credentials).await;
    let caller = identified.map_err(|fault| {
        if let Some(remote) = inbound.remote {
            let _ = node.entrance().limits().unidentified(Some(remote));
        }
        no(responder::refuse(&frame, &Refusal::Unidentified(fault)))
    })?;
    super::within_measure(&node, Gate::Outer, &caller, &frame)?;
    let known = handoffs.partners.contains_key(&caller.organisation.ura);
    if !known || !caller.use_cases.iter().any(|held| held.as_str() == RECEIVER) {
        let says = "the token is not one to tell of handoffs with";
        return Err(refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, says));
    }
    let told = read(&named, &inbound, &caller, handoffs.own.0.as_str())?;
    let handed = Handed {
        caller: &caller,
        direction: Direction::Holder,
        interaction: "create",
        patient: None,
        resource_type: "Task",
        resource: Some(format!("Task/{}", told.task)),
    };
    super::record(&node, &inbound, handed).await?;
    let organisation = &caller.organisation;
    let name = organisation.name.as_deref().unwrap_or_else(|| organisation.ura.as_str());
    let sender = (&organisation.ura, name);
    let kept = handoffs.told(sender, &told.task, told.base.as_deref(), &inbound.correlation_id).await;
    kept.map_err(|fault| unavailable(&fault))?;
    let mut answer = plain(told.status);
    if told.status == StatusCode::CREATED {
        answer.insert_header(("Location", format!("{}{PATH}/Task/{}", node.outer_base(), told.task)));
    }
    Ok(answer.finish())
}

/// What the message says, held against who sent it and who we are.
fn read(named: &str, inbound: &Inbound, caller: &Caller, own: &str) -> Result<Told, No> {
    let bad = |says: &str| refuse(StatusCode::BAD_REQUEST, IssueCode::Invalid, says);
    if inbound.unreadable.is_some() {
        return Err(bad("the notification cannot be read"));
    }
    if named != "Task" {
        if inbound.body_kind != BodyKind::None || !inbound.body.is_empty() || !inbound.query.is_empty() {
            return Err(bad("a notification by the id of a Task has no body and no query"));
        }
        let id = LogicalId::parse(named).ok_or_else(|| bad("the path does not end in the id of a Task"))?;
        return Ok(Told { task: id.as_str().to_owned(), base: None, status: StatusCode::ACCEPTED });
    }
    let limits = Limits { bytes: LARGEST, ..Limits::default() };
    let task = format::read(FhirVersion::Stu3, inbound.body_kind, &inbound.body, &limits);
    let task = task.ok_or_else(|| bad("the notification is no resource in FHIR STU3, as JSON or XML"))?;
    let read = NotificationTask::read(&task)
        .map_err(|fault| refuse(StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing, &fault.to_string()))?;
    if read.sender != caller.organisation.ura || read.receiver.as_str() != own {
        let says = "the notification is of another sender than its token, or for another receiver";
        return Err(refuse(StatusCode::FORBIDDEN, IssueCode::Forbidden, says));
    }
    Ok(Told { task: read.task, base: read.base, status: StatusCode::CREATED })
}
