//! What is said twice, said once; and two resources held against each other.

use fhir::json::Node;

use super::around::{Around, Contained, text};

/// Words of the standard for a code, which stand beside it in R4 where STU3 has no element for the code at all.
const WORDS: [(&str, &str, &str); 3] = [
    ("http://terminology.hl7.org/CodeSystem/consentscope", "adr", "Advanced Care Directive"),
    ("http://terminology.hl7.org/CodeSystem/consentscope", "treatment", "Treatment"),
    ("http://terminology.hl7.org/CodeSystem/goal-achievement", "achieved", "Achieved"),
];

/// Takes away a `Reference.type` that the reference itself says, and the standard's own words for a code that goes elsewhere.
pub(super) fn said_once(node: &mut Node, around: &Around, contained: &Contained) {
    let members = match node {
        Node::Object(members) => members,
        Node::List(items) => return items.iter_mut().for_each(|item| said_once(item, around, contained)),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => return,
    };
    members.iter_mut().for_each(|(_, member)| said_once(member, around, contained));
    let says_its_type = match (text(node, "reference"), text(node, "type")) {
        (Some(literal), Some(kind)) => around.kind(literal, contained) == Some(kind),
        _ => false,
    };
    if says_its_type && node.get("_type").is_none() {
        drop(node.remove("type"));
    }
    let words = WORDS.iter().any(|(system, code, words)| {
        text(node, "system") == Some(system) && text(node, "code") == Some(code) && text(node, "display") == Some(words)
    });
    if words && node.get("_display").is_none() {
        drop(node.remove("display"));
    }
}

/// The same with members, extensions, related observations and relationships, whose order says nothing, in one order.
pub(super) fn ordered(node: &Node) -> Node {
    match node {
        Node::Object(members) => {
            let mut members: Vec<(String, Node)> =
                members.iter().map(|(name, member)| (name.clone(), in_order(name, ordered(member)))).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Node::Object(members)
        }
        Node::List(items) => Node::List(items.iter().map(ordered).collect()),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => node.clone(),
    }
}

fn in_order(name: &str, node: Node) -> Node {
    match node {
        Node::List(mut items) if matches!(name, "extension" | "related" | "relationship") => {
            items.sort_by_key(Node::write);
            Node::List(items)
        }
        node => node,
    }
}
