//! Who may say what. The national directory says which organisations there are; a provider's own directory speaks for the
//! URAs that registered it there, and for nobody else (ATT-143; generic functions handbook, 4.8).
//!
//! Links are followed within one directory only, from an organisation with a URA. So what a directory says of places,
//! services and endpoints can change the answer about its own organisations alone, in whatever order it says it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fhir::Ura;

use super::keys::{self, SourceId};
use super::moments::Millis;
use super::record::{Facts, OrganizationFacts, Record};
use super::shelf::{Shelf, ShelfFault};
use crate::http::WebAddress;

/// Most records of one URA that are looked at, over all directories.
const MOST_OF_URA: usize = 64;
/// Most directories that one organisation may have registered.
const MOST_DIRECTORIES: usize = 4;

/// Which directory speaks for whom, by the national directory and by the configuration.
pub struct Registry {
    shelf: Arc<dyn Shelf>,
    /// Of the configuration; they win over what the national directory lists.
    configured: HashMap<Ura, SourceId>,
    /// Whether directories that the national one lists are followed.
    follows: bool,
}

impl Registry {
    pub fn new(shelf: Arc<dyn Shelf>, configured: HashMap<Ura, SourceId>, follows: bool) -> Self {
        Registry { shelf, configured, follows }
    }

    /// The directories that may speak for this organisation: its own, and behind them the national one. Found by who it is, not
    /// by looking at every directory that there is.
    pub fn speakers(&self, ura: &Ura) -> Result<Vec<SourceId>, ShelfFault> {
        let mut speakers: Vec<SourceId> = match self.configured.get(ura) {
            Some(configured) => vec![configured.clone()],
            None => self.registered(ura)?.iter().map(|address| SourceId::of(&address.to_string())).collect(),
        };
        speakers.sort_unstable();
        speakers.dedup();
        speakers.push(SourceId::national());
        Ok(speakers)
    }

    /// Whether this directory may speak for this organisation.
    pub fn speaks(&self, source: &SourceId, ura: &Ura) -> Result<bool, ShelfFault> {
        if source.is_national() {
            return Ok(true);
        }
        if let Some(configured) = self.configured.get(ura) {
            return Ok(configured == source);
        }
        Ok(self.registered(ura)?.iter().any(|address| SourceId::of(&address.to_string()) == *source))
    }

    /// Where an organisation's own directories are, as the national directory lists them now.
    pub fn registered(&self, ura: &Ura) -> Result<Vec<WebAddress>, ShelfFault> {
        if !self.follows {
            return Ok(Vec::new());
        }
        let national = SourceId::national();
        let mut found = Vec::new();
        for (key, value) in self.shelf.with_term(&keys::by_ura(ura), MOST_OF_URA)? {
            let of_national = keys::read(&key).is_some_and(|(source, _)| source == national);
            let Some(Facts::Organization(organization)) = of_national.then(|| facts(&value)).flatten() else {
                continue;
            };
            found.extend(self.directories_of(&organization)?);
        }
        Ok(found)
    }

    /// Every directory that the national one lists, with a digest of whom it may speak for: two that differ are for other
    /// organisations. `most` bounds them. Walks over all organisations, so it is not for a thread that serves others.
    pub fn listed(&self, most: usize) -> Result<HashMap<SourceId, (WebAddress, u64)>, ShelfFault> {
        let mut listed: HashMap<SourceId, (WebAddress, u64)> = HashMap::new();
        if !self.follows {
            return Ok(listed);
        }
        let national = SourceId::national();
        let mut directories: HashSet<String> = HashSet::new();
        for (key, value) in self.shelf.with_term(&keys::directory_endpoints(), most)? {
            let Some((source, name)) = keys::read(&key) else { continue };
            if source == national && Record::read(&value).is_some() {
                directories.insert(name);
            }
        }
        let mut fault = None;
        self.shelf.walk(&keys::shelf_of(&national, super::record::Kind::Organization), &mut |_, value| {
            let Some(Facts::Organization(organization)) = facts(value) else { return true };
            let Some(ura) = organization.ura.clone().filter(|_| organization.active) else { return true };
            if !organization.endpoints.iter().any(|endpoint| directories.contains(endpoint)) {
                return true;
            }
            match self.directories_of(&organization) {
                Ok(addresses) => {
                    for address in addresses {
                        let id = SourceId::of(&address.to_string());
                        listed.entry(id).or_insert((address, 0)).1 ^= digest(&ura);
                    }
                    true
                }
                Err(why) => {
                    fault = Some(why);
                    false
                }
            }
        })?;
        fault.map_or(Ok(listed), Err)
    }

    fn directories_of(&self, organization: &OrganizationFacts) -> Result<Vec<WebAddress>, ShelfFault> {
        let mut found = Vec::new();
        for endpoint in &organization.endpoints {
            let Some(value) = self.shelf.get(&keys::key(&SourceId::national(), endpoint))? else { continue };
            let Some(Facts::Endpoint(endpoint)) = facts(&value) else { continue };
            if endpoint.is_directory()
                && endpoint.status == "active"
                && let Ok(address) = WebAddress::parse(&endpoint.address)
                && found.len() < MOST_DIRECTORIES
            {
                found.push(address);
            }
        }
        Ok(found)
    }
}

/// What a record says, when it is there.
pub fn facts(value: &[u8]) -> Option<Facts> {
    match Record::read(value)?.standing {
        super::record::Standing::Here(facts) => Some(facts),
        super::record::Standing::Deleted | super::record::Standing::Refused { .. } => None,
    }
}

/// Whether a period holds.
pub fn holds(from: Option<Millis>, until: Option<Millis>, now: Millis) -> bool {
    from.is_none_or(|from| from <= now) && until.is_none_or(|until| now < until)
}

/// The same in whatever order organisations are put together.
pub fn digest(ura: &Ura) -> u64 {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, ura.as_str().as_bytes());
    digest.as_ref().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
