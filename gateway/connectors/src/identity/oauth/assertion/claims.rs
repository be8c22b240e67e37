//! The parts of a client assertion, as they are written and as they are read.
//!
//! Reading refuses a member that comes twice; members that are not known here are ignored (RFC 7519, section 4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(super) struct HeaderOut<'a> {
    pub(super) typ: &'a str,
    pub(super) alg: &'a str,
    pub(super) kid: &'a str,
}

#[derive(Serialize)]
pub(super) struct ClaimsOut<'a> {
    pub(super) iss: &'a str,
    pub(super) sub: &'a str,
    pub(super) aud: &'a str,
    pub(super) iat: i64,
    pub(super) exp: i64,
    pub(super) jti: &'a str,
    pub(super) cnf: Confirmation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) patient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) treatment_relation: Option<RelationOut<'a>>,
}

#[derive(Serialize)]
pub(super) struct UserOut<'a> {
    pub(super) id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) role: &'a str,
}

#[derive(Serialize)]
pub(super) struct RelationOut<'a> {
    pub(super) kind: &'a str,
    pub(super) reference: &'a str,
}

/// The certificate that the assertion is bound to (RFC 8705, section 3.1).
#[derive(Serialize, Deserialize)]
pub(super) struct Confirmation {
    #[serde(rename = "x5t#S256")]
    pub(super) thumbprint: String,
}

#[derive(Deserialize)]
pub(super) struct HeaderIn {
    pub(super) typ: Option<String>,
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    /// Whether there is a `crit` at all; its content does not matter, for we know no extension.
    #[serde(default, deserialize_with = "present")]
    pub(super) crit: bool,
}

#[derive(Deserialize)]
pub(super) struct ClaimsIn {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Audience,
    pub(super) iat: i64,
    pub(super) exp: i64,
    pub(super) nbf: Option<i64>,
    pub(super) jti: String,
    pub(super) cnf: Option<Confirmation>,
    pub(super) user: Option<UserIn>,
    pub(super) patient: Option<String>,
    pub(super) treatment_relation: Option<RelationIn>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
pub(super) struct UserIn {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) role: String,
}

#[derive(Deserialize)]
pub(super) struct RelationIn {
    pub(super) kind: String,
    pub(super) reference: String,
}

impl Audience {
    /// Whether exactly this service is meant, and no other beside it.
    pub(super) fn is_only(&self, service: &str) -> bool {
        match self {
            Audience::One(named) => named == service,
            Audience::Several(named) => matches!(named.as_slice(), [only] if only == service),
        }
    }
}

/// Reads one base64url part as a JSON object. Padding, other alphabets and loose trailing bits are refused.
pub(super) fn read_part<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?);
    // A struct would be read from an array too.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(&bytes).ok()
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}
