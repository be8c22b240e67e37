//! Opens sled, and gives out its trees.

use std::future::Future;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::commit::Commits;
use super::fault::{OpenFault, StateFault, Why};
use super::files::{self, Files, OsFiles};
use super::options::{MAX_NAME_BYTES, SEGMENT_BYTES, StateOptions};
use super::tree::{Tree, within};
use crate::private;

/// The node's open state.
#[derive(Debug)]
pub struct State {
    engine: sled::Db,
    commits: Arc<Commits>,
    committer: Option<JoinHandle<Result<(), StateFault>>>,
}

impl State {
    /// Opens the state, or makes it.
    ///
    /// # Errors
    /// With advice when the folder is in use, cannot be read or written, or holds what sled cannot
    /// make sense of (a panic of sled's is caught).
    pub fn open(options: &StateOptions) -> Result<Self, OpenFault> {
        Self::open_with(options, OsFiles::open)
    }

    /// The tree of this name, made when absent.
    ///
    /// # Errors
    /// When the name is too long, or what ails the state.
    pub fn tree(&self, name: &str) -> Result<Tree, StateFault> {
        within("tree name", name.len(), MAX_NAME_BYTES)?;
        let tree = self.engine.open_tree(name)?;
        Ok(Tree::new(tree, Arc::clone(&self.commits)))
    }

    /// Resolves when everything that was changed before this call is on the disk.
    ///
    /// # Errors
    /// `Busy` when too many wait, otherwise what ails the state. After `Unwritable` a change may
    /// or may not be there at the next start.
    pub fn commit(&self) -> impl Future<Output = Result<(), StateFault>> + Send + 'static {
        let joined = self.commits.join();
        async move { joined?.await.unwrap_or(Err(StateFault::Unwritable)) }
    }

    /// Whether the state takes changes.
    pub fn healthy(&self) -> bool {
        self.commits.writable().is_ok()
    }

    /// Commits, and ends. Trees that are still held can be read, not changed.
    ///
    /// # Errors
    /// When the last changes could not be made durable.
    pub fn close(mut self) -> Result<(), StateFault> {
        self.end()
    }

    pub(super) fn open_with<F: Files>(
        options: &StateOptions,
        files: impl FnOnce(&std::path::Path) -> std::io::Result<F>,
    ) -> Result<Self, OpenFault> {
        options.validate()?;
        let folder = &options.folder;
        let io = |doing| move |source| OpenFault::Io { doing, folder: folder.clone(), source };
        // sled leaves the mode of its files to the process; nobody else can enter the folder that they are in.
        private::make_folder(folder).map_err(io("make its folder"))?;
        files::sync_before_open(folder).map_err(io("sync what is there"))?;
        let config = sled::Config::new()
            .path(folder)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(options.cache_bytes)
            // Only sled's background thread gives back room in its file; nothing is acknowledged by it.
            .flush_every_ms(Some(500));
        let engine = open_patiently(&config).map_err(|why| OpenFault::Engine { folder: folder.clone(), why })?;
        let files = files(folder).map_err(io("sync its files"))?;
        tracing::info!(state.recovered = engine.was_recovered(), state.trees = engine.tree_names().len(), "state open");
        let commits = Arc::new(Commits::new(options.waiting));
        let (shared, handle) = (Arc::clone(&commits), engine.clone());
        let committer = std::thread::Builder::new()
            .name("state-commit".into())
            .spawn(move || shared.run(&handle, &files))
            .map_err(io("start its committer"))?;
        Ok(Self { engine, commits, committer: Some(committer) })
    }

    fn end(&mut self) -> Result<(), StateFault> {
        self.commits.begin_close();
        match self.committer.take() {
            Some(committer) => committer.join().unwrap_or(Err(StateFault::Unwritable)),
            None => Ok(()),
        }
    }
}

/// Opens sled; waits a moment while another holds its lock (which it tells as an error of kind `Other`).
fn open_patiently(config: &sled::Config) -> Result<sled::Db, Why> {
    let mut tries = 0;
    loop {
        let opened = catch_unwind(AssertUnwindSafe(|| config.open())).map_err(|_| Why::Panicked)?;
        match opened {
            // A process that is just ending, or a child between fork and exec, holds it a moment longer.
            Err(sled::Error::Io(fault)) if fault.kind() == ErrorKind::Other && tries < private::LOCK_TRIES => {
                std::thread::sleep(private::LOCK_PAUSE);
            }
            opened => return opened.map_err(|fault| Why::Fault(fault.into())),
        }
        tries += 1;
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Err(fault) = self.end() {
            tracing::error!(state.fault = %fault, "state closed with changes that are not durable");
        }
    }
}
