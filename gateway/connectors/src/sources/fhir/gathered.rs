//! What a server answered so far, as the shelf on which the node evaluates a search itself. It also tells what the
//! evaluation looked for and did not find, so that it can be fetched.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use ::fhir::json::Value;
use ::fhir::search::{Found, Search, SearchFault, Shelf};
use ::fhir::{FhirVersion, Resource, ResourceType};

use super::super::links::{Leads, Named, name_of, referred};
use super::reach::Reach;

/// Resources within reach, each once.
pub(super) struct Gathered<'g> {
    version: FhirVersion,
    reach: Reach<'g>,
    /// The server's own base: absolute references below it lead here.
    base: String,
    /// The type that is searched.
    kind: ResourceType,
    /// What the server gave as matches, in its order.
    matches: Vec<Resource>,
    /// Everything else, by type.
    beside: HashMap<ResourceType, Vec<Resource>>,
    known: HashMap<Named, Place>,
    /// What was asked for: it is not looked for again.
    sought: HashSet<Named>,
    whole: HashSet<ResourceType>,
}

#[derive(Clone, Copy)]
enum Place {
    Match(usize),
    Beside(usize),
}

/// What an evaluation was led to and did not find.
#[derive(Default)]
pub(super) struct Lacking {
    pub ids: BTreeMap<ResourceType, BTreeSet<String>>,
    /// Types that were looked through and not fetched.
    pub types: BTreeSet<ResourceType>,
}

impl<'g> Gathered<'g> {
    pub fn new(version: FhirVersion, reach: Reach<'g>, base: &str, kind: ResourceType) -> Self {
        Gathered {
            version,
            reach,
            base: base.to_owned(),
            kind,
            matches: Vec::new(),
            beside: HashMap::new(),
            known: HashMap::new(),
            sought: HashSet::new(),
            whole: HashSet::from([kind]),
        }
    }

    /// Takes a match; false when it is not within reach. One without a usable id is kept, and found by nothing else.
    pub fn take_match(&mut self, resource: Resource) -> bool {
        if !self.may_have(&resource) {
            return false;
        }
        match name_of(self.version, &resource) {
            Some(named) if self.known.contains_key(&named) => {}
            named => {
                if let Some(named) = named {
                    self.known.insert(named, Place::Match(self.matches.len()));
                }
                self.matches.push(resource);
            }
        }
        true
    }

    /// Takes what came beside the matches; false when it is not within reach.
    pub fn take_beside(&mut self, resource: Resource) -> bool {
        if !self.may_have(&resource) {
            return false;
        }
        if let Some(named) = name_of(self.version, &resource)
            && !self.known.contains_key(&named)
        {
            let shelf = self.beside.entry(named.kind).or_default();
            self.known.insert(named, Place::Beside(shelf.len()));
            shelf.push(resource);
        }
        true
    }

    /// Notes that this was asked for, whether it came or not.
    pub fn seek(&mut self, named: Named) {
        self.sought.insert(named);
    }

    /// Notes that all of this type was asked for.
    pub fn seek_all(&mut self, kind: ResourceType) {
        self.whole.insert(kind);
    }

    /// How many matches there are.
    pub fn matches(&self) -> usize {
        self.matches.len()
    }

    /// `Type/id` of every match.
    pub fn match_names(&self) -> Vec<String> {
        let named = self.matches.iter().filter_map(|one| name_of(self.version, one));
        named.map(|named| format!("{}/{}", named.kind, named.id.as_str())).collect()
    }

    /// The search over what is here, and what it missed.
    pub fn look(&self, search: &Search, most: usize) -> Result<(Found, Lacking), SearchFault> {
        let looking = Looking { gathered: self, lacking: RefCell::default() };
        let found = search.run(&looking, most)?;
        Ok((found, looking.lacking.into_inner()))
    }

    /// A Provenance is about what it is the provenance of: it is within reach when all of its targets are here.
    fn may_have(&self, resource: &Resource) -> bool {
        self.reach.has(self.version, resource)
            || self.targets(resource).is_some_and(|targets| targets.iter().all(|named| self.known.contains_key(named)))
    }

    /// What a Provenance is of; nothing for another resource, and when it is of nothing or of something elsewhere.
    fn targets(&self, resource: &Resource) -> Option<Vec<Named>> {
        if resource.resource_type() != "Provenance" {
            return None;
        }
        let target = |target: Value<'_>| {
            let literal = target.get("reference")?.as_text()?;
            match Leads::of(self.version, Some(&self.base), &literal) {
                Leads::Here(named) => Some(named),
                Leads::Away(_) | Leads::Nowhere => None,
            }
        };
        let targets: Vec<Named> = resource.root().all("target").into_iter().map(target).collect::<Option<_>>()?;
        (!targets.is_empty()).then_some(targets)
    }

    /// Notes what these Provenances are of and is not here, and was not asked for yet.
    pub fn seek_targets<'p>(&mut self, provenances: impl Iterator<Item = &'p Resource>) -> Vec<Named> {
        let mut wanted = Vec::new();
        let targets: Vec<Named> = provenances.filter_map(|one| self.targets(one)).flatten().collect();
        for named in targets {
            if !self.known.contains_key(&named) && self.sought.insert(named.clone()) {
                wanted.push(named);
            }
        }
        wanted
    }

    /// What the Provenances among these resources are of, as `Type/id`: everything here is within reach.
    pub fn vouched<'p>(&self, resources: impl Iterator<Item = &'p Resource>) -> Vec<String> {
        let targets = resources.filter_map(|one| self.targets(one)).flatten();
        let known = targets.filter(|named| self.known.contains_key(named));
        known.map(|named| format!("{}/{}", named.kind, named.id.as_str())).collect()
    }

    fn at(&self, named: &Named) -> Option<&Resource> {
        match *self.known.get(named)? {
            Place::Match(at) => self.matches.get(at),
            Place::Beside(at) => self.beside.get(&named.kind)?.get(at),
        }
    }

    /// What the server sent along of its own: the rest of what is here that a kept resource refers to, or that
    /// refers to one, also by a reference that the node cannot follow itself.
    pub fn connected(&self, kept: &[Resource], sent: &[Resource]) -> Vec<Resource> {
        let mut names: HashSet<Named> = kept.iter().filter_map(|one| name_of(self.version, one)).collect();
        let mut wanted: HashSet<Named> = kept.iter().flat_map(|one| referred(self.version, one)).collect();
        let mut waiting: Vec<(Named, &Resource)> =
            sent.iter().filter_map(|one| Some((name_of(self.version, one)?, one))).collect();
        waiting.retain(|(named, _)| !names.contains(named) && self.known.contains_key(named));
        let mut found = Vec::new();
        loop {
            let (near, far): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(named, one)| {
                wanted.contains(named) || referred(self.version, one).iter().any(|to| names.contains(to))
            });
            if near.is_empty() {
                return found;
            }
            for (named, one) in near {
                wanted.extend(referred(self.version, one));
                // What merely refers to something brought along does not belong to the matches.
                if names.insert(named) {
                    found.push(one.clone());
                }
            }
            waiting = far;
        }
    }
}

/// The shelf while a search looks at it.
struct Looking<'l> {
    gathered: &'l Gathered<'l>,
    lacking: RefCell<Lacking>,
}

impl Shelf for Looking<'_> {
    fn of_type(&self, kind: ResourceType) -> Vec<&Resource> {
        let gathered = self.gathered;
        if kind == gathered.kind {
            return gathered.matches.iter().collect();
        }
        if !gathered.whole.contains(&kind) {
            self.lacking.borrow_mut().types.insert(kind);
        }
        gathered.beside.get(&kind).into_iter().flatten().collect()
    }

    fn get(&self, kind: ResourceType, id: &str) -> Option<&Resource> {
        let named = Named { kind, id: ::fhir::LogicalId::parse(id)? };
        let found = self.gathered.at(&named);
        if found.is_none() && !self.gathered.sought.contains(&named) {
            self.lacking.borrow_mut().ids.entry(kind).or_default().insert(id.to_owned());
        }
        found
    }

    fn at(&self, url: &str) -> Option<&Resource> {
        match Leads::of(self.gathered.version, Some(&self.gathered.base), url) {
            Leads::Here(named) => self.get(named.kind, named.id.as_str()),
            Leads::Away(_) | Leads::Nowhere => None,
        }
    }
}
