//! A request as it came in, before anything about it is believed.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use fhir::{FhirVersion, Method};
use serde::{Deserialize, Serialize};

/// Where a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// The outer listener: other providers' nodes.
    Outer,
    /// The inner listener: the provider's own systems and people.
    Inner,
}

/// What the body is, by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    None,
    /// `application/fhir+json`, `application/json`.
    Json,
    /// `application/fhir+xml`, `application/xml`, `text/xml`.
    Xml,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Another type, another charset, or another FHIR version than the base has.
    Other,
}

/// What the caller showed to say who it is. Prints nothing of it.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The client certificate of the TLS session, DER.
    pub certificate: Option<Arc<[u8]>>,
    /// What was shown behind it: certificates of its issuers, DER.
    pub issuers: Vec<Arc<[u8]>>,
    /// Every `Authorization` header, as sent.
    pub authorization: Vec<String>,
    /// What was sent to prove that the token's key is held (DPoP, RFC 9449), when anything was.
    pub possession: Option<Arc<Possession>>,
    /// The portal's session, when the request came from a page.
    pub session: Option<String>,
}

/// Proofs of possession as sent, and the request that they must speak of. Entries of a batch share those of their batch.
pub struct Possession {
    /// Every `DPoP` header.
    pub proofs: Vec<String>,
    /// The HTTP method as sent.
    pub method: String,
    /// The path as sent, from the root of the listener, without a query.
    pub path: String,
    /// Ours, unique for each HTTP request.
    pub request_id: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("certificate", &self.certificate.is_some())
            .field("authorization", &self.authorization.len())
            .field("possession", &self.possession.is_some())
            .field("session", &self.session.is_some())
            .finish()
    }
}

impl fmt::Debug for Possession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Possession({})", self.proofs.len())
    }
}

/// The conditional and preference headers of the FHIR RESTful API.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<String>,
    pub if_none_exist: Option<String>,
    pub prefer: Option<String>,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// Ours, unique; also in the answer and in the record.
    pub request_id: String,
    /// The caller's, cleaned and capped, or ours: joins the records of both sides of an exchange.
    pub correlation_id: String,
    pub gate: Gate,
    pub remote: Option<IpAddr>,
    pub version: FhirVersion,
    /// The method, or nothing for one that FHIR does not use.
    pub method: Option<Method>,
    /// What follows the FHIR base, percent-encoded as sent.
    pub path: String,
    /// The raw query string.
    pub query: String,
    pub body: Bytes,
    pub body_kind: BodyKind,
    pub conditions: Conditions,
    pub credentials: Credentials,
    /// The use case that the request names, when the inner API names one.
    pub use_case: Option<String>,
    /// Why this is an emergency (noodprocedure), as somebody at the inner gate says. Another provider's node says it when it
    /// asks for the token.
    pub emergency: Option<String>,
    /// Set when the listener already had to give up reading the request.
    pub unreadable: Option<Unreadable>,
}

/// Why a request could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The body is over the limit.
    BodyTooLarge,
    /// The body did not arrive in time or broke off.
    BodyBroken,
    /// The path names no FHIR version or format that is served.
    NotServed,
    /// The answer is wanted in a format that is not offered.
    NotAcceptable,
}
