//! The outside world: sources, peers, identity, registers. Implements the ports of `exchange`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))] // tests may panic

pub mod identity;
pub mod registers;
