//! Durable state of a node. Two things live here, each with its own idea of how bytes reach the
//! disk: the NEN 7513 access log ([`access_log`], our own segment files) with the proof that it was not altered
//! ([`proof`], a Merkle tree with signed checkpoints), and all other state ([`state`], sled behind a sync of our own):
//! what counts once ([`once`]), what others may come back for ([`grants`]), who knows whom in a region
//! ([`regional_index`]); a copy of what others keep, [`replica`], is such a state of its own. How far somebody came who reads
//! the log on is kept beside it ([`cursor`]), and what of it is still to be told to somebody who confirms each ([`outbox`]).
//!
//! This crate moves opaque bytes. It must not know what an access record, a transfer or a consent
//! looks like, and never puts stored bytes or keys into a log line or an error text.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests may panic")
)]

pub mod access_log;
pub mod cursor;
pub mod grants;
pub mod log_index;
pub mod once;
pub mod outbox;
mod private;
pub mod proof;
pub mod regional_index;
pub mod registrations;
pub mod replica;
mod small_file;
pub mod state;
pub mod transfers;
