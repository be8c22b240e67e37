//! `POST /oauth/token`: the node's own token endpoint (RFC 6749, 4.4; RFC 7523; RFC 8705; RFC 9449).

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use connectors::identity::oauth::{MAX_FORM, TokenRequest};
use exchange::{BodyKind, Gate};
use fhir::FhirVersion;

use super::inbound::{self, BodyBounds};
use super::vetted::RETRY_AFTER;
use crate::node::Node;

pub async fn token(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let bounds = BodyBounds { bytes: MAX_FORM, ..node.body_bounds() };
    let (inbound, _) = inbound::read(&request, payload, Gate::Outer, FhirVersion::R4, "", bounds).await;
    let form = match (inbound.unreadable, inbound.body_kind) {
        (None, BodyKind::Form) => std::str::from_utf8(&inbound.body).unwrap_or_default(),
        // An empty form misses every parameter: the issuer says so.
        _ => "",
    };
    let credentials = &inbound.credentials;
    let asked = TokenRequest {
        certificate: credentials.certificate.as_deref(),
        form,
        proofs: credentials.possession.as_ref().map_or(&[], |shown| shown.proofs.as_slice()),
    };
    let result = node.issuer().issue(asked, time::OffsetDateTime::now_utc()).await;
    let (status, body, error) = match &result {
        Ok(token) => (200, token.to_json(), "none"),
        Err(fault) => (fault.status(), fault.to_json(), fault.code.as_str()),
    };
    node.metrics().token(status == 200);
    // A security event when refused; who it was stands in the certificate, not in this line.
    tracing::info!(token.request_id = %inbound.request_id, token.status = status, token.error = error, "token request");
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or(actix_web::http::StatusCode::BAD_REQUEST);
    let mut answer = HttpResponse::build(status);
    if status == actix_web::http::StatusCode::UNAUTHORIZED {
        // Every 401 has a challenge (RFC 9110, section 15.5.2). What authenticates here is a signed JWT.
        answer.insert_header(("WWW-Authenticate", "Bearer realm=\"zorgsluis\""));
    }
    if status == actix_web::http::StatusCode::SERVICE_UNAVAILABLE {
        answer.insert_header(("Retry-After", RETRY_AFTER));
    }
    answer
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Pragma", "no-cache"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Request-Id", inbound.request_id.as_str()))
        .content_type("application/json")
        .body(body)
}
