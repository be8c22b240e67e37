//! A search at an upstream server: passed on, narrowed, and its answer evaluated again.
//!
//! What the server does not know is not sent but evaluated here, over all that the server has within reach; what
//! that needs besides (the target of a chain, an include that the server left out) is fetched by id, in bounded
//! rounds. Whatever stays unknown marks the answer as cut short.

use std::collections::{BTreeMap, HashSet};

use ::fhir::interaction::SearchTarget;
use ::fhir::search::{Found, Search};
use ::fhir::{LogicalId, Parameter, Resource, ResourceType, SearchMode, SearchQuery};
use exchange::inbound::Conditions;
use exchange::ports::{Item, SourceFault};

use super::super::faults::of_search;
use super::super::links::{Named, name_of};
use super::super::narrow::shown;
use super::super::rest::{Call, Failure, Pages, prefer};
use super::FhirSource;
use super::fetch::{Fetcher, Want};
use super::gathered::{Gathered, Lacking};
use super::knowledge::Knowledge;
use super::plan::{Attempt, Plan};
use super::reach::{Narrowed, Reach};

/// Most rounds of fetching what the last evaluation missed: as many hops of a chain or of `:iterate`.
const ROUNDS: usize = 8;

/// What a search at the server found.
#[derive(Default)]
pub(super) struct Searched {
    pub items: Vec<Item>,
    /// What the Provenances among them are of and within reach, as `Type/id`.
    pub vouched: Vec<String>,
    pub cut_short: bool,
    /// Narrowing and filters as the server was asked them, when it was asked all of them.
    pub whole_query: Option<SearchQuery>,
}

impl FhirSource {
    /// Searches one type within reach.
    pub(super) async fn search(
        &self,
        call: &Call<'_>,
        reach: Reach<'_>,
        kind: ResourceType,
        query: &SearchQuery,
    ) -> Result<Searched, SourceFault> {
        let Narrowed::By(narrowing) = reach.narrow(self.rest.version, kind, query)? else {
            return Ok(Searched::default());
        };
        let plan = self.plan(call, kind, query).await?;
        let by_id = narrowing.iter().any(|parameter| parameter.name == "_id");
        let (pages, attempt) = self.ask(call, reach, kind, &plan, &narrowing).await?;
        let mut searched = self.evaluate(call, reach, kind, &plan, pages, &attempt).await?;
        let sent = plan.sent().iter().filter(|parameter| !(by_id && parameter.name == "_id"));
        searched.whole_query =
            plan.is_sent_whole().then(|| SearchQuery { parameters: narrowing.iter().chain(sent).cloned().collect() });
        Ok(searched)
    }

    async fn plan(&self, call: &Call<'_>, kind: ResourceType, query: &SearchQuery) -> Result<Plan, SourceFault> {
        let ids_only = |parameter: &Parameter| matches!(parameter.name.as_str(), "_id" | "_count" | "_sort");
        let said = match query.parameters.iter().all(ids_only) {
            true => None,
            false => self.capabilities.get(call).await,
        };
        let (supported, unsupported) = (&self.supported, &self.unsupported);
        Plan::read(&Knowledge { version: self.rest.version, said, supported, unsupported }, kind, query)
    }

    /// Asks the server in the fullest way that it does not reject.
    async fn ask(
        &self,
        call: &Call<'_>,
        reach: Reach<'_>,
        kind: ResourceType,
        plan: &Plan,
        narrowing: &[Parameter],
    ) -> Result<(Pages, Attempt), SourceFault> {
        let by_id = narrowing.iter().any(|parameter| parameter.name == "_id");
        for attempt in plan.attempts() {
            // The ids asked for are in the narrowing already.
            let asked = attempt.parameters.iter().filter(|parameter| !(by_id && parameter.name == "_id"));
            let query = SearchQuery { parameters: narrowing.iter().chain(asked).cloned().collect() };
            let strict = prefer(&Conditions::default(), "handling=strict");
            match call.search(&SearchTarget::Type(kind), &query, strict, reach.secret()).await {
                Ok(pages) => return Ok((pages, attempt)),
                Err(Failure::SearchRejected) => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(match plan.sent() {
            [only] => SourceFault::Unsupported { parameter: shown(only) },
            _ => Failure::SearchRejected.into(),
        })
    }

    async fn evaluate(
        &self,
        call: &Call<'_>,
        reach: Reach<'_>,
        kind: ResourceType,
        plan: &Plan,
        pages: Pages,
        attempt: &Attempt,
    ) -> Result<Searched, SourceFault> {
        let (version, most) = (self.rest.version, self.rest.bounds.max_resources);
        let read = |query| Search::read(version, kind, query).map_err(|fault| of_search(&fault));
        let (search, checked) = (read(&plan.evaluated)?, read(&plan.checked)?);
        let mut fetcher = Fetcher::new(call, reach, pages.items.len());
        let (mut gathered, sent_along, mut strangers) = self.sort_out(reach, kind, &checked, pages.items)?;
        // What they are of decides whether they are within reach, and may have to be fetched first.
        let (mut undecided, others): (Vec<Item>, Vec<Item>) = strangers.into_iter().partition(is_provenance);
        strangers = others;
        let mut pointed_at = HashSet::new();
        let mut cut_short = pages.cut_short;
        let mut round = 0;
        let found = loop {
            let (found, lacking) = gathered.look(&search, most).map_err(|fault| of_search(&fault))?;
            let mut wants = self.wants(plan, attempt, &found, lacking, &mut gathered, &mut pointed_at);
            let targets = gathered.seek_targets(undecided.iter().map(|item| &item.resource));
            let mut by_kind: BTreeMap<ResourceType, Vec<LogicalId>> = BTreeMap::new();
            targets.into_iter().for_each(|named| by_kind.entry(named.kind).or_default().push(named.id));
            wants.extend(by_kind.into_iter().map(|(kind, ids)| Want::Ids(kind, ids)));
            if wants.is_empty() || round == ROUNDS {
                cut_short |= !wants.is_empty();
                break found;
            }
            round += 1;
            let mut outside = 0_usize;
            for resource in fetcher.fetch(wants).await? {
                if gathered.take_beside(resource.clone()) {
                    continue;
                }
                let item = Item { resource, mode: SearchMode::Include };
                if is_provenance(&item) { undecided.push(item) } else { outside += 1 }
            }
            undecided.retain(|item| !gathered.take_beside(item.resource.clone()));
            if outside > 0 {
                tracing::warn!(source.mistrusted = outside, "a source gave more than it was asked for; it was dropped");
            }
        };
        cut_short |= found.cut_short || fetcher.cut_short;
        let kept: Vec<Resource> = found.items.iter().map(|(resource, _)| resource.clone()).collect();
        let along = gathered.connected(&kept, &sent_along);
        let mut items: Vec<Item> = found.items.into_iter().map(|(resource, mode)| Item { resource, mode }).collect();
        items.extend(along.into_iter().map(|resource| Item { resource, mode: SearchMode::Include }));
        let vouched = gathered.vouched(items.iter().map(|item| &item.resource));
        strangers.append(&mut undecided);
        // What is someone else's is not hidden here: the answer check drops it, and says so.
        items.append(&mut strangers);
        Ok(Searched { items, vouched, cut_short, whole_query: None })
    }

    /// Divides what the server gave: the matches that are what was asked for and what came beside them (on the
    /// shelf), what it sent along, and what is not within reach.
    fn sort_out<'r>(
        &'r self,
        reach: Reach<'r>,
        kind: ResourceType,
        checked: &Search,
        items: Vec<Item>,
    ) -> Result<(Gathered<'r>, Vec<Resource>, Vec<Item>), SourceFault> {
        let fresh = || Gathered::new(self.rest.version, reach, self.rest.base.url().as_str(), kind);
        let of_kind = |item: &Item| item.mode == SearchMode::Match && item.resource.resource_type() == kind.name();
        let (matches, beside): (Vec<Item>, Vec<Item>) = items.into_iter().partition(of_kind);
        let mut strangers = Vec::new();
        let mut within = fresh();
        for item in matches {
            if !within.take_match(item.resource.clone()) {
                strangers.push(item);
            }
        }
        // A server that ignored a filter must not widen the answer.
        let most = self.rest.bounds.max_resources;
        let before = within.matches();
        let (rightly, _) = within.look(checked, most).map_err(|fault| of_search(&fault))?;
        let mut gathered = fresh();
        for (resource, _) in rightly.items {
            gathered.take_match(resource);
        }
        let wrongly = before - gathered.matches();
        if wrongly > 0 {
            // The number only: what it was, and whose, does not belong in the technical log.
            tracing::warn!(
                source.mistrusted = wrongly,
                "a source answered with resources that do not match the search; they were dropped"
            );
        }
        let mut sent_along = Vec::new();
        // Whether a Provenance is within reach is told by what it is of, so that comes first.
        let (of_others, others): (Vec<Item>, Vec<Item>) = beside.into_iter().partition(is_provenance);
        for item in others.into_iter().chain(of_others) {
            if gathered.take_beside(item.resource.clone()) {
                sent_along.push(item.resource);
            } else {
                strangers.push(item);
            }
        }
        Ok((gathered, sent_along, strangers))
    }

    /// What to fetch before the search can be evaluated better, each thing once.
    fn wants(
        &self,
        plan: &Plan,
        attempt: &Attempt,
        found: &Found,
        lacking: Lacking,
        gathered: &mut Gathered<'_>,
        pointed_at: &mut HashSet<(String, Named)>,
    ) -> Vec<Want> {
        let version = self.rest.version;
        let mut wants = Vec::new();
        for (kind, ids) in lacking.ids {
            let ids: Vec<LogicalId> = ids.iter().filter_map(|id| LogicalId::parse(id)).collect();
            for id in &ids {
                gathered.seek(Named { kind, id: id.clone() });
            }
            wants.push(Want::Ids(kind, ids));
        }
        for reverse in &attempt.own_reverse {
            let mut parts = reverse.value.split(':');
            let kind = parts.next().and_then(|name| ResourceType::parse(version, name));
            let (Some(kind), Some(by)) = (kind, parts.next()) else { continue };
            let from = |mode: SearchMode| mode == SearchMode::Match || reverse.modifier.is_some();
            let mut to = Vec::new();
            for named in found.items.iter().filter(|(_, mode)| from(*mode)).filter_map(|one| name_of(version, &one.0)) {
                if pointed_at.insert((reverse.value.clone(), named.clone())) {
                    to.push(format!("{}/{}", named.kind, named.id.as_str()));
                }
            }
            if !to.is_empty() {
                wants.push(Want::Pointing(kind, by.to_owned(), to));
            }
        }
        for kind in lacking.types {
            gathered.seek_all(kind);
            // What a `_revinclude` brings is asked for by what it points at; only `_has` looks through a type.
            if !plan.looks_through(kind) {
                continue;
            }
            // A Provenance need not name the patient: it is found by what it is of.
            wants.push(match kind.name() {
                "Provenance" => Want::Pointing(kind, "target".to_owned(), gathered.match_names()),
                _ => Want::Whole(kind),
            });
        }
        wants
    }
}

fn is_provenance(item: &Item) -> bool {
    item.resource.resource_type() == "Provenance"
}
