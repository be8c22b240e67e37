//! From a path to the place in the FHIR RESTful API that it names, before the method is looked at.

use super::{Interaction, InteractionFault, Level, LogicalId, Method, ResourceType, SearchTarget};
use crate::search::{SearchQuery, percent_decode};
use crate::version::FhirVersion;

/// `Patient/1/Observation/_search` and `Patient/1/_history/2` are the longest paths.
const MOST_SEGMENTS: usize = 4;

/// The longest name of an operation, in bytes.
const LONGEST_OPERATION: usize = 64;

/// Splits a path at its slashes and decodes each segment exactly once. One slash before and one after are
/// allowed; whatever could be read as another path at a source is a fault.
pub(super) fn segments(path: &str) -> Result<Vec<String>, InteractionFault> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        // `//` is an empty segment, not the base.
        return if path.len() < 2 { Ok(Vec::new()) } else { Err(InteractionFault::Path) };
    }
    if inner.split('/').count() > MOST_SEGMENTS {
        return Err(InteractionFault::Path);
    }
    inner.split('/').map(segment).collect()
}

fn segment(raw: &str) -> Result<String, InteractionFault> {
    let decoded = percent_decode(raw.as_bytes()).ok_or(InteractionFault::Path)?;
    let dangerous = |character: char| matches!(character, '/' | '\\' | ';') || character.is_control();
    if decoded.is_empty() || decoded == "." || decoded == ".." || decoded.contains(dangerous) {
        return Err(InteractionFault::Path);
    }
    Ok(decoded)
}

/// A place in the API. Which methods work there is told by [`Route::with`].
pub(super) enum Route {
    Base,
    Metadata,
    Type(ResourceType),
    Instance(ResourceType, LogicalId),
    Version(ResourceType, LogicalId, LogicalId),
    /// `posted`: the path ends in `_search`.
    Search {
        target: SearchTarget,
        posted: bool,
    },
    History(Level),
    Operation(Level, String),
}

/// Finds the place (FHIR R4, http.html; the same forms exist in STU3).
pub(super) fn route(version: FhirVersion, segments: &[&str]) -> Result<Route, InteractionFault> {
    let resource_type = |name: &str| ResourceType::parse(version, name).ok_or(InteractionFault::UnknownType);
    let id = |text: &str| LogicalId::parse(text).ok_or(InteractionFault::Id);
    let instance = |name: &str, text: &str| Ok::<_, InteractionFault>((resource_type(name)?, id(text)?));
    let compartment = |name: &str, text: &str, member: Option<&str>| {
        let (owner, id) = instance(name, text)?;
        // The types with a compartment (FHIR, compartmentdefinition.html).
        if !matches!(owner.name(), "Patient" | "Encounter" | "RelatedPerson" | "Practitioner" | "Device") {
            return Err(InteractionFault::Path);
        }
        let member = member.map(resource_type).transpose()?;
        Ok(SearchTarget::Compartment { owner, id, member })
    };
    match *segments {
        [] => Ok(Route::Base),
        ["metadata"] => Ok(Route::Metadata),
        ["_search"] => Ok(Route::Search { target: SearchTarget::System, posted: true }),
        ["_history"] => Ok(Route::History(Level::System)),
        [name] => match name.strip_prefix('$') {
            Some(name) => Ok(Route::Operation(Level::System, operation(name)?)),
            None => Ok(Route::Type(resource_type(name)?)),
        },
        [name, "_search"] => Ok(Route::Search { target: SearchTarget::Type(resource_type(name)?), posted: true }),
        [name, "_history"] => Ok(Route::History(Level::Type(resource_type(name)?))),
        [name, last] => {
            let found = resource_type(name)?;
            match last.strip_prefix('$') {
                Some(name) => Ok(Route::Operation(Level::Type(found), operation(name)?)),
                None => Ok(Route::Instance(found, id(last)?)),
            }
        }
        [name, text, "_history"] => instance(name, text).map(|(found, id)| Route::History(Level::Instance(found, id))),
        [name, text, "*"] => Ok(Route::Search { target: compartment(name, text, None)?, posted: false }),
        [name, text, "_search"] | [name, text, "*", "_search"] => {
            Ok(Route::Search { target: compartment(name, text, None)?, posted: true })
        }
        [name, text, last] => match last.strip_prefix('$') {
            Some(name_of) => {
                let (found, id) = instance(name, text)?;
                Ok(Route::Operation(Level::Instance(found, id), operation(name_of)?))
            }
            None => Ok(Route::Search { target: compartment(name, text, Some(last))?, posted: false }),
        },
        [name, text, "_history", version_id] => {
            let (found, found_id) = instance(name, text)?;
            Ok(Route::Version(found, found_id, id(version_id)?))
        }
        [name, text, member, "_search"] => {
            Ok(Route::Search { target: compartment(name, text, Some(member))?, posted: true })
        }
        _ => Err(InteractionFault::Path),
    }
}

/// The name of an operation: a letter, then letters, digits, hyphens and underscores (`OperationDefinition.code`).
fn operation(name: &str) -> Result<String, InteractionFault> {
    let good = name.len() <= LONGEST_OPERATION
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if good { Ok(name.to_owned()) } else { Err(InteractionFault::Path) }
}

impl Route {
    /// Whether a posted form holds parameters here.
    pub(super) fn takes_form(&self) -> bool {
        matches!(self, Route::Search { posted: true, .. } | Route::Operation(..))
    }

    /// What the method does at this place; nothing when it is not used there.
    pub(super) fn with(self, method: Method, query: SearchQuery) -> Option<Interaction> {
        use Method::{Delete, Get, Head, Patch, Post, Put};
        Some(match (self, method) {
            (Route::Base, Post) => Interaction::Bundle,
            (Route::Base, Get | Head) if !query.parameters.is_empty() => {
                Interaction::Search { target: SearchTarget::System, query }
            }
            (Route::Metadata, Get | Head) => Interaction::Capabilities,
            (Route::Type(found), Get | Head) => Interaction::Search { target: SearchTarget::Type(found), query },
            (Route::Type(resource_type), Post) => Interaction::Create { resource_type },
            (Route::Type(resource_type), Put) if has_criteria(&query) => {
                Interaction::ConditionalUpdate { resource_type, query }
            }
            (Route::Type(resource_type), Delete) if has_criteria(&query) => {
                Interaction::ConditionalDelete { resource_type, query }
            }
            (Route::Instance(resource_type, id), Get | Head) => Interaction::Read { resource_type, id },
            (Route::Instance(resource_type, id), Put) => Interaction::Update { resource_type, id },
            (Route::Instance(resource_type, id), Patch) => Interaction::Patch { resource_type, id },
            (Route::Instance(resource_type, id), Delete) => Interaction::Delete { resource_type, id },
            (Route::Version(resource_type, id, version), Get | Head) => {
                Interaction::Vread { resource_type, id, version }
            }
            (Route::Search { target, posted: false }, Get | Head) | (Route::Search { target, posted: true }, Post) => {
                Interaction::Search { target, query }
            }
            (Route::History(level), Get | Head) => Interaction::History { level, query },
            (Route::Operation(level, name), Get | Head | Post) => Interaction::Operation { level, name, query },
            _ => return None,
        })
    }
}

/// A condition without criteria would be a condition on everything.
fn has_criteria(query: &SearchQuery) -> bool {
    query.parameters.iter().any(|parameter| {
        !matches!(parameter.name.as_str(), "_format" | "_pretty" | "_summary" | "_elements")
            && !parameter.value.is_empty()
    })
}
