//! Slicing: which slice an occurrence belongs to, and whether the slices occur as the profile asks
//! (FHIR profiling.html, "Slicing").

use std::sync::Arc;

use fhir::json::{Kind, Value};

use super::bindings::codes;
use super::core_type;
use super::discriminators::{Step, discriminators, named, steps};
use super::membership::Told;
use super::references::text;
use super::values;
use super::walk::{Item, Mark, Walk};
use crate::finding::{FindingCode, Severity};
use crate::profile::{BindingStrength, Discriminator, DiscriminatorKind, Most, SlicingRules};
use crate::tree::Branch;

/// What a discriminator's path reached in the resource.
#[derive(Clone)]
struct Reached<'d> {
    value: Option<Value<'d>>,
    /// The type, where the path tells it.
    kind: Option<String>,
}

/// Levels below a discriminator's path that are looked at for fixed values.
const DEEPEST: usize = 6;

impl<'d> Walk<'_, 'd> {
    /// Divides the occurrences of a sliced element over its slices, adds each slice's branch to those of its
    /// occurrences, and counts.
    pub(super) fn slice(&mut self, mark: &Mark, items: &[Item<'d>], which: &[usize], applying: &mut [Vec<Mark>]) {
        let tree = Arc::clone(&mark.tree);
        let Some(branch) = tree.branch(mark.node).filter(|branch| !branch.slices.is_empty()) else { return };
        let discriminators = discriminators(branch);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); branch.slices.len()];
        let mut outside: Vec<usize> = Vec::new();
        let mut order: Vec<Option<usize>> = Vec::new();
        let mut unsure = vec![false; branch.slices.len()];
        for &at in which {
            let Some(item) = items.get(at) else { continue };
            let mut found = None;
            for (place, &node) in branch.slices.iter().enumerate() {
                let slice = Mark { tree: Arc::clone(&tree), node };
                match self.belongs(&slice, item, &discriminators) {
                    Told::Yes => {
                        found = Some(place);
                        break;
                    }
                    Told::Unknown => unsure[place] = true,
                    Told::No => {}
                }
            }
            // The slice `@default` takes what no other slice takes.
            let default = || tree.slices(mark.node).position(|(_, slice)| slice.slice.as_deref() == Some("@default"));
            let found = found.or_else(default);
            order.push(found);
            match found {
                Some(place) => members[place].push(at),
                None => outside.push(at),
            }
        }
        if unsure.contains(&true) {
            self.not_checked(Some(mark), "its slices cannot be told apart by what is at hand");
        } else if !outside.is_empty() {
            self.outside(mark, branch, items, &outside);
        }
        self.order(mark, branch, &order);
        for ((&node, members), unsure) in branch.slices.iter().zip(members).zip(unsure) {
            let slice = Mark { tree: Arc::clone(&tree), node };
            if !unsure || !members.is_empty() {
                self.count(&slice, members.len());
            }
            for &at in &members {
                if let Some(marks) = applying.get_mut(at) {
                    marks.push(slice.clone());
                }
            }
            self.slice(&slice, items, &members, applying);
        }
    }

    /// Occurrences in no slice.
    fn outside(&mut self, mark: &Mark, branch: &Branch, items: &[Item<'d>], outside: &[usize]) {
        let closed = branch.rule.slicing.as_ref().is_some_and(|slicing| slicing.rules == SlicingRules::Closed);
        if closed {
            self.add(
                Severity::Error,
                FindingCode::Slice,
                Some(mark),
                "has an occurrence in none of the slices, which are all that is allowed",
            );
            return;
        }
        // The parts of an extension go by names that only its definition gives them.
        let is_part = branch.name == "extension"
            && mark.tree.resource_type == "Extension"
            && branch.rule.id == "Extension.extension";
        let unknown = outside
            .iter()
            .filter_map(|&at| items.get(at)?.value)
            .any(|value| text(value, "url").is_some_and(|url| !url.contains(':')));
        if is_part && unknown {
            self.add(
                Severity::Error,
                FindingCode::Extension,
                Some(mark),
                "has a part that the extension does not define",
            );
        }
    }

    fn order(&mut self, mark: &Mark, branch: &Branch, order: &[Option<usize>]) {
        let Some(slicing) = &branch.rule.slicing else { return };
        let places: Vec<usize> = order.iter().copied().flatten().collect();
        if slicing.ordered && places.windows(2).any(|pair| pair[0] > pair[1]) {
            self.add(
                Severity::Error,
                FindingCode::Slice,
                Some(mark),
                "has its slices in another order than the profile",
            );
        }
        let last_in = order.iter().rposition(Option::is_some);
        let first_out = order.iter().position(Option::is_none);
        if slicing.rules == SlicingRules::OpenAtEnd
            && let (Some(last_in), Some(first_out)) = (last_in, first_out)
            && first_out < last_in
        {
            self.add(
                Severity::Error,
                FindingCode::Slice,
                Some(mark),
                "has others before its slices, which are only allowed at the end",
            );
        }
    }

    /// Whether an occurrence belongs to a slice: every discriminator says so.
    fn belongs(&mut self, slice: &Mark, item: &Item<'d>, discriminators: &[Discriminator]) -> Told {
        if discriminators.is_empty() || !self.spend() {
            return Told::Unknown;
        }
        let mut told = Told::Yes;
        for discriminator in discriminators {
            match self.tells(slice, item, discriminator) {
                Told::No => return Told::No,
                Told::Unknown => told = Told::Unknown,
                Told::Yes => {}
            }
        }
        told
    }

    fn tells(&mut self, slice: &Mark, item: &Item<'d>, discriminator: &Discriminator) -> Told {
        let Some(branch) = slice.tree.branch(slice.node) else { return Told::Unknown };
        let Some(steps) = steps(&discriminator.path) else { return Told::Unknown };
        // An extension's slice is known by the canonical URL of the extension's definition.
        if discriminator.path == "url" {
            let profiles: Vec<_> = branch.rule.types.iter().flat_map(|ty| &ty.profiles).collect();
            if !profiles.is_empty() {
                let url = item.value.and_then(|value| text(value, "url"));
                return told(profiles.iter().any(|profile| profile.split('|').next() == url.as_deref()));
            }
            // The parts of an extension are named by the extension's definition; a profile that refines one repeats
            // the name only.
            let url = item.value.and_then(|value| text(value, "url"));
            if slice.tree.child(slice.node, "url").is_none() && url.is_some() && url == branch.slice {
                return Told::Yes;
            }
        }
        if discriminator.kind == DiscriminatorKind::Type
            && steps.is_empty()
            && let (Some(choice), Some(name)) = (item.child.element.choice(), branch.slice.as_deref())
            && branch.rule.types.is_empty()
        {
            return match name.strip_prefix(choice) {
                Some(suffix) if !suffix.is_empty() => told(item.child.name == name),
                _ => Told::Unknown,
            };
        }
        let mut expected: Vec<Mark> = vec![slice.clone()];
        let mut reached = vec![Reached { value: item.value, kind: Some(item.child.type_name.to_owned()) }];
        if item.child.type_name == "Resource" {
            reached[0].kind = item.value.and_then(|value| text(value, "resourceType"));
        }
        for step in &steps {
            expected = expected.iter().flat_map(|mark| self.expected_at(mark, step)).collect();
            reached = reached.iter().flat_map(|reached| self.reached_at(reached, step)).collect();
        }
        match discriminator.kind {
            DiscriminatorKind::Value | DiscriminatorKind::Pattern => self.by_value(&expected, &reached),
            DiscriminatorKind::Exists => by_existence(&expected, !reached.is_empty()),
            DiscriminatorKind::Type => self.by_type(&expected, &reached),
            DiscriminatorKind::Profile => self.by_profile(&expected, &reached),
        }
    }

    fn by_value(&self, expected: &[Mark], reached: &[Reached<'d>]) -> Told {
        let values: Vec<Value<'d>> = reached.iter().filter_map(|reached| reached.value).collect();
        let mut told = None;
        for mark in expected {
            // A profile on the slice's type may be what fixes the value.
            let profiles = self.type_profiles(mark);
            for mark in std::iter::once(mark).chain(&profiles) {
                told = both(told, self.fits_values(mark, &values, DEEPEST));
            }
        }
        told.unwrap_or(Told::Unknown)
    }

    /// Whether one of the values is as the branch, and what lies below it, fixes; `None` when they fix nothing.
    fn fits_values(&self, mark: &Mark, values: &[Value<'d>], deeper: usize) -> Option<Told> {
        let branch = mark.tree.branch(mark.node)?;
        let rule = &branch.rule;
        let mut found = None;
        if let Some(fixed) = &rule.fixed {
            found = both(found, Some(told(values.iter().any(|value| values::equals(fixed, *value)))));
        }
        if let Some(pattern) = &rule.pattern {
            found = both(found, Some(told(values.iter().any(|value| values::holds(pattern, *value)))));
        }
        if deeper > 0 {
            for (node, child) in mark.tree.children(mark.node) {
                let below = Mark { tree: Arc::clone(&mark.tree), node };
                let name = child.name.strip_suffix("[x]").unwrap_or(&child.name);
                let inner: Vec<_> =
                    values.iter().flat_map(|value| named(*value, name)).map(|(_, value)| value).collect();
                found = both(found, self.fits_values(&below, &inner, deeper - 1));
            }
            for (node, slice) in mark.tree.slices(mark.node) {
                if slice.rule.min.is_some_and(|min| min > 0) {
                    let inner = Mark { tree: Arc::clone(&mark.tree), node };
                    found = both(found, self.fits_values(&inner, values, deeper - 1));
                }
            }
        }
        if found.is_none()
            && let Some(binding) =
                rule.binding.as_ref().filter(|binding| binding.strength >= BindingStrength::Extensible)
        {
            let kinds = ["CodeableConcept", "Coding", "code"];
            let all: Vec<_> = values
                .iter()
                .flat_map(|value| {
                    let kind = match value.kind() {
                        Kind::Text => kinds[2],
                        _ if value.get("coding").is_some() => kinds[0],
                        _ => kinds[1],
                    };
                    codes(kind, *value).unwrap_or_default()
                })
                .collect();
            found = Some(if all.is_empty() { Told::No } else { self.in_set(&all, &binding.value_set) });
        }
        found
    }

    fn by_type(&self, expected: &[Mark], reached: &[Reached<'d>]) -> Told {
        let mut allowed: Vec<String> = Vec::new();
        for mark in expected {
            let Some(branch) = mark.tree.branch(mark.node) else { continue };
            if mark.node == 0 {
                allowed.push(mark.tree.resource_type.clone());
            }
            allowed.extend(branch.rule.types.iter().map(|ty| ty.code.clone()));
        }
        if allowed.is_empty() {
            return Told::Unknown;
        }
        if reached.is_empty() {
            return Told::No;
        }
        let mut unknown = false;
        for reached in reached {
            match &reached.kind {
                Some(kind)
                    if allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(kind) || allowed == "Resource") =>
                {
                    return Told::Yes;
                }
                Some(_) => {}
                None => unknown = true,
            }
        }
        if unknown { Told::Unknown } else { Told::No }
    }

    fn by_profile(&mut self, expected: &[Mark], reached: &[Reached<'d>]) -> Told {
        let mut roots: Vec<Mark> = Vec::new();
        for mark in expected {
            if mark.node == 0 { roots.push(mark.clone()) } else { roots.extend(self.type_profiles(mark)) }
        }
        if roots.is_empty() {
            return Told::Unknown;
        }
        let mut answer = Told::No;
        for reached in reached {
            let Some(kind) = &reached.kind else {
                answer = Told::Unknown;
                continue;
            };
            for root in roots.iter().filter(|root| &root.tree.resource_type == kind) {
                // Of a target that is not at hand only the type can be told.
                let Some(value) = reached.value else {
                    if core_type(self.version, &root.tree.canonical).is_some() {
                        return Told::Yes;
                    }
                    answer = Told::Unknown;
                    continue;
                };
                let kept = match value.get("resourceType") {
                    // A claim makes it this slice's; whether it holds is told at the resource.
                    Some(_) if self.claims(value, root) => true,
                    Some(_) => self.trial(|walk| walk.resource(value, vec![root.clone()], false, None)),
                    None => match fhir::elements::type_of(self.version, kind) {
                        Some(ty) => self.trial(|walk| walk.object(Some(value), ty, std::slice::from_ref(root))),
                        None => false,
                    },
                };
                if kept {
                    return Told::Yes;
                }
            }
        }
        answer
    }

    /// The roots of the profiles on a branch's types.
    fn type_profiles(&self, mark: &Mark) -> Vec<Mark> {
        let Some(branch) = mark.tree.branch(mark.node) else { return Vec::new() };
        branch.rule.types.iter().flat_map(|ty| &ty.profiles).filter_map(|profile| self.root(profile)).collect()
    }

    /// The branches that a step of the path leads to.
    fn expected_at(&self, mark: &Mark, step: &Step) -> Vec<Mark> {
        let Some(branch) = mark.tree.branch(mark.node) else { return Vec::new() };
        let here = |node| Mark { tree: Arc::clone(&mark.tree), node };
        match step {
            Step::Name(name) => {
                let choice = format!("{name}[x]");
                let child =
                    |mark: &Mark| mark.tree.child(mark.node, name).or_else(|| mark.tree.child(mark.node, &choice));
                let own = child(mark).map(here);
                let inherited = self
                    .type_profiles(mark)
                    .into_iter()
                    .filter_map(|root| child(&root).map(|node| Mark { tree: Arc::clone(&root.tree), node }));
                own.into_iter().chain(inherited).collect()
            }
            Step::Resolve => {
                let targets = branch.rule.types.iter().flat_map(|ty| &ty.targets);
                targets.filter_map(|target| self.root(target)).collect()
            }
            Step::Extension(url) => {
                let Some(node) = mark.tree.child(mark.node, "extension") else { return Vec::new() };
                let of_url = |slice: &Branch| slice.rule.types.iter().flat_map(|ty| &ty.profiles).any(|p| p == url);
                mark.tree.slices(node).filter(|(_, slice)| of_url(slice)).map(|(node, _)| here(node)).collect()
            }
            Step::OfType(kind) => {
                let by_name =
                    |slice: &Branch| slice.slice.as_deref().is_some_and(|slice| slice.ends_with(kind.as_str()));
                let slices: Vec<_> = mark
                    .tree
                    .slices(mark.node)
                    .filter(|(_, slice)| by_name(slice))
                    .map(|(node, _)| here(node))
                    .collect();
                if slices.is_empty() { vec![mark.clone()] } else { slices }
            }
        }
    }

    /// The values that a step of the path leads to.
    fn reached_at(&self, from: &Reached<'d>, step: &Step) -> Vec<Reached<'d>> {
        let Some(value) = from.value else { return Vec::new() };
        match step {
            Step::Name(name) => named(value, name)
                .into_iter()
                .map(|(suffix, value)| Reached { value: Some(value), kind: text(value, "resourceType").or(suffix) })
                .collect(),
            Step::Resolve => {
                let target = self.scope.target(value);
                vec![Reached { value: target.resource, kind: target.kind }]
            }
            Step::Extension(url) => value
                .get("extension")
                .into_iter()
                .flat_map(|list| list.items())
                .filter(|item| text(*item, "url").as_deref() == Some(url))
                .map(|item| Reached { value: Some(item), kind: Some("Extension".to_owned()) })
                .collect(),
            Step::OfType(kind) => {
                let same = from.kind.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(kind));
                same.then(|| from.clone()).into_iter().collect()
            }
        }
    }
}

fn by_existence(expected: &[Mark], is_there: bool) -> Told {
    let rules = || expected.iter().filter_map(|mark| mark.tree.branch(mark.node)).map(|branch| &branch.rule);
    if rules().any(|rule| rule.max == Some(Most::Times(0))) {
        return told(!is_there);
    }
    if rules().any(|rule| rule.min.is_some_and(|min| min > 0)) {
        return told(is_there);
    }
    Told::Unknown
}

fn told(yes: bool) -> Told {
    if yes { Told::Yes } else { Told::No }
}

fn both(one: Option<Told>, other: Option<Told>) -> Option<Told> {
    match (one, other) {
        (None, told) | (told, None) => told,
        (Some(Told::No), _) | (_, Some(Told::No)) => Some(Told::No),
        (Some(Told::Unknown), _) | (_, Some(Told::Unknown)) => Some(Told::Unknown),
        (Some(Told::Yes), Some(Told::Yes)) => Some(Told::Yes),
    }
}
