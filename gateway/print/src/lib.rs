//! Documents on paper: what can be read on a page, as PDF/A for whoever cannot take it in any other way.
//!
//! PDF/A-2a (ISO 19005-2): everything that is needed to show it is in it, fonts too, and its structure and words can be read by
//! machines that read aloud. It knows what is to be printed, and neither where that comes from nor where it goes.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic"))]

mod drawing;
mod flowing;
mod fonts;
mod handoff;
#[cfg(test)]
mod tests;

use thiserror::Error;
use time::OffsetDateTime;

pub use handoff::handoff;

/// What stands in a document besides what is printed.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Names this document and no other.
    pub id: &'a str,
    /// When what it says was put down, or it was printed. What is wanted the same each time has the same here.
    pub made: OffsetDateTime,
    /// From whom what is printed comes.
    pub from: &'a str,
    /// For whom it is.
    pub to: &'a str,
}

/// Why there is no document. Says nothing of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PrintFault {
    #[error("the document has more than {0} pages")]
    TooLong(usize),
    /// It would not be PDF/A.
    #[error("the document cannot be written as PDF/A: {0}")]
    NotWritten(String),
}
