//! A small file that is replaced as a whole: whoever finds it, after whatever happened, finds it as it was before or as it
//! is now. Files, not a tree of the state store: what a witness swore to lies beside its key as text that an auditor
//! reads with any tool, a cursor is a number that an operator may take away, and one write and two syncs per change is all
//! there is to do.

use std::io;

use crate::access_log::disk::{Disk, SegmentFile};

/// Larger than any file that is written here.
const LONGEST: u64 = 1 << 20;

/// Reads a file; nothing when there is none of this name.
pub fn load<D: Disk>(disk: &D, name: &str) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(name) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let size = file.size()?;
    if size > LONGEST {
        return Err(io::Error::other("the file is larger than any that is written here"));
    }
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(Some(bytes))
}

/// Replaces a file. It is on disk, under its name, when this returns.
pub fn replace<D: Disk>(disk: &D, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = format!("{name}.new");
    let file = disk.create(&unfinished, bytes.len() as u64)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    disk.rename(&unfinished, name)?;
    disk.sync_folder()
}
