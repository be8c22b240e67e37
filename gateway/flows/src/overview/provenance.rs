//! Where items come from, as Provenance: one per source, with the items as targets and the data holder as custodian.
//! The items themselves stay untouched.

use exchange::{Part, ReleasedItem};
use fhir::Resource;
use fhir::identifiers::systems;
use fhir::json::Node;

/// The role of whoever holds the entity (FHIR R4, provenance-participant-type).
const PARTICIPANT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
const CUSTODIAN: &str = "custodian";

/// The Provenance of one source's items, each with its full URL where it has one. Nothing when there are no items.
/// `recorded` is an instant.
pub(super) fn of_source<'p>(
    part: &Part,
    id: String,
    items: impl Iterator<Item = (&'p ReleasedItem, &'p Option<String>)>,
    recorded: &str,
) -> Option<Resource> {
    let targets: Vec<Node> = items.map(|(item, full_url)| target(part, item, full_url.as_deref())).collect();
    if targets.is_empty() {
        return None;
    }
    let coding =
        Node::Object(vec![("system".into(), Node::text(PARTICIPANT_TYPE)), ("code".into(), Node::text(CUSTODIAN))]);
    let agent = Node::Object(vec![
        ("type".into(), Node::Object(vec![("coding".into(), Node::List(vec![coding]))])),
        ("who".into(), holder(part)),
    ]);
    Some(Resource::from_node(&Node::Object(vec![
        ("resourceType".into(), Node::text("Provenance")),
        ("id".into(), Node::text(id)),
        ("target".into(), Node::List(targets)),
        ("recorded".into(), Node::text(recorded)),
        ("agent".into(), Node::List(vec![agent])),
    ])))
}

/// A reference to the item. Without a full URL it names the item in words: a relative reference would lead to the
/// resource of the same id at another holder.
fn target(part: &Part, item: &ReleasedItem, full_url: Option<&str>) -> Node {
    let mut members = Vec::new();
    if let Some(full_url) = full_url {
        members.push(("reference".into(), Node::text(full_url)));
    }
    match part.other_version() {
        // As it stands in this Bundle.
        Some(_) => members.push(("type".into(), Node::text("Binary"))),
        None => members.push(("type".into(), Node::text(item.resource().resource_type()))),
    }
    if full_url.is_none() {
        let version = part.other_version().map(|version| format!(", FHIR {}", version.full())).unwrap_or_default();
        let words = format!("{} at {} (URA {}){version}", item.reference(), part.name(), part.holder().0);
        members.push(("display".into(), Node::text(words)));
    }
    Node::Object(members)
}

fn holder(part: &Part) -> Node {
    let identifier = Node::Object(vec![
        ("system".into(), Node::text(systems::URA)),
        ("value".into(), Node::text(part.holder().0.as_str())),
    ]);
    Node::Object(vec![
        ("type".into(), Node::text("Organization")),
        ("identifier".into(), identifier),
        ("display".into(), Node::text(part.name())),
    ])
}
