//! Signed JWTs in compact form (RFC 7515, RFC 7519) and public keys (RFC 7517), read strictly: what every kind of token
//! needs that others sign. What a token means is not known here.

mod jwk;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde_json::Value;

pub(crate) use jwk::{Jkt, JwkMembers, PublicJwk};

/// The three parts of a compact JWS.
#[derive(Clone, Copy)]
pub(crate) struct Compact<'a> {
    pub(crate) header: &'a str,
    pub(crate) claims: &'a str,
    pub(crate) signature: &'a str,
    /// What is signed: header and claims as they stand.
    pub(crate) message: &'a str,
}

impl<'a> Compact<'a> {
    /// Nothing when there are more or fewer parts than three.
    pub(crate) fn split(text: &'a str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        (!claims.contains('.')).then_some(Compact { header, claims, signature, message })
    }
}

/// The `aud` of a JWT: one text, or several (RFC 7519, section 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Whether exactly this service is meant, and no other beside it.
    pub(crate) fn is_only(&self, service: &str) -> bool {
        match self {
            Audience::One(named) => named == service,
            Audience::Several(named) => matches!(named.as_slice(), [only] if only == service),
        }
    }
}

/// Reads one base64url part as a JSON object. Padding, other alphabets and loose trailing bits are refused.
pub(crate) fn read_part<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?);
    // A struct would be read from an array too.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(&bytes).ok()
}

/// One part of a JWT that we make: an object as base64url.
pub(crate) fn write_part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// For a member of which only matters whether it is there.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}
