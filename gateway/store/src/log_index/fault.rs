//! What can go wrong with the index, as sentences for an operator.

use std::io;

use crate::access_log::ReadFault;

#[derive(Debug, thiserror::Error)]
pub enum IndexFault {
    #[error("the index of the access log could not be used ({doing}): {source}")]
    Io { doing: &'static str, source: io::Error },
    /// Noticed while searching; the run is built again.
    #[error("a part of the index of the access log is damaged; it is being built again")]
    Damaged,
    /// What was asked for is not indexed yet, or no more.
    #[error("the index of the access log reaches to record {reach} only; it is being built")]
    Behind { reach: u64 },
    #[error("the system gives no randomness")]
    Randomness,
    #[error(transparent)]
    Log(#[from] ReadFault),
}

impl IndexFault {
    pub(super) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> IndexFault {
        move |source| IndexFault::Io { doing, source }
    }
}
