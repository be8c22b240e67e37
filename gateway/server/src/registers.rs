//! The provider's own registers from its configuration, and the national consent register beside its own consents.

use std::collections::HashMap;
use std::sync::Arc;

use connectors::mitz::{LocalAndMitz, Mitz};
use connectors::nvi::Nvi;
use connectors::registers::{LocalConsents, Nobody, ProviderList, RegionalRegister, RegisterHealth};
use exchange::ports::{Clock, Consents, Source, SystemClock, TreatmentRelations};
use policy::DataHolder;
use store::state::State;

use crate::config::NodeConfig;
use crate::node::Wellness;

/// The provider's own registers, as ports and for their health.
pub struct Registers {
    pub consents: Arc<dyn Consents>,
    pub relations: Arc<dyn TreatmentRelations>,
    pub whereabouts: Arc<RegionalRegister>,
    pub health: Vec<Arc<dyn RegisterHealth>>,
}

impl Registers {
    pub fn open(
        config: &NodeConfig,
        own: Vec<Arc<dyn Source>>,
        peers: HashMap<DataHolder, Arc<dyn Source>>,
        (mitz, nvi): (Option<Mitz>, Option<Nvi>),
        clock: &Arc<dyn Clock>,
    ) -> Registers {
        let ura = &config.provider.ura;
        let holder = DataHolder(ura.clone());
        let files = &config.registers;
        let whereabouts = RegionalRegister::open(files.whereabouts_file.as_deref(), holder.clone(), own, peers);
        let whereabouts = Arc::new(match nvi {
            Some(index) => whereabouts.with_index(Arc::new(index)),
            None => whereabouts,
        });
        let mut registers = Registers {
            consents: Arc::new(Nobody),
            relations: Arc::new(Nobody),
            whereabouts: whereabouts.clone(),
            health: vec![whereabouts],
        };
        let local = files.consents_file.as_deref();
        let local = local.map(|file| Arc::new(LocalConsents::open(file, holder, clock.clone())));
        if let Some(consents) = &local {
            registers.consents = consents.clone();
            registers.health.push(consents.clone());
        }
        if let Some(mitz) = mitz {
            registers.consents = Arc::new(LocalAndMitz::new(local, Arc::new(mitz)));
        }
        if let Some(file) = &files.relations_file {
            let relations = Arc::new(ProviderList::open(file, ura.clone(), clock.clone()));
            registers.relations = relations.clone();
            registers.health.push(relations);
        }
        registers
    }
}

/// What this provider itself knows of relations and consents, for a question that no exchange asks.
pub fn own_knowledge(config: &NodeConfig) -> (Arc<dyn TreatmentRelations>, Arc<dyn Consents>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let registers = Registers::open(config, Vec::new(), HashMap::new(), (None, None), &clock);
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
