//! An EPD of a care provider, played on loopback over HTTPS, as far as it opens other systems for its users: HL7 SMART App
//! Launch 2 (EHR launch) with an authorization server and a FHIR base of its own.
//!
//! Authorization code with PKCE, a token that gives the patient, an identity token that names the user, and the resources of
//! both. On demand it does what an EPD must not ([`Fault`]). It must not know what a gateway is.

mod endpoints;
mod fault;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use rustls::ServerConfig;
use serde_json::Value;

use crate::identity_provider::serve;
use endpoints::Base;
pub use fault::Fault;
use state::World;

/// The one system that is registered to be opened.
#[derive(Clone)]
pub struct EpdClient {
    pub id: String,
    /// Where its launches begin.
    pub launch_url: String,
    pub redirect_uri: String,
}

/// The EPD. Only a place to start one from; the running one is an [`EpdHandle`].
pub struct Epd;

/// A running EPD. Dropping it stops it.
pub struct EpdHandle {
    /// Its FHIR base: `iss` of its launches.
    pub iss: String,
    /// Where it is driven and told what to do wrong, over the wire.
    pub control_url: String,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Epd {
    /// Starts one at this address with these patients, practitioners and roles, and a certificate for `localhost` with its key.
    ///
    /// # Errors
    /// The address cannot be bound, or the keys are none.
    pub fn start(
        address: SocketAddr,
        certificate_pem: &str,
        key_pem: &str,
        resources: Vec<Value>,
        client: EpdClient,
    ) -> io::Result<EpdHandle> {
        let tls = serve::tls(certificate_pem, key_pem)?;
        let listener = TcpListener::bind(address)?;
        let base = format!("https://localhost:{}", listener.local_addr()?.port());
        let world = Arc::new(World::new(client, resources)?);
        let (tell, told) = mpsc::channel();
        let theirs = base.clone();
        let thread = std::thread::Builder::new()
            .name("epd".to_owned())
            .spawn(move || run(world, listener, theirs, tls, &tell))?;
        let server = told.recv().map_err(|_| io::Error::other("the EPD's thread ended before it listened"))??;
        let control_url = format!("{base}/_control");
        Ok(EpdHandle { iss: format!("{base}/fhir"), control_url, server, thread: Some(thread) })
    }
}

impl Drop for EpdHandle {
    fn drop(&mut self) {
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The body of the EPD's thread: serves until it is stopped.
fn run(
    world: Arc<World>,
    listener: TcpListener,
    base: String,
    tls: ServerConfig,
    tell: &mpsc::Sender<io::Result<ServerHandle>>,
) {
    actix_web::rt::System::new().block_on(async {
        let data = web::Data::from(world);
        let base = web::Data::new(Base(base));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(base.clone())
                .route("/fhir/.well-known/smart-configuration", web::get().to(endpoints::configuration))
                .route("/fhir/PractitionerRole", web::get().to(endpoints::roles))
                .route("/fhir/{type}/{id}", web::get().to(endpoints::read))
                .route("/authorize", web::get().to(endpoints::authorize))
                .route("/token", web::post().to(endpoints::token))
                .route("/jwks", web::get().to(endpoints::keys))
                .route("/_control/launch", web::post().to(endpoints::launch))
                .route("/_control/fault", web::put().to(endpoints::set_fault))
                .route("/_control/counts", web::get().to(endpoints::counts))
                .default_service(web::route().to(endpoints::sink))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen_rustls_0_23(listener, tls);
        match server {
            Ok(server) => {
                let server = server.run();
                if tell.send(Ok(server.handle())).is_ok() {
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
