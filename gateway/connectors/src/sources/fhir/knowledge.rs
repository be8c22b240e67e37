//! What a server can be asked to do itself: by its own statement, by configuration, else by the standard.

use std::collections::BTreeSet;
use std::sync::Arc;

use ::fhir::definitions::search_parameter;
use ::fhir::search::looks_beyond;
use ::fhir::{FhirVersion, Parameter, ResourceType};

use super::capabilities::{Capabilities, OfType};

/// What one server is taken to know.
pub(super) struct Knowledge<'k> {
    pub version: FhirVersion,
    pub said: Option<Arc<Capabilities>>,
    pub supported: &'k BTreeSet<String>,
    pub unsupported: &'k BTreeSet<String>,
}

impl Knowledge<'_> {
    /// Whether the server can be asked to filter by this parameter.
    pub fn filters_by(&self, kind: ResourceType, parameter: &Parameter) -> bool {
        let name = parameter.name.as_str();
        if let Some(configured) = self.configured(kind, name) {
            return configured;
        }
        let said = self.said(kind).filter(|said| !said.parameters.is_empty());
        if name == "_id" || said.is_some_and(|said| said.parameters.contains(name)) {
            return true;
        }
        // Statements do not say which chains are followed, so those are the node's own work; and so is `_has`.
        if looks_beyond(parameter) {
            return false;
        }
        let standard = search_parameter(self.version, kind, name).is_some_and(|known| !known.custom);
        match said {
            None => standard,
            // Many statements leave out what every type has; who does not know it says so.
            Some(_) => standard && name.starts_with('_'),
        }
    }

    /// Whether the server can be asked to bring this along in a search of this type.
    pub fn brings(&self, kind: ResourceType, include: &Parameter) -> bool {
        let mut parts = include.value.split(':');
        let (source, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let source = ResourceType::parse(self.version, source);
        let reverse = include.name == "_revinclude";
        let configured = self.configured(kind, &include.name);
        let configured = configured.or_else(|| self.configured(source?, name));
        if let Some(configured) = configured {
            return configured;
        }
        let standard = source.and_then(|source| search_parameter(self.version, source, name));
        let standard = standard.is_some_and(|known| !known.custom);
        let speaks_of = if reverse { Some(kind) } else { source };
        let Some(said) = speaks_of.and_then(|kind| self.said(kind)) else { return standard };
        let listed = if reverse { &said.reverse_includes } else { &said.includes };
        let plain: Vec<&str> = include.value.splitn(3, ':').take(2).collect();
        ["*", &include.value, &plain.join(":")].iter().any(|form| listed.contains(*form))
            || (!reverse && listed.contains(name))
    }

    fn said(&self, kind: ResourceType) -> Option<&OfType> {
        self.said.as_ref()?.of(kind)
    }

    /// What the configuration says of a parameter, if anything.
    fn configured(&self, kind: ResourceType, name: &str) -> Option<bool> {
        let listed =
            |list: &BTreeSet<String>| list.contains(&format!("{kind}:{name}")) || list.contains(&format!("*:{name}"));
        if listed(self.unsupported) {
            return Some(false);
        }
        listed(self.supported).then_some(true)
    }
}
