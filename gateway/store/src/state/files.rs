//! Makes sled's files durable. A trait, so that a test can see what the disk was told to keep.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

pub trait Files: Send + 'static {
    /// Makes what sled has written so far durable.
    fn sync(&self) -> io::Result<()>;
    /// Whether sled has written since the last sync began.
    fn written(&self) -> io::Result<bool>;
}

/// The operating system's files of one sled folder.
#[derive(Debug)]
pub struct OsFiles {
    db: File,
    blobs: PathBuf,
    /// When sled had last written, as the last sync began.
    seen: Mutex<Option<SystemTime>>,
}

impl OsFiles {
    /// To be called once sled has opened the folder; makes durable what sled made at that.
    pub fn open(folder: &Path) -> io::Result<Self> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_file() {
                File::open(path)?.sync_all()?;
            }
        }
        sync_folder(folder)?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent)?;
        }
        Ok(Self { db: File::open(folder.join("db"))?, blobs: folder.join("blobs"), seen: Mutex::new(None) })
    }

    fn seen(&self) -> MutexGuard<'_, Option<SystemTime>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files for OsFiles {
    fn sync(&self) -> io::Result<()> {
        *self.seen() = Some(self.db.metadata()?.modified()?);
        // Our bounds keep pages out of this folder; were one there, the main file would point to it.
        let mut any = false;
        for entry in fs::read_dir(&self.blobs)? {
            match File::open(entry?.path()) {
                Ok(blob) => blob.sync_all()?,
                // sled removes those it no longer needs.
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
                Err(fault) => return Err(fault),
            }
            any = true;
        }
        if any {
            sync_folder(&self.blobs)?;
        }
        self.db.sync_data()
    }

    fn written(&self) -> io::Result<bool> {
        Ok(*self.seen() != Some(self.db.metadata()?.modified()?))
    }
}

/// Makes durable what an earlier process wrote, before sled builds on it.
pub fn sync_before_open(folder: &Path) -> io::Result<()> {
    match File::open(folder.join("db")) {
        Ok(db) => db.sync_all(),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(fault),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
