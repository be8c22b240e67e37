//! The services and locations of an organisation: its own and those of what is part of it.

use std::collections::HashSet;

use fhir::Ura;

use super::super::authority::facts;
use super::super::keys::{self, SourceId};
use super::super::record::{Code, Facts, Kind, PlaceFacts};
use super::super::shelf::ShelfFault;
use super::{Directories, Examination, Known, Step};

/// How deep organisations may lie within one another, and how many parts of one are looked at.
const DEEPEST: usize = 4;
const MOST_PARTS: usize = 500;

/// A service or a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `Type/id` in its directory.
    pub id: String,
    pub name: String,
    pub active: bool,
    /// System and value, joined with `|`.
    pub identifiers: Vec<String>,
    pub types: Vec<Code>,
}

impl Directories {
    /// The active services of an organisation; nothing when it is not known or not active.
    pub fn services(&self, ura: &Ura) -> Result<Vec<Listed>, ShelfFault> {
        self.listed(ura, Kind::HealthcareService)
    }

    /// Its active locations.
    pub fn locations(&self, ura: &Ura) -> Result<Vec<Listed>, ShelfFault> {
        self.listed(ura, Kind::Location)
    }

    fn listed(&self, ura: &Ura, kind: Kind) -> Result<Vec<Listed>, ShelfFault> {
        let organisations = self.organisations(ura, &mut Examination::default())?;
        let active: Vec<Known> = organisations.into_iter().filter(|known| known.facts.active).collect();
        let places = self.places(ura, &active, kind)?;
        let listed = |(_, id, place): (SourceId, String, PlaceFacts)| Listed {
            id,
            name: place.name,
            active: place.active,
            identifiers: place.identifiers,
            types: place.types,
        };
        Ok(places.into_iter().map(listed).filter(|place| place.active).collect())
    }

    /// The endpoints of one service, by its id, its `Type/id` or its identifier; nothing when there is no such service that
    /// is active.
    pub(super) fn service(
        &self,
        ura: &Ura,
        organisations: &[Known],
        wanted: &str,
        told: &mut Examination,
    ) -> Result<Option<Vec<(SourceId, String)>>, ShelfFault> {
        let places = self.places(ura, organisations, Kind::HealthcareService)?;
        let is_wanted = |id: &str, place: &PlaceFacts| {
            id == wanted
                || id.strip_prefix("HealthcareService/") == Some(wanted)
                || place.identifiers.iter().any(|identifier| identifier == wanted)
        };
        let found = places.into_iter().find(|(_, id, place)| is_wanted(id, place));
        let Some((source, _, place)) = found else {
            told.steps.push(Step::UnknownService);
            return Ok(None);
        };
        told.steps.push(Step::Service { name: place.name, active: place.active });
        let endpoints = place.endpoints.into_iter().map(|endpoint| (source.clone(), endpoint)).collect();
        Ok(place.active.then_some(endpoints))
    }

    /// What belongs to these organisations, and to active organisations that are part of them, in the same directory; and
    /// what names this URA in a directory that may speak for it.
    fn places(
        &self,
        ura: &Ura,
        organisations: &[Known],
        kind: Kind,
    ) -> Result<Vec<(SourceId, String, PlaceFacts)>, ShelfFault> {
        let mut terms: Vec<Vec<u8>> = Vec::new();
        for known in organisations {
            terms.push(keys::of_resource(&known.source, &known.name));
        }
        terms.push(keys::of_ura(ura));
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        for _ in 0..DEEPEST {
            let mut below = Vec::new();
            for term in terms {
                for (key, value) in self.shelf.with_term(&term, MOST_PARTS)? {
                    if seen.len() >= MOST_PARTS || !seen.insert(key.clone()) {
                        continue;
                    }
                    let Some((source, name)) = keys::read(&key) else { continue };
                    if !self.registry.speaks(&source, ura)? {
                        continue;
                    }
                    match facts(&value) {
                        // One with a URA of its own stands on its own.
                        Some(Facts::Organization(part)) if part.active && part.ura.is_none() => {
                            below.push(keys::of_resource(&source, &name));
                        }
                        Some(Facts::Place(place)) if name.starts_with(kind.name()) => found.push((source, name, place)),
                        Some(_) | None => {}
                    }
                }
            }
            if below.is_empty() {
                break;
            }
            terms = below;
        }
        Ok(found)
    }
}
