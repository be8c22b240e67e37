//! A few pages over TLS, on a thread of their own.

use std::net::TcpListener;
use std::sync::mpsc;

use actix_web::dev::ServerHandle;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::callers::CallError;

/// Serves until the handle is told to stop.
///
/// # Errors
/// Certificate and key do not go together, or the server cannot start.
pub(crate) fn serve(
    listener: TcpListener,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    pages: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Result<ServerHandle, CallError> {
    let wrong = |fault: &dyn std::fmt::Display| CallError::Certificate(fault.to_string());
    let provider = rustls::crypto::aws_lc_rs::default_provider().into();
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| wrong(&fault))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|fault| wrong(&fault))?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = HttpServer::new(move || App::new().configure(pages.clone()));
            match server.workers(1).disable_signals().listen_rustls_0_23(listener, tls) {
                Ok(server) => {
                    let server = server.run();
                    // Whoever asked may have gone.
                    let _ = tell.send(Ok(server.handle()));
                    let _ = server.await;
                }
                Err(fault) => drop(tell.send(Err(fault))),
            }
        });
    });
    Ok(told.recv().map_err(|_| CallError::Certificate("the site's thread ended".to_owned()))??)
}
