//! What the stack made of a request, as an HTTP answer. Takes `Recorded` or a refusal, and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use exchange::{Inbound, Recorded, Refusal, Released, ReleasedItem};
use fhir::interaction::SearchTarget;
use fhir::{
    Bundle, BundleKind, Entry, FhirVersion, Interaction, Issue, IssueCode, Method, Outcome, SearchMode, Severity,
};

use policy::DataHolder;

use super::media;
use crate::node::Node;

/// What an answer needs to know of its request.
#[derive(Clone, Debug)]
pub struct Frame {
    version: FhirVersion,
    base: String,
    holders: Arc<HashMap<DataHolder, String>>,
    request_id: String,
    correlation_id: String,
    head: bool,
}

impl Frame {
    /// Our own FHIR base comes from the configuration; nothing of the request goes into URLs that we make.
    pub fn of(node: &Node, inbound: &Inbound) -> Self {
        Frame {
            version: inbound.version,
            base: node.base(inbound.gate, inbound.version),
            holders: node.holders(),
            request_id: inbound.request_id.clone(),
            correlation_id: inbound.correlation_id.clone(),
            head: inbound.method == Some(Method::Head),
        }
    }
}

/// An answer before it is put on the wire.
pub struct Made {
    pub status: u16,
    pub body: Bytes,
    pub location: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    challenge: Option<&'static str>,
    retry_after: Option<u32>,
}

impl Made {
    fn new(status: u16, body: Bytes) -> Self {
        Made { status, body, location: None, etag: None, last_modified: None, challenge: None, retry_after: None }
    }
}

/// The answer on the wire.
pub fn answer(frame: &Frame, result: &Result<Recorded, Refusal>) -> HttpResponse {
    let made = make(frame, result);
    let mut response = start(frame, StatusCode::from_u16(made.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in [(LOCATION, &made.location), (ETAG, &made.etag), (LAST_MODIFIED, &made.last_modified)] {
        if let Some(value) = value {
            response.insert_header((name, value.as_str()));
        }
    }
    if let Some(challenge) = made.challenge {
        response.insert_header((WWW_AUTHENTICATE, challenge));
    }
    if let Some(seconds) = made.retry_after {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    finish(frame, response, made.body)
}

/// A complete answer of our own making (a batch response).
pub fn ok(frame: &Frame, body: Bytes) -> HttpResponse {
    finish(frame, start(frame, StatusCode::OK), body)
}

fn start(frame: &Frame, status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CONTENT_TYPE, media::fhir_json(frame.version)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Request-Id", frame.request_id.as_str()))
        .insert_header(("X-Correlation-Id", frame.correlation_id.as_str()));
    response
}

fn finish(frame: &Frame, mut response: HttpResponseBuilder, body: Bytes) -> HttpResponse {
    if frame.head { response.finish() } else { response.body(body) }
}

/// Status, headers and body.
pub fn make(frame: &Frame, result: &Result<Recorded, Refusal>) -> Made {
    match result {
        Ok(recorded) => released(frame, recorded.released()),
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: &Refusal) -> Made {
    let row = refusal.row();
    Made {
        challenge: row.challenge,
        retry_after: row.retry_after,
        ..Made::new(row.status, refusal.outcome().to_resource().bytes())
    }
}

fn released(frame: &Frame, released: &Released) -> Made {
    match &released.permit().request().interaction {
        Interaction::Read { .. } | Interaction::Vread { .. } => match released.items().next() {
            Some((_, item)) => one(item),
            None => refused(&Refusal::NotFound),
        },
        Interaction::Create { resource_type }
        | Interaction::Update { resource_type, .. }
        | Interaction::ConditionalUpdate { resource_type, .. }
        | Interaction::Patch { resource_type, .. } => written(frame, released, resource_type.name()),
        Interaction::Delete { .. } | Interaction::ConditionalDelete { .. } => Made::new(204, Bytes::new()),
        Interaction::Operation { name, .. } if flows::overview::OPERATION == name => {
            Made::new(200, overview(frame, released).write())
        }
        Interaction::Search { .. }
        | Interaction::History { .. }
        | Interaction::Operation { .. }
        | Interaction::Capabilities
        | Interaction::Bundle
        | Interaction::Transaction { .. } => Made::new(200, searchset(frame, released).write()),
    }
}

/// The answer to `$health-overview`.
fn overview(frame: &Frame, released: &Released) -> Bundle {
    let context = flows::overview::Context {
        self_url: &format!("{}/Patient/${}", frame.base, flows::overview::OPERATION),
        assembled: time::OffsetDateTime::now_utc(),
        base: &|holder| frame.holders.get(holder).cloned(),
    };
    flows::overview::bundle(released, &context)
}

/// The answer to a read.
fn one(item: &ReleasedItem) -> Made {
    let resource = item.resource();
    Made {
        etag: resource.version_id().and_then(|version| etag(&version)),
        last_modified: resource.last_updated().and_then(|moment| http_date(&moment)),
        ..Made::new(200, resource.bytes())
    }
}

/// The answer to a write: where it is now, and the resource when the source gave it back.
fn written(frame: &Frame, released: &Released, kind: &str) -> Made {
    let written = released.parts().iter().find_map(|part| part.written());
    let body = released.items().next().map_or_else(Bytes::new, |(_, item)| item.resource().bytes());
    let status = if written.is_some_and(|written| written.created) { 201 } else { 200 };
    let location = written.and_then(|written| {
        let id = written.id.as_deref()?;
        Some(match written.version_id.as_deref() {
            Some(version) => format!("{}/{kind}/{id}/_history/{version}", frame.base),
            None => format!("{}/{kind}/{id}", frame.base),
        })
    });
    Made { location, etag: written.and_then(|written| etag(written.version_id.as_deref()?)), ..Made::new(status, body) }
}

/// The answer to a search, with what is missing said in an outcome entry.
fn searchset(frame: &Frame, released: &Released) -> Bundle {
    let interaction = &released.permit().request().interaction;
    let kind =
        if matches!(interaction, Interaction::History { .. }) { BundleKind::History } else { BundleKind::Searchset };
    let mut bundle = Bundle::new(kind);
    let matches = released.items().filter(|(_, item)| item.mode() == SearchMode::Match).count();
    bundle.total = u64::try_from(matches).ok();
    bundle.links.push(("self".into(), self_link(&frame.base, interaction)));
    for (_, item) in released.items() {
        let resource = item.resource();
        let full_url = resource.id().map(|id| format!("{}/{}/{id}", frame.base, resource.resource_type()));
        bundle.entries.push(Entry {
            full_url,
            resource: Some(resource.clone()),
            mode: (kind == BundleKind::Searchset).then(|| item.mode()),
            ..Entry::default()
        });
    }
    if let Some(outcome) = what_is_missing(released) {
        bundle.total = None;
        bundle.entries.push(Entry {
            resource: Some(outcome.to_resource()),
            mode: Some(SearchMode::Outcome),
            ..Entry::default()
        });
    }
    bundle
}

/// What was asked, without whoever it was asked about.
fn self_link(base: &str, interaction: &Interaction) -> String {
    let (path, query) = match interaction {
        Interaction::Search { target: SearchTarget::Type(kind), query } => (kind.name(), query.write()),
        other => (other.resource_type().map_or("", |kind| kind.name()), String::new()),
    };
    match (path.is_empty(), query.is_empty()) {
        (true, true) => base.to_owned(),
        (true, false) => format!("{base}?{query}"),
        (false, true) => format!("{base}/{path}"),
        (false, false) => format!("{base}/{path}?{query}"),
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

/// A weak ETag of a version id, when it can stand in a header.
fn etag(version: &str) -> Option<String> {
    let plain = version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    (plain && !version.is_empty()).then(|| format!("W/\"{version}\""))
}

/// A FHIR instant as an HTTP date (RFC 9110, 5.6.7).
fn http_date(instant: &str) -> Option<String> {
    let moment = time::OffsetDateTime::parse(instant, &time::format_description::well_known::Rfc3339).ok()?;
    let moment = moment.to_offset(time::UtcOffset::UTC);
    let weekday = moment.weekday().to_string();
    let month = moment.month().to_string();
    Some(format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
        weekday.get(..3)?,
        moment.day(),
        month.get(..3)?,
        moment.year(),
        moment.hour(),
        moment.minute(),
        moment.second()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_becomes_an_http_date() {
        assert_eq!(http_date("2026-11-22T21:03:04+01:00").as_deref(), Some("Sun, 22 Nov 2026 20:03:04 GMT"));
        assert_eq!(http_date("gisteren"), None);
    }

    #[test]
    fn an_etag_holds_no_foreign_characters() {
        assert_eq!(etag("3").as_deref(), Some("W/\"3\""));
        assert_eq!(etag("a\"b"), None);
        assert_eq!(etag(""), None);
    }

    #[test]
    fn a_self_link_holds_what_was_asked_and_no_id() {
        let base = "https://node.example/fhir/r4";
        for (method, path, query, expected) in [
            (Method::Get, "Observation", "code=a%7Cb&_count=5", "/Observation?code=a%7Cb&_count=5"),
            (Method::Get, "Observation", "", "/Observation"),
            (Method::Get, "", "_type=Patient", ""),
            (Method::Get, "Patient/p-1/_history", "", "/Patient"),
            (Method::Get, "Patient/p-1/Condition", "", "/Condition"),
            (Method::Post, "Patient/p-1/$everything", "", "/Patient"),
        ] {
            let asked = Interaction::read(FhirVersion::R4, method, path, query, None).unwrap();
            let link = self_link(base, &asked);
            assert!(!link.contains("p-1"), "{path}: {link}");
            assert_eq!(link, format!("{base}{expected}"), "{path}");
        }
    }
}
