//! What transfers carry: a file per part, written whole and durable under its name or not there at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Id;
use crate::private;

/// The end of the name of a file that is being written.
const UNFINISHED: &str = "new";

/// The files of all transfers of one side of a node.
#[derive(Clone, Debug)]
pub struct Documents {
    folder: PathBuf,
    /// The longest part, in bytes.
    longest: u64,
}

/// Why a part was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentFault {
    #[error("a part of {bytes} bytes is over the limit of {limit}")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("the documents could not be read or written: {0}")]
    Io(io::ErrorKind),
}

impl From<io::Error> for DocumentFault {
    fn from(fault: io::Error) -> Self {
        DocumentFault::Io(fault.kind())
    }
}

impl Documents {
    /// Opens a folder that is this side's own, and takes away what an earlier process had not finished.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(folder: PathBuf, longest: u64) -> Result<Self, DocumentFault> {
        private::make_folder(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == UNFINISHED) {
                fs::remove_file(path)?;
            }
        }
        private::sync_folder_of(&folder)?;
        Ok(Documents { folder, longest })
    }

    /// Writes a part, in the place of one that is there. It is on the disk when this returns.
    ///
    /// Waits for the disk, so it is not for a thread that serves others.
    ///
    /// # Errors
    /// The part is too long, or the disk says no; then what was there is still there.
    pub fn write(&self, transfer: Id, part: u32, bytes: &[u8]) -> Result<(), DocumentFault> {
        let length = bytes.len() as u64;
        if length > self.longest {
            return Err(DocumentFault::TooLarge { bytes: length, limit: self.longest });
        }
        let path = self.path(transfer, part);
        let unfinished = path.with_extension(UNFINISHED);
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(private::FILE_MODE).open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        private::sync_folder_of(&path)?;
        Ok(())
    }

    /// Reads a part; nothing when there is none.
    ///
    /// # Errors
    /// The disk says no, or the file is longer than any that is written here.
    pub fn read(&self, transfer: Id, part: u32) -> Result<Option<Vec<u8>>, DocumentFault> {
        let file = match File::open(self.path(transfer, part)) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault.into()),
        };
        let length = file.metadata()?.len();
        if length > self.longest {
            return Err(DocumentFault::TooLarge { bytes: length, limit: self.longest });
        }
        let mut bytes = Vec::new();
        file.take(self.longest).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Takes away every part of a transfer. To do it again changes nothing.
    ///
    /// # Errors
    /// The disk says no.
    pub fn remove(&self, transfer: Id) -> Result<(), DocumentFault> {
        for path in self.of(|found| found == transfer)? {
            fs::remove_file(path)?;
        }
        Ok(private::sync_folder_of(&self.folder.join("."))?)
    }

    /// Takes away one part of a transfer. To do it again changes nothing.
    ///
    /// # Errors
    /// The disk says no.
    pub fn remove_part(&self, transfer: Id, part: u32) -> Result<(), DocumentFault> {
        let path = self.path(transfer, part);
        match fs::remove_file(&path) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault.into()),
            _ => Ok(private::sync_folder_of(&path)?),
        }
    }

    /// Takes away the parts of transfers that `known` does not know: they were written for one that was never made.
    ///
    /// # Errors
    /// The disk says no.
    pub fn sweep(&self, mut known: impl FnMut(Id) -> bool) -> Result<usize, DocumentFault> {
        let orphans = self.of(|found| !known(found))?;
        for path in &orphans {
            fs::remove_file(path)?;
        }
        Ok(orphans.len())
    }

    fn of(&self, mut wanted: impl FnMut(Id) -> bool) -> Result<Vec<PathBuf>, DocumentFault> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if owner(&path).is_some_and(&mut wanted) {
                found.push(path);
            }
        }
        Ok(found)
    }

    fn path(&self, transfer: Id, part: u32) -> PathBuf {
        self.folder.join(format!("{:032x}-{part}.part", u128::from_be_bytes(transfer)))
    }
}

/// Whose part a file is.
fn owner(path: &Path) -> Option<Id> {
    let (id, _) = path.file_name()?.to_str()?.split_once('-')?;
    (id.len() == 32).then(|| u128::from_str_radix(id, 16).ok().map(u128::to_be_bytes))?
}
