//! The services that this node keeps for its region, at the outer listener: a token endpoint, the pseudonym service, the
//! index. What each answers is `regional`'s; here it is HTTP.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, Scope};
use exchange::{Gate, Inbound};
use fhir::FhirVersion;

use super::inbound::{self, BodyBounds};
use super::vetted;
use crate::node::Node;
use crate::regional::Reply;

/// Where, below the outer base.
pub const PATH: &str = "/regional-index";
const FHIR: &str = "application/fhir+json";
const JSON: &str = "application/json";

/// A record of the index has some hundred characters and a patient token of some thousand.
const BOUNDS: BodyBounds = BodyBounds { bytes: 64 << 10, patience: Duration::from_secs(5) };

pub fn scope() -> Scope<
    impl actix_web::dev::ServiceFactory<
        actix_web::dev::ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    web::scope(PATH)
        .wrap(from_fn(vetted::only_with_a_good_certificate))
        .route("/token", web::post().to(token))
        .route("/pseudonyms/oprf/eval", web::post().to(evaluate))
        .route("/fhir/{path:.*}", web::route().to(index))
}

async fn token(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let Some(regional) = node.regional() else { return HttpResponse::NotFound().finish() };
    let inbound = read(&request, payload, "").await;
    told(&inbound, "token", JSON, regional.token(&inbound))
}

async fn evaluate(request: HttpRequest, payload: Payload, node: Data<Node>) -> HttpResponse {
    let Some(regional) = node.regional() else { return HttpResponse::NotFound().finish() };
    let inbound = read(&request, payload, "").await;
    told(&inbound, "pseudonym", JSON, regional.evaluate(&inbound))
}

async fn index(request: HttpRequest, payload: Payload, path: Path<String>, node: Data<Node>) -> HttpResponse {
    let Some(regional) = node.regional() else { return HttpResponse::NotFound().finish() };
    let inbound = read(&request, payload, &path).await;
    told(&inbound, "index", FHIR, regional.list(&inbound).await)
}

async fn read(request: &HttpRequest, payload: Payload, path: &str) -> Inbound {
    inbound::read(request, payload, Gate::Outer, FhirVersion::R4, path, BOUNDS).await.0
}

fn told(inbound: &Inbound, what: &'static str, kind: &'static str, reply: Reply) -> HttpResponse {
    tracing::info!(
        exchange.request_id = %inbound.request_id,
        regional.service = what,
        regional.status = reply.status,
        "asked by a member of the region"
    );
    let mut answer =
        HttpResponse::build(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    answer
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Request-Id", inbound.request_id.as_str()));
    if reply.status == 401 {
        answer.insert_header(("WWW-Authenticate", "Bearer realm=\"zorgsluis\""));
    }
    if let Some(seconds) = reply.wait {
        answer.insert_header(("Retry-After", seconds));
    }
    match reply.body {
        Some(body) => answer.content_type(kind).body(body.to_string()),
        None => answer.finish(),
    }
}
