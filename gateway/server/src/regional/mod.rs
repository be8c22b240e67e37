//! What this node keeps for its region, where there are no national services: an index of who has data of whom, and a
//! pseudonym service. Both speak as the national ones do, so that the same clients serve (`connectors::nvi`,
//! `connectors::prs`).
//!
//! Neither is told a BSN. The index knows keyed pseudonyms; who evaluates them sees blinded points. Kept by one node, that
//! node's secrets together could try out numbers until one fits, so a region that can lets two of its nodes keep one each.

mod access;
mod answering;
mod asked;
pub mod config;
mod fault;
mod list;
#[cfg(test)]
mod tests;
mod wiring;

use std::collections::HashMap;
use std::sync::Arc;

use connectors::prs::{Evaluator, Recipient};
use exchange::ports::{AccessLog, Clock, Throttle};
use fhir::Ura;
use store::regional_index::RegionalIndex;
use tokio::sync::Semaphore;

pub use access::{INDEX_AUDIENCE, PSEUDONYM_AUDIENCE};
pub use answering::Reply;
pub use wiring::{Around, open, try_out};

/// What a node keeps for its region.
pub struct Regional {
    access: access::Access,
    index: Option<Index>,
    evaluator: Option<Evaluator>,
    places: Semaphore,
    throttle: Arc<dyn Throttle>,
    log: Arc<dyn AccessLog>,
    clock: Arc<dyn Clock>,
    /// This node, in records.
    node: String,
    /// What members are called, where that is known.
    names: HashMap<Ura, String>,
}

/// The index: what it holds, and what opens the tokens that it is given.
struct Index {
    recipient: Recipient,
    kept: Arc<RegionalIndex>,
}
