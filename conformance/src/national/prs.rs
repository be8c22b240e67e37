//! The pseudonym service: evaluates a blinded point and encrypts the outcome to the recipient.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::group::Secret;
use super::jwe::RecipientKey;
use super::{RECIPIENT, SCOPE};

/// Padded or not: both are seen.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Bytes from either alphabet.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text)).ok()
}

/// `POST /oprf/eval`: a status and a body.
pub fn evaluate(secret: &Secret, key: &RecipientKey, body: &[u8]) -> (u16, Value) {
    let Ok(asked) = serde_json::from_slice::<Value>(body) else { return (422, json!({"detail": "json_invalid"})) };
    let text = |name: &str| asked[name].as_str();
    let (Some(point), Some(recipient), Some(scope)) =
        (text("encryptedPersonalId"), text("recipientOrganization"), text("recipientScope"))
    else {
        return (422, json!({"detail": [{"type": "missing"}]}));
    };
    if !recipient.starts_with("oin:") {
        return (422, json!({"detail": [{"type": "invalid_recipient_organization"}]}));
    }
    if recipient != RECIPIENT || scope != SCOPE {
        return (404, json!({"error": "No organization found for this OIN"}));
    }
    let Some(evaluated) = bytes(point).and_then(|point| secret.evaluate(&point)) else {
        return (400, json!({"error": "Unable to evaluate blind"}));
    };
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let content = json!({
        "subject": format!("pseudonym:eval:{}", URL_SAFE.encode(evaluated)),
        "aud": recipient,
        "scope": scope,
        "version": "1.1",
        "iat": now,
        "exp": now + 300,
        "extra_versions": {},
    });
    match key.seal(&content) {
        Some(jwe) => (200, json!({"jwe": jwe})),
        None => (500, json!({"error": "encryption failed"})),
    }
}
