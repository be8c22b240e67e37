//! A document in a handoff: its DocumentReference, the Binary that it is in, and the section of the Composition where it stands
//! (Nuts bolt eOverdracht: SNOMED CT 397966007; MedMij PDF/A: the profile of the DocumentReference).

use fhir::Resource;
use fhir::json::Node;

use super::codes::{NURSING_HANDOFF, SNOMED};
use super::task::{has_coding, object};

/// Section: documents.
const DOCUMENTS: &str = "397966007";
const PROFILE: &str = "http://nictiz.nl/fhir/StructureDefinition/IHE.MHD.Minimal.DocumentReference";
const PDF: &str = "application/pdf";
/// What the document is called.
const TITLE: &str = "Verpleegkundige overdracht (PDF/A)";

/// What a DocumentReference that we make says.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    pub id: &'a str,
    /// The id of its Binary.
    pub binary: &'a str,
    /// The id of the Patient.
    pub patient: &'a str,
    /// RFC 3339.
    pub indexed: &'a str,
    /// Who made it, by name.
    pub author: &'a str,
}

/// The DocumentReference of a handoff that was printed.
pub fn reference(facts: &Facts<'_>) -> Resource {
    let list = |one: Node| Node::List(vec![one]);
    let kind = object([("coding", list(coding(NURSING_HANDOFF, "Verslag van verpleegkundige overdracht")))]);
    let patient =
        object([("reference", Node::text(format!("Patient/{}", facts.patient))), ("display", Node::text("Patiënt"))]);
    let attachment = object([
        ("contentType", Node::text(PDF)),
        ("language", Node::text("nl")),
        ("url", Node::text(format!("Binary/{}", facts.binary))),
        ("title", Node::text(TITLE)),
    ]);
    Resource::from_node(&object([
        ("resourceType", Node::text("DocumentReference")),
        ("id", Node::text(facts.id)),
        ("meta", object([("profile", list(Node::text(PROFILE)))])),
        (
            "masterIdentifier",
            object([
                ("system", Node::text("urn:ietf:rfc:3986")),
                ("value", Node::text(format!("urn:uuid:{}", facts.id))),
            ]),
        ),
        ("status", Node::text("current")),
        ("type", kind),
        ("subject", patient),
        ("indexed", Node::text(facts.indexed)),
        ("author", list(object([("display", Node::text(facts.author))]))),
        ("description", Node::text(TITLE)),
        ("content", list(object([("attachment", attachment)]))),
    ]))
}

/// The Binary of a PDF, in base64.
pub fn binary(id: &str, content: &str) -> Resource {
    Resource::from_node(&object([
        ("resourceType", Node::text("Binary")),
        ("id", Node::text(id)),
        ("contentType", Node::text(PDF)),
        ("content", Node::text(content)),
    ]))
}

/// The Composition with this DocumentReference in its section of documents; with such a section, when it has none. Nothing else of
/// it changes.
pub fn with_document(composition: &Resource, document: &str) -> Resource {
    let entry =
        object([("reference", Node::text(format!("DocumentReference/{document}"))), ("display", Node::text(TITLE))]);
    let at = composition.root().all("section").iter().position(|section| has_coding(section.get("code"), DOCUMENTS));
    let mut node = composition.to_node();
    let mut sections = match node.remove("section") {
        Some(Node::List(sections)) => sections,
        _ => Vec::new(),
    };
    match at.and_then(|at| sections.get_mut(at)) {
        Some(section) => {
            let mut entries = match section.remove("entry") {
                Some(Node::List(entries)) => entries,
                _ => Vec::new(),
            };
            entries.push(entry);
            section.set("entry", Node::List(entries));
        }
        None => sections.push(object([
            ("title", Node::text("Documenten")),
            ("code", object([("coding", Node::List(vec![coding(DOCUMENTS, "Documents")]))])),
            ("entry", Node::List(vec![entry])),
        ])),
    }
    node.set("section", Node::List(sections));
    Resource::from_node(&node)
}

fn coding(code: &str, display: &str) -> Node {
    object([("system", Node::text(SNOMED)), ("code", Node::text(code)), ("display", Node::text(display))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eoverdracht::VERSION;
    use crate::testing::resource;

    #[test]
    fn a_document_is_added_where_documents_stand_and_nothing_else_changes() {
        let facts = Facts { id: "d1", binary: "b1", patient: "p1", indexed: "2026-11-20T10:00:00Z", author: "Noord" };
        for made in [reference(&facts), binary("b1", "JVBERi0=")] {
            assert!(fhir::structure::check(VERSION, &made).is_ok(), "{}", made.text());
        }
        let none = resource(
            r#"{"resourceType":"Composition","id":"c","title":"T","section":[{"title":"A","_title":{"id":"x"}}]}"#,
        );
        let with = with_document(&none, "d1");
        let sections = with.root().all("section");
        assert_eq!(sections.len(), 2);
        assert_eq!(sections[0].raw(), none.root().all("section")[0].raw());
        assert_eq!(with.root().all("section.entry.reference")[0].as_text().as_deref(), Some("DocumentReference/d1"));
        let again = with_document(&with, "d2");
        assert_eq!((again.root().all("section").len(), again.root().all("section.entry").len()), (2, 2));
    }
}
