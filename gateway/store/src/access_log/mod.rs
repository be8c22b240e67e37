//! The access log (NEN 7513): an append-only set of checksummed segment files.
//!
//! "No record, no data" rests on this module: an exchange reserves a [`Slot`] before it starts, so
//! that the record it must leave has a place, and answers only after [`Slot::write`] has resolved,
//! which is after the disk has confirmed the record.
//!
//! How it works, one file each: `format` (the bytes), `walk` (reading one segment and telling a torn
//! tail from damage), `recovery` (opening), `queue` (reservations), `writer` (the one thread that
//! writes; group commit), `reader` (reading back), `place` (reading one record back), `content` (what is read), `erase`
//! (taking the content of records away), `disk` (the few file operations, so that tests
//! can cut the power).
//!
//! The log must not know what a record says. The leaf of a later Merkle tree (RFC 6962, section
//! 2.1) is the record's bytes exactly as handed in; its index is its leaf index. An erased record's leaf stays.

mod content;
pub(crate) mod disk;
mod erase;
mod fault;
mod format;
mod log;
mod options;
mod place;
mod queue;
mod reader;
mod recovery;
mod slot;
mod walk;
mod writer;

#[cfg(test)]
pub(crate) mod simulated_disk;
#[cfg(test)]
mod tests;

pub use content::Content;
pub use erase::Erasure;
pub use fault::{EraseFault, LogFault, OpenFault, ReadFault};
pub use log::AccessLog;
pub use options::{AccessLogOptions, CheckAtOpen};
pub use place::Place;
pub use reader::{Records, read, read_from};
pub use slot::{Position, Slot};
