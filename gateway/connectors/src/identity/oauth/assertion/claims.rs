//! The parts of a client assertion, as they are written and as they are read.
//!
//! Reading refuses a member that comes twice; members that are not known here are ignored (RFC 7519, section 4).

use serde::{Deserialize, Serialize};

use crate::identity::jose::{Audience, present};

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
    pub(super) responsible: Option<UserOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) patient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) treatment_relation: Option<RelationOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) emergency_reason: Option<&'a str>,
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
    /// Under whose responsibility the user acts.
    pub(super) responsible: Option<UserIn>,
    pub(super) patient: Option<String>,
    pub(super) treatment_relation: Option<RelationIn>,
    pub(super) emergency_reason: Option<String>,
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
