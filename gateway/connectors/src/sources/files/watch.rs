//! Reads the folder again when it changes, and now and then in case a change was not seen.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecursiveMode, Watcher};

use super::FilesSourceConfig;
use super::index::{Index, Problems};
use super::load::Files;
use crate::sources::SourceSetupFault;

/// What readers see: one whole index at a time.
pub(super) struct Current(RwLock<Arc<Index>>);

/// Why the reader wakes up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wake {
    Changed,
    Stop,
}

/// Keeps [`Current`] current until dropped.
pub(super) struct Watch {
    wake: SyncSender<Wake>,
    _watcher: notify::RecommendedWatcher,
}

impl Current {
    pub fn get(&self) -> Arc<Index> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, index: Index) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(index);
    }
}

impl Watch {
    /// Reads the folder for the first time and begins to watch it.
    pub fn begin(config: &FilesSourceConfig) -> Result<(Arc<Current>, Watch), SourceSetupFault> {
        // A full channel holds a wake-up already, and one is enough.
        let (wake, woken) = sync_channel(1);
        let on_change = wake.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Our own reading is an event as well.
            let read_only = matches!(&event, Ok(Event { kind: EventKind::Access(access), .. })
                if *access != AccessKind::Close(AccessMode::Write));
            if !read_only {
                match on_change.try_send(Wake::Changed) {
                    Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
                }
            }
        })
        .map_err(|_| SourceSetupFault::Watch)?;
        // Watched before read, so that no change falls in between.
        watcher.watch(&config.folder, RecursiveMode::Recursive).map_err(|_| SourceSetupFault::Folder)?;
        let mut reader = Reader { config: config.clone(), files: Files::default(), reported: Problems::default() };
        let index = reader.read().ok_or(SourceSetupFault::Folder)?;
        let current = Arc::new(Current(RwLock::new(Arc::new(index))));
        let shown = current.clone();
        std::thread::Builder::new()
            .name("files-source".into())
            .spawn(move || reader.run(&woken, &shown))
            .map_err(|_| SourceSetupFault::Watch)?;
        Ok((current, Watch { wake, _watcher: watcher }))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A pending wake-up may fill the channel; the reader then ends when the senders are gone.
        let _ = self.wake.try_send(Wake::Stop);
    }
}

struct Reader {
    config: FilesSourceConfig,
    files: Files,
    reported: Problems,
}

impl Reader {
    fn run(mut self, woken: &Receiver<Wake>, shown: &Current) {
        let rescan = Duration::from_secs(self.config.bounds.rescan_seconds);
        let settle = Duration::from_millis(self.config.bounds.settle_milliseconds);
        loop {
            match woken.recv_timeout(rescan) {
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Wake::Changed) => std::thread::sleep(settle),
                Err(RecvTimeoutError::Timeout) => {}
            }
            // What changed while waiting is read now; what changes while reading wakes us again.
            match woken.try_recv() {
                Ok(Wake::Stop) => return,
                Ok(Wake::Changed) | Err(_) => {}
            }
            if let Some(index) = self.read() {
                shown.set(index);
            }
        }
    }

    /// The folder as it is now; nothing when it cannot be read at all, and what was read before stays.
    fn read(&mut self) -> Option<Index> {
        let Ok((resources, problems)) = self.files.read(&self.config.folder, &self.config.bounds) else {
            tracing::error!("a source's folder cannot be read; what was read before is still shown");
            return None;
        };
        let index = Index::build(self.config.version, resources, problems);
        let problems = index.problems;
        if problems != self.reported {
            self.reported = problems;
            tracing::warn!(
                files.malformed = problems.malformed,
                files.too_large = problems.too_large,
                files.unreadable = problems.unreadable,
                files.over_bounds = problems.over_bounds,
                resources.unusable = problems.unusable,
                resources.duplicates = problems.duplicates,
                resources.read = index.len(),
                "a source's folder holds what cannot be used"
            );
        }
        Some(index)
    }
}
