//! Use cases that are more than one exchange, or whose answer is more than what the stack released.
//!
//! Nothing in here asks a source: that is the stack's. Nothing in here decides what may leave: that has been done.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stderr,
        reason = "tests may panic: that is how they fail; and say what they skipped"
    )
)]

pub mod bgz;
pub mod eoverdracht;
pub mod medication;
pub mod overview;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod words;
