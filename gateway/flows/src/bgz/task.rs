//! The Workflow Task of a referral: made at the sender, read by the receiver, put back with another status.
//!
//! It is read without a user, so it names no patient: the reference to the patient is all that stands in it.

use fhir::identifiers::systems;
use fhir::json::{Node, Value};
use fhir::{LogicalId, Resource};
use thiserror::Error;

use super::codes::{REFERRAL, SNOMED, URI};
use super::list::SECTIONS;
use super::query::Query;
use super::{Section, TaskStatus};

pub use crate::eoverdracht::task::Organisation;

/// The most inputs of a Task that are looked at.
pub const MOST_INPUTS: usize = 64;

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
    /// RFC 3339: until when the data can be pulled.
    pub until: &'a str,
    /// The id of the Patient at the sender.
    pub patient: &'a str,
    pub sender: Organisation<'a>,
    pub receiver: Organisation<'a>,
}

/// A Task as its receiver reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRead {
    pub status: TaskStatus,
    /// The id of the Patient at the sender.
    pub patient: String,
    /// The URA of the organisation that it is for.
    pub owner: String,
    /// What may be asked for, as the sender writes it.
    pub asked: Vec<String>,
    /// There are more inputs than are looked at.
    pub cut_short: bool,
}

/// Why a Task is none that can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TaskFault {
    #[error("it is no Task")]
    NoTask,
    #[error("its code is not that of a referral")]
    Code,
    #[error("its status is none that a referral has")]
    Status,
    #[error("it is about no patient, or not clearly about one")]
    Patient,
    #[error("it does not say for whom it is")]
    Owner,
}

/// Makes the Task: an input for each part of the data set that may be asked for.
pub fn make(facts: &TaskFacts<'_>) -> Resource {
    let inputs = SECTIONS.iter().filter_map(|section| Some(input(section, &Query::of_section(section)?)));
    let group = object([("system", Node::text(URI)), ("value", Node::text(format!("urn:uuid:{}", facts.id)))]);
    let meta =
        object([("versionId", Node::text(facts.change.to_string())), ("lastUpdated", Node::text(facts.modified))]);
    let patient =
        object([("reference", Node::text(format!("Patient/{}", facts.patient))), ("display", Node::text("Patiënt"))]);
    Resource::from_node(&object([
        ("resourceType", Node::text("Task")),
        ("id", Node::text(facts.id)),
        ("meta", meta),
        ("groupIdentifier", group),
        ("status", Node::text(facts.status.code())),
        ("intent", Node::text("order")),
        ("code", object([("coding", list(coding((SNOMED, REFERRAL))))])),
        ("for", patient),
        ("authoredOn", Node::text(facts.authored)),
        ("lastModified", Node::text(facts.modified)),
        ("requester", object([("agent", organisation(&facts.sender)), ("onBehalfOf", organisation(&facts.sender))])),
        ("owner", organisation(&facts.receiver)),
        ("restriction", object([("period", object([("end", Node::text(facts.until))]))])),
        ("input", Node::List(inputs.collect())),
    ]))
}

/// The same Task with another status, and nothing else changed.
pub fn with_status(task: &Resource, status: TaskStatus) -> Resource {
    let mut node = task.to_node();
    node.set("status", Node::text(status.code()));
    Resource::from_node(&node)
}

/// The status that a Task is put back with; nothing when anything else of it is changed.
pub fn only_status_changed(ours: &Resource, put: &Resource) -> Option<TaskStatus> {
    crate::eoverdracht::task::status_alone_changed(ours, put).and_then(|code| TaskStatus::parse(&code))
}

/// Reads a Task. Inputs that hold no search and extensions are passed over.
///
/// # Errors
/// What it lacks.
pub fn read(task: &Resource) -> Result<TaskRead, TaskFault> {
    if task.resource_type() != "Task" {
        return Err(TaskFault::NoTask);
    }
    let root = task.root();
    let is_referral = |coding: &Value<'_>| text(coding, "system") == SNOMED && text(coding, "code") == REFERRAL;
    if !root.all("code.coding").iter().any(is_referral) {
        return Err(TaskFault::Code);
    }
    let status = TaskStatus::parse(&text(&root, "status")).ok_or(TaskFault::Status)?;
    let patient = root.get("for").map(|of| text(&of, "reference")).ok_or(TaskFault::Patient)?;
    let patient = patient.strip_prefix("Patient/").and_then(LogicalId::parse).ok_or(TaskFault::Patient)?;
    let owner = root.all("owner.identifier").into_iter().find(|identifier| text(identifier, "system") == systems::URA);
    let owner = owner.map(|identifier| text(&identifier, "value")).ok_or(TaskFault::Owner)?;
    let inputs = root.all("input");
    let searches = inputs.iter().take(MOST_INPUTS).filter_map(|input| {
        let of_the_notification =
            input.all("type.coding").iter().any(|coding| text(coding, "system") == crate::eoverdracht::TASK_PARAMETER);
        input.get("valueString").filter(|_| !of_the_notification)?.as_text().map(String::from)
    });
    Ok(TaskRead {
        status,
        patient: patient.as_str().to_owned(),
        owner,
        asked: searches.collect(),
        cut_short: inputs.len() > MOST_INPUTS,
    })
}

fn text(value: &Value<'_>, name: &str) -> String {
    value.get(name).and_then(|text| text.as_text().map(String::from)).unwrap_or_default()
}

fn input(section: &Section, query: &Query) -> Node {
    let typed = section.code.map(|code| object([("coding", list(coding(code)))])).unwrap_or(Node::Null);
    object([("type", typed), ("valueString", Node::text(query.as_text()))])
}

fn coding((system, code): (&str, &str)) -> Node {
    object([("system", Node::text(system)), ("code", Node::text(code))])
}

fn list(one: Node) -> Node {
    Node::List(vec![one])
}

fn object<const N: usize>(members: [(&str, Node); N]) -> Node {
    Node::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn organisation(of: &Organisation<'_>) -> Node {
    let identifier = object([("system", Node::text(systems::URA)), ("value", Node::text(of.ura.as_str()))]);
    object([("identifier", identifier), ("display", Node::text(of.name))])
}

#[cfg(test)]
mod tests {
    use fhir::Ura;

    use super::*;

    fn made(status: TaskStatus) -> Resource {
        let (sender, receiver) = (Ura::parse("90000101").unwrap(), Ura::parse("90000401").unwrap());
        make(&TaskFacts {
            id: "6e8e0b4c-0000-4000-8000-000000000002",
            status,
            change: 1,
            authored: "2026-11-01T10:00:00Z",
            modified: "2026-11-01T10:00:00Z",
            until: "2026-11-15T10:00:00Z",
            patient: "p1",
            sender: Organisation { ura: &sender, name: "Maasdal", id: None },
            receiver: Organisation { ura: &receiver, name: "De Linde", id: None },
        })
    }

    fn changed(change: impl FnOnce(&mut Node)) -> Resource {
        let mut node = made(TaskStatus::Requested).to_node();
        change(&mut node);
        Resource::from_node(&node)
    }

    #[test]
    fn a_task_reads_back_and_everything_that_it_asks_for_is_in_the_list() {
        let read = read(&made(TaskStatus::Requested)).unwrap();
        assert_eq!(
            (read.status, read.patient.as_str(), read.owner.as_str()),
            (TaskStatus::Requested, "p1", "90000401")
        );
        assert_eq!(read.asked.len(), SECTIONS.iter().filter(|section| section.code.is_some()).count());
        assert!(read.asked.iter().all(|text| Query::read(text, None).is_ok()));
        assert!(!read.cut_short);
    }

    #[test]
    fn a_task_that_lacks_something_is_none_that_can_be_taken() {
        let node = |text: &str| Node::read(text).unwrap();
        for (name, value, fault) in [
            ("code", node(r#"{"coding":[{"system":"http://snomed.info/sct","code":"308292007"}]}"#), TaskFault::Code),
            ("status", Node::text("in-progress"), TaskFault::Status),
            ("for", node(r#"{"display":"somebody"}"#), TaskFault::Patient),
            ("for", node(r#"{"reference":"https://elsewhere.example/Patient/p1"}"#), TaskFault::Patient),
            ("owner", node(r#"{"display":"De Linde"}"#), TaskFault::Owner),
        ] {
            assert_eq!(read(&changed(|task| task.set(name, value))), Err(fault), "{name}");
        }
        assert_eq!(read(&Resource::from_node(&node(r#"{"resourceType":"Patient"}"#))), Err(TaskFault::NoTask));
    }

    #[test]
    fn more_inputs_than_are_looked_at_are_said_to_be_more_and_other_inputs_are_passed_over() {
        let one = r#"{"type":{"coding":[{"system":"http://loinc.org","code":"11450-4"}]},"valueString":"Condition"}"#;
        let inputs = vec![Node::read(one).unwrap(); MOST_INPUTS + 1];
        let read_one = read(&changed(|task| task.set("input", Node::List(inputs)))).unwrap();
        assert_eq!((read_one.asked.len(), read_one.cut_short), (MOST_INPUTS, true));
        let base = r#"[{"type":{"coding":[{"system":"http://fhir.nl/fhir/NamingSystem/TaskParameter",
            "code":"authorization-base"}]},"valueString":"secret"},{"type":{"text":"x"},"valueBoolean":true}]"#;
        let read_other = read(&changed(|task| task.set("input", Node::read(base).unwrap()))).unwrap();
        assert_eq!(read_other.asked, Vec::<String>::new());
    }

    #[test]
    fn only_the_status_of_a_task_can_be_put() {
        let ours = made(TaskStatus::Requested);
        assert_eq!(only_status_changed(&ours, &with_status(&ours, TaskStatus::Accepted)), Some(TaskStatus::Accepted));
        let other = changed(|task| {
            task.set("status", Node::text("accepted"));
            task.set("description", Node::text("x"));
        });
        assert_eq!(only_status_changed(&ours, &other), None);
        assert_eq!(only_status_changed(&ours, &changed(|task| task.set("status", Node::text("in-progress")))), None);
    }
}
