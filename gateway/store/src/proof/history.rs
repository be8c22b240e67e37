//! Every checkpoint that was given out, one file, appended and never changed: what the log once said about itself.
//! A frame is `size length` in decimal, a line end, and the checkpoint as it was given out.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::checkpoint::SignedCheckpoint;
use super::fault::ProofFault;
use crate::private;

/// Longest checkpoint that is read back.
const LONGEST: usize = 1 << 20;
/// Longest first line of a frame.
const LONGEST_LINE: u64 = 64;
/// What a torn first frame may leave.
const TORN_FIRST: u64 = 1024;

/// The file of given-out checkpoints.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    file: File,
    /// Where the last whole frame ends.
    end: u64,
}

/// One checkpoint as the file has it. Not read yet, let alone believed.
#[derive(Debug)]
pub(super) struct Frame {
    pub size: u64,
    pub note: Vec<u8>,
    length: u64,
}

/// What a walk through the file came to.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Where the last whole frame ends, and how long it is.
    end: u64,
    last: u64,
    length: u64,
}

impl Walked {
    /// From which byte on the file cannot be read, unless that is no more than a write that was cut off leaves: the next
    /// frame is written only when this one is on disk.
    pub fn damaged_from(&self) -> Option<u64> {
        let torn = if self.last == 0 { TORN_FIRST } else { self.last + LONGEST_LINE };
        (self.length - self.end > torn).then_some(self.end)
    }
}

impl History {
    /// Opens or makes the file; gives its last checkpoint. A torn end is cut off: what was torn was never given out.
    ///
    /// # Errors
    /// `Broken` when more than a torn end cannot be read.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<SignedCheckpoint>), ProofFault> {
        let io = |fault| ProofFault::io("open the checkpoints")(fault);
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).mode(private::FILE_MODE).open(path);
        let file = file.map_err(io)?;
        let mut last = None;
        let walked = walk(path, |frame| last = Some(frame)).map_err(io)?;
        if let Some(from) = walked.damaged_from() {
            return Err(damaged(from));
        }
        file.set_len(walked.end).and_then(|()| file.sync_all()).map_err(io)?;
        private::sync_folder_of(path).map_err(io)?;
        let last = last.map(|frame| SignedCheckpoint::read(&frame.note)).transpose()?;
        Ok((History { path: path.to_owned(), file, end: walked.end }, last))
    }

    /// Adds a checkpoint; it is on disk when this returns. One that failed leaves nothing behind.
    pub(super) fn add(&mut self, checkpoint: &SignedCheckpoint) -> Result<(), ProofFault> {
        let frame = framed(checkpoint);
        let written = self.file.set_len(self.end);
        let written = written.and_then(|()| self.file.write_all_at(&frame, self.end));
        written.and_then(|()| self.file.sync_data()).map_err(ProofFault::io("write a checkpoint"))?;
        self.end += frame.len() as u64;
        Ok(())
    }

    /// All of them, in the order in which they were given out.
    pub fn all(&self) -> Result<Vec<SignedCheckpoint>, ProofFault> {
        read(&self.path)
    }
}

/// The checkpoints of a history that somebody copied.
///
/// # Errors
/// When the file cannot be read, or anything in it is no checkpoint.
pub fn read(path: &Path) -> Result<Vec<SignedCheckpoint>, ProofFault> {
    let mut found = Vec::new();
    let walked = walk(path, |frame| found.push(SignedCheckpoint::read(&frame.note)));
    let walked = walked.map_err(ProofFault::io("read the checkpoints"))?;
    match walked.damaged_from() {
        None => found.into_iter().collect(),
        Some(from) => Err(damaged(from)),
    }
}

/// The last checkpoint of a history; nothing when there is none. Believe it after [`SignedCheckpoint::verify`] only.
///
/// # Errors
/// When the file cannot be read, or its last is no checkpoint.
pub fn read_last(path: &Path) -> Result<Option<SignedCheckpoint>, ProofFault> {
    let mut last = None;
    walk(path, |frame| last = Some(frame)).map_err(ProofFault::io("read the checkpoints"))?;
    last.map(|frame| SignedCheckpoint::read(&frame.note)).transpose()
}

/// A checkpoint as the file has it.
pub(super) fn framed(checkpoint: &SignedCheckpoint) -> Vec<u8> {
    let note = checkpoint.write();
    [format!("{} {}\n", checkpoint.size(), note.len()).as_bytes(), &note].concat()
}

/// The checkpoints of a text of whole frames and nothing else.
///
/// # Errors
/// When it is none.
pub(super) fn all_of(text: &[u8]) -> Result<Vec<SignedCheckpoint>, ProofFault> {
    let (mut rest, mut found, mut end) = (text, Vec::new(), 0);
    while let Some(frame) = frame(&mut rest).map_err(ProofFault::io("read checkpoints"))? {
        end += frame.length;
        found.push(SignedCheckpoint::read(&frame.note)?);
    }
    if end == text.len() as u64 { Ok(found) } else { Err(damaged(end)) }
}

fn damaged(from: u64) -> ProofFault {
    ProofFault::Broken(format!("the file of checkpoints cannot be read from byte {from} on"))
}

/// Gives every whole frame in order. A file that is not there has none.
pub(super) fn walk(path: &Path, mut each: impl FnMut(Frame)) -> io::Result<Walked> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Walked::default()),
        Err(fault) => return Err(fault),
    };
    let mut walked = Walked { length: file.metadata()?.len(), ..Walked::default() };
    let mut from = BufReader::new(file);
    while let Some(frame) = frame(&mut from)? {
        walked.end += frame.length;
        walked.last = frame.length;
        each(frame);
    }
    // What another process appended meanwhile was given, too.
    walked.length = walked.length.max(walked.end);
    Ok(walked)
}

fn frame(from: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let mut line = Vec::new();
    from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    let Some((size, bytes)) = line_of(&line) else { return Ok(None) };
    let mut note = vec![0; bytes];
    match from.read_exact(&mut note) {
        // Room was taken for it and its bytes never came.
        Ok(()) if note.contains(&0) => Ok(None),
        Ok(()) => Ok(Some(Frame { size, note, length: (line.len() + bytes) as u64 })),
        Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn line_of(line: &[u8]) -> Option<(u64, usize)> {
    let (size, length) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.split_once(' ')?;
    Some((size.parse().ok()?, length.parse().ok().filter(|length| *length <= LONGEST)?))
}
