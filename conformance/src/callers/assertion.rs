//! The signed client assertion of the token request (RFC 7523, section 2.2), bound to the
//! client's certificate (RFC 8705) and, when a person acts for a patient, saying so.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::CallError;

/// How long an assertion is good for, in seconds.
const GOOD_FOR: i64 = 60;

/// For whom and about whom a request is made.
#[derive(Clone, Serialize)]
pub struct Acting {
    pub user: User,
    /// The patient's BSN.
    pub patient: String,
    pub treatment_relation: TreatmentRelation,
}

/// The care worker.
#[derive(Clone, Serialize)]
pub struct User {
    pub id: String,
    pub name: String,
    /// UZI role code.
    pub role: String,
}

/// The ground on which this patient is this care worker's concern.
#[derive(Clone, Serialize)]
pub struct TreatmentRelation {
    pub kind: String,
    pub reference: String,
}

/// The claims before they are signed; a suite that wants to see one refused changes them.
#[derive(Clone)]
pub struct ClientAssertion {
    /// The JOSE header's `kid`.
    pub key_id: String,
    pub claims: Map<String, Value>,
}

impl ClientAssertion {
    /// A correct assertion of now: iss and sub the client, aud the token endpoint.
    pub fn new(client_id: &str, token_endpoint: &str, thumbprint: &str, acting: Option<&Acting>) -> Self {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut claims = Map::new();
        let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        claim("iss", json!(client_id));
        claim("sub", json!(client_id));
        claim("aud", json!(token_endpoint));
        claim("iat", json!(now));
        claim("exp", json!(now + GOOD_FOR));
        claim("jti", json!(Uuid::new_v4().to_string()));
        claim("cnf", json!({"x5t#S256": thumbprint}));
        if let Some(acting) = acting {
            claim("user", json!(acting.user));
            claim("patient", json!(acting.patient));
            claim("treatment_relation", json!(acting.treatment_relation));
        }
        ClientAssertion { key_id: thumbprint.to_owned(), claims }
    }

    /// Signed with ES256.
    ///
    /// # Errors
    /// The key is not one for it.
    pub fn sign(&self, key: &EncodingKey) -> Result<String, CallError> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.key_id.clone());
        Ok(encode(&header, &self.claims, key)?)
    }
}

/// `x5t#S256`: base64url of the SHA-256 of the certificate (RFC 8705, section 3.1).
pub fn thumbprint(certificate: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate))
}
