//! A batch Bundle: every entry passes the whole stack on its own and leaves its own record. A transaction is one
//! request, and passes the stack as one.

use std::sync::Arc;

use actix_web::HttpResponse;
use bytes::Bytes;
use exchange::{BodyKind, Inbound};
use fhir::bundle::EntryResponse;
use fhir::json::Limits;
use fhir::{Bundle, BundleKind, Entry, Method, Resource};
use futures_util::StreamExt;

use super::responder::{Body, Frame, Made};
use super::{endpoint, format, responder};
use crate::node::Node;

/// Most entries of one batch.
const MOST_ENTRIES: usize = 200;

/// Entries that run side by side.
const AT_ONCE: usize = 4;

/// Whether the request is a `POST` of something to the base. What it is stands in its body.
pub fn is_batch(inbound: &Inbound) -> bool {
    inbound.method == Some(Method::Post)
        && inbound.path.trim_matches('/').is_empty()
        && matches!(inbound.body_kind, BodyKind::Json | BodyKind::Xml)
        && inbound.unreadable.is_none()
}

/// Runs the entries, or lets the stack have what is no batch: it takes a transaction, and refuses the rest.
pub async fn answer(node: &Arc<Node>, mut inbound: Inbound, frame: Frame) -> HttpResponse {
    let limits = Limits { bytes: node.body_bounds().bytes, ..Limits::default() };
    let mut bundle = format::read(inbound.version, inbound.body_kind, &inbound.body, &limits)
        .and_then(|body| Bundle::read(&body).ok());
    if let Some(transaction) = bundle.as_mut().filter(|bundle| bundle.kind == BundleKind::Transaction)
        && name_relatively(frame.base(), transaction)
    {
        (inbound.body, inbound.body_kind) = (transaction.write(), BodyKind::Json);
    }
    let bundle = bundle.filter(|bundle| bundle.kind == BundleKind::Batch && bundle.entries.len() <= MOST_ENTRIES);
    let Some(bundle) = bundle else {
        let made = endpoint::make(node, &frame, inbound).await;
        return responder::send(&frame, made);
    };
    let entries: Vec<_> = bundle
        .entries
        .into_iter()
        .enumerate()
        .map(|(number, entry)| {
            let one: futures_util::future::LocalBoxFuture<'_, Entry> =
                Box::pin(run(node, &inbound, &frame, number, entry));
            one
        })
        .collect();
    let mut response = Bundle::new(BundleKind::BatchResponse);
    response.entries = futures_util::stream::iter(entries).buffered(AT_ONCE).collect().await;
    responder::send(&frame, Made::new(200, Body::Bundle(response)))
}

/// One entry, as the request it stands for.
async fn run(node: &Arc<Node>, batch: &Inbound, frame: &Frame, number: usize, entry: Entry) -> Entry {
    // An entry that names no method of FHIR, or no request at all, is refused and recorded like any other.
    let (method, request) = match entry.request {
        Some(request) => (Method::parse(&request.method), Some(request)),
        None => (None, None),
    };
    let url = request.as_ref().map_or("", |request| request.url.as_str());
    let (path, query) = below(frame.base(), url).split_once('?').unwrap_or((below(frame.base(), url), ""));
    let body = entry.resource.as_ref().map_or_else(Bytes::new, Resource::bytes);
    let mut conditions = batch.conditions.clone();
    conditions.if_none_match = request.as_ref().and_then(|request| request.if_none_match.clone());
    conditions.if_modified_since = request.as_ref().and_then(|request| request.if_modified_since.clone());
    conditions.if_match = request.as_ref().and_then(|request| request.if_match.clone());
    conditions.if_none_exist = request.as_ref().and_then(|request| request.if_none_exist.clone());
    let inbound = Inbound {
        request_id: format!("{}.{number}", batch.request_id),
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        body_kind: if body.is_empty() { BodyKind::None } else { BodyKind::Json },
        body,
        conditions,
        ..batch.clone()
    };
    responded(endpoint::make(node, frame, inbound).await)
}

/// Makes the URLs of a transaction's requests relative to our own base, as the stack reads them; says whether any was
/// not. Resources stay as they were.
fn name_relatively(base: &str, transaction: &mut Bundle) -> bool {
    let mut changed = false;
    for request in transaction.entries.iter_mut().filter_map(|entry| entry.request.as_mut()) {
        let relative = below(base, &request.url);
        if relative.len() < request.url.len() {
            request.url = relative.to_owned();
            changed = true;
        }
    }
    changed
}

/// What follows our own base. A URL below any other base is left as it is, and then is no path of ours.
fn below<'u>(base: &str, url: &'u str) -> &'u str {
    url.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')).unwrap_or(url)
}

fn responded(made: Made) -> Entry {
    let mut response = EntryResponse {
        status: made.status.to_string(),
        location: made.location,
        etag: made.etag,
        last_modified: made.last_modified,
        ..EntryResponse::default()
    };
    let resource = made.body.into_resource();
    // An outcome of a failed entry belongs in the response, a resource in the entry.
    if made.status >= 400 {
        response.outcome = resource;
        return Entry { response: Some(response), ..Entry::default() };
    }
    Entry { resource, response: Some(response), ..Entry::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_may_name_our_own_base_and_no_other() {
        const BASE: &str = "https://node.example/fhir/r4";
        for (url, expected) in [
            ("Condition?code=1", "Condition?code=1"),
            ("/Condition", "/Condition"),
            ("https://node.example/fhir/r4/Condition/a", "Condition/a"),
            ("https://node.example/fhir/r4/", ""),
            ("https://node.example/fhir/r4x/Condition", "https://node.example/fhir/r4x/Condition"),
            ("https://node.example/fhir/stu3/Condition", "https://node.example/fhir/stu3/Condition"),
            ("https://elsewhere.example/fhir/r4/Condition", "https://elsewhere.example/fhir/r4/Condition"),
        ] {
            assert_eq!(below(BASE, url), expected, "{url}");
        }
    }

    #[test]
    fn a_transaction_may_name_our_own_base_and_no_other() {
        let text = r#"{"resourceType":"Bundle","type":"transaction","entry":[
            {"request":{"method":"DELETE","url":"https://node.example/fhir/r4/Condition/a"}},
            {"request":{"method":"DELETE","url":"https://elsewhere.example/fhir/r4/Condition/b"}}]}"#;
        let resource = Resource::parse(Bytes::from_static(text.as_bytes()), &Limits::default()).unwrap();
        let mut bundle = Bundle::read(&resource).unwrap();
        assert!(name_relatively("https://node.example/fhir/r4", &mut bundle));
        let urls: Vec<_> = bundle.entries.iter().map(|entry| entry.request.as_ref().unwrap().url.as_str()).collect();
        assert_eq!(urls, ["Condition/a", "https://elsewhere.example/fhir/r4/Condition/b"]);
        assert!(!name_relatively("https://node.example/fhir/r4", &mut bundle), "nothing is left to change");
    }

    #[test]
    fn an_outcome_of_a_refused_entry_stands_in_its_response() {
        let outcome = || fhir::Outcome::one(fhir::Severity::Error, fhir::IssueCode::Forbidden, "no").to_resource();
        let refused = responded(Made::new(403, Body::Resource(outcome())));
        assert!(refused.resource.is_none() && refused.response.unwrap().outcome.is_some());
        let unchanged = responded(Made::new(304, Body::Nothing));
        assert!(unchanged.resource.is_none());
        let response = unchanged.response.unwrap();
        assert!(response.status == "304" && response.outcome.is_none());
    }
}
