//! The living will (zib AdvanceDirective): release 2020 (R4) says in the provision what release 2017 (STU3) says beside the
//! category. Both say of themselves by one fixed category that they are one; its type (NL-CM:7.15.2) and the representative
//! (NL-CM:7.15.3) have other places.

use fhir::json::Node;

use super::around::text;
use super::shapes::{SCOPE, SNOMED, concept};
use super::{Way, coding_of, plain};

const CATEGORIES: &str = "http://terminology.hl7.org/CodeSystem/consentcategorycodes";
const DIRECTIVE: &str = "acd";
/// SNOMED CT: living will and advance directive record, and its words as Nictiz publishes them.
const RECORD: (&str, &str) = ("11341000146107", "Living will and advance directive record (record artifact)");
const ROLES: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
const RESPONSIBLE: &str = "RESPRSN";
/// The words of the standard for the two codes that STU3 says by another, or by the element.
const WORDS: [(&str, &str, &str); 2] =
    [(CATEGORIES, DIRECTIVE, "Advance Directive"), (ROLES, RESPONSIBLE, "responsible party")];

/// The category, as the release has it that is in this version.
pub(super) fn category(version: Way) -> Node {
    match version {
        Way::ToR4 => concept(CATEGORIES, DIRECTIVE),
        Way::ToStu3 => {
            let mut record = concept(SNOMED, RECORD.0);
            if let Node::Object(members) = &mut record
                && let Some((_, Node::List(codings))) = members.first_mut()
                && let Some(coding) = codings.first_mut()
            {
                coding.set("display", Node::text(RECORD.1));
            }
            record
        }
    }
}

/// Whether a Consent is one as its release has it.
pub(super) fn is_one(way: Way, consent: &Node) -> bool {
    let Some(Node::List(categories)) = consent.get("category") else { return false };
    match way {
        Way::ToStu3 => {
            let scope = consent.get("scope").and_then(|scope| coding_of(scope, SCOPE));
            let [one] = categories.as_slice() else { return false };
            scope == Some("adr") && coding_of(one, CATEGORIES) == Some(DIRECTIVE)
        }
        Way::ToR4 => begins_as_record(consent),
    }
}

/// Whether its first category is the one of STU3, to the word.
pub(super) fn begins_as_record(consent: &Node) -> bool {
    let Some(Node::List(categories)) = consent.get("category") else { return false };
    categories.first().map(plain::ordered) == Some(plain::ordered(&category(Way::ToStu3)))
}

/// The representative of an actor who is one, and nothing else.
pub(super) fn representative(actor: &Node) -> Option<&Node> {
    let Node::Object(members) = actor else { return None };
    let is_responsible = actor.get("role").and_then(|role| coding_of(role, ROLES)) == Some(RESPONSIBLE);
    actor.get("reference").filter(|_| is_responsible && members.len() == 2)
}

/// The actor that a representative is.
pub(super) fn actor(representative: Node) -> Node {
    Node::Object(vec![("role".to_owned(), concept(ROLES, RESPONSIBLE)), ("reference".to_owned(), representative)])
}

/// Takes away the standard's own words for what STU3 says otherwise.
pub(super) fn said_once(consent: &mut Node) {
    let Node::Object(members) = consent else { return };
    for (name, member) in members {
        match (name.as_str(), member) {
            ("category", Node::List(categories)) => categories.iter_mut().for_each(wordless),
            ("provision", provision) => {
                let Node::Object(members) = provision else { continue };
                for (_, actors) in members.iter_mut().filter(|(name, _)| name == "actor") {
                    let Node::List(actors) = actors else { continue };
                    for actor in actors {
                        let Node::Object(members) = actor else { continue };
                        members.iter_mut().filter(|(name, _)| name == "role").for_each(|(_, role)| wordless(role));
                    }
                }
            }
            _ => {}
        }
    }
}

fn wordless(concept: &mut Node) {
    let Node::Object(members) = concept else { return };
    for (_, codings) in members.iter_mut().filter(|(name, _)| name == "coding") {
        let Node::List(codings) = codings else { continue };
        for coding in codings {
            let is = |(system, code, words): &(&str, &str, &str)| {
                [("system", system), ("code", code), ("display", words)]
                    .into_iter()
                    .all(|(name, what)| text(coding, name) == Some(what))
            };
            if WORDS.iter().any(is) && coding.get("_display").is_none() {
                drop(coding.remove("display"));
            }
        }
    }
}
