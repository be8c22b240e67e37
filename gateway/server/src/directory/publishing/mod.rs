//! Our own organisation, services, locations and endpoints as a care services directory of our own (IHE mCSD, ITI-90 and
//! ITI-91), so that others find this node. Made of the configuration, and public: nothing of a patient or of a person's.
//!
//! Every version has its number and its moment, which the state keeps: who reads on over `_history` gets each change once,
//! also over a restart.

mod answers;
mod config;
mod ledger;
mod resources;
mod serving;
#[cfg(test)]
mod tests;

pub use config::{PublicationConfig, PublishedEndpoint, PublishedPlace};
pub use ledger::Ledger;
pub use serving::{PATH, base, below};

use std::sync::Arc;

use exchange::ports::Clock;
use fhir::FhirVersion;
use store::state::State;

use crate::config::NodeConfig;

/// What this node publishes, where it does.
///
/// # Errors
/// A sentence for the operator.
pub fn open(
    config: &NodeConfig,
    versions: &[FhirVersion],
    state: &Arc<State>,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<Ledger>>, String> {
    let Some(publication) = &config.publication else { return Ok(None) };
    let resources = resources::of(config, publication, versions);
    let ledger = Ledger::open(state, resources, clock.now()).map_err(|fault| format!("what is published: {fault}"))?;
    Ok(Some(Arc::new(ledger)))
}
