//! The advance notice (aanmeldbericht) of partners that ask before they hand over: whether we can take somebody, who is not named.
//!
//! Before a receiver is chosen there is no treatment relation, so a notice names nobody (Nuts bolt eOverdracht). A sender that has
//! the name in a title or in the words beside a reference sends it all the same: those are left out of what is kept.

use std::collections::HashSet;

use fhir::compartment::{PatientReference, Whose, whose};
use fhir::json::Node;
use fhir::naming::names_somebody;
use fhir::{Bundle, BundleKind, LogicalId, Resource};
use thiserror::Error;

use super::codes::{ADVANCE_NOTICE, ALTERNATIVE_DATE};
use super::task::{coded, has_coding, object, refers_to};
use super::{TaskStatus, VERSION};

/// The types that a notice may have (Nictiz eOverdracht 4.0 and the full set before it, advance notice). No Coverage, RelatedPerson,
/// Consent or document: they say who it is.
pub const TYPES: [&str; 15] = [
    "Composition",
    "Patient",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "HealthcareService",
    "Location",
    "Condition",
    "AllergyIntolerance",
    "Flag",
    "Observation",
    "Procedure",
    "CarePlan",
    "NutritionOrder",
    "DeviceUseStatement",
];
/// What a notice is called here, whatever its sender calls it.
const TITLE: &str = "Aanmeldbericht";
/// Those whose name beside a reference is nobody's who is cared for.
const CARERS: [&str; 5] = ["Organization", "Practitioner", "PractitionerRole", "HealthcareService", "Location"];
/// The longest answer in words.
pub const LONGEST_REASON: usize = 2_000;

/// A notice that was read, without what says whom it is about.
#[derive(Clone, Debug)]
pub struct AdvanceNotice {
    /// The Composition first.
    resources: Vec<Resource>,
}

/// Why resources are no notice that can be kept. Says nothing of the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoticeFault {
    #[error("it has not exactly one Composition, of the id that the Task names")]
    Composition,
    #[error("its Composition is not an advance notice (SNOMED CT 721915006)")]
    Kind,
    #[error("it is about another than the Task is, or it is not clear about whom")]
    Patient,
    #[error("it says whom it is about")]
    Named,
    #[error("it has a resource without an id, twice the same, or of a type that no notice has")]
    Entry,
}

/// What we answer to a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: TaskStatus,
    /// The other date on which the patient could come: a dateTime, of the day at least.
    pub date: Option<String>,
    /// In words (`Task.statusReason.text`).
    pub reason: Option<String>,
}

/// Why nobody can answer so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AnswerFault {
    #[error("a notice is answered with accepted, on-hold or rejected")]
    Status,
    #[error("with on-hold goes the other date, as YYYY-MM-DD or a moment with its offset, and with nothing else does")]
    Date,
    #[error("the reason is empty, or longer than 2000 characters")]
    Reason,
}

impl AdvanceNotice {
    /// Reads the resources of a notice, in any order, of the Composition and about the Patient that the Task names.
    ///
    /// # Errors
    /// Why they are none.
    pub fn of_resources(
        mut resources: Vec<Resource>,
        composition: &str,
        patient: &str,
    ) -> Result<AdvanceNotice, NoticeFault> {
        let mut there = HashSet::new();
        for resource in &resources {
            let kind = resource.resource_type();
            let id = resource.id().filter(|id| LogicalId::parse(id).is_some()).ok_or(NoticeFault::Entry)?;
            if !TYPES.contains(&kind.as_ref()) || !there.insert(format!("{kind}/{id}")) {
                return Err(NoticeFault::Entry);
            }
            if names_somebody(resource) {
                return Err(NoticeFault::Named);
            }
            if !is_about(resource, patient) {
                return Err(NoticeFault::Patient);
            }
        }
        let is = |one: &&Resource| one.resource_type() == "Composition";
        let of_that_id = resources.iter().find(is).is_some_and(|one| one.id().as_deref() == Some(composition));
        if resources.iter().filter(is).count() != 1 || !of_that_id {
            return Err(NoticeFault::Composition);
        }
        resources.sort_by_key(|one| one.resource_type() != "Composition");
        let root = resources.first().ok_or(NoticeFault::Composition)?.root();
        if !has_coding(root.get("type"), ADVANCE_NOTICE) {
            return Err(NoticeFault::Kind);
        }
        if root.get("subject").and_then(|subject| refers_to(subject, "Patient")).is_none() {
            return Err(NoticeFault::Patient);
        }
        Ok(AdvanceNotice { resources: resources.iter().map(|one| bared(one, &there)).collect() })
    }

    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// As a document Bundle.
    pub fn to_bundle(&self) -> Bundle {
        let mut bundle = Bundle::new(BundleKind::Document);
        let entry = |one: &Resource| fhir::Entry { resource: Some(one.clone()), ..fhir::Entry::default() };
        bundle.entries = self.resources.iter().map(entry).collect();
        bundle
    }
}

fn is_about(resource: &Resource, patient: &str) -> bool {
    match whose(VERSION, resource) {
        Whose::Patient { id, .. } => id.as_deref() == Some(patient),
        Whose::About(references) => {
            references.iter().all(|one| matches!(one, PatientReference::Id(id) if id == patient))
        }
        Whose::Nobody => true,
        Whose::Unstated => false,
    }
}

/// The resource without free text that may have a name in it: its narrative, the notice's title, and the words beside references
/// to whom it is about and to what is not in it.
fn bared(resource: &Resource, there: &HashSet<String>) -> Resource {
    let mut node = resource.to_node();
    node.remove("text");
    if resource.resource_type() == "Composition" {
        node.set("title", Node::text(TITLE));
        if let Some(mut sections) = node.remove("section") {
            leave_out(&mut sections);
            node.set("section", sections);
        }
    }
    bare(&mut node, there);
    Resource::from_node(&node)
}

/// Leaves out of sections what no notice has, and sections that had nothing else.
fn leave_out(sections: &mut Node) {
    let Node::List(sections) = sections else { return };
    sections.retain_mut(|section| {
        let Node::Object(members) = section else { return true };
        for (_, inner) in members.iter_mut().filter(|(name, _)| name == "section") {
            leave_out(inner);
        }
        let mut left = false;
        for (_, entries) in members.iter_mut().filter(|(name, _)| name == "entry") {
            if let Node::List(entries) = entries {
                let before = entries.len();
                entries.retain(may_be_there);
                left |= entries.len() < before;
            }
        }
        members.retain(
            |(name, value)| !matches!((name.as_str(), value), ("entry" | "section", Node::List(all)) if all.is_empty()),
        );
        !left || members.iter().any(|(name, _)| matches!(name.as_str(), "entry" | "section" | "extension"))
    });
}

/// Whether an entry of a section is of a type that a notice may have.
fn may_be_there(entry: &Node) -> bool {
    let Some(Node::Text(reference)) = entry.get("reference") else { return true };
    reference.split_once('/').is_some_and(|(kind, _)| TYPES.contains(&kind))
}

fn bare(node: &mut Node, there: &HashSet<String>) {
    match node {
        Node::Object(members) => {
            let refers = members.iter().find_map(|(name, value)| match value {
                Node::Text(text) if name == "reference" => Some(text.to_string()),
                _ => None,
            });
            // A reference that is nothing but words names whom it wants.
            let told = refers.is_some() || members.iter().all(|(name, _)| name == "display" || name == "identifier");
            let kind = refers.as_deref().and_then(|name| name.split_once('/')).map_or("", |(kind, _)| kind);
            let clinical = kind != "Patient" && refers.as_ref().is_some_and(|name| there.contains(name));
            if told && !CARERS.contains(&kind) && !clinical {
                members.retain(|(name, _)| name != "display" && name != "_display");
            }
            // Narrative of sections and of contained resources.
            members.retain(|(name, value)| name != "text" || !matches!(value, Node::Object(_)));
            members.iter_mut().for_each(|(_, value)| bare(value, there));
        }
        Node::List(items) => items.iter_mut().for_each(|item| bare(item, there)),
        _ => {}
    }
}

impl Answer {
    /// Reads what somebody answers.
    ///
    /// # Errors
    /// Nobody can answer so.
    pub fn of(status: &str, date: Option<&str>, reason: Option<&str>) -> Result<Answer, AnswerFault> {
        let status = TaskStatus::parse(status).ok_or(AnswerFault::Status)?;
        if !matches!(status, TaskStatus::Accepted | TaskStatus::OnHold | TaskStatus::Rejected) {
            return Err(AnswerFault::Status);
        }
        let dated = date.is_some_and(is_moment);
        if dated != (status == TaskStatus::OnHold) || date.is_some() != dated {
            return Err(AnswerFault::Date);
        }
        let reason = reason.map(str::trim);
        if reason.is_some_and(|reason| reason.is_empty() || reason.chars().count() > LONGEST_REASON) {
            return Err(AnswerFault::Reason);
        }
        Ok(Answer { status, date: date.map(str::to_owned), reason: reason.map(str::to_owned) })
    }

    /// The Task with this answer, and nothing else changed: the status, with another date an output, with words the reason of the
    /// status (Nictiz eOverdracht 4.0, negotiation).
    pub fn put(&self, task: &Resource) -> Resource {
        let mut node = task.to_node();
        node.set("status", Node::text(self.status.code()));
        if let Some(reason) = &self.reason {
            node.set("statusReason", object([("text", Node::text(reason))]));
        }
        if let Some(date) = &self.date {
            let proposed = object([
                ("type", coded(ALTERNATIVE_DATE, "alternatieve datum voor overdracht van zorg")),
                ("valueDateTime", Node::text(date)),
            ]);
            let outputs = task.root().all("output").into_iter();
            let others = outputs.filter(|output| !has_coding(output.get("type"), ALTERNATIVE_DATE));
            let others = others.map(|output| output.to_node());
            node.set("output", Node::List(others.chain([proposed]).collect()));
        }
        Resource::from_node(&node)
    }
}

/// A FHIR dateTime (STU3) that has the day at least, with an offset where it has a time.
fn is_moment(text: &str) -> bool {
    use time::format_description::well_known::{Iso8601, Rfc3339};
    match text.len() {
        10 => time::Date::parse(text, &Iso8601::DATE).is_ok(),
        _ => time::OffsetDateTime::parse(text, &Rfc3339).is_ok(),
    }
}
