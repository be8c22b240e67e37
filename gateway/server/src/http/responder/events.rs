//! The access log as FHIR: what the log's stack disclosed, as AuditEvents. Takes `Recorded` and nothing else.

use exchange::explanation::Explanation;
use exchange::ports::LoggedEvent;
use exchange::{Disclosed, DisclosedForm, Page, Recorded, Refusal};
use fhir::json::Node;
use fhir::{
    Bundle, BundleKind, Entry, Interaction, Issue, IssueCode, Outcome, Resource, SearchMode, SearchQuery, Severity,
};

use super::{Body, Frame, Made, links, refused};

/// Status, headers and body.
pub fn make(frame: &Frame, result: &Result<Recorded<Disclosed>, Refusal>) -> Made {
    match result {
        Ok(recorded) => disclosed(frame, recorded.released()),
        Err(refusal) => refused(refusal),
    }
}

fn disclosed(frame: &Frame, disclosed: &Disclosed) -> Made {
    match (disclosed.form(), disclosed.events()) {
        (DisclosedForm::Page { page, complete }, events) => {
            let interaction = &disclosed.permit().request().interaction;
            Made::new(200, Body::Bundle(searchset(frame, interaction, page, events, *complete)))
        }
        (DisclosedForm::One, [event]) => Made::new(200, Body::Resource(resource(event))),
        (DisclosedForm::Reviewed, _) => {
            let outcome = Outcome::one(Severity::Information, IssueCode::Informational, "The verdict is recorded.");
            Made::new(200, Body::Resource(outcome.to_resource()))
        }
        (DisclosedForm::Explained(explanation), _) => Made::new(200, Body::Resource(explained(explanation))),
        (DisclosedForm::One, _) => refused(&Refusal::NotFound),
    }
}

/// Whether it would be permitted, and why in words.
fn explained(explanation: &Explanation) -> Resource {
    let parameter = |name: &str, kind: &str, value: Node| {
        Node::Object(vec![("name".into(), Node::text(name)), (kind.into(), value)])
    };
    let mut parameters = Node::Object(vec![("resourceType".into(), Node::text("Parameters"))]);
    let all = vec![
        parameter("permitted", "valueBoolean", Node::Bool(explanation.permitted)),
        parameter("explanation", "valueString", Node::text(explanation.to_string())),
    ];
    parameters.set("parameter", Node::List(all));
    Resource::from_node(&parameters)
}

fn resource(event: &LoggedEvent) -> Resource {
    audit::event(&event.record, event.index)
}

/// How many there are in all is not counted: the log is read newest first, as far as the page needs.
fn searchset(frame: &Frame, interaction: &Interaction, page: &Page, events: &[LoggedEvent], complete: bool) -> Bundle {
    let format = frame.negotiated.parameter();
    let mut bundle = Bundle::new(BundleKind::Searchset);
    bundle.links.push(("self".into(), links::to_self(&frame.base, &without_identifiers(interaction), format)));
    let next = page.next().map(|token| links::to_page(&frame.base, interaction, token.as_str(), format));
    bundle.links.extend(next.map(|next| ("next".to_owned(), next)));
    bundle.entries = events
        .iter()
        .map(|event| Entry {
            full_url: Some(format!("{}/AuditEvent/{}", frame.base, event.id)),
            resource: Some(resource(event)),
            mode: Some(SearchMode::Match),
            ..Entry::default()
        })
        .collect();
    if !complete {
        let issue = Issue::new(
            Severity::Warning,
            IssueCode::Incomplete,
            "The newest part of the access log is not searchable yet.".to_owned(),
        );
        bundle.entries.push(Entry {
            full_url: Some(uuid::Uuid::new_v4().urn().to_string()),
            resource: Some(Outcome { issues: vec![issue] }.to_resource()),
            mode: Some(SearchMode::Outcome),
            ..Entry::default()
        });
    }
    bundle
}

/// Identifiers are of persons, and one of them may be a BSN: a link does not repeat them.
fn without_identifiers(interaction: &Interaction) -> Interaction {
    let Interaction::Search { target, query } = interaction else { return interaction.clone() };
    let plain = query.parameters.iter().filter(|parameter| !names_a_person(&parameter.name));
    Interaction::Search { target: target.clone(), query: SearchQuery { parameters: plain.cloned().collect() } }
}

fn names_a_person(name: &str) -> bool {
    name.ends_with(".identifier") || name.starts_with("agent") || name.starts_with("entity")
}
