//! The files of the index: one per run, named after its first record, whole under its name or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::private;

/// A run until it is whole.
const UNFINISHED: &str = "next.unfinished";

pub fn run_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}.run"))
}

/// Writes a run that has no name yet, and makes it durable.
pub fn write_unfinished(folder: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let path = folder.join(UNFINISHED);
    let mut file = File::options().write(true).create(true).truncate(true).mode(private::FILE_MODE).open(&path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(path)
}

/// Takes away what a process that broke off left, and the runs that do not begin where one may.
pub fn clean(folder: &Path, run_records: usize) -> io::Result<()> {
    let strange = |name: &str| match name.strip_suffix(".run") {
        Some(first) => first.parse::<u64>().is_ok_and(|first| !first.is_multiple_of(run_records as u64)),
        None => name == UNFINISHED,
    };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(strange) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}
