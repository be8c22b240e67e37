//! In which FHIR versions each source is asked, and what it means for an answer when one is asked in some and not in others.
//!
//! A source that speaks one version is never asked in another: what it would answer is no answer to that. Under a permit for
//! what an operation collects it is asked in its own, as far as that was permitted; otherwise it is shown as not asked.

use std::collections::HashSet;
use std::sync::Arc;

use fhir::FhirVersion;
use policy::{DataHolder, Permit};

use crate::middleware::minimisation::{Part, SourceStatus};
use crate::ports::Source;

/// A source, with the permit of the version in which it is asked.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) source: Arc<dyn Source>,
    pub(super) permit: Arc<Permit>,
    /// That version, where it is another than the request's.
    pub(super) other_version: Option<FhirVersion>,
}

/// The sources, once for each version in which they are asked: those that may be, and those that nothing may be asked of in
/// the version that they speak.
pub(super) fn of_places(permit: &Arc<Permit>, sources: Vec<Arc<dyn Source>>) -> (Vec<Place>, Vec<Place>) {
    let (mut asked, mut unasked) = (Vec::with_capacity(sources.len()), Vec::new());
    for source in sources {
        let own = [permit.version()];
        let versions = source.asked_in(permit.use_case());
        for version in if versions.is_empty() { &own } else { versions } {
            let other_version = (*version != permit.version()).then_some(*version);
            let place = |permit: &Arc<Permit>| Place { source: source.clone(), permit: permit.clone(), other_version };
            match permit.in_version(*version) {
                Some(permit) => asked.push(place(permit)),
                None => unasked.push(place(permit)),
            }
        }
    }
    (asked, unasked)
}

/// What is said of sources that are not asked.
pub(super) fn unasked(places: impl Iterator<Item = Place>) -> Vec<Part> {
    places.map(|place| bare(&place.source, SourceStatus::NotAsked, place.other_version)).collect()
}

/// What a provider has in a version in which it was not asked is missing: it said so, and nobody else could.
pub(super) fn hold_together(permit: &Permit, parts: &mut [Part]) {
    let version = |part: &Part| part.other_version().unwrap_or(permit.version());
    let asked = parts.iter().filter(|part| part.status() != SourceStatus::NotAsked);
    let asked: HashSet<(DataHolder, FhirVersion)> = asked.map(|part| (part.holder().clone(), version(part))).collect();
    for part in parts {
        if part.elsewhere().iter().any(|version| !asked.contains(&(part.holder().clone(), *version))) {
            part.cut();
        }
    }
}

/// A part without items.
pub(super) fn bare(source: &Arc<dyn Source>, status: SourceStatus, other_version: Option<FhirVersion>) -> Part {
    Part::new(source.holder().clone(), source.name().to_owned(), status).with_version(other_version)
}
