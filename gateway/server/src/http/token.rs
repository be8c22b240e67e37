//! `POST /oauth/token`: the node's own token endpoint (RFC 6749, 4.4; RFC 7523; RFC 8705).

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::{BodyKind, Gate};
use fhir::FhirVersion;

use super::inbound::{self, BodyBounds};
use crate::node::Node;

/// Larger than any assertion that is taken.
const LARGEST_FORM: usize = 32 * 1024;

pub async fn token(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let bounds = BodyBounds { bytes: LARGEST_FORM, ..node.body_bounds() };
    let (inbound, _) = inbound::read(&request, payload, Gate::Outer, FhirVersion::R4, "", bounds).await;
    let form = match (inbound.unreadable, inbound.body_kind) {
        (None, BodyKind::Form) => std::str::from_utf8(&inbound.body).unwrap_or_default(),
        // An empty form misses every parameter: the issuer says so.
        _ => "",
    };
    let result = node.issuer().issue(inbound.credentials.certificate.as_deref(), form, time::OffsetDateTime::now_utc());
    let (status, body, error) = match &result {
        Ok(token) => (200, token.to_json(), "none"),
        Err(fault) => (fault.status(), fault.to_json(), fault.code.as_str()),
    };
    node.metrics().token(status == 200);
    // A security event when refused; who it was stands in the certificate, not in this line.
    tracing::info!(token.request_id = %inbound.request_id, token.status = status, token.error = error, "token request");
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or(actix_web::http::StatusCode::BAD_REQUEST);
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Pragma", "no-cache"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Request-Id", inbound.request_id.as_str()))
        .content_type("application/json")
        .body(body)
}
