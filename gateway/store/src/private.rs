//! What the store makes is for its owner alone: records name patients and people. What an operator has opened up to
//! others (an auditor's group) stays as it is.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

/// The mode of files that the store makes.
pub const FILE_MODE: u32 = 0o600;

/// How often, and with what pause between, an opening tries for the lock of a folder: two seconds in all.
pub const LOCK_TRIES: usize = 100;
pub const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Makes a folder, and those above it, that only its owner can enter. One that is there already stays as it is.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes the name of this file durable.
pub fn sync_folder_of(file: &Path) -> io::Result<()> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use crate::access_log::{AccessLog, AccessLogOptions};
    use crate::state::{State, StateOptions};

    #[test]
    fn nobody_but_the_owner_reads_what_the_store_makes() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let log = folder.path().join("store/log");
        let opened =
            AccessLog::open(AccessLogOptions { segment_bytes: 4 << 20, ..AccessLogOptions::new(&log) }).unwrap();
        opened.close().unwrap();
        assert_eq!((mode(&folder.path().join("store")), mode(&log)), (0o700, 0o700));
        let files: Vec<_> = std::fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 2, "a segment and a lock");
        assert!(files.iter().all(|file| mode(file) == 0o600));
        let state = folder.path().join("state");
        State::open(&StateOptions::new(&state)).unwrap().close().unwrap();
        assert_eq!(mode(&state), 0o700);
    }
}
