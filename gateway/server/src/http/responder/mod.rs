//! What the stack made of a request, as an HTTP answer. Takes `Recorded` or a refusal, and nothing else.

mod binary;
mod bundles;
pub mod events;
mod headers;
mod links;
mod medication;
mod preference;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use exchange::{Gate, Inbound, Recorded, Refusal, Released, ReleasedItem};
use fhir::json::Limits;
use fhir::{Bundle, FhirVersion, Interaction, Method, Resource};
use flows::medication::Windows;
use policy::{DataHolder, Permit, StandardOperation};

use super::format;
use super::negotiation::Negotiated;
use crate::node::Node;
use headers::{etag, http_date};
use preference::Return;

/// What an answer needs to know of its request.
#[derive(Clone, Debug)]
pub struct Frame {
    version: FhirVersion,
    base: String,
    holders: Arc<HashMap<DataHolder, String>>,
    request_id: String,
    correlation_id: String,
    head: bool,
    negotiated: Negotiated,
    wanted_back: Return,
    medication: Windows,
}

/// What an answer holds, before it is put in a format.
#[derive(Debug)]
pub enum Body {
    Nothing,
    Resource(Resource),
    Bundle(Bundle),
    /// The content of a Binary, as it is.
    Native {
        content: Bytes,
        content_type: String,
    },
}

/// An answer before it is put on the wire.
#[derive(Debug)]
pub struct Made {
    pub status: u16,
    pub body: Body,
    pub location: Option<String>,
    pub etag: Option<String>,
    /// `meta.lastUpdated`, as the source wrote it.
    pub last_modified: Option<String>,
    challenge: Option<&'static str>,
    retry_after: Option<u32>,
}

impl Frame {
    /// Our own FHIR base comes from the configuration; nothing of the request goes into URLs that we make.
    pub fn of(node: &Node, inbound: &Inbound, negotiated: Negotiated) -> Self {
        Frame {
            version: inbound.version,
            base: node.base(inbound.gate, inbound.version),
            holders: node.holders(),
            request_id: inbound.request_id.clone(),
            correlation_id: inbound.correlation_id.clone(),
            head: inbound.method == Some(Method::Head),
            negotiated,
            wanted_back: Return::of(inbound.conditions.prefer.as_deref()),
            medication: node.medication(),
        }
    }

    /// For an answer that is about nobody and runs no exchange.
    pub fn without_exchange(node: &Node, gate: Gate, version: FhirVersion, head: bool, negotiated: Negotiated) -> Self {
        let request_id = uuid::Uuid::new_v4().to_string();
        Frame {
            version,
            base: node.base(gate, version),
            holders: node.holders(),
            correlation_id: request_id.clone(),
            request_id,
            head,
            negotiated,
            wanted_back: Return::Unsaid,
            medication: node.medication(),
        }
    }

    /// Our FHIR base, as this caller knows it.
    pub fn base(&self) -> &str {
        &self.base
    }
}

impl Body {
    /// As one resource; nothing for what is none.
    pub fn into_resource(self) -> Option<Resource> {
        match self {
            Body::Resource(resource) => Some(resource),
            // We have just written it, of parts that were read within their bounds.
            Body::Bundle(bundle) => Resource::parse(bundle.write(), &OWN).ok(),
            Body::Nothing | Body::Native { .. } => None,
        }
    }
}

/// Bounds on a Bundle of our own: what its parts may be together.
const OWN: Limits = Limits { bytes: u32::MAX as usize, depth: fhir::json::DEEPEST, nodes: 64_000_000 };

impl Made {
    pub fn new(status: u16, body: Body) -> Self {
        Made { status, body, location: None, etag: None, last_modified: None, challenge: None, retry_after: None }
    }
}

/// A refusal outside an exchange.
pub fn refuse(frame: &Frame, refusal: &Refusal) -> HttpResponse {
    send(frame, refused(refusal))
}

/// A text that is already in the format that was asked for.
pub fn text(frame: &Frame, status: StatusCode, text: Bytes) -> HttpResponse {
    let mut response = start(frame, status);
    response.insert_header((CONTENT_TYPE, frame.negotiated.format().content_type(frame.version)));
    if frame.head { response.finish() } else { response.body(text) }
}

/// Puts an answer in the format that was asked for, and on the wire.
pub fn send(frame: &Frame, made: Made) -> HttpResponse {
    let native = match &made.body {
        Body::Native { content_type, .. } => Some(content_type.clone()),
        Body::Nothing | Body::Resource(_) | Body::Bundle(_) => None,
    };
    let (made, text) = match in_format(frame, made) {
        Ok(written) => written,
        Err(refusal) => {
            // The answer was released and recorded; that it could not be written is told once, without a value.
            tracing::error!(
                exchange.request_id = %frame.request_id,
                exchange.correlation_id = %frame.correlation_id,
                exchange.reason = %refusal.row().record,
                "an answer cannot be written"
            );
            // An outcome of our own can be written in every format.
            in_format(frame, refused(&refusal)).unwrap_or_else(|_| (Made::new(500, Body::Nothing), Bytes::new()))
        }
    };
    let status = StatusCode::from_u16(made.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = start(frame, status);
    if let Some(content_type) = native.filter(|_| status.is_success()) {
        // It came from a source and may be anything: no browser shall run it in our name.
        response
            .insert_header((CONTENT_TYPE, content_type))
            .insert_header(("Content-Security-Policy", "sandbox; default-src 'none'"))
            .insert_header(("Content-Disposition", "attachment"));
    } else if !text.is_empty() {
        response.insert_header((CONTENT_TYPE, frame.negotiated.format().content_type(frame.version)));
    }
    let modified = made.last_modified.as_deref().and_then(http_date);
    for (name, value) in [(LOCATION, &made.location), (ETAG, &made.etag), (LAST_MODIFIED, &modified)] {
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
    if frame.head { response.finish() } else { response.body(text) }
}

/// The text of an answer in the format that was asked for.
fn in_format(frame: &Frame, mut made: Made) -> Result<(Made, Bytes), Refusal> {
    let format = frame.negotiated.format();
    let text = match std::mem::replace(&mut made.body, Body::Nothing) {
        Body::Nothing => Bytes::new(),
        Body::Native { content, .. } => content,
        Body::Bundle(bundle) if format == super::media::Format::Json => bundle.write(),
        body => match body.into_resource() {
            Some(resource) => format::write(frame.version, format, &resource)?,
            None => return Err(Refusal::Defect),
        },
    };
    Ok((made, text))
}

fn start(frame: &Frame, status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "Accept"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Request-Id", frame.request_id.as_str()))
        .insert_header(("X-Correlation-Id", frame.correlation_id.as_str()));
    response
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
        ..Made::new(row.status, Body::Resource(refusal.outcome().to_resource()))
    }
}

fn released(frame: &Frame, released: &Released) -> Made {
    if let Some(known) = released.not_modified() {
        return Made {
            etag: known.version_id().and_then(etag),
            last_modified: known.last_updated().map(Into::into),
            ..Made::new(304, Body::Nothing)
        };
    }
    match &released.permit().request().interaction {
        Interaction::Read { resource_type, .. } | Interaction::Vread { resource_type, .. } => {
            match released.items().next() {
                Some((_, item)) if resource_type.name() == "Binary" => binary::answer(frame, item),
                Some((_, item)) => one(item),
                None => refused(&Refusal::NotFound),
            }
        }
        Interaction::Create { resource_type }
        | Interaction::Update { resource_type, .. }
        | Interaction::ConditionalUpdate { resource_type, .. }
        | Interaction::Patch { resource_type, .. } => written(frame, released, resource_type.name()),
        Interaction::Delete { .. } | Interaction::ConditionalDelete { .. } => frame.wanted_back.after_delete(),
        Interaction::Operation { name, .. } if medication::is_its_own(name) => {
            Made::new(200, Body::Bundle(medication::answer(frame, released, name)))
        }
        // All of it is one provider's, which had it already.
        Interaction::Operation { .. } if released.permit().use_case().as_str() == crate::referrals::INBOX => {
            Made::new(200, Body::Bundle(bundles::searchset(frame, released)))
        }
        Interaction::Operation { name, .. } if collects(released.permit()) => {
            Made::new(200, Body::Bundle(overview(frame, released, name)))
        }
        Interaction::Operation { .. } if released.permit().operation() == Some(StandardOperation::Document) => {
            bundles::document(frame, released)
        }
        Interaction::History { .. } => Made::new(200, Body::Bundle(bundles::history(frame, released))),
        Interaction::Transaction { entries } => {
            Made::new(200, Body::Bundle(bundles::transaction_response(frame, released, entries)))
        }
        Interaction::Search { .. }
        | Interaction::Operation { .. }
        | Interaction::Capabilities
        | Interaction::Bundle => Made::new(200, Body::Bundle(bundles::searchset(frame, released))),
    }
}

/// Whether an operation is one that collects searches: what is asked of a source is then never the operation itself.
fn collects(permit: &Permit) -> bool {
    permit.operation().is_none() && !permit.plan().contains(&permit.request().interaction)
}

/// The answer to an operation that collects searches: how every source fared, with what it released.
fn overview(frame: &Frame, released: &Released, name: &str) -> Bundle {
    let context = flows::overview::Context {
        self_url: &format!("{}/Patient/${name}", frame.base),
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
        last_modified: resource.last_updated().map(Into::into),
        ..Made::new(200, Body::Resource(resource.clone()))
    }
}

/// The answer to a write: where it is now, and as much of it as the caller prefers and the source gave back.
fn written(frame: &Frame, released: &Released, kind: &str) -> Made {
    let written = released.parts().iter().find_map(|part| part.written());
    let created = written.is_some_and(|written| written.created);
    let given_back = released.items().next().map(|(_, item)| item.resource().clone());
    let last_modified = given_back.as_ref().and_then(|resource| resource.last_updated().map(Into::into));
    let location = written.and_then(|written| {
        Some(links::to_version(&frame.base, kind, written.id.as_deref()?, written.version_id.as_deref()))
    });
    Made {
        location,
        etag: written.and_then(|written| etag(written.version_id.as_deref()?)),
        last_modified,
        ..Made::new(if created { 201 } else { 200 }, frame.wanted_back.after_write(created, given_back))
    }
}
