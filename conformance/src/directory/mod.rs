//! Care services directories (IHE mCSD), played on loopback: a national one and those of providers, as running servers are.
//!
//! Each is a FHIR base of its own below one address. It answers searches and histories with `_since`, page by page; on demand
//! it does what running servers do otherwise, or is ill ([`Fault`]). Beside them a control interface for tests. It must not know
//! what a gateway is.

mod book;
mod serve;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use serve::World;

/// What goes wrong with every answer of a directory until it is changed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Well.
    #[default]
    None,
    /// Answers rightly, but only after so many milliseconds.
    Slow { ms: u64 },
    /// This HTTP status and an OperationOutcome.
    Status { code: u16 },
    /// A web page instead of a Bundle.
    Wrong,
    /// Announces the whole body, sends half, and closes.
    Torn,
    /// Closes the connection without a byte.
    Absent,
    /// Does what running servers do: no `lastModified` on deletions and a slash in front of what they name, no moment of the
    /// page, links with the host that it has inside.
    Quirky,
}

/// A running server of directories. Dropping it stops it.
pub struct DirectoryHandle {
    base: String,
    /// The control interface.
    pub control_url: String,
    server: Option<ServerHandle>,
    thread: Option<JoinHandle<()>>,
}

/// Only a place to start one from.
pub struct DirectoryServer;

impl DirectoryServer {
    /// Starts directories, by name and with what they say, on a thread of their own. Returns when the socket listens.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn start(address: SocketAddr, directories: Vec<(String, Vec<Value>)>) -> io::Result<DirectoryHandle> {
        let world = Arc::new(World::new(directories));
        let (tell, told) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("directories".to_owned())
            .spawn(move || serve::run(&world, address, &tell))?;
        let (address, server) =
            told.recv().map_err(|_| io::Error::other("the directories ended before they listened"))??;
        Ok(DirectoryHandle {
            base: format!("http://{address}/fhir"),
            control_url: format!("http://{address}/_control"),
            server: Some(server),
            thread: Some(thread),
        })
    }
}

impl DirectoryHandle {
    /// The FHIR base of one of the directories.
    pub fn base(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }
}

impl Drop for DirectoryHandle {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            // The command is sent by the call itself; the future would only await its echo.
            drop(server.stop(false));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
