//! A note, on disk, that records were erased of which the index still holds keyed digests. It is written before they are
//! erased and taken away when the index was built anew over them, so that a node that broke off in between, or an erasure
//! while the node stood still, leaves nothing behind.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Name of the note in the index's folder.
const NAME: &str = "erased-not-yet-forgotten";

/// The records concerned: from the first to behind the last.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    from: u64,
    until: u64,
}

/// Adds these ranges to the note. Where there is no index there is nothing to note.
///
/// # Errors
/// When the note cannot be made durable: a sentence for the operator. Nothing should be erased then.
pub fn note(index: &Path, ranges: &[Range<u64>]) -> Result<(), String> {
    let known = read(index)?;
    let all = ranges.iter().chain(&known);
    let whole = all.cloned().reduce(|one, other| one.start.min(other.start)..one.end.max(other.end));
    match whole {
        Some(whole) if index.is_dir() => write(index, &Note { from: whole.start, until: whole.end })
            .map_err(|fault| format!("{}: what has to be forgotten cannot be noted ({fault})", index.display())),
        _ => Ok(()),
    }
}

/// What has to be forgotten still.
///
/// # Errors
/// When the note cannot be read: a sentence for the operator.
pub fn read(index: &Path) -> Result<Option<Range<u64>>, String> {
    let file = place(index);
    let said = |fault: String| format!("{}: cannot be read ({fault})", file.display());
    match fs::read(&file) {
        Ok(bytes) => {
            let note: Note = serde_json::from_slice(&bytes).map_err(|fault| said(fault.to_string()))?;
            Ok(Some(note.from..note.until))
        }
        Err(fault) if matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(fault) => Err(said(fault.to_string())),
    }
}

/// Takes the note away: the index has forgotten.
///
/// # Errors
/// When it cannot be: a sentence for the operator. The index is then built anew once more.
pub fn done(index: &Path) -> Result<(), String> {
    let file = place(index);
    match fs::remove_file(&file) {
        Ok(()) => Ok(()),
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(format!("{}: cannot be removed ({fault})", file.display())),
    }
}

fn place(index: &Path) -> PathBuf {
    index.join(NAME)
}

/// Whole or not at all, and on disk before this returns.
fn write(index: &Path, note: &Note) -> std::io::Result<()> {
    let (file, draft) = (place(index), index.join(format!("{NAME}.draft")));
    let mut out = File::options().create(true).truncate(true).write(true).mode(0o600).open(&draft)?;
    serde_json::to_writer(&out, note)?;
    out.flush()?;
    out.sync_all()?;
    fs::rename(&draft, &file)?;
    File::open(index)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    #[test]
    fn what_has_to_be_forgotten_grows_until_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path();
        assert_eq!(read(index), Ok(None));
        assert_eq!(note(index, &[]), Ok(()));
        assert_eq!(read(index), Ok(None));
        assert_eq!(note(index, &[7..9, 3..4]), Ok(()));
        assert_eq!(read(index), Ok(Some(3..9)));
        assert_eq!(note(index, &[20..21, 0..0]), Ok(()));
        assert_eq!(read(index), Ok(Some(0..21)));
        assert_eq!((done(index), done(index)), (Ok(()), Ok(())));
        assert_eq!(read(index), Ok(None));
    }

    #[test]
    fn without_an_index_there_is_nothing_to_note_and_a_torn_note_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent");
        assert_eq!(note(&absent, from_ref(&(1..2))), Ok(()));
        assert!(!absent.exists());
        fs::write(place(folder.path()), "{\"from\":1").unwrap();
        assert!(read(folder.path()).is_err_and(|fault| fault.contains("cannot be read")));
        assert!(note(folder.path(), from_ref(&(1..2))).is_err());
    }
}
