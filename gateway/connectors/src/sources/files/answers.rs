//! The questions that a folder answers, over one reading of it.

use exchange::ports::{Answer, Item, SourceFault};
use fhir::interaction::Level;
use fhir::search::{Search, split};
use fhir::{LogicalId, ResourceType, SearchMode, SearchQuery};

use super::shelf::Reached;
use crate::sources::document;
use crate::sources::faults::of_search;
use crate::sources::links::Leads;
use crate::sources::narrow::shown;

/// The resource of this id; asked with a version, only when that is the version held.
pub(super) fn read(
    reached: &Reached<'_>,
    kind: ResourceType,
    id: &LogicalId,
    version: Option<&LogicalId>,
) -> Result<Answer, SourceFault> {
    let resource = &reached.find(kind, id.as_str()).ok_or(SourceFault::NotFound)?.resource;
    if version.is_some_and(|asked| resource.version_id().as_deref() != Some(asked.as_str())) {
        return Err(SourceFault::NotFound);
    }
    Ok(Answer { items: vec![Item { resource: resource.clone(), mode: SearchMode::Match }], ..Answer::default() })
}

/// The history of one resource: the one version that a folder holds.
pub(super) fn history(reached: &Reached<'_>, level: &Level, query: &SearchQuery) -> Result<Answer, SourceFault> {
    let Level::Instance(kind, id) = level else { return Err(SourceFault::NotSupported) };
    let (asked, _) = split(query);
    if let Some(unsupported) = asked.parameters.first() {
        return Err(SourceFault::Unsupported { parameter: shown(unsupported) });
    }
    read(reached, *kind, id, None)
}

/// What a search finds, and what it brings along. How the answer looks is the node's own work: all is given, as it is.
pub(super) fn search(
    reached: &Reached<'_>,
    kind: ResourceType,
    query: &SearchQuery,
    most: usize,
) -> Result<Answer, SourceFault> {
    let (asked, _) = split(query);
    let search = Search::read(reached.version, kind, &asked).map_err(|fault| of_search(&fault))?;
    reached.admits(kind, &asked)?;
    let found = search.run(reached, most).map_err(|fault| of_search(&fault))?;
    let provenances = found.items.iter().filter(|(resource, _)| resource.resource_type() == "Provenance");
    let vouched = provenances.filter_map(|(resource, _)| reached.targets(resource)).flatten().collect();
    Ok(Answer {
        vouched,
        items: found.items.into_iter().map(|(resource, mode)| Item { resource, mode }).collect(),
        cut_short: found.cut_short || reached.index.problems.may_hide_something(),
        ..Answer::default()
    })
}

/// A Composition and everything that it names itself, in the order of the document.
pub(super) fn document(
    reached: &Reached<'_>,
    level: &Level,
    name: &str,
    query: &SearchQuery,
    most: usize,
) -> Result<Answer, SourceFault> {
    let (kind, id) = document::composition(level, name, query)?;
    let mut answer = read(reached, kind, id, None)?;
    let composition = answer.items.first().map(|item| item.resource.clone()).ok_or(SourceFault::NotFound)?;
    for leads in document::parts(reached.version, None, &composition) {
        let Leads::Here(named) = leads else { continue };
        match reached.find(named.kind, named.id.as_str()) {
            Some(one) if answer.items.len() < most => {
                answer.items.push(Item { resource: one.resource.clone(), mode: SearchMode::Include });
            }
            Some(_) | None => answer.cut_short = true,
        }
    }
    Ok(answer)
}
