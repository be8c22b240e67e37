//! The HTTPS side.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::endpoints;
use super::state::World;

/// The name that everything is signed under.
pub(super) struct Issuer(pub(super) String);

pub(crate) fn tls(certificate_pem: &str, key_pem: &str) -> io::Result<ServerConfig> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate_pem.as_bytes()).collect();
    let chain = chain.map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(io::Error::other)?;
    // Dezi speaks TLS 1.3 only.
    ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)
}

/// The body of the provider's thread: serves until it is stopped.
pub(super) fn run(
    world: Arc<World>,
    address: SocketAddr,
    tls: ServerConfig,
    tell: &Sender<io::Result<(SocketAddr, ServerHandle)>>,
) {
    actix_web::rt::System::new().block_on(async {
        let listener = std::net::TcpListener::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (bound, listener) = match listener {
            Ok(found) => found,
            Err(error) => {
                let _ = tell.send(Err(error));
                return;
            }
        };
        let data = web::Data::from(world);
        let issuer = web::Data::new(Issuer(format!("https://localhost:{}", bound.port())));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(issuer.clone())
                .service(
                    web::resource("/authorize")
                        .route(web::get().to(endpoints::authorize))
                        .route(web::post().to(endpoints::choose)),
                )
                .route("/token", web::post().to(endpoints::token))
                .route("/userinfo", web::get().to(endpoints::user_info))
                .route("/openid/connect/jwks.json", web::get().to(endpoints::envelope_keys))
                .route("/dezi/jwks.json", web::get().to(endpoints::statement_keys))
                .route("/elsewhere/jwks.json", web::get().to(endpoints::statement_keys))
                .route("/status/v1/verklaring/{id}", web::get().to(endpoints::status))
                .route("/revocatiecontrole/v1", web::get().to(endpoints::revocations))
                .route("/sink", web::get().to(endpoints::sink))
                .route("/_control/fault", web::put().to(endpoints::set_fault))
                .route("/_control/keys", web::put().to(endpoints::set_keys))
                .route("/_control/counts", web::get().to(endpoints::counts))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen_rustls_0_23(listener, tls);
        match server {
            Ok(server) => {
                let server = server.run();
                if tell.send(Ok((bound, server.handle()))).is_ok() {
                    // An error here is a listener torn down while stopping; nobody is left to tell.
                    let _ = server.await;
                }
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        }
    });
}
