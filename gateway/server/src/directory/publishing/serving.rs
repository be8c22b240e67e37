//! The directory at the outer listener, below [`PATH`]. Public: nobody need say who they are, and nothing is told of anybody
//! but this provider. No exchange, no record.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use fhir::IssueCode;

use super::answers::{self, Answer};
use super::ledger::Ledger;
use crate::http::inbound;
use crate::node::Node;

/// Below the public base of the outer listener.
pub const PATH: &str = "/directory";

/// The largest batch, in bytes, and how long it may take to arrive.
const BATCH_BYTES: usize = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(5);

/// The base itself: takes batches.
pub async fn base(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let Some((ledger, base)) = published(&node) else { return HttpResponse::NotFound().finish() };
    if *request.method() != Method::POST {
        return written(&not_allowed());
    }
    let read = inbound::body(request.headers(), payload, BATCH_BYTES);
    let Ok(Ok(body)) = tokio::time::timeout(PATIENCE, read).await else {
        return written(&Answer::refused(400, IssueCode::Invalid, "the request cannot be read"));
    };
    written(&answers::batch(&ledger, &base, &body))
}

/// What lies below it: is read.
pub async fn below(request: HttpRequest, path: web::Path<String>, node: Data<Node>) -> HttpResponse {
    let Some((ledger, base)) = published(&node) else { return HttpResponse::NotFound().finish() };
    if *request.method() != Method::GET {
        return written(&not_allowed());
    }
    written(&answers::get(&ledger, &base, &path, request.query_string()))
}

fn published(node: &Node) -> Option<(Arc<Ledger>, String)> {
    Some((node.published()?.clone(), format!("{}{PATH}", node.outer_base())))
}

fn not_allowed() -> Answer {
    Answer::refused(405, IssueCode::NotSupported, "this directory is read only")
}

fn written(answer: &Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header(("X-Content-Type-Options", "nosniff")).insert_header(("Cache-Control", "no-cache"));
    if let Some(version) = answer.etag {
        response.insert_header(("ETag", format!("W/\"{version}\"")));
    }
    response.content_type("application/fhir+json; charset=utf-8").body(answer.body.to_string())
}
