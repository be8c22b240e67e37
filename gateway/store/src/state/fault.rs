//! Everything that can go wrong with the state, as sentences for an operator. sled's own error texts
//! may quote what is stored, so they stay behind.

use std::io;
use std::path::PathBuf;

/// Why something was not read, changed or made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateFault {
    #[error("too many callers wait for the state to be committed")]
    Busy,
    /// A flush or a sync failed. Final until the node is started again.
    #[error("the state could not be made durable; it refuses changes until the node is started again")]
    Unwritable,
    #[error("the state is closed")]
    Closed,
    #[error("a {what} of {bytes} is over the state's limit of {limit}")]
    TooLarge { what: &'static str, bytes: usize, limit: usize },
    #[error("the state is damaged; keep a copy of its folder and restore it from a backup")]
    Damaged,
    #[error("the state could not be read or written: {0}")]
    Io(io::ErrorKind),
    #[error("the state's engine refused")]
    Engine,
}

/// Why the state did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    #[error("state options: {0}")]
    Options(&'static str),
    #[error(
        "the state in {} could not be opened ({why}). If another node uses this folder, stop it. Otherwise keep a copy of \
         the folder and restore it from a backup; the access log is kept elsewhere and is not affected", .folder.display()
    )]
    Engine { folder: PathBuf, why: Why },
    #[error("the state could not {doing} in {}: {source}", .folder.display())]
    Io { doing: &'static str, folder: PathBuf, source: io::Error },
}

/// What sled made of the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("it broke off on what it found there")]
    Panicked,
    #[error("{0}")]
    Fault(StateFault),
}

impl From<sled::Error> for StateFault {
    fn from(fault: sled::Error) -> Self {
        match fault {
            sled::Error::Corruption { .. } => Self::Damaged,
            sled::Error::Io(source) => Self::Io(source.kind()),
            sled::Error::CollectionNotFound(_) | sled::Error::Unsupported(_) | sled::Error::ReportableBug(_) => {
                Self::Engine
            }
        }
    }
}
