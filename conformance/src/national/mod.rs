//! The national index (NVI) and what it rests on, the pseudonym service (PRS) and their token endpoint, played on loopback
//! over mutual TLS, as their running code behaves: with its quirks, and on demand ill ([`Fault`]).
//!
//! The index serves both dialects over the same records. It knows pseudonyms only; what its control interface tells of a
//! BSN, it computes with the secret of the pseudonym service, which no one else has. It must not know what a gateway is.

mod access;
mod control;
mod document;
mod fault;
mod group;
mod jwe;
mod list;
mod prs;
mod records;
mod serve;
mod subject;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;

pub use access::Organisation;
pub use control::{Known, Seeded};
pub use fault::Fault;
pub use group::blinded;
use serve::World;
pub use serve::{Recorded, Service};

use crate::mutual_tls;

/// The organisation number of the index, for which pseudonyms are made.
pub const RECIPIENT: &str = "oin:00000099000000001000";
/// What they are made for.
pub const SCOPE: &str = "nationale-verwijsindex";
/// How the services are called as the audience of a token.
pub const INDEX_AUDIENCE: &str = "nvi";
pub const PSEUDONYM_AUDIENCE: &str = "prs";

/// Where the services listen, what they show, whom they trust and whom they know.
#[derive(Clone, Debug)]
pub struct NationalOptions {
    /// The interfaces, over mutual TLS. Port 0 takes a free one.
    pub address: SocketAddr,
    /// The control interface, plain.
    pub control: SocketAddr,
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Whose certificates callers may show (PEM).
    pub authorities: PathBuf,
    /// Who may ask and register.
    pub organisations: Vec<Organisation>,
}

/// The running services. Dropping it stops them.
pub struct NationalHandle {
    pub token_endpoint: String,
    /// The base of the pseudonym service.
    pub prs_url: String,
    /// The FHIR bases of the index, in the dialect of the ministry's guide and in the older one.
    pub list_url: String,
    pub document_url: String,
    /// The control interface.
    pub control_url: String,
    world: Arc<World>,
    servers: Vec<ServerHandle>,
    thread: Option<JoinHandle<()>>,
}

/// Only a place to start them from.
pub struct NationalServer;

impl NationalServer {
    /// Starts the services, with what was registered before, on a thread of their own. Returns when both sockets listen.
    ///
    /// # Errors
    /// A file cannot be used, or an address not be bound.
    pub fn start(options: &NationalOptions, registered: &[Seeded]) -> io::Result<NationalHandle> {
        let world = Arc::new(World::new(options, registered)?);
        let tls = mutual_tls::config(&options.certificate, &options.key, &options.authorities)?;
        let (tell, told) = mpsc::channel();
        let places = (options.address, options.control);
        let theirs = Arc::clone(&world);
        let thread = std::thread::Builder::new()
            .name("national".to_owned())
            .spawn(move || serve::run(&theirs, tls, places, &tell))?;
        let started = told.recv().map_err(|_| io::Error::other("the services ended before they listened"))??;
        let base = format!("https://localhost:{}", started.address.port());
        Ok(NationalHandle {
            token_endpoint: format!("{base}{}", serve::TOKEN_PATH),
            prs_url: format!("{base}/prs"),
            list_url: format!("{base}/v1-poc/fhir"),
            document_url: format!("{base}/ngf/fhir"),
            control_url: format!("http://{}/_control", started.control),
            world,
            servers: started.servers,
            thread: Some(thread),
        })
    }
}

impl NationalHandle {
    /// Who is registered for a patient.
    pub fn known(&self, bsn: &str) -> Vec<Known> {
        self.world.known(bsn)
    }

    /// How many patient tokens came more than once.
    pub fn reused(&self) -> usize {
        self.world.reused()
    }
}

impl Drop for NationalHandle {
    fn drop(&mut self) {
        for server in &self.servers {
            // The command is sent by the call itself; the future would only await its echo.
            drop(server.stop(false));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
