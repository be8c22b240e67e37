//! What it was about (NEN 7513, 7.4): the patient, what was asked, what was disclosed or written, by which sources, and
//! on what grounds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange::record::{AccessRecord, AskedFacts};
use fhir::identifiers::Reader;
use fhir::json::Node;

use super::codes::{
    BALP_ENTITY_TYPE, BSN, ENTITY_TYPE, OBJECT_ROLE, RESOURCE_TYPES, coding, detail, logical, object, organisation,
};
use super::grounds;
use super::shape::Shape;

pub fn entities(record: &AccessRecord, shape: Shape) -> Node {
    let mut entities: Vec<Node> = patient(record).into_iter().collect();
    entities.extend(main(record, shape));
    entities.extend(data(record, shape));
    entities.extend(record.sources.iter().map(source));
    entities.extend(grounds::consent(record));
    entities.push(grounds::checks(record));
    entities.push(transaction(record));
    entities.extend(correlation(record));
    Node::List(entities)
}

fn entity(kind: Node, role: Option<(&str, &str)>) -> Node {
    let mut entity = object([("type", kind)]);
    if let Some((code, display)) = role {
        entity.set("role", coding(OBJECT_ROLE, code, display));
    }
    entity
}

pub fn system_object() -> Node {
    coding(ENTITY_TYPE, "2", "System Object")
}

fn patient(record: &AccessRecord) -> Option<Node> {
    let bsn = record.patient.as_ref()?;
    let mut entity = entity(coding(ENTITY_TYPE, "1", "Person"), Some(("1", "Patient")));
    entity.set("what", logical("Patient", Some(BSN), bsn.reveal_to(Reader::AccessLog)));
    Some(entity)
}

/// The one entity of type "system object": the query, or the resource that the interaction is about.
fn main(record: &AccessRecord, shape: Shape) -> Option<Node> {
    let asked = record.asked.as_ref()?;
    if matches!(shape, Shape::Read | Shape::Create | Shape::Update | Shape::Delete) {
        let mut entity = entity(system_object(), Some(("4", "Domain Resource")));
        entity.set("what", what(main_reference(record, shape).as_deref(), asked));
        return Some(entity);
    }
    if asked.interaction == "transaction" {
        let mut entity = entity(system_object(), Some(("20", "Job")));
        entity.set("description", Node::text(format!("transaction: {}", asked.entries.join(", "))));
        return Some(entity);
    }
    let query = query(asked);
    let mut entity = entity(system_object(), Some(("24", "Query")));
    entity.set("query", Node::text(STANDARD.encode(&query)));
    let page = asked.page.map(|page| format!(", page {page}")).unwrap_or_default();
    entity.set("description", Node::text(format!("{query}{page}")));
    Some(entity)
}

/// What was asked for, as in a URL: never empty, and without what names the patient.
fn query(asked: &AskedFacts) -> String {
    let mut query = asked.resource.as_deref().or(asked.resource_type.as_deref()).unwrap_or_default().to_owned();
    let tail = match (&asked.operation, asked.interaction.starts_with("history")) {
        (Some(name), _) => Some(format!("${name}")),
        (None, true) => Some("_history".to_owned()),
        (None, false) => None,
    };
    if let Some(tail) = tail {
        query.push_str(if query.is_empty() { "" } else { "/" });
        query.push_str(&tail);
    }
    query.push('?');
    query.push_str(asked.query.as_deref().unwrap_or_default());
    query
}

/// The resource that an interaction on one resource is about: as it was written or disclosed, with its version, or as
/// it was asked for.
fn main_reference(record: &AccessRecord, shape: Shape) -> Option<String> {
    let mut sources = record.sources.iter();
    let found = match shape {
        Shape::Read => sources.find_map(|source| source.disclosed.first()),
        _ => sources.find_map(|source| source.written.first()),
    };
    found.or(record.asked.as_ref()?.resource.as_ref()).cloned()
}

/// A literal reference, or the type alone when there is no id (a creation that was refused).
fn what(reference: Option<&str>, asked: &AskedFacts) -> Node {
    match reference {
        Some(reference) if reference.contains('/') => object([("reference", Node::text(reference))]),
        _ => {
            let kind = reference.or(asked.resource_type.as_deref()).unwrap_or("Resource");
            object([("type", Node::text(kind)), ("display", Node::text("no id"))])
        }
    }
}

/// Everything else that was disclosed or written. Its type is the resource's own, so that it is told from the query or
/// the resource asked for, of which a profile allows one.
fn data(record: &AccessRecord, shape: Shape) -> Vec<Node> {
    let main = match shape {
        Shape::Read | Shape::Create | Shape::Update | Shape::Delete => main_reference(record, shape),
        Shape::Query | Shape::DisclosureSource | Shape::DisclosureRecipient | Shape::Plain => None,
    };
    let several = record.sources.len() > 1;
    let mut found = Vec::new();
    let mut main_left = main.is_some();
    for source in &record.sources {
        for (reference, is_written) in
            source.disclosed.iter().map(|one| (one, false)).chain(source.written.iter().map(|one| (one, true)))
        {
            if main_left && main.as_ref() == Some(reference) {
                main_left = false;
                continue;
            }
            let kind = reference.split('/').next().unwrap_or_default();
            let mut entity = entity(coding(RESOURCE_TYPES, kind, ""), Some(("4", "Domain Resource")));
            entity.set(
                "what",
                match reference.contains('/') {
                    true => object([("reference", Node::text(reference))]),
                    false => object([("type", Node::text(kind)), ("display", Node::text("no id"))]),
                },
            );
            let mut details = Vec::new();
            if is_written {
                details.push(detail("written", "true"));
            }
            if several {
                details.push(detail("data-holder", &source.holder));
            }
            if !details.is_empty() {
                entity.set("detail", Node::List(details));
            }
            found.push(entity);
        }
    }
    found
}

/// A source, and how it fared.
fn source(source: &exchange::record::SourceFacts) -> Node {
    let mut entity = entity(coding(ENTITY_TYPE, "3", "Organization"), Some(("17", "Data Repository")));
    entity.set("what", organisation(&source.holder));
    if !source.name.is_empty() {
        entity.set("name", Node::text(&source.name));
    }
    let mut details = vec![detail("status", grounds::word(&source.status))];
    details.extend(source.fhir_version.map(|version| detail("fhir-version", version.segment())));
    for (kind, count) in [("withheld", source.withheld), ("mistrusted", source.mistrusted), ("masked", source.masked)] {
        if count > 0 {
            details.push(detail(kind, count.to_string()));
        }
    }
    details.extend(source.failed.iter().map(|kind| detail("not-answered", kind)));
    entity.set("detail", Node::List(details));
    entity
}

/// The request id of this node (BALP, `XrequestId`).
fn transaction(record: &AccessRecord) -> Node {
    let mut entity = entity(coding(BALP_ENTITY_TYPE, "XrequestId", ""), None);
    entity.set("what", without_type(&record.request_id));
    entity
}

/// What joins the records of both sides.
fn correlation(record: &AccessRecord) -> Option<Node> {
    if record.correlation_id.is_empty() {
        return None;
    }
    let mut entity = entity(coding(ENTITY_TYPE, "4", "Other"), None);
    entity.set("what", without_type(&record.correlation_id));
    entity.set("name", Node::text("X-Correlation-Id"));
    Some(entity)
}

fn without_type(value: &str) -> Node {
    object([("identifier", object([("value", Node::text(value))]))])
}
