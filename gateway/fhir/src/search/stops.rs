//! `$latest-stops` of the Dutch medication process (<http://nictiz.nl/fhir/OperationDefinition/mp-latest-stops>): of each
//! pharmaceutical treatment (MBH) the blocks of a kind that are active, and the one that stopped last.
//!
//! A block's `status` is true at the moment of serving only, and decides nothing but whether it was entered in error. Active is what has
//! no end behind it and was not ended by a stop of the same treatment and kind: by one that names it, else by one with the same
//! start, else by one in whose end it was in use. What was replaced without a stop is active by its own period, for nobody said that it
//! ended; so is what says nothing of its period.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::dates::{self, Bounds};
use super::latest_stop::{STOP_TYPE, category, identifier, later, registered, treatment};
use super::page::reached;
use super::{SearchFault, SearchQuery, paths, period_of_use};
use crate::bundle::SearchMode;
use crate::reference::Target;
use crate::resource::Resource;

const PERIOD: &str = "extension[url=http://nictiz.nl/fhir/StructureDefinition/ext-TimeInterval.Period].valuePeriod";
/// What a block changes or stops: an agreement names the one before it, an administration agreement its own kind.
const PRIOR: &str = "priorPrescription|extension[url=http://nictiz.nl/fhir/StructureDefinition/ext-RelationAdministrationAgreement].valueReference";

/// What `$latest-stops` keeps of the blocks that were found.
#[derive(Clone, Copy, Debug)]
pub struct TreatmentStops {
    details: bool,
}

/// What is looked at of one block.
struct Block<'r> {
    at: usize,
    resource: &'r Resource,
    stop: bool,
    /// No period, or one that cannot be read, is open at both ends.
    period: Bounds,
    registered: i128,
}

impl TreatmentStops {
    /// Takes what is the operation's own out of its parameters; the rest says how the answer looks.
    ///
    /// # Errors
    /// `include-details` that is no boolean, or is said twice.
    pub fn read(query: &SearchQuery) -> Result<(TreatmentStops, SearchQuery), SearchFault> {
        let mut details = query.named("include-details").map(|parameter| parameter.value.as_str());
        let details = match (details.next(), details.next()) {
            (None, _) => false,
            (Some("true"), None) => true,
            (Some("false"), None) => false,
            _ => return Err(SearchFault::value("include-details")),
        };
        let own = |name: &str| matches!(name, "include-details" | "category" | "mbh");
        let rest = query.parameters.iter().filter(|parameter| !own(&parameter.name));
        Ok((TreatmentStops { details }, SearchQuery { parameters: rest.cloned().collect() }))
    }

    /// Of the blocks that were found those that are active now or stopped last, in the order they came in, then what they bring
    /// along; with what each is now. The blocks that this follows from are included when that was asked.
    pub fn keep_marked<T>(
        self,
        now: OffsetDateTime,
        items: Vec<T>,
        get: impl Fn(&T) -> (&Resource, SearchMode),
    ) -> Vec<(T, SearchMode)> {
        let mut groups: BTreeMap<(Option<String>, String, usize), Vec<Block<'_>>> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            let (resource, mode) = get(item);
            if mode != SearchMode::Match || is_an_error(resource) {
                continue;
            }
            let treatment = treatment(resource.root());
            // A block without a treatment stands alone.
            let alone = if treatment.is_some() { 0 } else { at };
            groups.entry((treatment, category(resource.root()), alone)).or_default().push(Block::read(at, resource));
        }
        let now = now.unix_timestamp_nanos();
        let mut kept: Vec<usize> = groups.values().flat_map(|blocks| chosen(blocks, now)).collect();
        kept.sort_unstable();
        let mut looked_at: Vec<usize> = groups.values().flatten().map(|block| block.at).collect();
        looked_at.sort_unstable();
        let details: Vec<usize> =
            looked_at.into_iter().filter(|at| self.details && kept.binary_search(at).is_err()).collect();
        let all = [kept.as_slice(), &details].concat();
        let order = reached(&items, &all, |_, item| get(item).1, &get);
        let mode = |at: usize, item: &T| if details.contains(&at) { SearchMode::Include } else { get(item).1 };
        let modes: Vec<SearchMode> = items.iter().enumerate().map(|(at, item)| mode(at, item)).collect();
        let mut slots: Vec<Option<(T, SearchMode)>> = items.into_iter().zip(modes).map(Some).collect();
        order.into_iter().filter_map(|at| slots.get_mut(at)?.take()).collect()
    }
}

impl<'r> Block<'r> {
    fn read(at: usize, resource: &'r Resource) -> Self {
        let root = resource.root();
        let period = paths::elements(root, PERIOD).into_iter().find_map(period_of_use::bounds);
        Block {
            at,
            resource,
            stop: !paths::elements(root, STOP_TYPE).is_empty(),
            period: period.unwrap_or((None, None)),
            registered: registered(resource),
        }
    }

    fn start(&self) -> i128 {
        dates::point(self.period, false)
    }

    fn end(&self) -> i128 {
        dates::point(self.period, true)
    }

    /// Whether this one names the other as what it changes or stops. One that names itself names nothing.
    fn names(&self, other: &Block<'_>) -> bool {
        let is_other = |reference: crate::json::Value<'_>| {
            if let Some(named) = reference.get("identifier") {
                let own = paths::elements(other.resource.root(), "identifier");
                return own.into_iter().any(|own| identifier(own) == identifier(named));
            }
            let Some(literal) = reference.get("reference").and_then(|to| to.as_text()) else { return false };
            match Target::of(&literal) {
                Target::Typed { resource_type, id, .. } => {
                    other.resource.resource_type() == resource_type && other.resource.id().as_deref() == Some(id)
                }
                Target::Unclear | Target::Contained(_) => false,
            }
        };
        self.at != other.at && paths::elements(self.resource.root(), PRIOR).into_iter().any(is_other)
    }
}

/// The active blocks of one treatment and kind, and the one that stopped last.
fn chosen(blocks: &[Block<'_>], now: i128) -> Vec<usize> {
    let (stops, others): (Vec<&Block<'_>>, Vec<&Block<'_>>) = blocks.iter().partition(|block| block.stop);
    let ended: Vec<usize> = stops.iter().flat_map(|stop| ended_by(stop, &others)).collect();
    let active = others.iter().filter(|block| block.end() > now && !ended.contains(&block.at)).map(|block| block.at);
    let last = stops.iter().copied().reduce(|known, stop| {
        if later(PERIOD, stop.resource, known.resource) == Ordering::Greater { stop } else { known }
    });
    active.chain(last.map(|stop| stop.at)).collect()
}

/// Which blocks a stop ended. What was registered after it, it cannot have ended.
fn ended_by(stop: &Block<'_>, others: &[&Block<'_>]) -> Vec<usize> {
    let ones = |which: &dyn Fn(&Block<'_>) -> bool| -> Vec<usize> {
        others.iter().filter(|one| one.registered <= stop.registered && which(one)).map(|one| one.at).collect()
    };
    let named: Vec<usize> = others.iter().filter(|one| stop.names(one)).map(|one| one.at).collect();
    if !named.is_empty() {
        return named;
    }
    let alike = ones(&|one| stop.period.0.is_some() && one.start() == stop.start());
    if !alike.is_empty() {
        return alike;
    }
    // What begins on the day of its end came after it.
    let ending = dates::point((stop.period.1, None), false);
    ones(&|one| stop.period.1.is_some() && one.start() < ending && stop.end() <= one.end())
}

fn is_an_error(resource: &Resource) -> bool {
    resource.root().get("status").and_then(|status| status.as_text()).as_deref() == Some("entered-in-error")
}
