//! `POST /oauth/introspect` at the inner listener: the provider's own resource servers ask what a token of ours stands for
//! (RFC 7662). Only inner callers that are configured for it may ask; the answer says of whom and about whom the token is.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::{BodyKind, Gate, Refusal};
use fhir::FhirVersion;

use super::inbound::{self, BodyBounds};
use crate::node::Node;

/// Larger than any token that is taken.
const LARGEST_FORM: usize = 8 * 1024;

pub async fn introspect(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let bounds = BodyBounds { bytes: LARGEST_FORM, ..node.body_bounds() };
    let (inbound, _) = inbound::read(&request, payload, Gate::Inner, FhirVersion::R4, "", bounds).await;
    let identified = node.authenticator().identify(Gate::Inner, &inbound.credentials).await;
    let (status, body, challenge) = match identified {
        Err(fault) => {
            let row = Refusal::Unidentified(fault).row();
            (row.status, None, row.challenge)
        }
        Ok(caller) if !node.callers().may_introspect(&caller.client_id) => (403, None, None),
        Ok(_) => {
            let form = match (inbound.unreadable, inbound.body_kind) {
                (None, BodyKind::Form) => std::str::from_utf8(&inbound.body).unwrap_or_default(),
                // An empty form misses the token: that is said.
                _ => "",
            };
            match node.issuer().introspect(form, node.outer_base(), time::OffsetDateTime::now_utc()).await {
                Ok(told) => (200, Some(told.reveal().to_owned()), None),
                Err(fault) => (fault.status(), Some(fault.to_json()), None),
            }
        }
    };
    // What was told is in no line.
    tracing::info!(introspection.request_id = %inbound.request_id, introspection.status = status, "introspection");
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST));
    if let Some(challenge) = challenge {
        answer.insert_header(("WWW-Authenticate", challenge));
    }
    answer
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Pragma", "no-cache"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Request-Id", inbound.request_id.as_str()));
    match body {
        Some(body) => answer.content_type("application/json").body(body),
        None => answer.finish(),
    }
}
