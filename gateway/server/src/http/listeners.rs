//! The two listeners: the outer one for other providers' nodes, the inner one for the provider's own systems and
//! people. Each is an application of its own; nothing of the inner one is reachable from outside.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use exchange::Gate;
use rustls::ServerConfig;

use super::connection::on_connect;
use super::endpoint::{AtGate, fhir};
use super::{
    cards, discovery, doors, handoffs, health, introspection, launch, log_proof, metrics, mitz, nuts, openapi, pdp,
    referrals, regional, vetted, witness,
};
use crate::desk::NodeDesk;
use crate::directory::publishing;
use crate::node::Node;

/// How long a client has to send its request line and headers.
const PATIENCE_FOR_HEADERS: Duration = Duration::from_secs(10);

/// How long running exchanges have to end at a stop, in seconds.
const PATIENCE_AT_STOP: u64 = 10;

/// Threads of the listener for cards: each person comes by once a day.
const CARD_WORKERS: usize = 1;

/// Most connections per worker at once.
const MOST_CONNECTIONS: usize = 2_000;

/// The outer listener: always TLS, always asking for a client certificate.
pub fn outer(node: Arc<Node>, listener: TcpListener, tls: ServerConfig, workers: usize) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::from(node.clone()))
            .app_data(Data::new(AtGate(Gate::Outer)))
            .service(
                web::resource("/oauth/token")
                    .wrap(from_fn(vetted::only_with_a_good_certificate))
                    .route(web::post().to(doors::token)),
            )
            .route("/.well-known/oauth-authorization-server", web::get().to(discovery::authorization_server))
            .route("/.well-known/oauth-authorization-server/oauth2/{subject}", web::get().to(nuts::metadata))
            .route("/oauth2/{subject}/presentation_definition", web::get().to(nuts::presentation_definition))
            .route("/oauth2/{subject}/did.json", web::get().to(nuts::did_document))
            .route("/log/checkpoint", web::get().to(log_proof::checkpoint))
            .route("/log/tile/{path:.*}", web::get().to(log_proof::tile))
            .route("/log/witness/add-checkpoint", web::post().to(witness::add_checkpoint))
            .route(mitz::PATH, web::post().to(mitz::notification))
            .route(
                &format!("{}/{{task}}", handoffs::notification::PATH),
                web::post().to(handoffs::notification::notification),
            )
            .service(
                web::resource(format!("{}/Task", referrals::notification::PATH))
                    .route(web::post().to(referrals::notification::told))
                    .route(web::put().to(referrals::notification::cancelled)),
            )
            .service(regional::scope())
            .route(publishing::PATH, web::route().to(publishing::base))
            .route(&format!("{}/{{path:.*}}", publishing::PATH), web::route().to(publishing::below))
            .route("/fhir/{version}", web::route().to(fhir_base))
            .route("/fhir/{version}/{tail:.*}", web::route().to(fhir))
            .default_service(web::route().to(nothing_here))
    });
    let server = bounded(server, workers).listen_rustls_0_23(listener, tls)?;
    Ok(server.run())
}

/// The inner listener: TLS, or plain HTTP on loopback.
pub fn inner(
    node: Arc<Node>,
    desk: Option<Arc<NodeDesk>>,
    listener: TcpListener,
    tls: Option<ServerConfig>,
    workers: usize,
) -> std::io::Result<Server> {
    let secure = tls.is_some();
    let server = HttpServer::new(move || {
        let app = App::new()
            .app_data(Data::from(node.clone()))
            .app_data(Data::new(AtGate(Gate::Inner)))
            .route("/health/live", web::get().to(health::live))
            .route("/health/ready", web::get().to(health::ready))
            .route("/health/witnessing", web::get().to(witness::health))
            .route("/health/notices", web::get().to(health::notices))
            .route("/metrics", web::get().to(metrics::metrics))
            .route("/launch", web::post().to(launch::launch))
            .route("/launch", web::get().to(launch::by_browser))
            .route("/openapi.json", web::get().to(openapi::answer))
            .route("/oauth/introspect", web::post().to(introspection::introspect))
            .service(handoffs::scope())
            .service(referrals::scope())
            .route("/pdp", web::post().to(pdp::authz))
            .route("/pdp/v1/data/knooppunt/authz", web::post().to(pdp::authz))
            .route("/fhir/{version}", web::route().to(fhir_base))
            .route("/fhir/{version}/{tail:.*}", web::route().to(fhir))
            .default_service(web::route().to(nothing_here));
        match &desk {
            Some(desk) => app.service(portal::scope(desk.clone(), secure)),
            None => app,
        }
    });
    let server = bounded(server, workers);
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

/// The listener where people show their cards: TLS that asks for a certificate, and nothing else but the way back.
pub fn cards(node: Arc<Node>, listener: TcpListener, tls: ServerConfig) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::from(node.clone()))
            .route("/card", web::get().to(cards::show))
            .default_service(web::route().to(nothing_here))
    });
    Ok(bounded(server, CARD_WORKERS).listen_rustls_0_23(listener, tls)?.run())
}

fn bounded<F, I, S, B>(server: HttpServer<F, I, S, B>, workers: usize) -> HttpServer<F, I, S, B>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: actix_service::IntoServiceFactory<S, actix_http::Request>,
    S: actix_service::ServiceFactory<actix_http::Request, Config = actix_web::dev::AppConfig> + 'static,
    S::Error: Into<actix_web::Error>,
    S::InitError: std::fmt::Debug,
    S::Response: Into<actix_http::Response<B>>,
    B: actix_web::body::MessageBody + 'static,
{
    server
        .on_connect(on_connect)
        .workers(workers)
        .max_connections(MOST_CONNECTIONS)
        .client_request_timeout(PATIENCE_FOR_HEADERS)
        .shutdown_timeout(PATIENCE_AT_STOP)
        .disable_signals()
}

/// The base itself, with or without a slash behind it.
async fn fhir_base(
    request: actix_web::HttpRequest,
    payload: web::Payload,
    version: web::Path<String>,
    node: Data<Node>,
    gate: Data<AtGate>,
) -> HttpResponse {
    let path = web::Path::from((version.into_inner(), String::new()));
    fhir(request, payload, path, node, gate).await
}

/// Any other path. No record: nothing was asked of any patient.
async fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound().insert_header(("X-Content-Type-Options", "nosniff")).finish()
}
