//! Who asks so much that they are told to wait before anything else is done.
//!
//! An identified caller who asks too much is refused in the stack, with a record that names them. What is refused here is
//! nobody's: an address from which request after request comes that identifies nobody. The first of them leave their
//! records like every exchange; what comes on top is answered 429 and counted, and takes no place in the access log. Otherwise
//! anyone who reaches the listener could fill the disk of the log, and a node that cannot write its log serves nobody. An
//! address over its measure is still looked at each time: who can identify themselves gets in, whoever else sits there.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use exchange::{Inbound, Refusal};

use super::connection::ClientCertificate;
use super::token;
use crate::node::Node;

/// Whether this request may take a place in the access log.
///
/// # Errors
/// The refusal, when it is one too many of those that identify nobody.
pub async fn may_enter(node: &Node, inbound: &Inbound) -> Result<(), Refusal> {
    let Err(wait) = node.entrance().limits().over(inbound.remote) else { return Ok(()) };
    match node.authenticator().identify(inbound.gate, &inbound.credentials).await {
        Ok(_) => Ok(()),
        Err(_) => {
            node.metrics().turned_away();
            Err(Refusal::throttled(wait))
        }
    }
}

/// `POST /oauth/token`, within the measure of who asks.
pub async fn token(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let certificate = request.conn_data::<ClientCertificate>().map(|certificate| certificate.0.clone());
    let remote = request.peer_addr().map(|address| address.ip());
    let Err(wait) = node.entrance().limits().token(certificate.as_deref(), remote) else {
        return token::token(request, payload, node).await;
    };
    node.metrics().token(false);
    node.metrics().turned_away();
    // RFC 6749 has no error for it; the one of its section 4.1.2.1 says what is so.
    let body = r#"{"error":"temporarily_unavailable","error_description":"too many token requests; try again later"}"#;
    HttpResponse::build(StatusCode::TOO_MANY_REQUESTS)
        .insert_header(("Retry-After", seconds(wait)))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .content_type("application/json")
        .body(body)
}

/// Whole seconds, at least one.
pub fn seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
