//! One occurrence of an element: its value, and what FHIR and the profiles ask of it.

use std::rc::Rc;

use fhir::elements::{self, Form, TypeDef, TypeKind};
use fhir::json::{Kind, Value};
use serde_json::Value as Json;

use super::references::{Target, is_reference, text};
use super::walk::{Item, Mark, Walk};
use super::{core_type, narrative, values};
use crate::finding::{FindingCode, Severity};
use crate::invariants::{LARGEST, Outcome};
use crate::primitives;
use crate::profile::{Constraint, ElementRule, TypeRule};

/// Contained resources of one resource that are looked at for whether they are referred to.
const MOST_CONTAINED: usize = 1000;

impl<'d> Walk<'_, 'd> {
    /// Checks one occurrence and walks on below it.
    pub(super) fn item(&mut self, item: Item<'d>, mut marks: Vec<Mark>) {
        if !self.spend() {
            return;
        }
        let child = item.child;
        if let Some(value) = item.value {
            self.value(&item, value);
        }
        let mut more: Vec<Mark> = Vec::new();
        for mark in &marks {
            self.facets(&item, mark, &mut more);
        }
        if child.type_name == "Extension" {
            let url = item.value.and_then(|value| text(value, "url"));
            let definition = url.and_then(|url| self.root(&url)).filter(|mark| mark.tree.resource_type == "Extension");
            if definition.is_none() && child.name == "modifierExtension" {
                let message = "a modifier extension that is not known here";
                self.add(Severity::Warning, FindingCode::Extension, None, message);
            }
            more.extend(definition);
        }
        for mark in more {
            if !marks.iter().any(|held| held.node == mark.node && held.tree.canonical == mark.tree.canonical) {
                if let Some(value) = item.value {
                    self.invariants(&mark, value);
                }
                marks.push(mark);
            }
        }
        match child.form {
            Form::Resource => {
                if let Some(value) = item.value {
                    let contained = child.element.name == "contained";
                    let full_url = self.scope.url_of(value);
                    self.resource(value, marks, contained, full_url);
                }
            }
            Form::Complex => {
                if let (Some(value), Some(ty)) = (item.value, child.type_def()) {
                    if ty.name == "Bundle.entry" {
                        self.full_url(value);
                    }
                    self.core_invariants_of_type(value, ty);
                    self.object(Some(value), ty, &marks);
                }
            }
            Form::Text | Form::Number | Form::Boolean | Form::Xhtml => {
                let asks_below = marks.iter().any(|mark| mark.tree.has_children(mark.node));
                if let Some(ty) = child.type_def().filter(|_| item.beside.is_some() || asks_below) {
                    self.object(item.beside, ty, &marks);
                }
            }
        }
    }

    /// What FHIR itself asks of a value.
    fn value(&mut self, item: &Item<'d>, value: Value<'d>) {
        let child = item.child;
        if child.is_primitive() {
            let is_id = child.name == "id" && child.element.owner == "Resource";
            let type_name = if is_id { "id" } else { child.type_name };
            if let Err(wrong) = primitives::check(type_name, value) {
                self.add(Severity::Error, FindingCode::Value, None, wrong);
            } else if child.form == Form::Xhtml
                && let Some(div) = value.as_text()
                && let Err(wrong) = narrative::check(&div)
            {
                self.add(Severity::Error, FindingCode::Value, None, format!("the narrative {wrong}"));
            }
        }
        if let Some(set) = child.element.required_binding {
            self.coded(item, None, set, crate::BindingStrength::Required);
        }
        if child.type_name == "Reference" {
            self.reference(value, &child.element.targets);
        }
        if child.type_name == "Extension" && value.kind() == Kind::Object {
            let holds = value.members().any(|(name, _)| name.trim_start_matches('_').starts_with("value"));
            if holds == value.get("extension").is_some() {
                let message = "an extension has either a value or extensions (ext-1)";
                self.add(Severity::Error, FindingCode::Invariant, None, message);
            }
        }
        let is_backbone = child.type_def().is_none_or(|ty| ty.kind == TypeKind::Backbone);
        if !is_backbone {
            let core = self.core.at(&child.element.path());
            self.constraints(None, value, core);
        }
    }

    /// What one profile asks of this occurrence. Profiles on its type are added to those that are walked on with.
    fn facets(&mut self, item: &Item<'d>, mark: &Mark, more: &mut Vec<Mark>) {
        let Some(branch) = mark.tree.branch(mark.node) else { return };
        let rule = &branch.rule;
        if let Some(fixed) = &rule.fixed
            && !item.value.is_some_and(|value| values::equals(fixed, value))
        {
            self.add(Severity::Error, FindingCode::Fixed, Some(mark), "is not the value that the profile fixes");
        }
        if let Some(pattern) = &rule.pattern
            && !item.value.is_some_and(|value| values::holds(pattern, value))
        {
            self.add(Severity::Error, FindingCode::Fixed, Some(mark), "does not hold the pattern of the profile");
        }
        self.types(item, mark, rule, more);
        if let Some(binding) = &rule.binding {
            self.coded(item, Some(mark), &binding.value_set, binding.strength);
        }
        let Some(value) = item.value else { return };
        if rule.min_value.as_ref().and_then(|bound| values::is_below(value, bound)) == Some(true) {
            self.add(Severity::Error, FindingCode::Value, Some(mark), "is below the least value of the profile");
        }
        if rule.max_value.as_ref().and_then(|bound| values::is_above(value, bound)) == Some(true) {
            self.add(Severity::Error, FindingCode::Value, Some(mark), "is above the largest value of the profile");
        }
        if let Some(longest) = rule.max_length
            && value.as_text().is_some_and(|text| text.chars().count() > longest as usize)
        {
            self.add(Severity::Error, FindingCode::Value, Some(mark), format!("has more than {longest} characters"));
        }
        self.invariants(mark, value);
    }

    /// The types that a profile allows, with the profiles on them.
    fn types(&mut self, item: &Item<'d>, mark: &Mark, rule: &ElementRule, more: &mut Vec<Mark>) {
        let is_backbone =
            item.child.form == Form::Complex && item.child.type_def().is_none_or(|ty| ty.kind == TypeKind::Backbone);
        if rule.types.is_empty() || is_backbone {
            return;
        }
        let actual = match (item.child.form, item.value) {
            (Form::Resource, Some(value)) => text(value, "resourceType").unwrap_or_default(),
            _ => item.child.type_name.to_owned(),
        };
        let fitting: Vec<&TypeRule> = rule.types.iter().filter(|allowed| self.fits(&allowed.code, &actual)).collect();
        if fitting.is_empty() {
            let codes: Vec<_> = rule.types.iter().map(|allowed| allowed.code.as_str()).collect();
            let message = format!("is not of a type that the profile allows ({})", codes.join(", "));
            self.add(Severity::Error, FindingCode::Type, Some(mark), message);
            return;
        }
        if fitting.iter().all(|allowed| !allowed.profiles.is_empty()) {
            let profiles: Vec<&str> =
                fitting.iter().flat_map(|allowed| &allowed.profiles).map(String::as_str).collect();
            more.extend(self.one_of(item, mark, &profiles));
        }
        if actual == "Reference"
            && let Some(value) = item.value
            && fitting.iter().all(|allowed| !allowed.targets.is_empty())
        {
            let targets: Vec<&str> = fitting.iter().flat_map(|allowed| &allowed.targets).map(String::as_str).collect();
            self.target_profiles(value, mark, &targets);
        }
    }

    fn fits(&self, allowed: &str, actual: &str) -> bool {
        // Ids and the like are of a type of FHIRPath in R4's own definitions.
        if allowed == actual || allowed.starts_with("http://hl7.org/fhirpath/") || matches!(allowed, "Resource" | "Any")
        {
            return true;
        }
        // A profile that allows a Quantity allows an Age; one that allows a string does not allow a code.
        let is_value =
            |name: &str| elements::type_of(self.version, name).is_none_or(|ty| ty.kind == TypeKind::Primitive);
        let mut name = actual;
        while let Some(ty) = elements::type_of(self.version, name).filter(|ty| !is_value(ty.name)) {
            if ty.base == allowed {
                return true;
            }
            name = ty.base;
        }
        false
    }

    /// The profile among these that the value is to be walked on with; a finding when it keeps to none.
    fn one_of(&mut self, item: &Item<'d>, mark: &Mark, profiles: &[&str]) -> Option<Mark> {
        let mut roots = Vec::new();
        for profile in profiles {
            match self.root(profile) {
                Some(root) => roots.push(root),
                // Without all of them it cannot be told that it keeps to none.
                None => {
                    self.not_checked(Some(mark), format!("profile {profile} is not at hand"));
                    return None;
                }
            }
        }
        if roots.len() <= 1 {
            return roots.pop();
        }
        let found = roots.iter().position(|root| self.trial(|walk| walk.item(*item, vec![root.clone()])));
        if found.is_none() {
            self.add(
                Severity::Error,
                FindingCode::Type,
                Some(mark),
                "keeps to none of the profiles that are allowed here",
            );
        }
        found.map(|at| roots.swap_remove(at))
    }

    /// The root of a profile.
    pub(super) fn root(&self, canonical: &str) -> Option<Mark> {
        let tree = self.validator.tree(self.version, canonical)?;
        Some(Mark { tree, node: 0 })
    }

    /// What FHIR asks of a Reference.
    fn reference(&mut self, value: Value<'d>, targets: &[&str]) {
        let written = text(value, "reference");
        if written.as_deref().is_some_and(|url| !is_reference(url)) {
            self.add(Severity::Error, FindingCode::Reference, None, "is not written as a reference");
            return;
        }
        let Target { kind, dangling, mistyped, .. } = self.scope.target(value);
        if mistyped {
            self.add(Severity::Error, FindingCode::Reference, None, "points at an entry of another type than it says");
        }
        if dangling {
            self.add(Severity::Error, FindingCode::Reference, None, "points at a contained resource that is not there");
        }
        let Some(kind) = kind else { return };
        if !targets.is_empty() && !targets.contains(&"Resource") && !targets.contains(&kind.as_str()) {
            let message = format!("points at a type that is not allowed here (allowed: {})", targets.join(", "));
            self.add(Severity::Error, FindingCode::Reference, None, message);
        }
    }

    /// What a profile asks of a reference's target: its type, and where the target is at hand one of the profiles.
    fn target_profiles(&mut self, value: Value<'d>, mark: &Mark, targets: &[&str]) {
        let Target { kind: Some(kind), resource, .. } = self.scope.target(value) else { return };
        let mut roots = Vec::new();
        for target in targets {
            match self.root(target) {
                Some(root) => roots.push(root),
                None => {
                    self.not_checked(Some(mark), format!("profile {target} of the target is not at hand"));
                    return;
                }
            }
        }
        roots.retain(|root| root.tree.resource_type == kind || root.tree.resource_type == "Resource");
        if roots.is_empty() {
            let message = "points at a type that the profile does not allow";
            self.add(Severity::Error, FindingCode::Reference, Some(mark), message);
            return;
        }
        // A target that may be any of its type needs no trial.
        let Some(resource) = resource else { return };
        if roots.iter().any(|root| core_type(self.version, &root.tree.canonical).is_some()) {
            return;
        }
        // One that claims such a profile is held against it where it stands; its faults are not this reference's.
        if roots.iter().any(|root| self.claims(resource, root)) {
            return;
        }
        let contained = text(value, "reference").is_some_and(|url| url.starts_with('#'));
        let kept =
            roots.iter().any(|root| self.trial(|walk| walk.resource(resource, vec![root.clone()], contained, None)));
        if !kept {
            let message = "points at a resource that keeps to none of the profiles that are allowed here";
            self.add(Severity::Error, FindingCode::Reference, Some(mark), message);
        }
    }

    /// Whether a resource says that it keeps to this profile, or to one that is based on it.
    pub(super) fn claims(&self, resource: Value<'d>, root: &Mark) -> bool {
        let claims = resource.get("meta").map(|meta| meta.all("profile")).unwrap_or_default();
        claims
            .iter()
            .filter_map(|claim| self.root(&claim.as_text()?))
            .any(|claim| claim.tree.keeps_to(&root.tree.canonical))
    }

    /// What FHIR asks of contained resources (dom-2 to dom-5).
    pub(super) fn contained(&mut self, resource: Value<'d>) {
        let Some(list) = resource.get("contained") else { return };
        let written = resource.raw();
        for (at, contained) in list.items().take(MOST_CONTAINED).enumerate() {
            let id = text(contained, "id").unwrap_or_default();
            // The second way is that of an attribute in the narrative, whose quotes are escaped in JSON.
            let named = !id.is_empty()
                && (written.contains(&format!("\"#{id}\"")) || written.contains(&format!("\"#{id}\\\"")));
            let names_container = contained.raw().contains("\"#\"");
            let meta = contained.get("meta");
            let has = |name: &str| meta.is_some_and(|meta| meta.get(name).is_some());
            let wrong = [
                (!named && !names_container, "a contained resource must be referred to (dom-3)"),
                (contained.get("contained").is_some(), "a contained resource has none of its own (dom-2)"),
                (
                    has("versionId") || has("lastUpdated"),
                    "a contained resource has no version and no last change (dom-4)",
                ),
                (has("security"), "a contained resource has no security label (dom-5)"),
            ];
            for (_, message) in wrong.into_iter().filter(|(is_wrong, _)| *is_wrong) {
                self.inside("contained", Some(at), |walk| {
                    walk.add(Severity::Error, FindingCode::Invariant, None, message);
                });
            }
        }
    }

    /// The invariants of the core type and of what it specialises.
    pub(super) fn core_invariants_of_type(&mut self, value: Value<'d>, ty: &'static TypeDef) {
        let mut ty = Some(ty);
        while let Some(of) = ty {
            self.constraints(None, value, self.core.at(of.name));
            ty = elements::type_of(self.version, of.base);
        }
    }

    /// The invariants of a profile's element; what the core asks anyway is left out.
    pub(super) fn invariants(&mut self, mark: &Mark, value: Value<'d>) {
        if let Some(branch) = mark.tree.branch(mark.node) {
            self.constraints(Some(mark), value, &branch.rule.constraints);
        }
    }

    fn constraints(&mut self, mark: Option<&Mark>, value: Value<'d>, constraints: &[Constraint]) {
        let mut element: Option<Json> = None;
        for constraint in constraints {
            if mark.is_some() && self.core.has(&constraint.key) {
                continue;
            }
            let outcome = match &constraint.expression {
                None => Outcome::NotChecked("it has words only"),
                Some(_) if value.raw().len() > LARGEST => Outcome::NotChecked("the element is too large"),
                Some(_) if !self.spend_invariant() => Outcome::NotChecked("there are too many to check"),
                Some(expression) => {
                    let element = element.get_or_insert_with(|| read(value));
                    let resource = if expression.contains('%') { self.resource_json() } else { Rc::new(Json::Null) };
                    self.validator.invariants.evaluate(expression, element, &resource)
                }
            };
            match outcome {
                Outcome::Holds => {}
                Outcome::Fails => {
                    let message = format!("{}: {}", constraint.key, constraint.human);
                    self.add(constraint.severity, FindingCode::Invariant, mark, message);
                }
                Outcome::NotChecked(why) => {
                    self.not_checked(mark, format!("invariant {}: {why}", constraint.key));
                }
            }
        }
    }

    fn resource_json(&mut self) -> Rc<Json> {
        let resource = self.scope.resource.filter(|resource| resource.raw().len() <= LARGEST);
        Rc::clone(self.json.get_or_insert_with(|| Rc::new(resource.map(read).unwrap_or_default())))
    }

    /// What FHIR asks of the fullUrl of a Bundle's entry (bundle.html, "Bundle unique ids and fullUrls").
    fn full_url(&mut self, entry: Value<'d>) {
        let Some(url) = text(entry, "fullUrl").filter(|url| !url.is_empty()) else { return };
        if !url.contains(':') {
            self.add(Severity::Error, FindingCode::Reference, None, "its fullUrl is not absolute");
        }
        let Some(resource) = entry.get("resource") else { return };
        let (kind, id) = (text(resource, "resourceType").unwrap_or_default(), text(resource, "id"));
        let said = url.rsplit_once('/').filter(|(rest, _)| rest.ends_with(&format!("/{kind}"))).map(|(_, id)| id);
        if let (Some(said), Some(id)) = (said, id)
            && said != id
        {
            self.add(
                Severity::Error,
                FindingCode::Reference,
                None,
                "its fullUrl disagrees with the id of its resource",
            );
        }
    }
}

fn read(value: Value<'_>) -> Json {
    serde_json::from_str(value.raw()).unwrap_or_default()
}
