//! A search over the folder's index.

use std::collections::HashSet;

use exchange::ports::{Answer, Item, SourceFault};
use fhir::definitions::{SearchKind, search_parameter};
use fhir::search::{Filters, SearchFault};
use fhir::{FhirVersion, Parameter, ResourceType, SearchMode, SearchQuery};
use policy::PatientScope;

use super::index::{Index, Indexed};
use super::owner::{belongs, candidates};
use crate::sources::narrow::shown;

/// Parameters that change how an answer looks, not what is in it. All of the answer is given, as it is.
const IGNORED: [&str; 5] = ["_count", "_format", "_pretty", "_total", "_include"];

/// What the search finds, and what it includes.
pub(super) fn search(
    index: &Index,
    version: FhirVersion,
    scope: &PatientScope,
    kind: ResourceType,
    query: &SearchQuery,
    most: usize,
) -> Result<Answer, SourceFault> {
    let includes: Vec<Include> =
        query.named("_include").map(|include| Include::read(version, include)).collect::<Result<_, _>>()?;
    let mut filters = query.clone();
    filters.parameters.retain(|parameter| !IGNORED.contains(&parameter.name.as_str()));
    if let Some(unsupported) = filters.parameters.iter().find(|parameter| !is_filter(parameter)) {
        return Err(SourceFault::Unsupported { parameter: shown(unsupported) });
    }
    let evaluated = Filters::read(version, kind, &filters).map_err(|fault| fault_of(&fault))?;
    let mut answer = Answer { cut_short: index.problems.may_hide_something(), ..Answer::default() };
    let mut found: Vec<&Indexed> = Vec::new();
    for candidate in candidates(index, version, scope, kind, &filters)? {
        if !evaluated.accept(&candidate.resource).map_err(|fault| fault_of(&fault))? {
            continue;
        }
        if found.len() >= most {
            answer.cut_short = true;
            break;
        }
        found.push(candidate);
    }
    let mut known: HashSet<*const Indexed> = found.iter().map(|one| std::ptr::from_ref(*one)).collect();
    let mut included: Vec<&Indexed> = Vec::new();
    for include in includes.iter().filter(|include| include.source == kind) {
        for target in found.iter().flat_map(|one| include.targets(index, version, one)) {
            if !belongs(index, scope, target) || !known.insert(target) {
                continue;
            }
            if found.len() + included.len() >= most {
                answer.cut_short = true;
                break;
            }
            included.push(target);
        }
    }
    let item = |mode| move |one: &&Indexed| Item { resource: one.resource.clone(), mode };
    answer.items = found.iter().map(item(SearchMode::Match)).collect();
    answer.items.extend(included.iter().map(item(SearchMode::Include)));
    Ok(answer)
}

/// Filters are what a type's search parameters are; of the common ones only those that say which resources.
fn is_filter(parameter: &Parameter) -> bool {
    !parameter.name.starts_with('_')
        || matches!(parameter.name.as_str(), "_id" | "_lastUpdated" | "_tag" | "_profile" | "_security")
}

fn fault_of(fault: &SearchFault) -> SourceFault {
    match fault {
        SearchFault::Unsupported { name } | SearchFault::Value { name } => {
            SourceFault::Unsupported { parameter: name.clone() }
        }
        SearchFault::Encoding | SearchFault::TooMany { .. } => SourceFault::Unusable("the search cannot be read"),
    }
}

/// `_include=[source type]:[parameter]:[target type]`.
struct Include {
    source: ResourceType,
    paths: &'static str,
    target: Option<ResourceType>,
}

impl Include {
    fn read(version: FhirVersion, parameter: &Parameter) -> Result<Self, SourceFault> {
        let fault = || SourceFault::Unsupported { parameter: shown(parameter) };
        if parameter.modifier.is_some() {
            return Err(fault());
        }
        let mut parts = parameter.value.split(':');
        let source = parts.next().and_then(|name| ResourceType::parse(version, name)).ok_or_else(fault)?;
        let definition = parts.next().and_then(|name| search_parameter(version, source, name)).ok_or_else(fault)?;
        let target = match parts.next() {
            Some(name) => Some(ResourceType::parse(version, name).ok_or_else(fault)?),
            None => None,
        };
        if definition.kind != SearchKind::Reference || definition.paths.is_empty() || parts.next().is_some() {
            return Err(fault());
        }
        Ok(Include { source, paths: definition.paths, target })
    }

    /// The folder's resources that this one refers to by relative reference.
    fn targets<'i>(&'i self, index: &'i Index, version: FhirVersion, from: &'i Indexed) -> Vec<&'i Indexed> {
        let root = from.resource.root();
        let references = self.paths.split('|').flat_map(|path| root.all(&format!("{}.reference", path.trim())));
        let resolve = |reference: &str| {
            let (kind, id) = reference.split_once('/')?;
            let kind = ResourceType::parse(version, kind)?;
            let id = id.split('/').next()?;
            self.target.is_none_or(|wanted| wanted == kind).then(|| index.get(kind, id)).flatten()
        };
        references.filter_map(|reference| resolve(&reference.as_text()?)).collect()
    }
}
