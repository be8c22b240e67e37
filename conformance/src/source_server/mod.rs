//! A provider's source system, played by an in-memory FHIR server on loopback.
//!
//! It exists so that a node meets a real server: paging, strictness, versions, transactions,
//! and on demand the illnesses that servers have ([`Fault`]). It remembers every request
//! ([`Recorded`]), so that a test can show that a denied caller never reached a source.
//! It must not know what a gateway is.

mod bundle;
mod capability;
mod control;
mod dates;
mod fault;
mod includes;
mod interactions;
mod message;
mod pages;
mod parameters;
mod quantities;
mod recorder;
mod search;
mod serve;
mod store;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use serde_json::Value;

pub use fault::{Fault, Rubbish};
pub use recorder::Recorded;
use serve::World;

/// The release of FHIR a source speaks. Announced in the CapabilityStatement and, for R4, in
/// the media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FhirVersion {
    Stu3,
    R4,
}

impl FhirVersion {
    /// The full version number of the CapabilityStatement's `fhirVersion`.
    pub fn number(self) -> &'static str {
        match self {
            FhirVersion::Stu3 => "3.0.2",
            FhirVersion::R4 => "4.0.1",
        }
    }

    /// The media type of every answer (R4 "RESTful API", version parameter).
    pub fn media_type(self) -> &'static str {
        match self {
            FhirVersion::Stu3 => "application/fhir+json;charset=utf-8",
            FhirVersion::R4 => "application/fhir+json; fhirVersion=4.0; charset=utf-8",
        }
    }
}

impl FromStr for FhirVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "stu3" | "r3" | "3.0" => Ok(FhirVersion::Stu3),
            "r4" | "4.0" => Ok(FhirVersion::R4),
            other => Err(format!("unknown FHIR version {other:?}: expected stu3 or r4")),
        }
    }
}

/// The server. Only a place to start one from; the running one is a [`SourceHandle`].
pub struct SourceServer;

impl SourceServer {
    /// Starts a source on a thread of its own, so that any caller can, in whatever run time.
    /// Port 0 takes a free port. Returns when the socket listens.
    ///
    /// # Errors
    /// The address cannot be bound, or a resource has no `resourceType` and `id`.
    pub fn start(version: FhirVersion, resources: Vec<Value>, address: SocketAddr) -> io::Result<SourceHandle> {
        let world = Arc::new(World::new(version, address, resources)?);
        let (tell, told) = mpsc::channel();
        let theirs = Arc::clone(&world);
        let thread = std::thread::Builder::new()
            .name("source-server".to_owned())
            .spawn(move || serve::run(theirs, address, &tell))?;
        let (bound, server) =
            told.recv().map_err(|_| io::Error::other("the source's thread ended before it listened"))??;
        Ok(SourceHandle {
            base_url: format!("http://{bound}/fhir"),
            control_url: format!("http://{bound}/_control"),
            world,
            server,
            thread: Some(thread),
        })
    }
}

/// A running source. Dropping it stops it.
pub struct SourceHandle {
    /// The FHIR base, without a slash at the end.
    pub base_url: String,
    /// Where the same can be asked over the wire that this handle can do.
    pub control_url: String,
    world: Arc<World>,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl SourceHandle {
    /// Every request to the FHIR base since the start or the last [`Self::forget_requests`].
    pub fn requests(&self) -> Vec<Recorded> {
        self.world.recorded()
    }

    /// Empties the record.
    pub fn forget_requests(&self) {
        self.world.forget();
    }

    /// Makes the source ill, or well again with [`Fault::None`].
    pub fn set_fault(&self, fault: Fault) {
        self.world.set_fault(fault);
    }

    /// Stops listening, drops open connections and waits for the thread.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // The command is sent by the call itself; the future would only await its echo.
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for SourceHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads a folder's `.json` files (one resource, or a Bundle whose entries are taken apart)
/// and `.ndjson` files (one resource a line).
///
/// # Errors
/// The folder or a file cannot be read, or is not JSON; the error names the file.
pub fn read_folder(folder: &Path) -> io::Result<Vec<Value>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::path);
    let mut resources = Vec::new();
    for file in files {
        let path = file.path();
        let named = |e: serde_json::Error| io::Error::other(format!("{}: {e}", path.display()));
        match path.extension().and_then(|e| e.to_str()) {
            Some("json") => {
                let value: Value = serde_json::from_slice(&std::fs::read(&path)?).map_err(named)?;
                resources.extend(taken_apart(value));
            }
            Some("ndjson") => {
                let text = std::fs::read_to_string(&path)?;
                for line in text.lines().filter(|l| !l.trim().is_empty()) {
                    resources.push(serde_json::from_str(line).map_err(named)?);
                }
            }
            _ => {}
        }
    }
    Ok(resources)
}

fn taken_apart(value: Value) -> Vec<Value> {
    if value["resourceType"] != "Bundle" {
        return vec![value];
    }
    value["entry"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| entry["resource"].clone())
        .filter(|resource| !resource.is_null())
        .collect()
}

#[cfg(test)]
mod tests;
