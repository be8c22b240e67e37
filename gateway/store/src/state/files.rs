//! Makes sled's files durable. A trait, so that a test can see what the disk was told to keep.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub trait Files: Send + 'static {
    /// Makes what sled has written so far durable.
    fn sync(&self) -> io::Result<()>;
}

/// The operating system's files of one sled folder.
#[derive(Debug)]
pub struct OsFiles {
    db: File,
    blobs: PathBuf,
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
        Ok(Self { db: File::open(folder.join("db"))?, blobs: folder.join("blobs") })
    }
}

impl Files for OsFiles {
    fn sync(&self) -> io::Result<()> {
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
