//! One page of a gathered answer: some of its matches, and what belongs to them.

use std::collections::{HashMap, HashSet};

use crate::bundle::SearchMode;
use crate::reference::links;
use crate::resource::Resource;

/// One page: which items are on it, and whether there is a next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Positions in the whole answer: matches, then what they bring along, then outcomes.
    pub items: Vec<usize>,
    /// Where the next page starts, counted in matches; nothing on the last page.
    pub next: Option<usize>,
    /// Matches in the whole answer.
    pub total: usize,
}

/// The page of `count` matches (zero counts as one) from the match numbered `from` (the first is zero), with what those matches bring
/// along: included resources that they reach by references, directly or through others, and those that point at
/// one of them. What no match reaches is on the first page, outcomes are on every page: nothing gets lost.
pub fn page<T>(items: &[T], from: usize, count: usize, get: impl Fn(&T) -> (&Resource, SearchMode)) -> Page {
    let mode = |_: usize, item: &T| get(item).1;
    let all = matches(items, &get);
    let kept: Vec<usize> = all.iter().skip(from).take(count.max(1)).copied().collect();
    let next = from.saturating_add(kept.len());
    let mut on_page = reached(items, &kept, mode, &get);
    if from == 0 && next < all.len() {
        let known: HashSet<usize> = reached(items, &all, mode, &get).into_iter().collect();
        let lost = (0..items.len()).filter(|at| !known.contains(at));
        on_page.extend(lost);
    } else if from == 0 {
        let known: HashSet<usize> = on_page.iter().copied().collect();
        on_page.extend((0..items.len()).filter(|at| !known.contains(at)));
    }
    Page { items: on_page, next: (next < all.len()).then_some(next), total: all.len() }
}

fn matches<T>(items: &[T], get: impl Fn(&T) -> (&Resource, SearchMode)) -> Vec<usize> {
    let is_match = |(_, item): &(usize, &T)| get(item).1 == SearchMode::Match;
    items.iter().enumerate().filter(is_match).map(|(at, _)| at).collect()
}

/// These matches in their order, then the included resources that belong to them, then all outcomes.
pub(super) fn reached<T>(
    items: &[T],
    kept: &[usize],
    mode: impl Fn(usize, &T) -> SearchMode,
    get: impl Fn(&T) -> (&Resource, SearchMode),
) -> Vec<usize> {
    let graph = Graph::of(items, &mode, &get);
    let mut found: HashSet<usize> = kept.iter().copied().collect();
    let mut waiting: Vec<usize> = kept.to_vec();
    while let Some(at) = waiting.pop() {
        let is_kept = graph.modes.get(at) == Some(&SearchMode::Match);
        let to = graph.to.get(at).into_iter().flatten();
        // What points at an included resource belongs to it only when nothing else brought it here.
        let from = graph.from.get(at).into_iter().flatten().filter(|from| is_kept || !graph.reaches_match(**from));
        for next in to.chain(from).copied() {
            if graph.modes.get(next) == Some(&SearchMode::Include) && found.insert(next) {
                waiting.push(next);
            }
        }
    }
    let of = |mode: SearchMode| graph.modes.iter().enumerate().filter(move |(_, known)| **known == mode);
    let included = of(SearchMode::Include).map(|(at, _)| at).filter(|at| found.contains(at));
    kept.iter().copied().chain(included).chain(of(SearchMode::Outcome).map(|(at, _)| at)).collect()
}

/// Which items point at which.
struct Graph {
    modes: Vec<SearchMode>,
    to: Vec<Vec<usize>>,
    from: Vec<Vec<usize>>,
}

impl Graph {
    fn of<T>(items: &[T], mode: impl Fn(usize, &T) -> SearchMode, get: impl Fn(&T) -> (&Resource, SearchMode)) -> Self {
        let mut places: HashMap<(String, String), Vec<usize>> = HashMap::new();
        for (at, item) in items.iter().enumerate() {
            let resource = get(item).0;
            if let Some(id) = resource.id() {
                let key = (resource.resource_type().into_owned(), id.into_owned());
                places.entry(key).or_default().push(at);
            }
        }
        let mut graph = Graph {
            modes: items.iter().enumerate().map(|(at, item)| mode(at, item)).collect(),
            to: vec![Vec::new(); items.len()],
            from: vec![Vec::new(); items.len()],
        };
        for (at, item) in items.iter().enumerate() {
            let mut targets = Vec::new();
            links(get(item).0, &mut |kind, id, _| {
                targets.extend(places.get(&(kind.to_owned(), id.to_owned())).into_iter().flatten().copied());
            });
            targets.sort_unstable();
            targets.dedup();
            for target in targets.iter().filter(|target| **target != at) {
                if let Some(from) = graph.from.get_mut(*target) {
                    from.push(at);
                }
            }
            if let Some(to) = graph.to.get_mut(at) {
                *to = targets;
            }
        }
        graph
    }

    /// Whether it is there for a match that it points at or that points at it.
    fn reaches_match(&self, at: usize) -> bool {
        let near = |list: &[Vec<usize>]| {
            list.get(at).into_iter().flatten().any(|other| self.modes.get(*other) == Some(&SearchMode::Match))
        };
        near(&self.to) || near(&self.from)
    }
}
