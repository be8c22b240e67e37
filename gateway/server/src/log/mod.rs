//! Everything about the access log besides writing it: its proof, kept up while the node runs, whom it is told to, and
//! what an operator or an auditor does with it at the command line.

pub mod archive;
mod backoff;
mod command;
mod csv;
mod erase;
pub mod erasing;
mod export;
pub(crate) mod filter;
pub mod keeping;
mod lines;
pub mod notices;
pub mod places;
mod prove;
pub mod published;
pub mod retention;
mod search;
pub mod siem;
#[cfg(test)]
mod tests;
mod unindexed;
mod verify;
pub mod witnessing;

pub use command::{LogLine, run};
