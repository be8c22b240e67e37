//! Released resources as a Bundle of the kind that the interaction asks for.

use exchange::ports::Written;
use exchange::{PageToken, Refusal, Released, ReleasedItem};
use fhir::bundle::{EntryRequest, EntryResponse};
use fhir::json::Node;
use fhir::outcome::more_in;
use fhir::{
    Bundle, BundleKind, Entry, FhirVersion, Interaction, Issue, IssueCode, Outcome, Resource, SearchMode, Severity,
};

use super::headers::etag;
use super::{Body, Frame, Made, links, refused};

/// The answer to a search, with what is missing said in an outcome entry.
pub fn searchset(frame: &Frame, released: &Released) -> Bundle {
    let mut bundle = page(frame, released, BundleKind::Searchset);
    bundle.entries = released
        .items()
        .map(|(_, item)| Entry { mode: Some(item.mode()), ..entry_of(frame, item.resource()) })
        .collect();
    if let Some(outcome) = what_is_missing(released) {
        bundle.total = None;
        bundle.entries.push(Entry {
            full_url: Some(uuid::Uuid::new_v4().urn().to_string()),
            resource: Some(outcome.to_resource()),
            mode: Some(SearchMode::Outcome),
            ..Entry::default()
        });
    }
    bundle
}

/// The versions of one or more resources. Which interaction made each version, the source does not tell us: that it
/// stands there now as if put there is what can be said (bdl-3). R4 also wants the response (bdl-4), STU3 forbids it.
pub fn history(frame: &Frame, released: &Released) -> Bundle {
    let mut bundle = page(frame, released, BundleKind::History);
    let version = |(_, item): (_, &ReleasedItem)| {
        let resource = item.resource();
        let kind = resource.resource_type();
        let url = resource.id().map_or_else(|| kind.clone().into_owned(), |id| format!("{kind}/{id}"));
        let response = (frame.version != FhirVersion::Stu3).then(|| EntryResponse {
            status: "200".into(),
            etag: resource.version_id().and_then(|version| etag(&version)),
            last_modified: resource.last_updated().map(Into::into),
            ..EntryResponse::default()
        });
        Entry { request: Some(request("PUT", url)), response, ..entry_of(frame, resource) }
    };
    bundle.entries = released.items().map(version).collect();
    if let Some(outcome) = what_is_missing(released) {
        bundle.total = None;
        let response = EntryResponse { status: "200".into(), ..EntryResponse::default() };
        bundle.entries.push(Entry {
            full_url: Some(uuid::Uuid::new_v4().urn().to_string()),
            resource: Some(outcome.to_resource()),
            request: Some(request("GET", "_history".into())),
            response: (frame.version != FhirVersion::Stu3).then_some(response),
            ..Entry::default()
        });
    }
    bundle
}

/// A document: the Composition first (bdl-11), with an identifier (bdl-9) and, in R4, the moment it was put together
/// (bdl-10). When something is missing in it, an outcome at its end says so.
pub fn document(frame: &Frame, released: &Released) -> Made {
    let (first, others): (Vec<_>, Vec<_>) = released
        .items()
        .map(|(_, item)| item.resource())
        .partition(|resource| resource.resource_type() == "Composition");
    if first.is_empty() {
        return refused(&Refusal::NotFound);
    }
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).ok();
    let mut bundle = Bundle::new(BundleKind::Document);
    bundle.identifier = Some(Node::Object(vec![
        ("system".into(), Node::text("urn:ietf:rfc:3986")),
        ("value".into(), Node::text(uuid::Uuid::new_v4().urn().to_string())),
    ]));
    bundle.timestamp = now.clone().filter(|_| frame.version != FhirVersion::Stu3);
    bundle.last_updated = now;
    bundle.entries = first.into_iter().chain(others).map(|resource| entry_of(frame, resource)).collect();
    bundle.entries.extend(what_is_missing(released).map(|outcome| Entry {
        full_url: Some(uuid::Uuid::new_v4().urn().to_string()),
        resource: Some(outcome.to_resource()),
        ..Entry::default()
    }));
    Made::new(200, Body::Bundle(bundle))
}

/// What became of each entry of a transaction, in their order.
pub fn transaction_response(frame: &Frame, released: &Released, entries: &[Interaction]) -> Bundle {
    let mut bundle = Bundle::new(BundleKind::TransactionResponse);
    let became = |(entry, written): (&Interaction, &Written)| {
        let kind = entry.resource_type().map_or("", |kind| kind.name());
        let back = released.items().map(|(_, item)| item.resource()).find(|resource| {
            resource.resource_type() == kind
                && written.id.is_some()
                && resource.id().as_deref() == written.id.as_deref()
        });
        let body = match entry {
            Interaction::Delete { .. } | Interaction::ConditionalDelete { .. } => frame.wanted_back.after_delete(),
            _ => {
                let status = if written.created { 201 } else { 200 };
                Made::new(status, frame.wanted_back.after_write(written.created, back.cloned()))
            }
        };
        let (status, told) = (body.status, body.body.into_resource());
        let is_outcome = told.as_ref().is_some_and(|resource| resource.resource_type() == "OperationOutcome");
        let (outcome, resource) = if is_outcome { (told, None) } else { (None, told) };
        let response = EntryResponse {
            status: status.to_string(),
            location: written
                .id
                .as_deref()
                .map(|id| links::to_version(&frame.base, kind, id, written.version_id.as_deref())),
            etag: written.version_id.as_deref().and_then(etag),
            last_modified: resource.as_ref().and_then(|resource| resource.last_updated().map(Into::into)),
            outcome,
        };
        let base = Entry { response: Some(response), ..Entry::default() };
        match resource {
            Some(resource) => Entry { response: base.response, ..entry_of(frame, &resource) },
            None => base,
        }
    };
    bundle.entries = entries.iter().zip(released.transaction()).map(became).collect();
    bundle
}

/// An empty Bundle with the number of matches and the links of this page of the answer.
fn page(frame: &Frame, released: &Released, kind: BundleKind) -> Bundle {
    let interaction = &released.permit().request().interaction;
    let format = frame.negotiated.parameter();
    let mut bundle = Bundle::new(kind);
    let to_page = |token: &PageToken| links::to_page(&frame.base, interaction, token.as_str(), format);
    let Some(page) = released.page() else {
        let matches = released.items().filter(|(_, item)| item.mode() == SearchMode::Match).count();
        bundle.total = u64::try_from(matches).ok();
        bundle.links.push(("self".into(), links::to_self(&frame.base, interaction, format)));
        return bundle;
    };
    bundle.total = page.total();
    let this = page.this().filter(|_| page.number() > 1).map(to_page);
    let this = this.unwrap_or_else(|| links::to_self(&frame.base, interaction, format));
    let others = [("first", page.first()), ("previous", page.previous()), ("next", page.next())];
    let others = others.into_iter().filter_map(|(relation, token)| Some((relation.to_owned(), to_page(token?))));
    bundle.links = std::iter::once(("self".to_owned(), this)).chain(others).collect();
    bundle
}

fn entry_of(frame: &Frame, resource: &Resource) -> Entry {
    let full_url = resource.id().map(|id| format!("{}/{}/{id}", frame.base, resource.resource_type()));
    Entry { full_url, resource: Some(resource.clone()), ..Entry::default() }
}

fn request(method: &str, url: String) -> EntryRequest {
    EntryRequest {
        method: method.into(),
        url,
        if_none_match: None,
        if_modified_since: None,
        if_match: None,
        if_none_exist: None,
    }
}

fn what_is_missing(released: &Released) -> Option<Outcome> {
    let mut issues = Vec::new();
    for part in released.parts() {
        if let Some(version) = part.other_version().filter(|version| released.permit().offers(*version)) {
            // Whoever asks in both versions misses nothing, and whoever does not must know.
            let says = format!("{} has more, which is to be had in FHIR {}.", part.name(), version.full());
            issues.push(Issue::new(Severity::Warning, IssueCode::Incomplete, says).saying(more_in(version)));
        } else if !part.status().is_complete() {
            issues.push(Issue::new(
                Severity::Warning,
                IssueCode::Incomplete,
                format!("The answer of {} is incomplete.", part.name()),
            ));
        }
        if part.withheld() > 0 {
            issues.push(Issue::new(
                Severity::Information,
                IssueCode::Suppressed,
                format!("{} withheld a part of its answer.", part.name()),
            ));
        }
    }
    (!issues.is_empty()).then_some(Outcome { issues })
}
