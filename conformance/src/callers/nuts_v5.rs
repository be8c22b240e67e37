//! A partner that asks for tokens as Nuts v5 has it (RFC003): with a JWT of its did:nuts, which here has the key of its
//! certificate.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::{CallError, did_document};

/// The did:nuts of an organisation in the region. A real one is made of a key; nobody can tell by looking at it.
pub fn did_nuts(ura: &str) -> String {
    format!("did:nuts:{}", ura.replace('0', "z"))
}

/// Its DID document, with the key of this certificate (PEM, P-256).
///
/// # Errors
/// The certificate cannot be read, or has another key.
pub fn did_nuts_document(ura: &str, certificate_pem: &[u8]) -> Result<Value, CallError> {
    let der = CertificateDer::from_pem_slice(certificate_pem);
    let der = der.map_err(|_| CallError::Certificate("it is no PEM text".to_owned()))?;
    Ok(did_document(&did_nuts(ura), &jwk_of(&der)?))
}

/// The key of a certificate (DER, P-256) as JWK.
///
/// # Errors
/// The certificate cannot be read, or has another key.
pub(crate) fn jwk_of(certificate: &[u8]) -> Result<Value, CallError> {
    let wrong = |what: &str| CallError::Certificate(what.to_owned());
    let certificate = Certificate::from_der(certificate).map_err(|_| wrong("it is no certificate"))?;
    let point = certificate.tbs_certificate.subject_public_key_info.subject_public_key;
    let halves = point.raw_bytes().strip_prefix(&[4]).and_then(|point| point.split_at_checked(32));
    let (x, y) = halves.ok_or_else(|| wrong("its key is not of P-256"))?;
    Ok(json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)}))
}

/// A grant before it is signed; a suite that wants to see one refused changes it.
#[derive(Clone)]
pub struct NutsV5 {
    pub header: Value,
    pub claims: Value,
}

impl NutsV5 {
    /// A right one of now: from one organisation to another, for this token endpoint.
    pub fn new(from: &str, to: &str, token_endpoint: &str, purpose: &str) -> Self {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        NutsV5 {
            header: json!({"typ": "JWT", "alg": "ES256", "kid": format!("{}#0", did_nuts(from))}),
            claims: json!({"iss": did_nuts(from), "sub": did_nuts(to), "aud": token_endpoint, "purposeOfUse": purpose,
                "iat": now, "exp": now + 5}),
        }
    }

    /// Signs it as it stands, with the key of this file (PEM).
    ///
    /// # Errors
    /// The key cannot be read.
    pub fn sign(&self, key_file: &Path) -> Result<String, CallError> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&self.header), part(&self.claims));
        let key = EncodingKey::from_ec_pem(&std::fs::read(key_file)?)?;
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256)?;
        Ok(format!("{message}.{signature}"))
    }
}
