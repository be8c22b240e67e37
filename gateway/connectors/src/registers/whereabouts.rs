//! Which sources may hold a patient's data (lokalisatie), from a register file of the region.
//!
//! ```json
//! [{ "patient": "…", "holders": ["90000901", "90000902"] }]
//! ```
//! At the holder's gate only our own sources are asked; at the user's gate also the peers that the register names.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use exchange::ports::{BoxFuture, Localisation, Source, Whereabouts};
use fhir::{Bsn, Ura};
use policy::{DataHolder, Direction, Finding, NotFoundOut, PatientScope, Permit};
use serde::Deserialize;
use tracing::warn;

use super::file::{RecordFault, Register, RegisterHealth, patient, records};

/// Own sources, and peers by what a register of the region says.
pub struct RegionalRegister {
    holder: DataHolder,
    own: Vec<Arc<dyn Source>>,
    peers: HashMap<DataHolder, Arc<dyn Source>>,
    register: Option<Register<Named>>,
}

/// Who is named for a patient. Ordered, so that sources are always asked in the same order.
type Named = HashMap<Bsn, BTreeSet<Ura>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRecord {
    patient: String,
    holders: Vec<Ura>,
}

impl RegionalRegister {
    /// `holder` is this node. Without a file, nobody knows which peers to ask, and the answer says so.
    pub fn open(
        path: Option<&Path>,
        holder: DataHolder,
        own: Vec<Arc<dyn Source>>,
        peers: HashMap<DataHolder, Arc<dyn Source>>,
    ) -> Self {
        RegionalRegister { holder, own, peers, register: path.map(|path| Register::open(path, build)) }
    }

    fn places(&self, direction: Direction, patient: &PatientScope) -> Whereabouts {
        let own = |index| Whereabouts { places: self.own.clone(), index };
        let bsn = match (direction, patient) {
            (Direction::User, PatientScope::One(bsn)) => bsn,
            // What we hold ourselves is asked of ourselves; and an index of patients knows only patients.
            (Direction::Holder, _)
            | (Direction::User, PatientScope::Nobody | PatientScope::Any | PatientScope::Told) => {
                return own(Finding::NotFoundOut(NotFoundOut::NotAsked));
            }
        };
        let Some(register) = &self.register else {
            return own(Finding::NotFoundOut(NotFoundOut::NobodyToAsk));
        };
        let Some(content) = register.content() else {
            return own(Finding::NotFoundOut(NotFoundOut::Unusable));
        };
        let Some(named) = content.get(bsn) else {
            return own(Finding::Absent);
        };
        let others: Vec<&Ura> = named.iter().filter(|ura| **ura != self.holder.0).collect();
        let mut found = own(Finding::Found(others.len()));
        for ura in others {
            match self.peers.get(&DataHolder(ura.clone())) {
                Some(peer) => found.places.push(peer.clone()),
                // It is counted in the index, so that the answer can not look complete.
                None => warn!(holder.ura = %ura, "the register names a provider that is not configured"),
            }
        }
        found
    }
}

impl RegisterHealth for RegionalRegister {
    fn refresh(&self) {
        if let Some(register) = &self.register {
            register.read_if_changed();
        }
    }

    fn healthy(&self) -> Result<(), String> {
        self.register.as_ref().and_then(Register::fault).map_or(Ok(()), Err)
    }
}

impl Localisation for RegionalRegister {
    fn locate<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        Box::pin(std::future::ready(self.places(permit.direction(), permit.patient())))
    }
}

fn build(text: &[u8]) -> Result<Named, RecordFault> {
    let mut named = Named::new();
    for (patient, holders) in records(text, |raw: RawRecord| Ok((patient(&raw.patient)?, raw.holders)))? {
        named.entry(patient).or_default().extend(holders);
    }
    Ok(named)
}

#[cfg(test)]
mod tests;
