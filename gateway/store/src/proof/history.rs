//! Every checkpoint that was given out, one file, appended and never changed: what the log once said about itself.
//! A frame is `size length` in decimal, a line end, and the checkpoint as it was given out.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::checkpoint::SignedCheckpoint;
use super::fault::ProofFault;
use crate::private;

/// Longest frame that is read back.
const LONGEST: usize = 1 << 20;

/// The file of given-out checkpoints.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    file: File,
}

impl History {
    /// Opens or makes the file. A torn end is cut off: what was torn was never given out.
    pub(super) fn open(path: &Path) -> Result<Self, ProofFault> {
        let io = ProofFault::io("open the checkpoints");
        let open = || {
            let file = File::options().append(true).create(true).mode(private::FILE_MODE).open(path)?;
            let bytes = std::fs::read(path)?;
            let (_, whole) = frames(&bytes);
            if whole < bytes.len() {
                file.set_len(whole as u64)?;
                file.sync_all()?;
            }
            Ok(file)
        };
        Ok(History { path: path.to_owned(), file: open().map_err(io)? })
    }

    /// Adds a checkpoint; it is on disk when this returns.
    pub(super) fn add(&mut self, checkpoint: &SignedCheckpoint) -> Result<(), ProofFault> {
        let note = checkpoint.write();
        let mut frame = format!("{} {}\n", checkpoint.size(), note.len()).into_bytes();
        frame.extend_from_slice(&note);
        self.file.write_all(&frame).and_then(|()| self.file.sync_data()).map_err(ProofFault::io("write a checkpoint"))
    }

    /// All of them, in the order in which they were given out.
    pub fn all(&self) -> Result<Vec<SignedCheckpoint>, ProofFault> {
        read(&self.path)
    }
}

/// The checkpoints of a file; none when there is no file.
pub(super) fn read(path: &Path) -> Result<Vec<SignedCheckpoint>, ProofFault> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(fault) => return Err(ProofFault::io("read the checkpoints")(fault)),
    };
    let (frames, _) = frames(&bytes);
    frames.into_iter().map(SignedCheckpoint::read).collect()
}

/// The whole frames, and where they end.
fn frames(bytes: &[u8]) -> (Vec<&[u8]>, usize) {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some((note, end)) = frame(bytes, at) {
        found.push(note);
        at = end;
    }
    (found, at)
}

fn frame(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    let line = rest.iter().take(64).position(|byte| *byte == b'\n')?;
    let (_, length) = std::str::from_utf8(rest.get(..line)?).ok()?.split_once(' ')?;
    let length = length.parse::<usize>().ok().filter(|length| *length <= LONGEST)?;
    let note = rest.get(line + 1..line + 1 + length)?;
    Some((note, at + line + 1 + length))
}
