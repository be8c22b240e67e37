//! The walk: down the resource along the standard's elements, with the profiles' branches that apply at each place.

use std::collections::HashSet;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use fhir::FhirVersion;
use fhir::elements::{self, Child, ElementDef, TypeDef, TypeKind};
use fhir::json::{Kind, Value};

use super::Validator;
use super::references::{Scope, text};
use crate::core::Core;
use crate::finding::{Finding, FindingCode, NotChecked, Report, Severity};
use crate::profile::Most;
use crate::tree::Tree;

/// A branch of a profile that applies at the place reached.
#[derive(Clone)]
pub(super) struct Mark {
    pub(super) tree: Arc<Tree>,
    pub(super) node: usize,
}

/// One occurrence of an element: its value, and for a primitive the object beside it with id and extensions.
#[derive(Clone, Copy)]
pub(super) struct Item<'d> {
    pub(super) child: &'static Child,
    pub(super) value: Option<Value<'d>>,
    pub(super) beside: Option<Value<'d>>,
    pub(super) index: Option<usize>,
}

pub(super) struct Walk<'v, 'd> {
    pub(super) validator: &'v Validator<'v>,
    pub(super) version: FhirVersion,
    pub(super) core: &'static Core,
    pub(super) report: Report,
    pub(super) scope: Scope<'d>,
    /// The resource as the invariants see it; made when the first one needs it.
    pub(super) json: Option<Rc<serde_json::Value>>,
    path: String,
    element: String,
    seen: HashSet<(String, FindingCode, String)>,
    unchecked: HashSet<NotChecked>,
    left: u32,
    invariants_left: u32,
    trials: usize,
}

/// Elements looked at in one validation, trials included.
const MOST_WORK: u32 = 3_000_000;
/// Invariants evaluated in one validation; each costs a thousand times what another rule costs.
const MOST_INVARIANTS: u32 = if cfg!(test) { 500 } else { 20_000 };
/// Findings kept, and rules kept that could not be checked.
const MOST_FINDINGS: usize = 1000;
/// Trials within trials: a profile of a reference's target, and what that target points at.
const DEEPEST_TRIAL: usize = 2;

impl<'v, 'd> Walk<'v, 'd> {
    pub(super) fn new(validator: &'v Validator<'v>, version: FhirVersion, resource_type: &str) -> Self {
        Walk {
            validator,
            version,
            core: Core::of(version),
            report: Report::default(),
            scope: Scope::default(),
            json: None,
            path: resource_type.to_owned(),
            element: resource_type.to_owned(),
            seen: HashSet::new(),
            unchecked: HashSet::new(),
            left: MOST_WORK,
            invariants_left: MOST_INVARIANTS,
            trials: 0,
        }
    }

    pub(super) fn finish(mut self) -> Report {
        if self.left == 0 {
            self.left = 1;
            self.add(Severity::Error, FindingCode::TooLarge, None, "asks more work than one validation may take");
        }
        self.report
    }

    /// A resource: the root, one in a Bundle or Parameters, or a contained one.
    pub(super) fn resource(
        &mut self,
        value: Value<'d>,
        mut marks: Vec<Mark>,
        contained: bool,
        full_url: Option<String>,
    ) {
        let name = text(value, "resourceType").unwrap_or_default();
        let known = elements::type_of(self.version, &name);
        let Some(ty) = known.filter(|ty| ty.kind == TypeKind::Resource && !ty.is_abstract) else {
            self.add(Severity::Error, FindingCode::Structure, None, "is not a resource of a type that exists");
            return;
        };
        let scope = self.scope.enter(value, contained, full_url);
        let outer = mem::replace(&mut self.scope, scope);
        let json = self.json.take();
        let element = mem::replace(&mut self.element, name.clone());
        if self.scope.depth > 1 {
            for claim in value.get("meta").map(|meta| meta.all("profile")).unwrap_or_default() {
                let tree = claim.as_text().and_then(|claim| self.validator.tree(self.version, &claim));
                if let Some(tree) = tree
                    && !marks.iter().any(|mark| mark.node == 0 && mark.tree.canonical == tree.canonical)
                {
                    marks.push(Mark { tree, node: 0 });
                }
            }
        }
        for mark in &marks {
            self.root_of(mark, &name);
        }
        self.contained(value);
        self.core_invariants_of_type(value, ty);
        self.object(Some(value), ty, &marks);
        self.element = element;
        self.json = json;
        self.scope = outer;
    }

    /// What is asked of a profile's root as a whole.
    fn root_of(&mut self, mark: &Mark, name: &str) {
        let tree = &mark.tree;
        if mark.node == 0
            && tree.resource_type != name
            && !matches!(&*tree.resource_type, "Resource" | "DomainResource")
        {
            let message = format!("the profile is for {}", tree.resource_type);
            self.add(Severity::Error, FindingCode::Type, Some(mark), message);
        }
        if mark.node == 0
            && let Some(base) = &tree.without
        {
            self.not_checked(Some(mark), format!("profile {base}, on which it is based, is not at hand"));
        }
        if mark.node == 0
            && let Some(value) = self.scope.resource
        {
            self.invariants(mark, value);
        }
    }

    /// The members of an object of this type; without a value, what its absence means for the branches below.
    pub(super) fn object(&mut self, value: Option<Value<'d>>, ty: &'static TypeDef, marks: &[Mark]) {
        if !self.spend() {
            return;
        }
        let mut slots: Vec<Vec<Item<'d>>> = vec![Vec::new(); ty.children().len()];
        if let Some(value) = value {
            if value.kind() != Kind::Object {
                self.add(Severity::Error, FindingCode::Structure, None, "is not an object");
                return;
            }
            self.gather(value, ty, &mut slots);
        }
        for (element, items) in ty.children().iter().zip(slots) {
            let mut branches: Vec<Mark> = Vec::new();
            for mark in marks {
                if let Some(node) = mark.tree.child(mark.node, element.name) {
                    branches.push(Mark { tree: Arc::clone(&mark.tree), node });
                }
            }
            if items.is_empty() && element.min == 0 && branches.is_empty() {
                continue;
            }
            // The absent object's own needs were counted where it is absent.
            let core_min = if value.is_some() { element.min } else { 0 };
            self.occurrences(element, core_min, items, branches);
        }
    }

    /// All occurrences of one element within its parent.
    fn occurrences(&mut self, element: &'static ElementDef, core_min: u32, items: Vec<Item<'d>>, branches: Vec<Mark>) {
        let many = items.len();
        let short = element.choice().unwrap_or(element.name);
        self.inside(short, None, |walk| {
            if many < core_min as usize {
                walk.add(Severity::Error, FindingCode::Missing, None, missing(core_min, many));
            }
            if let Some(max) = element.max
                && many > max as usize
                && (max > 1 || max == 0)
            {
                walk.add(Severity::Error, FindingCode::TooMany, None, too_many(max, many));
            }
            if items.iter().any(|item| item.child.name != items[0].child.name) {
                walk.add(Severity::Error, FindingCode::TooMany, None, "has values of more than one type");
            }
            for mark in &branches {
                walk.count(mark, many);
            }
        });
        let mut applying: Vec<Vec<Mark>> = vec![branches.clone(); many];
        let all: Vec<usize> = (0..many).collect();
        for mark in &branches {
            self.inside(short, None, |walk| walk.slice(mark, &items, &all, &mut applying));
        }
        for (item, marks) in items.into_iter().zip(applying) {
            let name = shown_name(item.child);
            self.inside(&name, item.index, |walk| walk.item(item, marks));
        }
    }

    /// How often a profile's element, or slice, occurs.
    pub(super) fn count(&mut self, mark: &Mark, many: usize) {
        let Some(branch) = mark.tree.branch(mark.node) else { return };
        let of = branch.slice.as_ref().map(|slice| format!("slice {slice} ")).unwrap_or_default();
        if let Some(min) = branch.rule.min
            && many < min as usize
        {
            let message = format!("{of}{}", missing(min, many));
            self.add(Severity::Error, FindingCode::Missing, Some(mark), message);
        }
        if let Some(Most::Times(max)) = branch.rule.max
            && many > max as usize
        {
            let message = format!("{of}{}", too_many(max, many));
            self.add(Severity::Error, FindingCode::TooMany, Some(mark), message);
        }
    }

    /// Sorts the members of an object by element; says what has not the right form (FHIR json.html).
    fn gather(&mut self, value: Value<'d>, ty: &'static TypeDef, slots: &mut [Vec<Item<'d>>]) {
        let is_resource = ty.kind == TypeKind::Resource;
        let mut is_empty = true;
        for beside in [false, true] {
            for (name, member) in value.members() {
                is_empty = false;
                let (plain, is_beside) = match name.strip_prefix('_') {
                    Some(plain) => (plain, true),
                    None => (name.as_ref(), false),
                };
                if is_beside != beside || is_resource && name == "resourceType" {
                    continue;
                }
                let child = ty.child(plain).filter(|child| !beside || child.is_primitive());
                let Some(child) = child else {
                    let message = format!("{} is not an element of {}", shown(&name), ty.name);
                    self.inside(&shown(&name), None, |walk| {
                        walk.add(Severity::Error, FindingCode::Structure, None, message);
                    });
                    continue;
                };
                if let Some(slot) = slots.get_mut(child.order) {
                    self.member(child, member, beside, slot);
                }
            }
        }
        if is_empty {
            self.add(Severity::Error, FindingCode::Structure, None, "is empty");
        }
        for item in slots.iter().flatten().filter(|item| item.value.is_none() && item.beside.is_none()) {
            self.inside(item.child.name, item.index, |walk| {
                walk.add(Severity::Error, FindingCode::Structure, None, "is null");
            });
        }
    }

    /// Adds one member's items to its element's.
    fn member(&mut self, child: &'static Child, member: Value<'d>, beside: bool, slot: &mut Vec<Item<'d>>) {
        let is_list = member.kind() == Kind::List;
        let wrong = match (child.is_list(), is_list) {
            (true, false) => Some("is not a list"),
            (false, true) => Some("is a list"),
            _ if is_list && member.items().next().is_none() => Some("is an empty list"),
            _ if member.kind() == Kind::Null => Some("is null"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.inside(child.name, None, |walk| walk.add(Severity::Error, FindingCode::Structure, None, wrong));
        }
        for (at, item) in member.each().enumerate() {
            let index = child.is_list().then_some(at);
            let there = (item.kind() != Kind::Null).then_some(item);
            let held = slot.iter_mut().find(|held| held.child.name == child.name && held.index == index);
            match (held, beside) {
                (Some(held), true) => held.beside = there,
                (_, true) => slot.push(Item { child, value: None, beside: there, index }),
                (_, false) => slot.push(Item { child, value: there, beside: None, index }),
            }
        }
    }

    /// Runs something at a place below this one.
    pub(super) fn inside(&mut self, name: &str, index: Option<usize>, run: impl FnOnce(&mut Self)) {
        let (path, element) = (self.path.len(), self.element.len());
        self.path.push('.');
        self.path.push_str(name);
        if let Some(index) = index {
            self.path.push_str(&format!("[{index}]"));
        }
        self.element.push('.');
        self.element.push_str(name);
        run(self);
        self.path.truncate(path);
        self.element.truncate(element);
    }

    /// Whether a walk comes out without errors, leaving no trace; yes when trials are nested too deep to tell.
    pub(super) fn trial(&mut self, run: impl FnOnce(&mut Self)) -> bool {
        if self.trials >= DEEPEST_TRIAL {
            return true;
        }
        let report = mem::take(&mut self.report);
        let seen = mem::take(&mut self.seen);
        let unchecked = mem::take(&mut self.unchecked);
        self.trials += 1;
        run(self);
        self.trials -= 1;
        self.unchecked = unchecked;
        self.seen = seen;
        mem::replace(&mut self.report, report).is_clean()
    }

    /// Adds a finding at the place reached; the same at the same place is said once.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: FindingCode,
        mark: Option<&Mark>,
        message: impl Into<String>,
    ) {
        let message = message.into();
        if self.report.findings.len() >= MOST_FINDINGS {
            self.report.cut_short = true;
            return;
        }
        if !self.seen.insert((self.path.clone(), code, message.clone())) {
            return;
        }
        self.report.findings.push(Finding {
            severity,
            code,
            path: self.path.clone(),
            element: self.element_of(mark),
            profile: mark.map(|mark| mark.tree.canonical.clone()),
            message,
        });
    }

    /// Notes a rule that could not be checked.
    pub(super) fn not_checked(&mut self, mark: Option<&Mark>, what: impl Into<String>) {
        let profile = mark.map(|mark| mark.tree.canonical.clone());
        let note = NotChecked { profile, element: self.element_of(mark), what: what.into() };
        if self.report.not_checked.len() < MOST_FINDINGS && self.unchecked.insert(note.clone()) {
            self.report.not_checked.push(note);
        }
    }

    /// Takes one unit of work; no when there is none left.
    pub(super) fn spend(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    /// Takes one evaluation of an invariant; no when there is none left.
    pub(super) fn spend_invariant(&mut self) -> bool {
        self.invariants_left = self.invariants_left.saturating_sub(1);
        self.invariants_left > 0
    }

    fn element_of(&self, mark: Option<&Mark>) -> String {
        let branch = mark.and_then(|mark| mark.tree.branch(mark.node));
        branch.map_or_else(|| self.element.clone(), |branch| branch.rule.id.clone())
    }
}

fn missing(min: u32, many: usize) -> String {
    format!("must occur at least {min} time(s), occurs {many}")
}

fn too_many(max: u32, many: usize) -> String {
    format!("may occur at most {max} time(s), occurs {many}")
}

/// The element's name in a path: a choice says its type as FHIRPath does.
fn shown_name(child: &Child) -> String {
    match child.element.choice() {
        Some(choice) => format!("{choice}.ofType({})", child.type_name),
        None => child.name.to_owned(),
    }
}

/// A member's name as it may be repeated: element names are letters with at most two digits; anything else could be a
/// value in disguise.
fn shown(name: &str) -> String {
    let plain = name.strip_prefix('_').unwrap_or(name);
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    let good = (1..=64).contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_alphanumeric()) && digits <= 2;
    if good { name.to_owned() } else { "(a member)".to_owned() }
}
