//! One HTTP request as an `Inbound`. The body is read within its bounds of size and time; whatever goes wrong
//! on the way is noted in it, so that the stack answers and records it like everything else.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use exchange::{BodyKind, Conditions, Credentials, Gate, Inbound, Possession, Refusal, Unreadable};
use fhir::{FhirVersion, Method};
use futures_util::StreamExt;
use percent_encoding::percent_decode_str;

use super::connection::{ClientCertificate, ShownBehind};
use super::media;
use super::negotiation::Negotiated;

/// Bounds on what a caller may send.
#[derive(Clone, Copy, Debug)]
pub struct BodyBounds {
    pub bytes: usize,
    pub patience: Duration,
}

/// The header of a proof of possession (RFC 9449, section 4.1).
const DPOP: &str = "dpop";

/// Longest correlation id that is taken over from a caller.
const LONGEST_CORRELATION: usize = 64;

/// Reads a request to the FHIR base of `version`, and in which format its answer is wanted; `path` is what follows the
/// base.
pub async fn read(
    request: &HttpRequest,
    payload: Payload,
    gate: Gate,
    version: FhirVersion,
    path: &str,
    bounds: BodyBounds,
) -> (Inbound, Negotiated) {
    let headers = request.headers();
    let (body, mut unreadable) = match tokio::time::timeout(bounds.patience, body(headers, payload, bounds.bytes)).await
    {
        Ok(Ok(body)) => (body, None),
        Ok(Err(fault)) => (Bytes::new(), Some(fault)),
        Err(_) => (Bytes::new(), Some(Unreadable::BodyBroken)),
    };
    let method = Method::parse(request.method().as_str());
    let body_kind = media::body_kind(headers, body.is_empty(), version);
    let form = if body_kind == BodyKind::Form { std::str::from_utf8(&body).unwrap_or_default() } else { "" };
    let negotiated = Negotiated::read(headers, request.query_string(), form, version);
    // What a Binary holds can be had as it is; whether it is of the type that is wanted shows when it is known.
    let native = reads_a_binary(method, path) && negotiated.names_other_types();
    if unreadable.is_none() && !negotiated.is_possible() && !native {
        unreadable = Some(Unreadable::NotAcceptable);
    }
    let request_id = uuid::Uuid::new_v4().to_string();
    let credentials = credentials(request, &request_id);
    let inbound = Inbound {
        correlation_id: correlation(headers).unwrap_or_else(|| request_id.clone()),
        request_id,
        gate,
        remote: request.peer_addr().map(|address| address.ip()),
        version,
        method,
        path: path.to_owned(),
        query: request.query_string().to_owned(),
        body_kind,
        body,
        conditions: conditions(headers),
        credentials,
        use_case: None,
        emergency: emergency(headers),
        unreadable,
    };
    (inbound, negotiated)
}

fn reads_a_binary(method: Option<Method>, path: &str) -> bool {
    matches!(method, Some(Method::Get | Method::Head)) && path.starts_with("Binary/")
}

/// Reads a body of at most so many bytes.
pub async fn body(headers: &HeaderMap, mut payload: Payload, limit: usize) -> Result<Bytes, Unreadable> {
    // A compressed body is not read: what it unpacks to cannot be bounded by its length.
    if headers.contains_key(actix_web::http::header::CONTENT_ENCODING) {
        return Err(Unreadable::BodyBroken);
    }
    let announced = headers
        .get(actix_web::http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Unreadable::BodyTooLarge);
    }
    let mut whole = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Unreadable::BodyBroken)?;
        if whole.len() + chunk.len() > limit {
            return Err(Unreadable::BodyTooLarge);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// Why the body of what is not FHIR cannot be read, if so. In which form a FHIR answer was wanted is nothing to it.
pub fn broken_body(inbound: &Inbound) -> Option<Refusal> {
    match inbound.unreadable? {
        Unreadable::BodyTooLarge => Some(Refusal::BodyTooLarge),
        Unreadable::BodyBroken => Some(Refusal::BodyBroken),
        Unreadable::NotAcceptable | Unreadable::NotServed => None,
    }
}

/// What the caller shows to say who it is. `request_id` is what tells this request from every other.
pub fn credentials(request: &HttpRequest, request_id: &str) -> Credentials {
    Credentials {
        certificate: request.conn_data::<ClientCertificate>().map(|certificate| Arc::clone(&certificate.0)),
        issuers: request.conn_data::<ShownBehind>().map(|behind| behind.0.clone()).unwrap_or_default(),
        authorization: request
            .headers()
            .get_all(AUTHORIZATION)
            // A header that is no text is no token; it still counts as shown.
            .map(|value| value.to_str().unwrap_or_default().to_owned())
            .collect(),
        possession: possession(request, request_id),
        session: None,
    }
}

/// The proofs of possession that came along, if any.
fn possession(request: &HttpRequest, request_id: &str) -> Option<Arc<Possession>> {
    // A header that is no text is no proof; it still counts as shown.
    let proofs: Vec<String> =
        request.headers().get_all(DPOP).map(|value| value.to_str().unwrap_or_default().to_owned()).collect();
    (!proofs.is_empty()).then(|| {
        Arc::new(Possession {
            proofs,
            method: request.method().as_str().to_owned(),
            path: request.uri().path().to_owned(),
            request_id: request_id.to_owned(),
        })
    })
}

fn conditions(headers: &HeaderMap) -> Conditions {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Conditions {
        if_match: text("if-match"),
        if_none_match: text("if-none-match"),
        if_modified_since: text("if-modified-since"),
        if_none_exist: text("if-none-exist"),
        prefer: text("prefer"),
    }
}

/// Why this is an emergency, as a system of the provider says: UTF-8, percent-encoded, because a header holds no more than
/// ASCII. What cannot be read is a reason that explains nothing.
fn emergency(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-emergency-reason")?;
    let text = value.to_str().unwrap_or_default();
    Some(percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned).unwrap_or_default())
}

/// The caller's correlation id, when it is short and plain: it ends up in records and in requests to peers.
fn correlation(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("x-correlation-id")?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    // Nine digits in a row could be a BSN; such an id is not taken over.
    let digits = text.as_bytes().windows(9).any(|window| window.iter().all(u8::is_ascii_digit));
    ((1..=LONGEST_CORRELATION).contains(&text.len()) && text.bytes().all(plain) && !digits).then(|| text.to_owned())
}
