//! Released resources as a Bundle of the kind that the interaction asks for.

use exchange::{Refusal, Released, ReleasedItem};
use fhir::bundle::{EntryRequest, EntryResponse};
use fhir::{
    Bundle, BundleKind, Entry, FhirVersion, Interaction, Issue, IssueCode, Outcome, Resource, SearchMode, Severity,
};

use super::headers::etag;
use super::{Body, Frame, Made, links, refused};

/// The answer to a search, with what is missing said in an outcome entry.
pub fn searchset(frame: &Frame, released: &Released) -> Bundle {
    let interaction = &released.permit().request().interaction;
    let mut bundle = Bundle::new(BundleKind::Searchset);
    let matches = released.items().filter(|(_, item)| item.mode() == SearchMode::Match).count();
    bundle.total = u64::try_from(matches).ok();
    bundle.links.push(("self".into(), links::to_self(&frame.base, interaction, frame.negotiated.parameter())));
    bundle.entries = released
        .items()
        .map(|(_, item)| Entry { mode: Some(item.mode()), ..entry(frame, item.resource()) })
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
    let interaction = &released.permit().request().interaction;
    let mut bundle = Bundle::new(BundleKind::History);
    bundle.total = u64::try_from(released.items().count()).ok();
    bundle.links.push(("self".into(), links::to_self(&frame.base, interaction, frame.negotiated.parameter())));
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
        Entry { request: Some(request("PUT", url)), response, ..entry(frame, resource) }
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
    let (first, others): (Vec<_>, Vec<_>) =
        released.items().map(|(_, item)| item.resource()).partition(|resource| resource.resource_type() == "Composition");
    if first.is_empty() {
        return refused(&Refusal::NotFound);
    }
    let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).ok();
    let mut bundle = Bundle::new(BundleKind::Document);
    bundle.identifier = Some(("urn:ietf:rfc:3986".into(), uuid::Uuid::new_v4().urn().to_string()));
    bundle.timestamp = now.clone().filter(|_| frame.version != FhirVersion::Stu3);
    bundle.last_updated = now;
    bundle.entries = first.into_iter().chain(others).map(|resource| entry(frame, resource)).collect();
    bundle.entries.extend(what_is_missing(released).map(|outcome| Entry {
        full_url: Some(uuid::Uuid::new_v4().urn().to_string()),
        resource: Some(outcome.to_resource()),
        ..Entry::default()
    }));
    Made::new(200, Body::Bundle(bundle))
}

/// What became of each entry of a transaction, in their order.
pub fn transaction_response(frame: &Frame, released: &Released, entries: &[Interaction]) -> Bundle {
    let _ = (frame, released, entries);
    Bundle::new(BundleKind::TransactionResponse)
}

fn entry(frame: &Frame, resource: &Resource) -> Entry {
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
        if !part.status().is_complete() {
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
