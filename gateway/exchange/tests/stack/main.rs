//! The stack with stub neighbours: for each thing that can happen to a request, what is answered, what the record
//! says, and whether a source was asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod access_log;
mod answers;
mod consents;
mod emergency;
mod forms;
mod log;
mod masking;
mod paging;
mod refusals;
mod shadow;
mod told;
mod trail;
mod transactions;
mod versions;
mod world;
