//! A profile's rules, those of its bases merged in, as a tree that is walked along with a resource.

use fhir::FhirVersion;
use fhir::elements::{self, TypeDef};

use crate::profile::{ElementRule, Profile};

/// One compiled profile. Node 0 is its root.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) canonical: String,
    pub(crate) resource_type: String,
    /// The canonical URLs of this profile and of its bases.
    chain: Vec<String>,
    /// A base that is not at hand: the rules are not all there.
    pub(crate) without: Option<String>,
    nodes: Vec<Branch>,
}

/// What the profile says of one element, or of one slice of it.
#[derive(Debug)]
pub(crate) struct Branch {
    /// The element's name in the standard (`category`, `value[x]`).
    pub(crate) name: String,
    pub(crate) slice: Option<String>,
    pub(crate) rule: ElementRule,
    children: Vec<usize>,
    pub(crate) slices: Vec<usize>,
}

impl Tree {
    /// Compiles a profile from its chain, the base first. Rules whose path leaves the type are left out.
    pub(crate) fn compile(chain: &[&Profile], without: Option<String>) -> Option<Tree> {
        let profile = chain.last()?;
        let root = Branch {
            name: profile.resource_type.clone(),
            slice: None,
            rule: ElementRule::of(profile.resource_type.clone()),
            children: Vec::new(),
            slices: Vec::new(),
        };
        let mut tree = Tree {
            canonical: profile.canonical.clone(),
            resource_type: profile.resource_type.clone(),
            chain: chain.iter().map(|profile| profile.canonical.clone()).collect(),
            without,
            nodes: vec![root],
        };
        for profile in chain {
            for rule in &profile.rules {
                let at = tree.place(profile.fhir, &rule.id);
                if let Some(branch) = tree.nodes.get_mut(at) {
                    merge(&mut branch.rule, rule);
                }
            }
        }
        Some(tree)
    }

    /// Whether this is that profile or is based on it.
    pub(crate) fn keeps_to(&self, canonical: &str) -> bool {
        self.chain.iter().any(|held| held == canonical)
    }

    pub(crate) fn branch(&self, at: usize) -> Option<&Branch> {
        self.nodes.get(at)
    }

    /// The branch for a child element; of a slice also what the profile says of the element outside the slice is
    /// asked separately.
    pub(crate) fn child(&self, at: usize, name: &str) -> Option<usize> {
        let branch = self.branch(at)?;
        let own = self.named(&branch.children, name);
        if own.is_some() || !branch.children.is_empty() {
            return own;
        }
        // A snapshot says once what a recursive element holds.
        let shared = branch.rule.content_reference.as_deref()?.rsplit('#').next()?;
        let target = self.nodes.iter().find(|node| node.rule.id == shared)?;
        self.named(&target.children, name)
    }

    pub(crate) fn has_children(&self, at: usize) -> bool {
        self.branch(at).is_some_and(|branch| !branch.children.is_empty())
    }

    pub(crate) fn children(&self, at: usize) -> impl Iterator<Item = (usize, &Branch)> {
        let places = self.branch(at).map_or(&[][..], |branch| branch.children.as_slice());
        places.iter().filter_map(|&place| Some((place, self.branch(place)?)))
    }

    pub(crate) fn slices(&self, at: usize) -> impl Iterator<Item = (usize, &Branch)> {
        let places = self.branch(at).map_or(&[][..], |branch| branch.slices.as_slice());
        places.iter().filter_map(|&place| Some((place, self.branch(place)?)))
    }

    fn named(&self, places: &[usize], name: &str) -> Option<usize> {
        places.iter().copied().find(|&place| self.branch(place).is_some_and(|branch| branch.name == name))
    }

    /// The branch for an element id, made where it is not there yet.
    fn place(&mut self, version: FhirVersion, id: &str) -> usize {
        let mut segments = id.split('.');
        let root = segments.next().unwrap_or_default();
        let mut ty = elements::type_of(version, root);
        let mut at = 0;
        for segment in segments {
            let (written, slice) = match segment.split_once(':') {
                Some((name, slice)) => (name, Some(slice)),
                None => (segment, None),
            };
            let (name, implied) = standard_name(ty, written);
            at = self.make_child(at, &name);
            // `Observation.valueQuantity` is the slice `valueQuantity` of `Observation.value[x]`.
            for slice in [implied, slice.filter(|slice| Some(*slice) != implied)].into_iter().flatten() {
                at = self.make_slice(at, slice);
            }
            let instance_name = if name.ends_with("[x]") { implied.or(slice).unwrap_or(&name) } else { &name };
            ty = ty.and_then(|ty| ty.child(instance_name)).and_then(|child| child.type_def());
        }
        at
    }

    fn make_child(&mut self, at: usize, name: &str) -> usize {
        let held = self.branch(at).and_then(|branch| self.named(&branch.children, name));
        held.unwrap_or_else(|| {
            let id = format!("{}.{name}", self.id(at));
            let made = self.push(name, None, id);
            if let Some(branch) = self.nodes.get_mut(at) {
                branch.children.push(made);
            }
            made
        })
    }

    /// A slice of the element; `a/b` is slice `b` of slice `a` where there is a slice `a`.
    fn make_slice(&mut self, at: usize, slice: &str) -> usize {
        let named = |tree: &Tree, wanted: &str| {
            tree.slices(at).find(|(_, branch)| branch.slice.as_deref() == Some(wanted)).map(|(place, _)| place)
        };
        if let Some(held) = named(self, slice) {
            return held;
        }
        if let Some((outer, inner)) = slice.split_once('/')
            && let Some(outer) = named(self, outer)
        {
            return self.make_slice(outer, inner);
        }
        let name = self.branch(at).map(|branch| branch.name.clone()).unwrap_or_default();
        let separator = if self.branch(at).is_some_and(|branch| branch.slice.is_some()) { '/' } else { ':' };
        let id = format!("{}{separator}{slice}", self.id(at));
        let made = self.push(&name, Some(slice.to_owned()), id);
        if let Some(branch) = self.nodes.get_mut(at) {
            branch.slices.push(made);
        }
        made
    }

    fn push(&mut self, name: &str, slice: Option<String>, id: String) -> usize {
        self.nodes.push(Branch {
            name: name.to_owned(),
            slice,
            rule: ElementRule::of(id),
            children: Vec::new(),
            slices: Vec::new(),
        });
        self.nodes.len() - 1
    }

    fn id(&self, at: usize) -> &str {
        self.branch(at).map_or("", |branch| branch.rule.id.as_str())
    }
}

/// The standard's name of an element that may be written as one of its choices, and the choice.
fn standard_name<'n>(ty: Option<&'static TypeDef>, written: &'n str) -> (String, Option<&'n str>) {
    let choice = ty.and_then(|ty| ty.child(written)).filter(|child| child.element.choice().is_some());
    match choice {
        Some(child) => (child.element.name.to_owned(), Some(written)),
        None => (written.to_owned(), None),
    }
}

/// Adds what a more derived profile says.
fn merge(into: &mut ElementRule, from: &ElementRule) {
    fn take<T: Clone>(into: &mut Option<T>, from: &Option<T>) {
        if from.is_some() {
            into.clone_from(from);
        }
    }
    take(&mut into.min, &from.min);
    take(&mut into.max, &from.max);
    take(&mut into.fixed, &from.fixed);
    take(&mut into.pattern, &from.pattern);
    take(&mut into.min_value, &from.min_value);
    take(&mut into.max_value, &from.max_value);
    take(&mut into.max_length, &from.max_length);
    take(&mut into.binding, &from.binding);
    take(&mut into.content_reference, &from.content_reference);
    if let Some(slicing) = &from.slicing {
        let mut slicing = slicing.clone();
        // A derived profile may repeat the slicing without its discriminators.
        if slicing.discriminators.is_empty()
            && let Some(before) = &into.slicing
        {
            slicing.discriminators.clone_from(&before.discriminators);
        }
        into.slicing = Some(slicing);
    }
    if !from.types.is_empty() {
        into.types.clone_from(&from.types);
    }
    for constraint in &from.constraints {
        into.constraints.retain(|held| held.key != constraint.key);
        into.constraints.push(constraint.clone());
    }
    into.must_support |= from.must_support;
}
