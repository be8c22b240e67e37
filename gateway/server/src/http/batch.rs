//! A batch Bundle: every entry passes the whole stack on its own and leaves its own record.

use std::sync::Arc;

use actix_web::HttpResponse;
use bytes::Bytes;
use exchange::{BodyKind, Inbound};
use fhir::bundle::EntryResponse;
use fhir::json::Limits;
use fhir::{Bundle, BundleKind, Entry, Method, Resource};
use futures_util::StreamExt;

use super::{endpoint, responder};
use crate::node::Node;

/// Most entries of one batch.
const MOST_ENTRIES: usize = 200;

/// Entries that run side by side.
const AT_ONCE: usize = 4;

/// Whether the request is a `POST` of something to the base. What it is stands in its body.
pub fn is_batch(inbound: &Inbound) -> bool {
    inbound.method == Some(Method::Post)
        && inbound.path.trim_matches('/').is_empty()
        && inbound.body_kind == BodyKind::Json
        && inbound.unreadable.is_none()
}

/// Runs the entries, or lets the stack refuse what is no batch.
pub async fn answer(node: &Arc<Node>, inbound: Inbound) -> HttpResponse {
    let frame = responder::Frame::of(node, &inbound);
    let bundle =
        Resource::parse(inbound.body.clone(), &Limits::default()).ok().and_then(|body| Bundle::read(&body).ok());
    let bundle = match bundle {
        Some(bundle) if bundle.kind == BundleKind::Batch && bundle.entries.len() <= MOST_ENTRIES => bundle,
        // Not a batch that can be run: as one request it is refused, with its reason and its record.
        Some(_) | None => {
            let result = endpoint::run(node, inbound).await;
            return responder::answer(&frame, &result);
        }
    };
    let entries: Vec<_> = bundle
        .entries
        .into_iter()
        .enumerate()
        .map(|(number, entry)| {
            let one: futures_util::future::LocalBoxFuture<'_, Entry> = Box::pin(run(node, &inbound, number, entry));
            one
        })
        .collect();
    let mut response = Bundle::new(BundleKind::BatchResponse);
    response.entries = futures_util::stream::iter(entries).buffered(AT_ONCE).collect().await;
    responder::ok(&frame, response.write())
}

/// One entry, as the request it stands for.
async fn run(node: &Arc<Node>, batch: &Inbound, number: usize, entry: Entry) -> Entry {
    // An entry that names no method of FHIR, or no request at all, is refused and recorded like any other.
    let (method, request) = match entry.request {
        Some(request) => (Method::parse(&request.method), Some(request)),
        None => (None, None),
    };
    let url = request.as_ref().map_or("", |request| request.url.as_str());
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
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
    let frame = responder::Frame::of(node, &inbound);
    let result = endpoint::run(node, inbound).await;
    let made = responder::make(&frame, &result);
    let response = EntryResponse {
        location: made.location,
        etag: made.etag,
        last_modified: made.last_modified,
        ..Default::default()
    };
    let resource = Resource::parse(made.body, &Limits::default()).ok();
    responded(made.status, response, resource)
}

fn responded(status: u16, mut response: EntryResponse, resource: Option<Resource>) -> Entry {
    response.status = status.to_string();
    // An outcome of a failed entry belongs in the response, a resource in the entry.
    if status >= 400 {
        response.outcome = resource;
        return Entry { response: Some(response), ..Entry::default() };
    }
    Entry { resource, response: Some(response), ..Entry::default() }
}
