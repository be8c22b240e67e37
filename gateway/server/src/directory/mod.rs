//! Addressing in the node: the copy of the directories on the disk, read on in the background, behind the port by which
//! partners and flows are addressed; and for people why somebody is or is not found.

mod answering;
mod command;
mod explain;
mod measures;
pub mod publishing;
mod shelf;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connectors::http::HttpClient;
use connectors::mcsd::{
    Directories, DirectoryConfig, Listed, Networks, Owner, Rounds, Shelf, SourceState, Synchronising,
};
use connectors::peers::PeerConfig;
use exchange::ports::{Addressing, BoxFuture, Capability, Clock, EndpointAddress, Receiver};
use fhir::{FhirVersion, Ura};
use flows::eoverdracht::Place;
use policy::{DataHolder, Finding, NotFoundOut};
use store::replica::Replica;
use time::OffsetDateTime;

use crate::config::NodeConfig;
use answering::Answering;

pub use command::{DirectoryCommand, run};
pub use explain::{Asked, Explained};
pub use measures::DirectoryMeasures;
pub use shelf::ReplicaShelf;
pub use words::source;

/// How long a look-up may take: it reads some records.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of where others are reached.
pub struct AddressBook {
    directories: Arc<Directories>,
    /// The R4 bases at which looked-up partners were asked last.
    bases: Mutex<HashMap<DataHolder, String>>,
}

/// Keeps the copy up, and answers the command line, for as long as it lives.
pub struct Running {
    _synchronising: Synchronising,
    _answering: Option<Answering>,
}

/// Where the copy is kept, below the node's own folder.
fn folder(store: &Path) -> PathBuf {
    store.join("directory")
}

/// Which networks addresses of others may lead into.
fn networks(config: &NodeConfig) -> Networks {
    if config.is_for_development() { Networks::Any } else { Networks::Public }
}

/// The copy on the disk.
fn open(config: &NodeConfig, directory: &DirectoryConfig) -> Result<Arc<dyn Shelf>, String> {
    let replica = Replica::open(folder(&config.store.folder).join("copy"), directory.cache_bytes)
        .map_err(|fault| format!("the copy of the directories: {fault}"))?;
    Ok(Arc::new(ReplicaShelf::new(replica)))
}

fn directories(
    config: &NodeConfig,
    directory: &DirectoryConfig,
    shelf: &Arc<dyn Shelf>,
    clock: &Arc<dyn Clock>,
) -> Arc<Directories> {
    Arc::new(Directories::new(Arc::new(directory.clone()), shelf.clone(), clock.clone(), networks(config)))
}

/// Opens the copy and has it read on, where the configuration has a directory. To be called within a run time.
pub fn start(
    config: &NodeConfig,
    http: &HttpClient,
    clock: &Arc<dyn Clock>,
) -> Result<Option<(Arc<AddressBook>, Running)>, String> {
    let Some(directory) = &config.directory else { return Ok(None) };
    let shelf = open(config, directory)?;
    let book = Arc::new(AddressBook::new(directories(config, directory, &shelf, clock)));
    let rounds = Rounds::new(Arc::new(directory.clone()), shelf, http.clone(), clock.clone(), networks(config));
    let answering = Answering::start(&answering::socket(&config.store.folder), book.clone());
    Ok(Some((book, Running { _synchronising: rounds.start(), _answering: answering })))
}

impl AddressBook {
    fn new(directories: Arc<Directories>) -> Self {
        AddressBook { directories, bases: Mutex::default() }
    }

    /// From now on this partner is asked here.
    pub fn note_base(&self, peer: &PeerConfig) {
        if let Some(base) = peer.bases.get(&FhirVersion::R4) {
            let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
            bases.insert(DataHolder(peer.ura.clone()), base.url().as_str().trim_end_matches('/').to_owned());
        }
    }

    /// The R4 bases at which looked-up partners were asked last.
    pub fn bases(&self) -> HashMap<DataHolder, String> {
        self.bases.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is remembered of every directory; nothing when it cannot be read.
    pub fn states(&self) -> Option<Vec<SourceState>> {
        self.directories.states().ok()
    }

    /// The active services or locations of an organisation; nothing when the copy cannot be read now, or was never read.
    pub async fn places(&self, ura: Ura, kind: Place) -> Option<Vec<Listed>> {
        let directories = self.directories.clone();
        let look = tokio::task::spawn_blocking(move || {
            let receiver = Receiver { ura, service: None };
            let unread = directories.examine(&receiver, &Capability::default()).ok()?.unread;
            let places = match kind {
                Place::Service => directories.services(&receiver.ura),
                Place::Location => directories.locations(&receiver.ura),
            };
            places.ok().filter(|_| !unread)
        });
        tokio::time::timeout(PATIENCE, look).await.ok()?.ok()?
    }

    /// Whose active service has this identifier (`system|value`); nothing when the copy cannot be read now.
    pub async fn owner_of_service(&self, identifier: &str) -> Option<Owner> {
        let (directories, identifier) = (self.directories.clone(), identifier.to_owned());
        let look = tokio::task::spawn_blocking(move || directories.owner_of_service(&identifier));
        tokio::time::timeout(PATIENCE, look).await.ok()?.ok()?.ok()
    }

    /// Why somebody is or is not found.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn explain(&self, asked: &Asked) -> Result<Explained, String> {
        explain::explain(&self.directories, asked)
    }
}

impl Addressing for AddressBook {
    fn address<'a>(
        &'a self,
        receiver: &'a Receiver,
        capability: &'a Capability,
    ) -> BoxFuture<'a, Finding<EndpointAddress>> {
        let (directories, receiver, capability) = (self.directories.clone(), receiver.clone(), capability.clone());
        Box::pin(async move {
            let look = tokio::task::spawn_blocking(move || directories.examine(&receiver, &capability));
            let told = match tokio::time::timeout(PATIENCE, look).await {
                Err(_) => return Finding::NotFoundOut(NotFoundOut::TimedOut),
                Ok(Err(_) | Ok(Err(_))) => return Finding::NotFoundOut(NotFoundOut::Unreachable),
                Ok(Ok(Ok(told))) => told,
            };
            let Some(found) = told.found else {
                return if told.unread { Finding::NotFoundOut(NotFoundOut::Incomplete) } else { Finding::Absent };
            };
            if found.others > 0 {
                tracing::debug!(
                    directory.ura = %found.ura,
                    directory.others = found.others,
                    "an organisation has more than one endpoint that would do; the first is used"
                );
            }
            let as_of = OffsetDateTime::from_unix_timestamp_nanos(i128::from(found.as_of) * 1_000_000);
            Finding::Found(EndpointAddress {
                address: found.address.to_string(),
                ura: found.ura,
                organisation: found.organisation,
                as_of: as_of.unwrap_or(OffsetDateTime::UNIX_EPOCH),
            })
        })
    }
}
