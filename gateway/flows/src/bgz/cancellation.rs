//! The cancellation of a notification (TA Notified Pull, Twiin-02): `PUT [base]/Task?identifier=…` with the Notification Task
//! under the same identifier and `cancelled` for its status.

use fhir::identifiers::systems;
use fhir::json::{Node, Value};
use fhir::{Resource, SearchQuery, Ura};

use super::TaskStatus;
use super::codes::URI;
use crate::eoverdracht::NotificationTask;

/// What a cancellation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// The value of the identifier that the notification had.
    pub identifier: String,
    /// Who sends it, where it says so.
    pub sender: Option<Ura>,
    /// For whom it is, where it says so.
    pub receiver: Option<Ura>,
}

/// The cancellation of this notification, and the query that it is put with.
pub fn cancelled(notification: &NotificationTask) -> (Resource, String) {
    let mut node = notification.to_resource().to_node();
    node.set("status", Node::text(TaskStatus::Cancelled.code()));
    // With what to come back is told once, with what there is to come back for.
    node.remove("input");
    let named = fhir::Parameter::new("identifier", format!("{URI}|{}", notification.identifier));
    (Resource::from_node(&node), SearchQuery { parameters: vec![named] }.write())
}

impl Cancellation {
    /// Reads a cancellation: the body, and the query that it was put with. The two name the same notification.
    pub fn read(task: &Resource, query: &str) -> Option<Self> {
        let query = SearchQuery::parse(query).ok()?;
        let [named] = query.parameters.as_slice() else { return None };
        if named.key() != "identifier" || task.resource_type() != "Task" {
            return None;
        }
        let (system, value) = named.value.split_once('|')?;
        let root = task.root();
        let text = |value: &Value<'_>, name: &str| value.get(name).and_then(|text| text.as_text().map(String::from));
        let same = |identifier: &Value<'_>| {
            text(identifier, "system").as_deref() == Some(system) && text(identifier, "value").as_deref() == Some(value)
        };
        let is_one = root.all("identifier").iter().any(same)
            && text(&root, "status").as_deref() == Some(TaskStatus::Cancelled.code());
        let party = |path: &str| {
            let of = |identifier: Value<'_>| {
                let system = text(&identifier, "system").filter(|system| system == systems::URA);
                system.and_then(|_| Ura::parse(&text(&identifier, "value")?).ok())
            };
            root.all(path).into_iter().find_map(of)
        };
        (is_one && !value.is_empty()).then(|| Cancellation {
            identifier: value.to_owned(),
            sender: party("requester.onBehalfOf.identifier"),
            receiver: party("owner.identifier"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(text: &str) -> Resource {
        Resource::from_node(&Node::read(text).unwrap())
    }

    #[test]
    fn a_cancellation_reads_back_with_its_query_alone() {
        let notification = NotificationTask {
            identifier: "urn:uuid:6e8e0b4c-0000-4000-8000-000000000001".to_owned(),
            group: "urn:uuid:6e8e0b4c-0000-4000-8000-000000000002".to_owned(),
            task: "t1".to_owned(),
            sender: Ura::parse("90000101").unwrap(),
            receiver: Ura::parse("90000401").unwrap(),
            base: Some("secret".to_owned()),
            until: None,
        };
        let (task, query) = cancelled(&notification);
        assert!(!task.text().contains("secret"));
        let read = Cancellation::read(&task, &query).unwrap();
        assert_eq!(read.identifier, notification.identifier);
        assert_eq!(
            (read.sender, read.receiver),
            (Some(notification.sender.clone()), Some(notification.receiver.clone()))
        );
        for other in ["", "identifier=x", "identifier=urn%3Aietf%3Arfc%3A3986%7Curn%3Auuid%3Aother", "_id=1"] {
            assert_eq!(Cancellation::read(&task, other), None, "{other}");
        }
        assert_eq!(Cancellation::read(&notification.to_resource(), &query), None, "it is not cancelled");
        let bare = r#"{"resourceType":"Task","status":"cancelled","intent":"proposal","identifier":[{"system":"s","value":"v"}]}"#;
        let read = Cancellation::read(&resource(bare), "identifier=s|v").unwrap();
        assert_eq!((read.sender, read.receiver), (None, None));
        assert_eq!(Cancellation::read(&resource(bare), "identifier=s|v&x=1"), None);
    }
}
