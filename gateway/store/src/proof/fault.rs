//! What can go wrong with the proof, as sentences for an operator or an auditor.

use std::io;

#[derive(Debug, thiserror::Error)]
pub enum ProofFault {
    #[error("the tree's files could not be used ({doing}): {source}")]
    Io { doing: &'static str, source: io::Error },
    /// The files of the tree contradict each other or the log.
    #[error("the tree does not hold: {0}")]
    Broken(String),
    #[error("the tree has {size} leaves; {asked} was asked for")]
    Beyond { size: u64, asked: u64 },
    #[error("this is no signed checkpoint: {0}")]
    Checkpoint(&'static str),
    #[error("this is no key of this kind: {0}")]
    Key(&'static str),
    #[error(transparent)]
    Log(#[from] crate::access_log::ReadFault),
}

impl ProofFault {
    pub(super) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> ProofFault {
        move |source| ProofFault::Io { doing, source }
    }
}
