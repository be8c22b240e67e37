//! Which sources may hold a patient's data (lokalisatie): what the index says, and what this provider knows itself from a
//! register file of the region.
//!
//! ```json
//! [{ "patient": "…", "holders": ["90000901", "90000902"] }]
//! ```
//! At the holder's gate only our own sources are asked; at the user's gate also the peers that index and register name, or
//! those alone that the request names (`holder`). Whoever is named is reached as our configuration says and in no other way:
//! neither index nor register can send us anywhere (ATT-143).

mod index;
mod unplaced;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use exchange::ports::{BoxFuture, Localisation, Source, Whereabouts};
use fhir::{Bsn, Interaction, Ura};
use policy::{DataHolder, Direction, Finding, NotFoundOut, PatientScope, Permit};
use serde::Deserialize;
use tracing::warn;

use self::unplaced::Unplaced;
use super::file::{RecordFault, Register, RegisterHealth, patient, records};

pub use index::Index;

/// The parameter of a request that names the providers to ask.
const ADDRESSEE: &str = "holder";

/// Own sources, and peers by what the index and a register of the region say.
pub struct RegionalRegister {
    holder: DataHolder,
    own: Vec<Arc<dyn Source>>,
    peers: HashMap<DataHolder, Arc<dyn Source>>,
    register: Option<Register<Named>>,
    index: Option<Arc<dyn Index>>,
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
        let register = path.map(|path| Register::open(path, build));
        RegionalRegister { holder, own, peers, register, index: None }
    }

    /// The same, with an index that is asked as well.
    #[must_use]
    pub fn with_index(mut self, index: Arc<dyn Index>) -> Self {
        self.index = Some(index);
        self
    }

    /// What this provider knows itself.
    fn known(&self, patient: &Bsn) -> Finding<BTreeSet<Ura>> {
        let Some(register) = &self.register else { return Finding::NotFoundOut(NotFoundOut::NobodyToAsk) };
        let Some(content) = register.content() else { return Finding::NotFoundOut(NotFoundOut::Unusable) };
        content.get(patient).map_or(Finding::Absent, |named| Finding::Found(named.clone()))
    }

    /// Own sources, and the peers among those named, in the order of their numbers. How many are named besides us counts
    /// those that are not configured, so that the answer can not look complete.
    fn placed(&self, named: &BTreeSet<Ura>) -> (Vec<Arc<dyn Source>>, usize) {
        let mut places = self.own.clone();
        let others: Vec<&Ura> = named.iter().filter(|ura| **ura != self.holder.0).collect();
        for ura in &others {
            match self.peers.get(&DataHolder((*ura).clone())) {
                Some(peer) => places.push(peer.clone()),
                None => warn!(holder.ura = %ura, "a provider is named that is not configured"),
            }
        }
        (places, others.len())
    }

    /// Where to ask, and what is known of where else there may be something. A party that could not say leaves what the
    /// other named.
    fn together(&self, told: Option<index::Told>, known: Finding<BTreeSet<Ura>>) -> Whereabouts {
        let nobody_knows = Finding::NotFoundOut(NotFoundOut::NobodyToAsk);
        let (mut named, mut doubt, mut anybody) = (BTreeSet::new(), None, false);
        match (&known, &told) {
            (Finding::Found(register), _) => {
                anybody = true;
                named.extend(register.iter().cloned());
            }
            // That we keep no register of our own leaves nothing open when there is an index.
            (Finding::NotFoundOut(NotFoundOut::NobodyToAsk), Some(_)) | (Finding::Absent, _) => {}
            (Finding::NotFoundOut(why), _) => doubt = Some(*why),
        }
        if let Some(told) = told {
            anybody |= !told.holders.is_empty();
            named.extend(told.holders);
            // What the index could not say weighs more than a file: it is what the region knows.
            doubt = told.doubt.or(doubt);
        }
        let (places, others) = self.placed(&named);
        let index = match doubt {
            Some(NotFoundOut::NobodyToAsk) => nobody_knows,
            Some(why) => Finding::NotFoundOut(why),
            None if anybody => Finding::Found(others),
            None => Finding::Absent,
        };
        Whereabouts { places, index }
    }

    /// Those that the request names, and nobody else. Whom we cannot reach is shown as such.
    fn addressed(&self, named: &BTreeSet<Ura>) -> Whereabouts {
        let mut places: Vec<Arc<dyn Source>> = Vec::new();
        for ura in named {
            if *ura == self.holder.0 {
                places.extend(self.own.iter().cloned());
                continue;
            }
            let holder = DataHolder(ura.clone());
            places.push(match self.peers.get(&holder) {
                Some(peer) => peer.clone(),
                None => Arc::new(Unplaced::new(holder)),
            });
        }
        Whereabouts { places, index: Finding::NotFoundOut(NotFoundOut::NotAsked) }
    }

    async fn found(&self, permit: &Permit) -> Whereabouts {
        let bsn = match (permit.direction(), permit.patient()) {
            (Direction::User, PatientScope::One(bsn)) => bsn,
            // What we hold ourselves is asked of ourselves; and an index of patients knows only patients.
            (Direction::Holder, _)
            | (
                Direction::User,
                PatientScope::Nobody | PatientScope::Any | PatientScope::Told | PatientScope::Unnamed,
            ) => {
                return Whereabouts { places: self.own.clone(), index: Finding::NotFoundOut(NotFoundOut::NotAsked) };
            }
        };
        let named = addressees(permit);
        if !named.is_empty() {
            return self.addressed(&named);
        }
        let told = match &self.index {
            Some(index) => Some(index.holders(bsn, &types(permit)).await),
            None => None,
        };
        self.together(told, self.known(bsn))
    }
}

/// The providers that a request for a collecting operation names.
fn addressees(permit: &Permit) -> BTreeSet<Ura> {
    let Interaction::Operation { query, .. } = &permit.request().interaction else { return BTreeSet::new() };
    if permit.operation().is_some() {
        return BTreeSet::new();
    }
    let texts = query.named(ADDRESSEE).flat_map(|parameter| parameter.alternatives());
    texts.filter_map(|text| Ura::parse(&text).ok()).collect()
}

/// The resource types that the permit's plan asks for, in every version in which sources are asked; none means any.
fn types(permit: &Permit) -> Vec<String> {
    let elsewhere = permit.elsewhere().filter_map(|(_, judged)| judged.ok());
    let plans = std::iter::once(permit).chain(elsewhere).flat_map(Permit::plan);
    let all: Option<BTreeSet<String>> =
        plans.map(|asked| asked.resource_type().map(|kind| kind.name().to_owned())).collect();
    all.unwrap_or_default().into_iter().collect()
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
        Box::pin(self.found(permit))
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
