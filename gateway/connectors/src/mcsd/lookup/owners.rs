//! Whose a service is, where only the service is named. What a directory says of it counts as it does for whoever names the
//! organisation as well: the directory has to be one that may speak for its owner.

use std::collections::BTreeSet;

use fhir::Ura;

use super::super::authority::facts;
use super::super::keys::{self, SourceId};
use super::super::record::{Facts, Kind, Link};
use super::super::rounds;
use super::super::shelf::ShelfFault;
use super::{Directories, Listed};

/// How deep organisations may lie within one another.
const DEEPEST: usize = 4;
/// Most services of all directories that are looked at.
const MOST_SERVICES: usize = 500_000;
/// Most organisations that a service is held to be of, before it is nobody's.
const MOST_OWNERS: usize = 16;

/// Whose a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// One organisation has it, and it is active.
    One(Ura, Box<Listed>),
    /// None has.
    None,
    /// More than one has.
    Several,
    /// It cannot be said: a directory was never read to its end, or there are more services than are looked at.
    Unread,
}

impl Directories {
    /// Whose active service has this identifier (`system|value`).
    ///
    /// # Errors
    /// The copy cannot be read.
    pub fn owner_of_service(&self, identifier: &str) -> Result<Owner, ShelfFault> {
        let directories = rounds::known(self.shelf.as_ref())?;
        let (mut claimed, mut seen, mut unread) = (BTreeSet::new(), 0_usize, directories.is_empty());
        for (source, state) in directories {
            unread |= !state.complete;
            let mut links = Vec::new();
            self.shelf.walk(&keys::shelf_of(&source, Kind::HealthcareService), &mut |_, value| {
                seen += 1;
                if let Some(Facts::Place(place)) = facts(value)
                    && place.identifiers.iter().any(|known| known == identifier)
                {
                    links.extend(place.of);
                }
                seen < MOST_SERVICES && links.len() <= MOST_OWNERS
            })?;
            if links.len() > MOST_OWNERS {
                return Ok(Owner::Several);
            }
            for link in links {
                claimed.extend(self.organisation_of(&source, link)?);
            }
        }
        if seen >= MOST_SERVICES {
            return Ok(Owner::Unread);
        }
        if claimed.len() > MOST_OWNERS {
            return Ok(Owner::Several);
        }
        // Each as it is found by whoever names it: active, and said by a directory that may say it.
        let mut found = None;
        for ura in claimed {
            let has = |one: &Listed| one.identifiers.iter().any(|known| known == identifier);
            if let Some(service) = self.services(&ura)?.into_iter().find(has) {
                if found.is_some() {
                    return Ok(Owner::Several);
                }
                found = Some((ura, service));
            }
        }
        Ok(match found {
            _ if unread => Owner::Unread,
            Some((ura, service)) => Owner::One(ura, Box::new(service)),
            None => Owner::None,
        })
    }

    /// The organisation with a URA that this belongs to in this directory.
    fn organisation_of(&self, source: &SourceId, link: Link) -> Result<Option<Ura>, ShelfFault> {
        let mut link = Some(link);
        for _ in 0..DEEPEST {
            let name = match link {
                Some(Link::Ura(ura)) => return Ok(Some(ura)),
                Some(Link::Here(name)) => name,
                None => return Ok(None),
            };
            let value = self.shelf.get(&keys::key(source, &name))?;
            let Some(Facts::Organization(organisation)) = value.as_deref().and_then(facts) else { return Ok(None) };
            if organisation.ura.is_some() {
                return Ok(organisation.ura);
            }
            link = organisation.part_of;
        }
        Ok(None)
    }
}
