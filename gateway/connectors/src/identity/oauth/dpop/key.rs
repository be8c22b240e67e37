//! Our own key for proofs of possession, and the proofs made with it (RFC 9449, section 4.2).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use time::OffsetDateTime;

use super::proof::token_hash;
use crate::identity::jose::write_part;

/// A P-256 key that lives as long as the process: tokens that are bound to it live shorter still.
pub struct ProofKey {
    pair: EcdsaKeyPair,
    /// The header of every proof, encoded: it holds the public key.
    header: String,
}

impl std::fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProofKey(..)")
    }
}

impl ProofKey {
    /// A new key; nothing when the machine has no randomness to give.
    pub fn fresh() -> Option<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
        let (x, y) = pair.public_key().as_ref().strip_prefix(&[4])?.split_at_checked(32)?;
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
        let header = write_part(&json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}));
        Some(ProofKey { pair, header })
    }

    /// A proof for one request, to be sent as `DPoP` header. `url` is the request's without query and fragment; `token` is
    /// the access token it goes with, none at a token endpoint.
    pub fn prove(&self, method: &str, url: &str, token: Option<&str>, now: OffsetDateTime) -> Option<String> {
        let mut claims = json!({
            "jti": uuid::Uuid::new_v4().to_string(), "htm": method, "htu": url, "iat": now.unix_timestamp(),
        });
        if let Some(token) = token {
            claims["ath"] = json!(token_hash(token));
        }
        let message = format!("{}.{}", self.header, write_part(&claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).ok()?;
        Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
