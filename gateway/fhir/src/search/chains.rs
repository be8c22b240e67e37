//! Chains (`medication.code`, `context:Encounter.episodeofcare`) and `_has`: filters on what a reference leads to or
//! comes from (FHIR search, chained parameters and reverse chaining). Only the shelf and contained resources are
//! looked at.

use std::collections::HashSet;

use super::evaluate::{Filter, Place, Reading};
use super::shelf::{Shelf, literal, resolve};
use super::values::{Scene, identity, may_name};
use super::{Parameter, SearchFault, paths, references, tokens::Token};
use crate::definitions::{SearchDefinition, SearchKind, resource_types, search_parameter};
use crate::interaction::ResourceType;
use crate::json::Value;
use crate::reference::Target;
use crate::version::FhirVersion;

/// Most references that one chain may follow.
const LONGEST: usize = 3;

/// A filter on what a reference leads to.
pub(super) struct Chain {
    /// For each type that the reference may lead to and that has the rest of the chain.
    ends: Vec<(ResourceType, Filter)>,
    /// The chain ends in `identifier`: a reference by identifier alone is enough.
    identifiers: Vec<references::Wanted>,
}

/// `_has`: a filter on what points at the resource.
pub(super) struct Has {
    source: ResourceType,
    definition: &'static SearchDefinition,
    filter: Filter,
}

impl Chain {
    /// Reads what follows the first dot. Only reference parameters lead anywhere.
    pub(super) fn read(
        reading: &mut Reading<'_>,
        definition: &'static SearchDefinition,
        only: Option<&str>,
        rest: &str,
        parameter: &Parameter,
    ) -> Result<Self, SearchFault> {
        let unsupported = || SearchFault::unsupported(&parameter.key());
        if definition.kind != SearchKind::Reference || reading.depth >= LONGEST || rest.starts_with("_has") {
            return Err(unsupported());
        }
        let only = match only {
            Some(name) => Some(
                ResourceType::parse(reading.version, name)
                    .filter(|only| may_name(definition, *only))
                    .ok_or_else(unsupported)?,
            ),
            None => None,
        };
        let version = reading.version;
        let possible = resource_types(version)
            .iter()
            .filter_map(|name| ResourceType::parse(version, name))
            .filter(|kind| may_name(definition, *kind) && only.is_none_or(|only| only == *kind));
        let (mut ends, mut fault) = (Vec::new(), None);
        reading.depth += 1;
        for kind in possible {
            match Filter::read_key(reading, kind, rest, parameter) {
                Ok(filter) => ends.push((kind, filter)),
                // A malformed value says more than a parameter that one of the types does not have.
                Err(malformed @ SearchFault::Value { .. }) => fault = Some(malformed),
                Err(_) => {}
            }
        }
        reading.depth -= 1;
        if ends.is_empty() {
            return Err(fault.unwrap_or_else(unsupported));
        }
        let identifiers = if rest == "identifier" {
            let tokens = parameter.alternatives().iter().map(|text| Token::parse(text)).collect::<Option<Vec<_>>>();
            let tokens = tokens.ok_or_else(|| SearchFault::value(&parameter.name))?;
            tokens.into_iter().map(references::Wanted::Identifier).collect()
        } else {
            Vec::new()
        };
        Ok(Chain { ends, identifiers })
    }

    pub(super) fn accepts(&self, place: Place<'_>, scene: &Scene<'_>) -> Result<bool, SearchFault> {
        for element in paths::elements(place.root, scene.definition.paths) {
            let logical = self
                .identifiers
                .iter()
                .any(|wanted| wanted.accepts(element, self.only_type(scene.definition), scene.version, scene.shelf));
            if logical || self.follows(element, place, scene)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The one type that a reference by identifier may say it names; empty for any.
    fn only_type(&self, definition: &SearchDefinition) -> &'static str {
        match self.ends.as_slice() {
            [(kind, _)] => kind.name(),
            _ => definition.target,
        }
    }

    /// Whether what the reference leads to satisfies the rest of the chain.
    fn follows(&self, element: Value<'_>, place: Place<'_>, scene: &Scene<'_>) -> Result<bool, SearchFault> {
        let Some(literal) = literal(element) else { return Ok(false) };
        if let Target::Contained(id) = Target::of(&literal) {
            return place.contained(id).map_or(Ok(false), |contained| self.ends_at(contained, scene));
        }
        match resolve(scene.shelf, scene.version, &literal) {
            Some(found) => self.ends_at(Place::of(found), scene),
            None => Ok(false),
        }
    }

    fn ends_at(&self, place: Place<'_>, scene: &Scene<'_>) -> Result<bool, SearchFault> {
        let kind = place.root.get("resourceType").and_then(|name| name.as_text());
        match self.ends.iter().find(|(end, _)| kind.as_deref() == Some(end.name())) {
            Some((_, filter)) => filter.accepts(place, scene.version, scene.shelf),
            None => Ok(false),
        }
    }
}

impl Has {
    /// The reference parameter by which the resource is pointed at.
    pub(super) fn definition(&self) -> &'static SearchDefinition {
        self.definition
    }

    /// Reads `Type:reference:parameter[:modifier]`, what follows `_has:`. One level: no chain, no second `_has`.
    pub(super) fn read(
        reading: &mut Reading<'_>,
        kind: ResourceType,
        parameter: &Parameter,
    ) -> Result<Self, SearchFault> {
        let unsupported = || SearchFault::unsupported(&parameter.key());
        let mut parts = parameter.modifier.as_deref().unwrap_or_default().splitn(3, ':');
        let source =
            parts.next().and_then(|name| ResourceType::parse(reading.version, name)).ok_or_else(unsupported)?;
        let definition = parts.next().and_then(|name| search_parameter(reading.version, source, name));
        let definition = definition
            .filter(|known| known.kind == SearchKind::Reference && !known.paths.is_empty() && may_name(known, kind))
            .ok_or_else(unsupported)?;
        let rest =
            parts.next().filter(|rest| !rest.contains('.') && !rest.starts_with("_has")).ok_or_else(unsupported)?;
        let filter = Filter::read_key(reading, source, rest, parameter)?;
        Ok(Has { source, definition, filter })
    }

    /// What satisfying resources point at, by where its text is: to be asked once for a whole shelf.
    pub(super) fn pointed_at(
        &self,
        version: FhirVersion,
        shelf: &dyn Shelf,
    ) -> Result<HashSet<*const str>, SearchFault> {
        let mut found = HashSet::new();
        for candidate in shelf.of_type(self.source) {
            if self.filter.accepts(Place::of(candidate), version, shelf)? {
                let references = paths::elements(candidate.root(), self.definition.paths);
                let targets = references.into_iter().filter_map(|element| resolve(shelf, version, &literal(element)?));
                found.extend(targets.map(identity));
            }
        }
        Ok(found)
    }
}
