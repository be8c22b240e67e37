//! The provider's own registers from its configuration, and the national consent register beside its own consents.

use std::collections::HashMap;
use std::sync::Arc;

use connectors::mitz::{LocalAndMitz, Mitz, RegisterAndMitz};
use connectors::nvi::Nvi;
use connectors::registers::{ConsentRecords, LocalConsents, Nobody, ProviderList, RegionalRegister, RegisterHealth};
use connectors::relations::{OwnSources, Relations};
use connectors::sources::OwnRecords;
use exchange::ports::{Clock, Consents, Localisation, Source, SystemClock, TreatmentRelations};
use policy::DataHolder;
use store::state::State;

use crate::config::NodeConfig;
use crate::node::Wellness;

/// The provider's own registers, as ports and for their health.
pub struct Registers {
    pub consents: Arc<dyn Consents>,
    pub relations: Arc<dyn TreatmentRelations>,
    pub whereabouts: Arc<dyn Localisation>,
    pub health: Vec<Arc<dyn RegisterHealth>>,
    /// What the provider itself recorded of consents, where it has any place for that.
    pub own_consents: Option<Arc<LocalConsents>>,
}

/// Who knows of patients, relations and consents: whatever the registers are put together from.
#[derive(Default)]
pub struct Parties {
    pub own: Vec<Arc<dyn Source>>,
    /// The own sources that are looked at for treatment relations.
    pub witnesses: Vec<Arc<dyn OwnRecords>>,
    /// Those that are asked for Consents of the patient as well.
    pub consent_systems: Vec<Arc<dyn ConsentRecords>>,
    pub peers: HashMap<DataHolder, Arc<dyn Source>>,
    pub mitz: Option<Mitz>,
    /// The index of who has data of whom.
    pub index: Option<Nvi>,
}

impl Registers {
    pub fn open(config: &NodeConfig, parties: Parties, clock: &Arc<dyn Clock>) -> Registers {
        let Parties { own, witnesses, consent_systems, peers, mitz, index } = parties;
        let ura = &config.provider.ura;
        let holder = DataHolder(ura.clone());
        let files = &config.registers;
        let partners = peers.clone();
        let register = RegionalRegister::open(files.whereabouts_file.as_deref(), holder.clone(), own, peers);
        let register = Arc::new(match index {
            Some(index) => register.with_index(Arc::new(index)),
            None => register,
        });
        let mut registers = Registers {
            consents: Arc::new(Nobody),
            relations: Arc::new(Relations::new(true, Vec::new())),
            whereabouts: register.clone(),
            health: vec![register.clone()],
            own_consents: None,
        };
        let locates_as = files.mitz.as_ref().and_then(|mitz| mitz.locates_as.clone());
        if let (Some(mitz), Some(issuer)) = (&mitz, locates_as) {
            let whereabouts = RegisterAndMitz::new(holder.clone(), register, partners, mitz.clone(), issuer);
            registers.whereabouts = Arc::new(whereabouts);
        }
        let local = local_consents(config, holder, consent_systems, clock).map(Arc::new);
        if let Some(consents) = &local {
            registers.consents = consents.clone();
            registers.health.push(consents.clone());
            registers.own_consents = Some(consents.clone());
        }
        if let Some(mitz) = mitz {
            registers.consents = Arc::new(LocalAndMitz::new(local, Arc::new(mitz)));
        }
        let mut ways: Vec<Arc<dyn TreatmentRelations>> = Vec::new();
        if let Some(file) = &files.relations_file {
            let list = Arc::new(ProviderList::open(file, ura.clone(), clock.clone()));
            ways.push(list.clone());
            registers.health.push(list);
        }
        if let Some(evidence) = files.evidence.as_ref().filter(|evidence| !evidence.kinds.is_empty()) {
            ways.push(Arc::new(OwnSources::new(ura.clone(), evidence.clone(), witnesses, clock.clone())));
        }
        let assertions = files.evidence.as_ref().is_none_or(|evidence| evidence.assertions);
        registers.relations = Arc::new(Relations::new(assertions, ways));
        registers
    }
}

/// The provider's own consents, where it has any place for them.
fn local_consents(
    config: &NodeConfig,
    holder: DataHolder,
    systems: Vec<Arc<dyn ConsentRecords>>,
    clock: &Arc<dyn Clock>,
) -> Option<LocalConsents> {
    let (table, shelf) = (&config.registers.consents_file, &config.registers.consent_resources_file);
    if table.is_none() && shelf.is_none() && !config.registers.consents_in_sources {
        return None;
    }
    let mut local = LocalConsents::of(holder, clock.clone()).with_systems(systems);
    if let Some(file) = table {
        local = local.with_table(file);
    }
    if let Some(file) = shelf {
        local = local.with_shelf(file);
    }
    Some(local)
}

/// What this provider itself knows of relations and consents, for a question that no exchange asks.
pub fn own_knowledge(
    config: &NodeConfig,
    witnesses: Vec<Arc<dyn OwnRecords>>,
    consent_systems: Vec<Arc<dyn ConsentRecords>>,
) -> (Arc<dyn TreatmentRelations>, Arc<dyn Consents>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let parties = Parties { witnesses, consent_systems, ..Parties::default() };
    let registers = Registers::open(config, parties, &clock);
    (registers.relations, registers.consents)
}

/// Whether every register is up to date, and the state can be written.
pub fn wellness(registers: Vec<Arc<dyn RegisterHealth>>, state: Arc<State>) -> Wellness {
    Box::new(move || {
        if !state.healthy() {
            return Some("the state cannot be written: no token is given\n");
        }
        let ill = registers.iter().any(|register| register.healthy().is_err());
        ill.then_some("a register of this provider cannot be read\n")
    })
}
