//! What the rest of the node may know of the log's proof: the last checkpoint, the tree's hashes below it, and whether
//! all is well. It never has a record in hand.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use bytes::Bytes;
use store::proof::{HISTORY, Hash, Keeper, ProofFault, SignedCheckpoint, Tree};

use super::places::PUBLIC_KEY;

/// What ails the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Its files cannot be read or written at present; it is tried again.
    Passing,
    /// The log or the tree is not what it was. Final until the node is started again.
    Broken,
}

/// A checkpoint that was given out, and the tree that it speaks of.
pub struct Given {
    /// The signed note, with the cosignatures that it has gathered.
    pub note: Bytes,
    pub size: u64,
    tree: Arc<Tree>,
}

/// The proof as it stands.
pub struct Published {
    folder: PathBuf,
    state: RwLock<State>,
}

struct State {
    given: Option<Arc<Given>>,
    signed_at: SystemTime,
    trouble: Option<Trouble>,
}

impl Given {
    /// A tile of hashes by its path below `tile/` (C2SP tlog-tiles).
    pub fn tile(&self, path: &str) -> Option<Vec<u8>> {
        self.tree.tile(path, self.size)
    }

    /// That the tree of this many records is the beginning of it.
    ///
    /// # Errors
    /// When it has not so many.
    pub fn consistency(&self, older: u64) -> Result<Vec<Hash>, ProofFault> {
        self.tree.consistency(older, self.size)
    }

    /// The root of its first records.
    ///
    /// # Errors
    /// When it has not so many.
    pub fn root(&self, size: u64) -> Result<Hash, ProofFault> {
        self.tree.root(size)
    }
}

impl Published {
    /// Nothing yet, of the tree in this folder.
    pub(super) fn new(folder: &Path) -> Self {
        let signed_at = std::fs::metadata(folder.join(HISTORY)).and_then(|history| history.modified());
        let state = State { given: None, signed_at: signed_at.unwrap_or(SystemTime::UNIX_EPOCH), trouble: None };
        Published { folder: folder.to_owned(), state: RwLock::new(state) }
    }

    /// The last checkpoint that was given out.
    pub fn given(&self) -> Option<Arc<Given>> {
        self.read(|state| state.given.clone())
    }

    /// The key by which others check it, as text; empty while it cannot be read.
    pub fn public_key(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join(PUBLIC_KEY)).unwrap_or_default();
        text.trim().to_owned()
    }

    /// How long ago that was, in seconds.
    pub fn age(&self) -> u64 {
        self.read(|state| state.signed_at.elapsed().map_or(0, |age| age.as_secs()))
    }

    pub fn trouble(&self) -> Option<Trouble> {
        self.read(|state| state.trouble)
    }

    /// Gives out the keeper's last checkpoint.
    pub(super) fn publish(&self, keeper: &Keeper) -> Result<(), ProofFault> {
        let Some(latest) = keeper.latest() else { return Ok(()) };
        let first = self.given().is_none();
        let given = given(latest, &self.folder)?;
        self.write(|state| {
            state.given = Some(Arc::new(given));
            if !first {
                state.signed_at = SystemTime::now();
            }
        });
        Ok(())
    }

    /// Gives out the last checkpoint with these cosignatures, unless another was given out meanwhile.
    pub(super) fn cosigned(&self, checkpoint: &SignedCheckpoint) {
        self.write(|state| {
            let Some(given) = state.given.as_ref().filter(|given| given.size == checkpoint.size()) else { return };
            let given = Given { note: checkpoint.write().into(), size: given.size, tree: given.tree.clone() };
            state.given = Some(Arc::new(given));
        });
    }

    pub(super) fn recovered(&self) {
        if self.trouble().is_some() {
            tracing::info!("the access log's proof is kept up again");
            self.write(|state| state.trouble = None);
        }
    }

    pub(super) fn ails(&self, trouble: Trouble, fault: &ProofFault) {
        if self.trouble() != Some(trouble) {
            tracing::error!(proof.fault = %fault, "the access log's proof cannot be kept up");
            self.write(|state| state.trouble = Some(trouble));
        }
    }

    /// Tells that the proof is not kept any more, should the thread that keeps it break off.
    pub(super) fn watch(self: &Arc<Self>) -> Watched {
        Watched(self.clone())
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Held by the thread that keeps the proof.
pub(super) struct Watched(Arc<Published>);

impl Drop for Watched {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.write(|state| state.trouble = Some(Trouble::Broken));
        }
    }
}

fn given(latest: &SignedCheckpoint, folder: &Path) -> Result<Given, ProofFault> {
    let tree = Arc::new(Tree::look(folder, latest.size())?);
    Ok(Given { note: latest.write().into(), size: latest.size(), tree })
}
