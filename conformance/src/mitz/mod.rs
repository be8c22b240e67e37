//! Mitz, the national consent register, played on loopback: SOAP and FHIR over mutual TLS, as the real one speaks them.
//!
//! It keeps what citizens chose, answers the closed and the open question, takes subscriptions and notifies who subscribed
//! when a choice changes; and on demand it is ill ([`Fault`]). Beside it a page where a citizen chooses and a control
//! interface for tests, in plain HTTP. It must not know what a gateway is.

mod choices;
mod closed;
mod control;
mod fault;
mod names;
mod notification;
mod open;
mod page;
mod serve;
mod soap;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;

pub use choices::{Choice, consulting_category};
pub use control::Changed;
pub use fault::{Assertion, Fault};
pub use serve::Recorded;
use serve::World;

use crate::mutual_tls;

/// Where it listens, what it shows and whom it trusts.
#[derive(Clone, Debug)]
pub struct MitzOptions {
    /// The interfaces, over mutual TLS. Port 0 takes a free one.
    pub address: SocketAddr,
    /// The citizen's page and the control interface, plain.
    pub control: SocketAddr,
    /// Shown to whoever connects, and to whom it notifies (PEM).
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Whose certificates callers and notified parties may show (PEM).
    pub authorities: PathBuf,
}

/// A running Mitz. Dropping it stops it.
pub struct MitzHandle {
    /// Below which its interfaces are, without a slash at the end.
    pub base_url: String,
    /// The control interface.
    pub control_url: String,
    /// The citizen's page.
    pub page_url: String,
    servers: Vec<ServerHandle>,
    thread: Option<JoinHandle<()>>,
}

/// Only a place to start one from.
pub struct MitzServer;

impl MitzServer {
    /// Starts Mitz with these choices on a thread of its own. Returns when both sockets listen.
    ///
    /// # Errors
    /// A file cannot be used, or an address not be bound.
    pub fn start(options: &MitzOptions, choices: Vec<Choice>) -> io::Result<MitzHandle> {
        let world = Arc::new(World::new(options, choices)?);
        let tls = mutual_tls::config(&options.certificate, &options.key, &options.authorities)?;
        let (tell, told) = mpsc::channel();
        let places = (options.address, options.control);
        let thread = std::thread::Builder::new()
            .name("mitz".to_owned())
            .spawn(move || serve::run(&world, tls, places, &tell))?;
        let started = told.recv().map_err(|_| io::Error::other("Mitz ended before it listened"))??;
        Ok(MitzHandle {
            base_url: format!("https://localhost:{}/mitz", started.address.port()),
            control_url: format!("http://{}/_control", started.control),
            page_url: format!("http://{}/", started.control),
            servers: started.servers,
            thread: Some(thread),
        })
    }
}

impl Drop for MitzHandle {
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
