//! What the configuration makes of the index: the index itself, and what keeps our registrations there up.

use std::sync::Arc;

use connectors::nvi::Nvi;
use connectors::registers::{Objections, RegisterHealth};
use connectors::sources::Inventory;
use store::registrations::Registrations;
use store::state::State;

use super::objecting::Findability;
use super::registering::{Registering, Setup};
use super::{NviMeasures, TREE, open};
use crate::config::{Mode, NodeConfig};
use crate::registers::Registers;

/// The index, where one is configured.
pub fn of(config: &NodeConfig) -> Result<Option<Nvi>, String> {
    let production = config.mode == Mode::Production;
    let address = format!("{}/fhir/{}", config.outer.public_base, fhir::FhirVersion::R4);
    let holder = config.provider.ura.clone();
    config.registers.nvi.as_ref().map(|settings| open(settings, holder, address, production)).transpose()
}

/// What keeps the registrations at the index up, where the configuration wants any.
pub fn registering(
    config: &NodeConfig,
    index: Option<&Nvi>,
    own: Vec<Arc<dyn Inventory>>,
    registers: &mut Registers,
    state: Arc<State>,
    measures: Arc<NviMeasures>,
) -> Result<Option<Registering>, String> {
    let settings = config.registers.nvi.as_ref().and_then(|settings| settings.registrations.as_ref());
    let (Some(settings), Some(index)) = (settings, index) else { return Ok(None) };
    let objections = settings.objections_file.as_deref().map(|file| Arc::new(Objections::open(file)));
    registers.health.extend(objections.clone().map(|list| -> Arc<dyn RegisterHealth> { list }));
    let findability = Findability::new(objections, registers.own_consents.clone());
    let ledger = Registrations::open(state, TREE).map_err(|fault| fault.to_string())?;
    let setup = Setup { settings: settings.clone(), index: index.clone(), own, findability, ledger, measures };
    Ok(Some(Registering::start(setup)))
}
