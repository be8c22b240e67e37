//! A handoff made of what the sender's own sources hold: which sections there are and what is asked for each ([`sections`]),
//! where what was found stands ([`placing`]), and the document that the answers make.
//!
//! A section that the source did not answer for is never left out as if there were nothing: it stands in the document, empty
//! and saying so. What was answered with nothing has no section. Who asks, and over what, is not known here.

mod placing;
mod sections;

use fhir::identifiers::systems;
use fhir::json::{Limits, Node};
use fhir::{Bundle, BundleKind, Entry, Resource, Ura};

pub use sections::{Release, SECTIONS, Section, of_release, section_of};

use placing::Placing;
use sections::{ADMINISTRATIVE, FIRST};

use super::codes::{NURSING_HANDOFF, RECEIVING_PARTY, SENDING_PARTY, SNOMED, TRANSFER_DATE};
use super::task::object;

/// An answer to one question of a section.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// What was asked for.
    pub found: Vec<Resource>,
    /// What comes along.
    pub along: Vec<Resource>,
}

/// One of the two providers.
#[derive(Clone, Debug)]
pub struct Provider<'a> {
    pub ura: &'a Ura,
    pub name: &'a str,
    /// The id of the Organization that is made of it.
    pub id: &'a str,
}

/// What a document is made of.
#[derive(Clone, Debug)]
pub struct Making<'a> {
    /// The id of the Composition.
    pub id: &'a str,
    /// RFC 3339: when it is made.
    pub now: &'a str,
    /// When the patient goes: a date or a moment (FHIR dateTime).
    pub transfer: &'a str,
    pub patient: &'a Resource,
    pub sender: Provider<'a>,
    pub receiver: Provider<'a>,
    /// Who hands over: a name, and the id of the Practitioner that is made of it.
    pub author: (&'a str, &'a str),
    /// Each section that was asked for: its answers, or nothing where they did not all come.
    pub answers: &'a [(&'static Section, Option<Vec<Answered>>)],
}

/// Makes the document: a Bundle with the Composition first.
pub fn make(making: &Making<'_>) -> Option<Resource> {
    let patient = making.patient.id()?.into_owned();
    let (name, author) = making.author;
    let mut resources = vec![
        making.patient.clone(),
        organization(&making.sender),
        organization(&making.receiver),
        practitioner(author, name),
    ];
    let placing = Placing::of(making.answers);
    let mut first = Vec::new();
    for (code, display) in FIRST {
        let mut below = Vec::new();
        for (section, answers) in making.answers.iter().filter(|(section, _)| section.within == code) {
            let Some(answers) = answers else {
                below.push(unanswered(section));
                continue;
            };
            let found: Vec<&Resource> = answers
                .iter()
                .flat_map(|answer| &answer.found)
                .filter(|one| placing.stands_in(one, section.code))
                .collect();
            if found.is_empty() {
                continue;
            }
            let entries =
                found.iter().filter_map(|one| Some(reference(&one.resource_type(), &one.id()?, section.holds)));
            below.push(titled(section.code, section.display, ("entry", Node::List(entries.collect()))));
            resources.extend(found.into_iter().cloned());
            resources.extend(answers.iter().flat_map(|answer| answer.along.iter().cloned()));
        }
        if code == ADMINISTRATIVE {
            let sender = vec![
                reference("Organization", making.sender.id, making.sender.name),
                reference("Practitioner", author, name),
            ];
            let receiver = vec![reference("Organization", making.receiver.id, making.receiver.name)];
            below.push(titled(SENDING_PARTY, "Referred by nurse", ("entry", Node::List(sender))));
            below.push(titled(RECEIVING_PARTY, "Referred to", ("entry", Node::List(receiver))));
        }
        if below.is_empty() {
            continue;
        }
        let mut section = titled(code, display, ("section", Node::List(below)));
        if code == ADMINISTRATIVE {
            let date = object([("url", Node::text(TRANSFER_DATE)), ("valueDateTime", Node::text(making.transfer))]);
            section.set("extension", Node::List(vec![date]));
        }
        first.push(section);
    }
    let composition = object([
        ("resourceType", Node::text("Composition")),
        ("id", Node::text(making.id)),
        ("status", Node::text("final")),
        ("type", coded(NURSING_HANDOFF, "Verslag van verpleegkundige overdracht")),
        ("subject", reference("Patient", &patient, "Patiënt")),
        ("date", Node::text(making.now)),
        ("author", Node::List(vec![reference("Practitioner", author, name)])),
        ("title", Node::text("Verpleegkundige overdracht")),
        ("section", Node::List(first)),
    ]);
    resources.insert(0, Resource::from_node(&composition));
    let mut seen = std::collections::HashSet::new();
    resources.retain(|one| seen.insert((one.resource_type().into_owned(), one.id().map(|id| id.into_owned()))));
    let mut bundle = Bundle::new(BundleKind::Document);
    bundle.entries =
        resources.into_iter().map(|resource| Entry { resource: Some(resource), ..Entry::default() }).collect();
    let text = bundle.write();
    let limits = Limits { bytes: text.len(), ..Limits::default() };
    Resource::parse(text, &limits).ok()
}

/// A section whose content is not known (FHIR STU3, list-empty-reason).
fn unanswered(section: &Section) -> Node {
    let reason = object([
        ("system", Node::text("http://hl7.org/fhir/list-empty-reason")),
        ("code", Node::text("unavailable")),
        ("display", Node::text("Unavailable")),
    ]);
    let says = "<div xmlns=\"http://www.w3.org/1999/xhtml\">Niet bekend: de bron heeft hierop niet of niet volledig \
                geantwoord.</div>";
    let text = object([("status", Node::text("generated")), ("div", Node::text(says))]);
    let mut node = titled(section.code, section.display, ("text", text));
    node.set("emptyReason", object([("coding", Node::List(vec![reason]))]));
    node
}

fn titled(code: &str, display: &str, content: (&str, Node)) -> Node {
    object([("code", coded(code, display)), content])
}

fn coded(code: &str, display: &str) -> Node {
    let coding = object([("system", Node::text(SNOMED)), ("code", Node::text(code)), ("display", Node::text(display))]);
    object([("coding", Node::List(vec![coding]))])
}

fn reference(kind: &str, id: &str, display: &str) -> Node {
    object([("reference", Node::text(format!("{kind}/{id}"))), ("display", Node::text(display))])
}

fn organization(of: &Provider<'_>) -> Resource {
    let identifier = object([("system", Node::text(systems::URA)), ("value", Node::text(of.ura.as_str()))]);
    Resource::from_node(&object([
        ("resourceType", Node::text("Organization")),
        ("id", Node::text(of.id)),
        ("identifier", Node::List(vec![identifier])),
        ("name", Node::text(of.name)),
    ]))
}

fn practitioner(id: &str, name: &str) -> Resource {
    let name = object([("text", Node::text(name))]);
    Resource::from_node(&object([
        ("resourceType", Node::text("Practitioner")),
        ("id", Node::text(id)),
        ("name", Node::List(vec![name])),
    ]))
}
