//! The eOverdracht-Task: made at the sender, read by the receiver, put back with another status.
//!
//! It is read without a user, so it names no patient: the reference to the patient is all that stands in it.

use fhir::identifiers::systems;
use fhir::json::{Kind, Node, Value};
use fhir::{LogicalId, Resource, Ura};
use thiserror::Error;

use super::codes::{ADVANCE_NOTICE, NURSING_HANDOFF, ROUTED_TO, SNOMED, TASK_PROFILE, TRANSFER_OF_CARE};
use super::{Access, RoutedTo, TaskStatus, access};

/// One of the two organisations, as a Task that we make names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation<'a> {
    pub ura: &'a Ura,
    pub name: &'a str,
    /// Its Organization in the document.
    pub id: Option<&'a str>,
}

/// What a Task that we make says.
#[derive(Clone, Debug)]
pub struct TaskFacts<'a> {
    pub id: &'a str,
    pub status: TaskStatus,
    /// `meta.versionId`: which change of the Task this is.
    pub change: u32,
    /// RFC 3339.
    pub authored: &'a str,
    /// RFC 3339: when it last changed.
    pub modified: &'a str,
    /// The id of the Patient in the document.
    pub patient: &'a str,
    /// The id of the handoff's Composition.
    pub composition: &'a str,
    pub sender: Organisation<'a>,
    pub receiver: Organisation<'a>,
    /// Where it goes within the receiving organisation.
    pub routed: Option<&'a RoutedTo>,
}

/// A Task as its receiver reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRead {
    pub status: TaskStatus,
    /// The id of the Patient at the sender.
    pub patient: String,
    /// The id of the handoff's Composition; nothing before there is one.
    pub composition: Option<String>,
    /// The id of the Composition of the advance notice, from a sender that asks first.
    pub notice: Option<String>,
    pub owner: Named,
    /// To which service or location of the receiver it is routed, as the sender names it.
    pub routed: Vec<String>,
    /// What says which handoff is offered: the version of the Task, when it last changed, and the Composition. Another text
    /// while the status stays: the handoff may be another.
    pub edition: String,
}

/// An organisation as a Task names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub uras: Vec<String>,
    /// The id of its Organization at the sender.
    pub id: Option<String>,
}

/// Why a Task is none that can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TaskFault {
    #[error("it is no Task")]
    NoTask,
    #[error("its code is not that of a transfer of care")]
    Code,
    #[error("its status is none that a handoff has")]
    Status,
    #[error("it is about no patient, or not clearly about one")]
    Patient,
    #[error("it names more than one handoff or notice, or none that can be fetched")]
    Handoff,
}

/// Makes the Task.
pub fn make(facts: &TaskFacts<'_>) -> Resource {
    let list = |one: Node| Node::List(vec![one]);
    let mut task = object([
        ("resourceType", Node::text("Task")),
        ("id", Node::text(facts.id)),
        (
            "meta",
            object([
                ("versionId", Node::text(facts.change.to_string())),
                ("lastUpdated", Node::text(facts.modified)),
                ("profile", list(Node::text(TASK_PROFILE))),
            ]),
        ),
        ("status", Node::text(facts.status.code())),
        ("intent", Node::text("order")),
        ("code", coded(TRANSFER_OF_CARE, "Overdracht van zorg")),
        ("for", reference("Patient", facts.patient, "Patiënt")),
        ("authoredOn", Node::text(facts.authored)),
        ("lastModified", Node::text(facts.modified)),
        ("requester", object([("agent", organisation(&facts.sender))])),
        ("owner", organisation(&facts.receiver)),
        (
            "input",
            list(object([
                ("type", coded(NURSING_HANDOFF, "Verslag van verpleegkundige overdracht")),
                ("valueReference", reference("Composition", facts.composition, "Verpleegkundige overdracht")),
            ])),
        ),
    ]);
    if let Some(routed) = facts.routed {
        task.set("extension", list(routed.to_extension()));
    }
    Resource::from_node(&task)
}

/// The same Task with another status, and nothing else changed.
pub fn with_status(task: &Resource, status: TaskStatus) -> Resource {
    let mut node = task.to_node();
    node.set("status", Node::text(status.code()));
    Resource::from_node(&node)
}

/// The status that a Task is put back with; nothing when anything else of it is changed.
pub fn only_status_changed(ours: &Resource, put: &Resource) -> Option<TaskStatus> {
    status_alone_changed(ours, put).and_then(|code| TaskStatus::parse(&code))
}

/// The code of the status that a Task of any kind is put back with; nothing when anything else of it is changed. Which version
/// was read, and when the Task last changed, is ours to say: whoever puts it (again, when the answer was lost) has what was
/// true when it read.
pub fn status_alone_changed(ours: &Resource, put: &Resource) -> Option<String> {
    let bare = |task: &Resource| {
        let mut node = task.to_node();
        let status = node.remove("status");
        node.remove("lastModified");
        if let Some(mut meta) = node.remove("meta") {
            meta.remove("versionId");
            meta.remove("lastUpdated");
            node.set("meta", meta);
        }
        (node, status)
    };
    let ((ours, _), (put, status)) = (bare(ours), bare(put));
    match status {
        Some(Node::Text(code)) if same(&ours, &put) => Some(code),
        _ => None,
    }
}

/// Reads a Task. Inputs and extensions that are not known are passed over: they are open in the profile.
///
/// # Errors
/// What it lacks.
pub fn read(task: &Resource) -> Result<TaskRead, TaskFault> {
    if task.resource_type() != "Task" {
        return Err(TaskFault::NoTask);
    }
    let root = task.root();
    if !has_coding(root.get("code"), TRANSFER_OF_CARE) {
        return Err(TaskFault::Code);
    }
    let status = root.get("status").and_then(|status| status.as_text());
    let status = status.and_then(|code| TaskStatus::parse(&code)).ok_or(TaskFault::Status)?;
    let patient = root.get("for").and_then(|patient| refers_to(patient, "Patient")).ok_or(TaskFault::Patient)?;
    let composition = input(root, NURSING_HANDOFF)?;
    // Beside a handoff it is what is left of before.
    let notice = match &composition {
        Some(_) => input(root, ADVANCE_NOTICE).unwrap_or_default(),
        None => input(root, ADVANCE_NOTICE)?,
    };
    // One who asked first may say that we are chosen before the handoff is ready (Nictiz eOverdracht 4.0, negotiation).
    if composition.is_none() && notice.is_none() && matches!(status, TaskStatus::InProgress) {
        return Err(TaskFault::Handoff);
    }
    let text = |value: Option<Value<'_>>| value.and_then(|value| value.as_text()).unwrap_or_default().into_owned();
    let version = text(root.get("meta").and_then(|meta| meta.get("versionId")));
    let edition = [
        version,
        text(root.get("lastModified")),
        composition.as_ref().or(notice.as_ref()).cloned().unwrap_or_default(),
    ]
    .join("|");
    Ok(TaskRead {
        edition,
        status,
        patient,
        composition,
        notice,
        owner: root.get("owner").map(named).unwrap_or_default(),
        routed: root.all("extension").into_iter().filter_map(routed_to).collect(),
    })
}

/// The id of the Composition that an input of this type refers to.
fn input(task: Value<'_>, code: &str) -> Result<Option<String>, TaskFault> {
    let inputs = task.all("input").into_iter().filter(|input| has_coding(input.get("type"), code));
    match inputs.collect::<Vec<_>>().as_slice() {
        [] => Ok(None),
        [one] => {
            let found = one.get("valueReference").and_then(|value| refers_to(value, "Composition"));
            found.map(Some).ok_or(TaskFault::Handoff)
        }
        _ => Err(TaskFault::Handoff),
    }
}

impl TaskRead {
    /// What of that which it names may be fetched now.
    pub fn offers(&self) -> Access {
        match access(self.status) {
            Access::AdvanceNotice if self.notice.is_some() => Access::AdvanceNotice,
            Access::Handoff if self.composition.is_some() => Access::Handoff,
            Access::Nothing | Access::AdvanceNotice | Access::Handoff => Access::Nothing,
        }
    }
}

/// The organisation that a reference names.
fn named(reference: Value<'_>) -> Named {
    let ura = |identifier: Value<'_>| {
        let system = identifier.get("system")?.as_text()?;
        (system == systems::URA).then(|| identifier.get("value")?.as_text().map(Into::into))?
    };
    Named {
        uras: reference.get("identifier").and_then(ura).into_iter().collect(),
        id: refers_to(reference, "Organization"),
    }
}

/// The URAs of an Organization.
pub fn uras_of(organization: &Resource) -> Vec<String> {
    let of = |identifier: Value<'_>| {
        let system = identifier.get("system")?.as_text()?;
        (system == systems::URA).then(|| identifier.get("value")?.as_text().map(Into::into))?
    };
    organization.root().all("identifier").into_iter().filter_map(of).collect()
}

fn routed_to(extension: Value<'_>) -> Option<String> {
    let url = extension.get("url")?.as_text()?;
    let reference = extension.get("valueReference").filter(|_| ROUTED_TO.contains(&url.as_ref()))?;
    let told = reference.get("display").or_else(|| reference.get("reference"))?;
    told.as_text().map(Into::into)
}

/// The id in a relative reference to this type.
pub(super) fn refers_to(reference: Value<'_>, kind: &str) -> Option<String> {
    let literal = reference.get("reference")?.as_text()?;
    let id = literal.strip_prefix(kind)?.strip_prefix('/')?;
    LogicalId::parse(id).map(|id| id.as_str().to_owned())
}

/// Whether a CodeableConcept has this code of SNOMED CT.
pub(super) fn has_coding(concept: Option<Value<'_>>, code: &str) -> bool {
    let is = |coding: &Value<'_>| {
        let text = |name| coding.get(name).and_then(|value| value.as_text());
        text("system").as_deref() == Some(SNOMED) && text("code").as_deref() == Some(code)
    };
    concept.is_some_and(|concept| concept.kind() == Kind::Object && concept.all("coding").iter().any(is))
}

/// Whether two values say the same. The order of an object's members says nothing.
fn same(one: &Node, other: &Node) -> bool {
    match (one, other) {
        (Node::Object(one), Node::Object(other)) => {
            let there =
                |(name, value): &(String, Node)| other.iter().any(|(known, found)| known == name && same(value, found));
            one.len() == other.len() && one.iter().all(there)
        }
        (Node::List(one), Node::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (one, other) => one == other,
    }
}

pub(super) fn object<const N: usize>(members: [(&str, Node); N]) -> Node {
    Node::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub(super) fn coded(code: &str, display: &str) -> Node {
    let coding = object([("system", Node::text(SNOMED)), ("code", Node::text(code)), ("display", Node::text(display))]);
    object([("coding", Node::List(vec![coding]))])
}

fn reference(kind: &str, id: &str, display: &str) -> Node {
    object([("reference", Node::text(format!("{kind}/{id}"))), ("display", Node::text(display))])
}

fn organisation(of: &Organisation<'_>) -> Node {
    let identifier = object([("system", Node::text(systems::URA)), ("value", Node::text(of.ura.as_str()))]);
    let mut node = object([("identifier", identifier), ("display", Node::text(of.name))]);
    if let (Some(id), Node::Object(members)) = (of.id, &mut node) {
        members.insert(0, ("reference".to_owned(), Node::text(format!("Organization/{id}"))));
    }
    node
}
