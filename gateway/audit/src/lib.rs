//! What the access log says (NEN 7513): a record as an AuditEvent ([`event()`]), in words ([`sentence()`], [`fold`]),
//! searched ([`Question`], [`keys`]), looked over for the unusual ([`hints()`]), told to a monitoring system ([`siem`]) and to
//! the privacy officer ([`notice`]), and erased after its retention ([`erasure`]).
//!
//! Pure functions over records. This crate does no I/O, knows no async and not where records are kept.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stderr,
        reason = "tests may panic and say what they skipped"
    )
)]

mod ascii;
mod class;
pub mod erasure;
pub mod event;
pub mod hints;
pub mod keys;
pub mod notice;
pub mod question;
pub mod sentence;
pub mod siem;
mod sieve;
pub mod story;
#[cfg(test)]
mod testing;

pub use class::Class;
pub use event::event;
pub use hints::{Hint, HintRules, Pattern, hints};
pub use keys::{KeySecret, Keys, keys};
pub use question::{Narrowing, Question};
pub use sentence::{Language, Voice, sentence};
pub use story::{Story, fold};

/// A record with its place in the node's log.
pub type Numbered = (u64, exchange::record::AccessRecord);
