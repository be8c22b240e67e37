//! Who is reached where, by the copy alone: an organisation by its URA, or one of its services, to an endpoint that can do
//! what is wanted. The way there is told step by step, so that whoever asks why somebody is not found reads the same rules
//! that decide it.

mod fits;
mod owners;
mod places;

use std::sync::Arc;

use exchange::ports::{Capability, Clock, Receiver};
use fhir::Ura;

use super::address::Networks;
use super::authority::{Registry, facts};
use super::config::{DirectoryConfig, Topology};
use super::keys::{self, SourceId};
use super::moments::{Millis, millis};
use super::progress::SourceState;
use super::record::{Facts, OrganizationFacts, Record, RefusedBecause, Standing};
use super::rounds;
use super::shelf::{Shelf, ShelfFault};
use crate::http::WebAddress;

pub use fits::EndpointVerdict;
pub use owners::Owner;
pub use places::Listed;

/// Most records of one URA that are looked at.
const MOST_ORGANISATIONS: usize = 64;

/// The copy of all directories, to be asked.
pub struct Directories {
    shelf: Arc<dyn Shelf>,
    registry: Registry,
    config: Arc<DirectoryConfig>,
    networks: Networks,
    clock: Arc<dyn Clock>,
}

/// What was found, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    pub steps: Vec<Step>,
    pub found: Option<Found>,
    /// Whether nothing can be said because no directory was read to its end yet.
    pub unread: bool,
}

/// An address, and whose it is. It is used only with a server that shows the certificate of this organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub address: WebAddress,
    pub ura: Ura,
    pub organisation: String,
    /// How many others would have done as well.
    pub others: usize,
    /// When the directory that says so was last read to its end.
    pub as_of: Millis,
}

/// One step on the way to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A directory that may speak about this organisation, and how old what is known of it is.
    Directory {
        base: String,
        complete: bool,
        synchronised: Option<Millis>,
        fault: Option<String>,
    },
    /// No directory is configured that could know.
    NoDirectory,
    Organisation {
        base: String,
        name: String,
        active: bool,
    },
    /// No directory knows this URA.
    Unknown,
    /// The national directory does not know it, whatever others say.
    NotInNational,
    /// A directory says something of this URA that it may not say.
    Refused {
        base: String,
        name: String,
        because: RefusedBecause,
    },
    Service {
        name: String,
        active: bool,
    },
    UnknownService,
    NoEndpoints,
    Endpoint {
        name: String,
        address: String,
        verdict: EndpointVerdict,
    },
}

impl Step {
    /// Whether the way goes on here.
    pub fn holds(&self) -> bool {
        match self {
            Step::Directory { complete, .. } => *complete,
            Step::Organisation { active, .. } | Step::Service { active, .. } => *active,
            Step::Endpoint { verdict, .. } => *verdict == EndpointVerdict::Fits,
            Step::NoDirectory
            | Step::Unknown
            | Step::NotInNational
            | Step::Refused { .. }
            | Step::UnknownService
            | Step::NoEndpoints => false,
        }
    }
}

/// An organisation in one directory.
struct Known {
    source: SourceId,
    name: String,
    facts: OrganizationFacts,
}

impl Directories {
    pub fn new(config: Arc<DirectoryConfig>, shelf: Arc<dyn Shelf>, clock: Arc<dyn Clock>, networks: Networks) -> Self {
        Directories { registry: rounds::registry(&config, &shelf), shelf, config, networks, clock }
    }

    /// What is remembered of every directory.
    pub fn states(&self) -> Result<Vec<SourceState>, ShelfFault> {
        Ok(rounds::known(self.shelf.as_ref())?.into_iter().map(|(_, state)| state).collect())
    }

    /// Where somebody is reached who can do this, now, and how that is known.
    ///
    /// # Errors
    /// When the copy cannot be read.
    pub fn examine(&self, receiver: &Receiver, wanted: &Capability) -> Result<Examination, ShelfFault> {
        let mut told = Examination::default();
        let ura = &receiver.ura;
        let as_of = self.sources(ura, &mut told)?;
        let organisations = self.organisations(ura, &mut told)?;
        let active: Vec<Known> = organisations.into_iter().filter(|known| known.facts.active).collect();
        let Some(first) = active.first() else { return Ok(told) };
        let organisation = first.facts.name.clone();
        let endpoints = match &receiver.service {
            None => own_endpoints(&active),
            Some(service) => match self.service(ura, &active, service, &mut told)? {
                Some(endpoints) if !endpoints.is_empty() => endpoints,
                Some(_) => own_endpoints(&active),
                None => return Ok(told),
            },
        };
        if endpoints.is_empty() {
            told.steps.push(Step::NoEndpoints);
        }
        let mut fitting = Vec::new();
        for (source, name) in endpoints {
            let value = self.shelf.get(&keys::key(&source, &name))?;
            let endpoint = value.as_deref().and_then(facts).and_then(|facts| match facts {
                Facts::Endpoint(endpoint) => Some(endpoint),
                Facts::Organization(_) | Facts::Place(_) | Facts::Affiliation(_) => None,
            });
            let now = millis(self.clock.now());
            let (address, judged) = match &endpoint {
                Some(endpoint) => {
                    let unversioned = self.config.unversioned;
                    (endpoint.address.clone(), fits::judge(endpoint, wanted, unversioned, self.networks, now))
                }
                None => (String::new(), Err(EndpointVerdict::NotThere)),
            };
            let verdict = match judged {
                Ok(address) => {
                    fitting.push(address);
                    EndpointVerdict::Fits
                }
                Err(verdict) => verdict,
            };
            told.steps.push(Step::Endpoint { name, address, verdict });
        }
        fitting.dedup();
        let others = fitting.len().saturating_sub(1);
        let found = fitting.into_iter().next().zip(as_of);
        told.found = found.map(|(address, as_of)| Found { address, ura: ura.clone(), organisation, others, as_of });
        Ok(told)
    }

    /// The directories that may speak about this organisation. When the one that was read longest ago was.
    fn sources(&self, ura: &Ura, told: &mut Examination) -> Result<Option<Millis>, ShelfFault> {
        let mut as_of = None;
        let mut unread = true;
        let mut any = false;
        for id in self.registry.speakers(ura)? {
            let Some(state) = SourceState::load(self.shelf.as_ref(), &id)? else { continue };
            any = true;
            unread &= !state.complete;
            as_of = match (as_of, state.synchronised) {
                (Some(known), Some(at)) => Some(at.min(known)),
                (None, at) => at,
                (known, None) => known,
            };
            told.steps.push(Step::Directory {
                base: state.base,
                complete: state.complete,
                synchronised: state.synchronised,
                fault: state.fault,
            });
        }
        if !any {
            told.steps.push(Step::NoDirectory);
        }
        told.unread = unread;
        Ok(as_of)
    }

    /// Who has this URA, in the directories that may say so; those of providers in front. Of what they may not say, a step.
    fn organisations(&self, ura: &Ura, told: &mut Examination) -> Result<Vec<Known>, ShelfFault> {
        let mut found = Vec::new();
        for (key, value) in self.shelf.with_term(&keys::by_ura(ura), MOST_ORGANISATIONS)? {
            let Some((source, name)) = keys::read(&key) else { continue };
            let Some(state) = SourceState::load(self.shelf.as_ref(), &source)? else { continue };
            let base = state.base;
            match Record::read(&value).map(|record| record.standing) {
                Some(Standing::Here(Facts::Organization(facts))) if self.registry.speaks(&source, ura)? => {
                    if state.complete {
                        found.push((base, Known { source, name, facts }));
                    }
                }
                Some(Standing::Here(_)) => {
                    told.steps.push(Step::Refused { base, name, because: RefusedBecause::ForeignUra });
                }
                Some(Standing::Refused { because, .. }) => told.steps.push(Step::Refused { base, name, because }),
                Some(Standing::Deleted) | None => {}
            }
        }
        let national = found.iter().find(|(_, known)| known.source.is_national());
        let configured = self.config.providers.iter().any(|provider| provider.ura == *ura);
        // The national directory decides whether there is such an organisation, except where the configuration does.
        let needed = self.config.national.is_some() && self.config.topology == Topology::Decentral && !configured;
        match national.map(|(_, known)| known.facts.active) {
            None if found.is_empty() => told.steps.push(Step::Unknown),
            None if needed => {
                told.steps.push(Step::NotInNational);
                return Ok(Vec::new());
            }
            Some(false) => found.retain(|(_, known)| known.source.is_national()),
            None | Some(true) => {}
        }
        // Its name is what the national directory says (NGF); its endpoints are those of its own directory first.
        let name = national_name(&found);
        found.sort_by_key(|(_, known)| known.source.is_national());
        for (base, known) in &mut found {
            if let Some(name) = &name {
                known.facts.name.clone_from(name);
            }
            let (name, active) = (known.facts.name.clone(), known.facts.active);
            told.steps.push(Step::Organisation { base: base.clone(), name, active });
        }
        Ok(found.into_iter().map(|(_, known)| known).collect())
    }
}

fn national_name(found: &[(String, Known)]) -> Option<String> {
    let national = found.iter().find(|(_, known)| known.source.is_national())?;
    Some(national.1.facts.name.clone()).filter(|name| !name.is_empty())
}

fn own_endpoints(organisations: &[Known]) -> Vec<(SourceId, String)> {
    let of = |known: &Known| {
        let source = known.source.clone();
        known.facts.endpoints.iter().map(|name| (source.clone(), name.clone())).collect::<Vec<_>>()
    };
    organisations.iter().flat_map(of).collect()
}
