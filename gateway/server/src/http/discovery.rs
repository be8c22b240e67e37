//! How a client finds out about the token endpoint: `.well-known/smart-configuration` below a FHIR base (SMART App
//! Launch 2.2, conformance.html#using-well-known) and `/.well-known/oauth-authorization-server` (RFC 8414). Both say
//! what is there and no more: there is no authorisation endpoint, no key set and no scope of SMART's, and the clients
//! are other providers' nodes.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use connectors::identity::oauth::dpop;
use serde_json::{Value, json};

use crate::node::Node;

/// The algorithms that the signature of a client assertion may have (`connectors::identity::oauth`).
const ALGORITHMS: [&str; 3] = ["ES256", "ES384", "PS256"];

/// `GET [base]/.well-known/smart-configuration`
pub fn smart(node: &Node) -> HttpResponse {
    let mut document = token_endpoint(node);
    // None of SMART's capabilities is claimed: `client-confidential-asymmetric` asks for RS384 and registered keys, where
    // this endpoint takes assertions that are signed with the key of the client certificate.
    document["capabilities"] = json!([]);
    answer(StatusCode::OK, &document)
}

/// `GET /.well-known/oauth-authorization-server`
pub async fn authorization_server(node: Data<Node>) -> HttpResponse {
    let mut document = token_endpoint(&node);
    document["issuer"] = json!(node.outer_base());
    answer(StatusCode::OK, &document)
}

/// What every one of these documents says.
pub fn token_endpoint(node: &Node) -> Value {
    let mut document = json!({
        "token_endpoint": format!("{}/oauth/token", node.outer_base()),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        // RFC 8705, section 3.3.
        "tls_client_certificate_bound_access_tokens": true,
        // RFC 9449, section 5.1.
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS,
    });
    if node.metadata_is_open() {
        let in_force = node.use_cases().current();
        document["scopes_supported"] = in_force.all().map(|use_case| use_case.id().as_str()).collect();
    }
    document
}

/// A document that is kept by nobody.
pub fn answer(status: StatusCode, document: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .content_type("application/json")
        .body(document.to_string())
}
