//! What a Nuts client asks before it asks for a token (RFC021): the metadata of our authorization server under the name of
//! its subject (RFC 8414, section 3.1), and which credentials a token takes.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use connectors::identity::nuts::{CREDENTIAL_ALGORITHMS, PRESENTATION_ALGORITHMS, Presenter};
use connectors::identity::oauth::JWT_GRANT_TYPE;
use policy::UseCaseId;
use serde::Deserialize;
use serde_json::json;

use super::discovery;
use crate::config::NodeConfig;
use crate::node::Node;

/// The longest scope that is looked at.
const LONGEST_SCOPE: usize = 1024;

/// The query of a question for a presentation definition.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    scope: String,
}

/// How we name ourselves to Nuts clients: the issuer of our metadata, and the audience of presentations.
pub fn issuer(config: &NodeConfig) -> String {
    let named = config.nuts.as_ref().and_then(|nuts| nuts.subject.as_deref());
    format!("{}/oauth2/{}", config.outer.public_base, named.unwrap_or(config.provider.ura.as_str()))
}

/// `GET /.well-known/oauth-authorization-server/oauth2/{subject}`
pub async fn metadata(node: Data<Node>, subject: Path<String>) -> HttpResponse {
    if !is_ours(&node, &subject) {
        return HttpResponse::NotFound().finish();
    }
    let mut document = discovery::token_endpoint(&node);
    document["issuer"] = json!(node.nuts_issuer());
    // Presentations name this issuer as their audience, so the grant is one of this document only (RFC021, section 3).
    let mut grants = vec!["client_credentials", "vp_token-bearer"];
    grants.extend(node.issuer().takes_jwts().then_some(JWT_GRANT_TYPE));
    document["grant_types_supported"] = json!(grants);
    document["presentation_definition_endpoint"] = json!(format!("{}/presentation_definition", node.nuts_issuer()));
    document["vp_formats"] = json!({
        "jwt_vp_json": {"alg_values_supported": PRESENTATION_ALGORITHMS},
        "jwt_vc_json": {"alg_values_supported": CREDENTIAL_ALGORITHMS},
    });
    discovery::answer(StatusCode::OK, &document)
}

/// `GET /oauth2/{subject}/presentation_definition?scope=…`
pub async fn presentation_definition(node: Data<Node>, subject: Path<String>, asked: Query<Asked>) -> HttpResponse {
    let Some(presentations) = node.issuer().presentations().filter(|_| is_ours(&node, &subject)) else {
        return HttpResponse::NotFound().finish();
    };
    let named = asked.scope.split(' ').filter(|name| !name.is_empty());
    let known = |name: &str| UseCaseId::parse(name).is_some_and(|id| node.use_cases().current().get(&id).is_some());
    // What is said is the same for every scope; whether a use case is offered here, only where that is no secret.
    let unknown = asked.scope.len() > LONGEST_SCOPE || (node.metadata_is_open() && !named.into_iter().all(known));
    if unknown {
        let error = json!({"error": "invalid_scope", "error_description": "scope is not a list of use cases"});
        return discovery::answer(StatusCode::BAD_REQUEST, &error);
    }
    discovery::answer(StatusCode::OK, &presentations.definition())
}

/// `GET /oauth2/{subject}/did.json`: the DID under which this node presents itself, where it does. Public: whoever is presented
/// to looks the key up here.
pub async fn did_document(node: Data<Node>, subject: Path<String>) -> HttpResponse {
    let named = node.nuts_issuer().rsplit('/').next() == Some(subject.as_str());
    match node.presenter().filter(|_| named).and_then(Presenter::document) {
        Some(document) => discovery::answer(StatusCode::OK, &document),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Whether tokens are given for presentations here, under the name of this subject.
fn is_ours(node: &Node, subject: &str) -> bool {
    node.issuer().presentations().is_some() && node.nuts_issuer().rsplit('/').next() == Some(subject)
}
