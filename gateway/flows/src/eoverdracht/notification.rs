//! The Notification Task (TA Notified Pull, Twiin-01): that there is a Task to be read, and with what to come back for it.

use fhir::identifiers::systems;
use fhir::json::{Node, Value};
use fhir::{LogicalId, Resource, Ura};
use thiserror::Error;

use super::codes::{AUTHORIZATION_BASE, GET_WORKFLOW_TASK, PULL_NOTIFICATION, TASK_CODE, TASK_PARAMETER};
use super::task::object;

/// What a notification says.
#[derive(Clone, PartialEq, Eq)]
pub struct NotificationTask {
    /// Its own, business identifier: a `urn:uuid:`.
    pub identifier: String,
    /// The same in all notifications of one transfer.
    pub group: String,
    /// The id of the Task that is to be read.
    pub task: String,
    pub sender: Ura,
    pub receiver: Ura,
    /// What the receiver is to come back with (`authorization_base`). Opaque, and never shown.
    pub base: Option<String>,
    /// RFC 3339: until when it can be fetched.
    pub until: Option<String>,
}

/// Why a Task is no notification that can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotificationFault {
    #[error("it is no Notification Task")]
    NoNotification,
    #[error("it does not say who sends it, or to whom")]
    Parties,
    #[error("it does not say which Task is to be read")]
    Task,
}

impl std::fmt::Debug for NotificationTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NotificationTask({} -> {})", self.sender.as_str(), self.receiver.as_str())
    }
}

impl NotificationTask {
    pub fn to_resource(&self) -> Resource {
        let uri = |value: &str| object([("system", Node::text("urn:ietf:rfc:3986")), ("value", Node::text(value))]);
        let party = |ura: &Ura| {
            let identifier = object([("system", Node::text(systems::URA)), ("value", Node::text(ura.as_str()))]);
            object([("identifier", identifier)])
        };
        let input = |code: &str, value: (&str, Node)| {
            let coding = object([("system", Node::text(TASK_PARAMETER)), ("code", Node::text(code))]);
            object([("type", object([("coding", Node::List(vec![coding]))])), value])
        };
        let mut inputs = vec![input(GET_WORKFLOW_TASK, ("valueBoolean", Node::Bool(true)))];
        let base = self.base.as_ref().map(|base| input(AUTHORIZATION_BASE, ("valueString", Node::text(base))));
        inputs.extend(base);
        let coding = object([("system", Node::text(TASK_CODE)), ("code", Node::text(PULL_NOTIFICATION))]);
        let based_on = object([("reference", Node::text(format!("Task/{}", self.task)))]);
        let mut task = object([
            ("resourceType", Node::text("Task")),
            ("identifier", Node::List(vec![uri(&self.identifier)])),
            ("basedOn", Node::List(vec![based_on])),
            ("groupIdentifier", uri(&self.group)),
            ("status", Node::text("requested")),
            ("intent", Node::text("proposal")),
            ("code", object([("coding", Node::List(vec![coding]))])),
            // TA Notified Pull wants the sending system and the organisation; of ours, the node is the organisation's.
            ("requester", object([("agent", party(&self.sender)), ("onBehalfOf", party(&self.sender))])),
            ("owner", party(&self.receiver)),
        ]);
        if let Some(until) = &self.until {
            task.set("restriction", object([("period", object([("end", Node::text(until))]))]));
        }
        task.set("input", Node::List(inputs));
        Resource::from_node(&task)
    }

    /// Reads a notification.
    ///
    /// # Errors
    /// What it lacks.
    pub fn read(task: &Resource) -> Result<Self, NotificationFault> {
        let root = task.root();
        let is_one = root.all("code.coding").iter().any(|coding| is(coding, TASK_CODE, PULL_NOTIFICATION));
        let text = |path: &str| root.all(path).into_iter().find_map(|value| value.as_text().map(String::from));
        let requested = text("status").as_deref() == Some("requested");
        if task.resource_type() != "Task" || !is_one || !requested {
            return Err(NotificationFault::NoNotification);
        }
        let identifier = text("identifier.value").ok_or(NotificationFault::NoNotification)?;
        let party = |path: &str| {
            let found = root.all(path);
            let ura = |identifier: &Value<'_>| {
                let system = identifier.get("system")?.as_text()?;
                let value = identifier.get("value").filter(|_| system == systems::URA)?.as_text()?;
                Ura::parse(&value).ok()
            };
            found.iter().find_map(ura).ok_or(NotificationFault::Parties)
        };
        let wanted = root.all("basedOn.reference").into_iter().find_map(|literal| {
            let literal = literal.as_text()?;
            LogicalId::parse(literal.strip_prefix("Task/")?).map(|id| id.as_str().to_owned())
        });
        let base = root.all("input").into_iter().find_map(|input| {
            let typed = input.all("type.coding").iter().any(|coding| is(coding, TASK_PARAMETER, AUTHORIZATION_BASE));
            input.get("valueString").filter(|_| typed)?.as_text().map(String::from)
        });
        Ok(NotificationTask {
            group: text("groupIdentifier.value").unwrap_or_else(|| identifier.clone()),
            identifier,
            task: wanted.ok_or(NotificationFault::Task)?,
            sender: party("requester.onBehalfOf.identifier")?,
            receiver: party("owner.identifier")?,
            base,
            until: text("restriction.period.end"),
        })
    }
}

fn is(coding: &Value<'_>, system: &str, code: &str) -> bool {
    let text = |name| coding.get(name).and_then(|value| value.as_text());
    text("system").as_deref() == Some(system) && text("code").as_deref() == Some(code)
}
