//! What lies outside the stack and rests on a certificate: whoever shows one that cannot be believed now gets nothing.
//!
//! The stack asks the same, in `identification`, and records it; here it is a line in the technical log and a count.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use connectors::identity::vetting::Part;
use connectors::identity::{Standing, Vet};

use super::inbound;
use crate::node::Node;

/// Seconds after which it makes sense to try again.
pub(super) const RETRY_AFTER: &str = "30";

/// Lets pass who shows no certificate (that one is needed is said behind this), or one that is believed.
pub async fn only_with_a_good_certificate<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let credentials = inbound::credentials(request.request(), "");
    let standing = match (&credentials.certificate, request.app_data::<Data<Node>>()) {
        (Some(leaf), Some(node)) => node.certificates().outer().vet(Part::Client, leaf, &credentials.issuers).await,
        (None, _) => Standing::Good,
        (Some(_), None) => Standing::NotTrusted,
    };
    let response = match standing {
        Standing::Good => return next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Standing::Revoked => refusal("the client certificate was revoked"),
        Standing::NotTrusted => refusal("the client certificate is of no authority that is trusted here"),
        // RFC 6749, 5.2 has no word for it; that of 4.1.2.1 says what it is.
        Standing::NotFoundOut(_) => HttpResponse::ServiceUnavailable()
            .insert_header(("Retry-After", RETRY_AFTER))
            .insert_header(("Cache-Control", "no-store"))
            .json(error(
                "temporarily_unavailable",
                "whether the client certificate was revoked could not be found out",
            )),
    };
    if let Some(node) = request.app_data::<Data<Node>>() {
        node.metrics().token(false);
    }
    tracing::warn!(certificate.standing = ?standing, "a certificate that is not believed was shown outside an exchange");
    Ok(request.into_response(response))
}

fn refusal(description: &str) -> HttpResponse {
    HttpResponse::Unauthorized().insert_header(("Cache-Control", "no-store")).json(error("invalid_client", description))
}

fn error(code: &str, description: &str) -> serde_json::Value {
    serde_json::json!({"error": code, "error_description": description})
}
