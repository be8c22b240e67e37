//! `_include` and `_revinclude`: what a search brings along (FHIR search, including other resources).

use std::collections::HashSet;

use super::shelf::{Shelf, literal, resolve};
use super::values::{identity, may_name};
use super::{Parameter, SearchFault, paths};
use crate::definitions::{SearchDefinition, SearchKind, search_parameter};
use crate::interaction::ResourceType;
use crate::resource::Resource;
use crate::version::FhirVersion;

/// One `_include` or `_revinclude`: `[source type]:[parameter]:[target type]`.
pub(super) struct Include {
    reverse: bool,
    /// `:iterate` (R4) or `:recurse` (STU3): also from what was brought along. Each name is taken in both versions.
    pub(super) again: bool,
    source: ResourceType,
    definition: &'static SearchDefinition,
    target: Option<ResourceType>,
}

impl Include {
    /// Nothing when the parameter is neither. `*` in place of type or parameter is refused.
    pub(super) fn read(version: FhirVersion, parameter: &Parameter) -> Result<Option<Self>, SearchFault> {
        let reverse = match parameter.name.as_str() {
            "_include" => false,
            "_revinclude" => true,
            _ => return Ok(None),
        };
        let unsupported = || SearchFault::unsupported(&parameter.key());
        let again = match parameter.modifier.as_deref() {
            None => false,
            Some("iterate" | "recurse") => true,
            Some(_) => return Err(unsupported()),
        };
        let mut parts = parameter.value.trim().split(':');
        let source = parts.next().and_then(|name| ResourceType::parse(version, name)).ok_or_else(unsupported)?;
        let definition = parts.next().and_then(|name| search_parameter(version, source, name));
        let definition = definition
            .filter(|known| known.kind == SearchKind::Reference && !known.paths.is_empty())
            .ok_or_else(unsupported)?;
        let target = match parts.next() {
            Some(name) => {
                let target = ResourceType::parse(version, name).filter(|target| may_name(definition, *target));
                Some(target.ok_or_else(unsupported)?)
            }
            None => None,
        };
        if parts.next().is_some() {
            return Err(unsupported());
        }
        Ok(Some(Include { reverse, again, source, definition, target }))
    }

    /// What these resources bring along, from the shelf.
    pub(super) fn along<'s>(
        &self,
        shelf: &'s dyn Shelf,
        version: FhirVersion,
        looked_at: &[&'s Resource],
    ) -> Vec<&'s Resource> {
        if !self.reverse {
            let sources = looked_at.iter().filter(|resource| resource.resource_type() == self.source.name());
            return sources.flat_map(|source| self.targets(shelf, version, source)).collect();
        }
        let wanted: HashSet<*const str> = looked_at.iter().map(|resource| identity(resource)).collect();
        let points_there = |source: &&Resource| {
            self.targets(shelf, version, source).into_iter().any(|target| wanted.contains(&identity(target)))
        };
        shelf.of_type(self.source).into_iter().filter(points_there).collect()
    }

    /// What this resource's reference leads to on the shelf, of the types that the parameter and the include name.
    fn targets<'s>(&self, shelf: &'s dyn Shelf, version: FhirVersion, source: &Resource) -> Vec<&'s Resource> {
        let fits = |resource: &&Resource| {
            let name = resource.resource_type();
            (self.definition.target.is_empty() || self.definition.target == name)
                && self.target.is_none_or(|wanted| wanted.name() == name)
        };
        let root = source.root();
        let elements = paths::elements(root, self.definition.paths).into_iter();
        elements.filter_map(|element| resolve(shelf, version, &literal(element)?)).filter(fits).collect()
    }
}
