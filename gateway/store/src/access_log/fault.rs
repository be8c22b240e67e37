//! Everything that can go wrong with the access log, as sentences for an operator. No record's
//! bytes are ever part of one.

use std::io;
use std::path::PathBuf;

/// Why a record was not, or will not be, made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    /// All places are taken; try later.
    #[error("the access log's queue is full")]
    Busy,
    /// The disk has no room for the next segment. Nothing is lost; the log resumes by itself when
    /// there is room.
    #[error("the access log has no room on disk for its next segment")]
    NoRoom,
    /// A write or a sync failed. Final until the node is started again, because after a failed
    /// sync the operating system may show bytes that are not on the disk.
    #[error("the access log could not be written; it refuses until the node is started again")]
    Unwritable,
    /// The log was closed.
    #[error("the access log is closed")]
    Closed,
    /// The record is longer than the log takes.
    #[error("an access record of {bytes} bytes is longer than the {limit} bytes the log takes")]
    TooLarge { bytes: usize, limit: usize },
}

/// Why the log did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    #[error("access log options: {0}")]
    Options(String),
    #[error("the access log in {} is in use by another process; stop that one, or give this node its own folder", .0.display())]
    InUse(PathBuf),
    #[error("the access log could not {doing} in {}: {source}", .folder.display())]
    Io { doing: &'static str, folder: PathBuf, source: io::Error },
    #[error(
        "the access log is damaged: {damage}. Nothing was changed. Keep a copy of the folder, then restore this file from a backup"
    )]
    Damaged {
        #[source]
        damage: Damage,
    },
}

/// Why reading stopped before the end of the log.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    #[error("the access log could not be read: {0}")]
    Io(#[from] io::Error),
    #[error("the access log is damaged: {0}")]
    Damaged(#[from] Damage),
}

/// Why records were not erased. The segment at hand is as it was.
#[derive(Debug, thiserror::Error)]
pub enum EraseFault {
    #[error(transparent)]
    Log(#[from] ReadFault),
    #[error("a segment of the access log could not be written anew: {0}")]
    Write(io::Error),
    /// What was written is not what it should be.
    #[error(
        "a segment of the access log did not come out as it should when it was written anew; nothing was erased in it"
    )]
    Unequal,
}

/// Bytes that were made durable and are no longer what they were, or are gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("file {file} at offset {offset}: {what}")]
pub struct Damage {
    pub(super) file: String,
    pub(super) offset: u64,
    pub(super) what: &'static str,
}

impl Damage {
    pub(super) fn new(file: impl Into<String>, offset: u64, what: &'static str) -> Self {
        Self { file: file.into(), offset, what }
    }
}
