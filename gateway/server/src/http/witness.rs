//! `POST /log/witness/add-checkpoint`: cosigns a neighbour's checkpoint (C2SP tlog-witness, "add-checkpoint"). Anybody may
//! ask; what is asked for is signed by the log that it is about, or refused.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use connectors::identity::Certificate;
use fhir::Ura;
use store::proof::{LONGEST_SUBMISSION, Refused};

use super::connection::ClientCertificate;
use super::inbound;
use crate::log::witnessing::Witnessing;
use crate::node::Node;

/// How long a body of some KiB may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);
/// C2SP tlog-witness, "add-checkpoint".
const SIZE: &str = "text/x.tlog.size";

pub async fn add_checkpoint(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    answer(node.witnessing().clone(), caller(&request), &request, payload).await
}

/// What this witness answers to a caller of this provider, if it is known.
pub async fn answer(
    witnessing: Arc<Witnessing>,
    caller: Option<Ura>,
    request: &HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let Some(_place) = witnessing.place() else { return status(StatusCode::SERVICE_UNAVAILABLE) };
    let read = inbound::body(request.headers(), payload, LONGEST_SUBMISSION);
    let Ok(Ok(body)) = tokio::time::timeout(PATIENCE, read).await else { return status(StatusCode::BAD_REQUEST) };
    let at = witnessing.clone();
    let Ok(answer) = web::block(move || at.submit(&body, caller.as_ref())).await else {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    };
    match answer {
        Ok(lines) => plain(StatusCode::OK, "text/plain; charset=utf-8", lines),
        Err(Refused::Conflict { known } | Refused::OtherRoot { known, .. }) => {
            plain(StatusCode::CONFLICT, SIZE, format!("{known}\n").into_bytes())
        }
        Err(Refused::Malformed(_) | Refused::OldBeyond) => status(StatusCode::BAD_REQUEST),
        Err(Refused::UnknownLog) => status(StatusCode::NOT_FOUND),
        Err(Refused::Untrusted) => status(StatusCode::FORBIDDEN),
        Err(Refused::Unproven { .. }) => status(StatusCode::UNPROCESSABLE_ENTITY),
        Err(Refused::Unavailable(_)) => status(StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// `GET /health/witnessing`, at the inner listener: who witnesses whom, and what is amiss. Names nodes, nobody else.
pub async fn health(node: Data<Node>) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(node.witnessing().snapshot())
}

/// Whose node asks, by the certificate that rustls verified.
fn caller(request: &HttpRequest) -> Option<Ura> {
    let shown = request.conn_data::<ClientCertificate>()?;
    let certificate = Certificate::read(&shown.0).ok()?;
    certificate.ura.filter(|_| certificate.not_after >= time::OffsetDateTime::now_utc())
}

fn status(status: StatusCode) -> HttpResponse {
    plain(status, "text/plain; charset=utf-8", Vec::new())
}

fn plain(status: StatusCode, kind: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .content_type(kind)
        .body(body)
}
