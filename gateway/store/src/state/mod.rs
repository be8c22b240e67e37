//! All state of a node but the access log: transfers, consents, registrations, cursors. Small
//! values under short keys, in named trees, in sled (embedded).
//!
//! sled's own flush hands bytes to the operating system but does not wait for the disk: measured
//! power cuts lose what it acknowledges. So nothing counts as done here before [`State::commit`] has
//! resolved: it flushes sled and then syncs sled's files itself, once for all who wait.
//!
//! This module must not know what a value says, and names neither keys nor values in a fault.

mod commit;
mod engine;
mod fault;
mod files;
mod options;
mod tree;

#[cfg(test)]
mod tests;

pub use engine::State;
pub use fault::{OpenFault, StateFault, Why};
pub use options::StateOptions;
pub(crate) use tree::within;
pub use tree::{Batch, Scan, Swap, Tree};
