//! A record as a FHIR R4 AuditEvent that follows the Basic Audit Log Patterns of IHE (BALP), with the fields of
//! NEN 7513. What the profiles leave open and NEN 7513 asks for stands in entities and details besides.
//!
//! Not filled, because nothing in an exchange knows it yet: the local user id (7.3.2) and emergency access, for which the
//! record has its place; the sensitivity, category and stage of what was disclosed (7.4.9 to 7.4.11); the site of the log (7.5.1); and under which address the caller reached this node, for
//! which its URA stands in.

mod agents;
mod codes;
mod entities;
mod grounds;
#[cfg(test)]
mod reading;
mod shape;
#[cfg(test)]
mod tests;

use exchange::record::{AccessRecord, OutcomeFacts};
use fhir::Resource;
use fhir::json::Node;

use crate::class::Class;
use crate::sentence::outcome_text;
use codes::{DCM, EVENT_TYPE, INTERACTION, LIFECYCLE, SOURCE_TYPE, coding, object, organisation};
use shape::Shape;

/// The AuditEvent of the record with this index in its node's log. Its id is made of node and index, so the same record
/// is the same event always.
pub fn event(record: &AccessRecord, index: u64) -> Resource {
    Resource::from_node(&node(record, index))
}

/// The same, not written yet.
pub(crate) fn node(record: &AccessRecord, index: u64) -> Node {
    let shape = Shape::of(record);
    let class = Class::of(record);
    let mut meta = object([("lastUpdated", Node::text(&record.recorded))]);
    if let Some(profile) = shape.profile(record) {
        meta.set("profile", Node::List(vec![Node::text(profile)]));
    }
    let mut event = object([
        ("resourceType", Node::text("AuditEvent")),
        ("id", Node::text(id(&record.node, index))),
        ("meta", meta),
        ("type", kind(shape)),
    ]);
    let subtypes = subtypes(record, shape);
    if !subtypes.is_empty() {
        event.set("subtype", Node::List(subtypes));
    }
    event.set("action", Node::text(shape.action()));
    event.set("period", object([("start", Node::text(&record.started)), ("end", Node::text(&record.recorded))]));
    event.set("recorded", Node::text(&record.recorded));
    event.set("outcome", Node::text(shape::outcome(class)));
    if let Some(text) = description(record, class) {
        event.set("outcomeDesc", Node::text(text));
    }
    if let Some(purposes) = agents::purposes(record) {
        event.set("purposeOfEvent", purposes);
    }
    event.set("agent", agents::agents(record, shape));
    event.set(
        "source",
        object([
            ("observer", organisation(&record.node)),
            ("type", Node::List(vec![coding(SOURCE_TYPE, "4", "Application Server")])),
        ]),
    );
    event.set("entity", entities::entities(record, shape));
    event
}

/// The id of an event.
pub fn id(node: &str, index: u64) -> String {
    format!("{node}-{index}")
}

fn kind(shape: Shape) -> Node {
    match shape {
        Shape::DisclosureSource => coding(DCM, "110106", "Export"),
        Shape::DisclosureRecipient => coding(DCM, "110107", "Import"),
        _ => coding(EVENT_TYPE, "rest", "RESTful Operation"),
    }
}

fn subtypes(record: &AccessRecord, shape: Shape) -> Vec<Node> {
    let mut subtypes = Vec::new();
    if matches!(shape, Shape::DisclosureSource | Shape::DisclosureRecipient) {
        subtypes.push(coding(LIFECYCLE, "disclose", ""));
    }
    subtypes.extend(record.asked.as_ref().map(|asked| coding(INTERACTION, &asked.interaction, "")));
    subtypes
}

/// What the outcome code leaves unsaid.
fn description(record: &AccessRecord, class: Class) -> Option<String> {
    let mut said: Vec<String> = record.emergency.iter().map(|emergency| emergency.reason.clone()).collect();
    match &record.outcome {
        OutcomeFacts::Refused { status, reason } => said.push(format!("{} ({status} {reason})", outcome_text(class))),
        OutcomeFacts::Interrupted => said.push(outcome_text(class).to_owned()),
        OutcomeFacts::Released if class == Class::Incomplete => said.push(outcome_text(class).to_owned()),
        OutcomeFacts::NotModified | OutcomeFacts::Decided => said.push(outcome_text(class).to_owned()),
        OutcomeFacts::Released => {}
    }
    (!said.is_empty()).then(|| said.join(" "))
}
