//! Proofs of possession (DPoP, RFC 9449) of a caller, to be made right or wrong.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::CallError;

/// A key of the caller's, made for it.
pub struct ProofKey(EcdsaKeyPair);

/// A proof before it is signed; a suite that wants to see one refused changes it.
#[derive(Clone)]
pub struct Proof {
    pub header: Value,
    pub claims: Value,
}

impl ProofKey {
    /// # Errors
    /// No key can be made.
    pub fn fresh() -> Result<Self, CallError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        pair.map(ProofKey).map_err(|_| CallError::Certificate("no key can be made".to_owned()))
    }

    /// The public key.
    pub fn jwk(&self) -> Value {
        // An uncompressed point: a byte that says so, then both coordinates.
        let point = self.0.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
        json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
    }

    /// A right proof for this request, with this token if it goes with one.
    pub fn proof(&self, method: &str, url: &str, token: Option<&str>) -> Proof {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()});
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut claims = json!({"jti": Uuid::new_v4().to_string(), "htm": method, "htu": url, "iat": now});
        if let Some(token) = token {
            claims["ath"] = json!(URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes())));
        }
        Proof { header, claims }
    }

    /// Signs a proof as it stands.
    ///
    /// # Errors
    /// The key cannot sign now.
    pub fn sign(&self, proof: &Proof) -> Result<String, CallError> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&proof.header), part(&proof.claims));
        Ok(format!("{message}.{}", self.signature(message.as_bytes())?))
    }

    /// The signature over any message, base64url.
    pub(crate) fn signature(&self, message: &[u8]) -> Result<String, CallError> {
        let signature = self.0.sign(&SystemRandom::new(), message);
        let signature = signature.map_err(|_| CallError::Certificate("the key cannot sign".to_owned()))?;
        Ok(URL_SAFE_NO_PAD.encode(signature))
    }
}
