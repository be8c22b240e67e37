//! The public key of a certificate, and the one signature algorithm that goes with it (RFC 7518, section 3.1).

use jsonwebtoken::{Algorithm, DecodingKey};
use x509_parser::oid_registry;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::CertificateFault;

/// The public key of a certificate, and the one algorithm that it verifies (RFC 7518, section 3.1).
#[derive(Clone)]
pub struct CertificateKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl CertificateKey {
    /// The only algorithm accepted for signatures of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` (base64url) is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        jsonwebtoken::crypto::verify(signature, message, &self.key, self.algorithm).unwrap_or(false)
    }

    pub(super) fn read(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, CertificateFault> {
        let unsupported = CertificateFault::KeyNotSupported;
        match info.parsed().map_err(|_| unsupported)? {
            PublicKey::EC(point) => {
                let curve = info.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok()).ok_or(unsupported)?;
                let algorithm = if curve == oid_registry::OID_EC_P256 {
                    Algorithm::ES256
                } else if curve == oid_registry::OID_NIST_EC_P384 {
                    Algorithm::ES384
                } else {
                    return Err(unsupported);
                };
                Ok(CertificateKey { algorithm, key: DecodingKey::from_ec_der(point.data()) })
            }
            PublicKey::RSA(rsa) if rsa.key_size() >= 2048 => Ok(CertificateKey {
                algorithm: Algorithm::PS256,
                key: DecodingKey::from_rsa_raw_components(
                    without_sign_byte(rsa.modulus),
                    without_sign_byte(rsa.exponent),
                ),
            }),
            _ => Err(unsupported),
        }
    }
}

/// DER integers carry a leading zero byte when the highest bit is set; JOSE's do not.
fn without_sign_byte(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}
