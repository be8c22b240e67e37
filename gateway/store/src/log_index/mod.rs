//! The index by which the access log is searched: which records carry a term, and when they were closed.
//!
//! A *term* is 64 opaque bits that somebody else makes of what a record says (under a secret: the index tells nobody who a
//! patient is). A *run* is an immutable file over a fixed number of consecutive records: where each stands and its second,
//! and for every term the records that carry it. The newest records, fewer than fill a run, are indexed in memory. A
//! look-up costs one read per term and run.
//!
//! Nothing here is the only copy of anything. A run that is torn, damaged, of another version, of another secret, or over
//! records that are not the log's any more, is thrown away and built again from the log; so the index is never in the way
//! of an exchange, and a search tells how far it reaches ([`Index::reach`]).
//!
//! sled is not used for it: [`crate::state`] leaves no more than 64 changes unsynced, which would make building
//! slow, and a tree of single postings needs several times the room.
//!
//! When records are erased from the log, whoever erases calls [`Index::rebuild_range`] over them afterwards, and again
//! after a start if it cannot tell whether it did: until then the terms of what was erased, which are keyed digests, stand
//! in the run.
//!
//! One file each: `ordinals` (a set of records of one run), `format` (a run's bytes), `run` (a sealed run), `tail` (the
//! newest records), `folder` (files), `index` (all of it), `building` (keeping up with the log), `search` (reading it),
//! `secret` (what terms are made under).
//!
//! This module must not know what a record says, nor what a term stands for.

mod building;
mod fault;
mod folder;
mod format;
mod index;
mod ordinals;
mod run;
mod search;
mod secret;
mod tail;
#[cfg(test)]
mod tests;

pub use fault::IndexFault;
pub use index::{Described, Index, IndexOptions, Indexer};
pub use search::{Candidate, Candidates, Period};
pub use secret::secret;
