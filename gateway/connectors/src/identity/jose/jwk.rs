//! A public key as JWK (RFC 7517, RFC 7518 section 6, RFC 8037), its thumbprint (RFC 7638), and what it verifies.
//!
//! Private members and symmetric keys are refused, not passed over: whoever shows them has no secret left.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;
use x509_parser::asn1_rs::FromDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::present;

/// The shortest and longest RSA modulus taken, in bytes: 2048 and 8192 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;
/// The longest RSA public exponent taken, in bytes.
const MAX_EXPONENT: usize = 8;

/// The SHA-256 thumbprint of a public key (RFC 7638): `jkt` of RFC 9449, section 6.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Jkt([u8; 32]);

/// The members of a JWK as they stand. A member that comes twice is a fault.
#[derive(Default, Deserialize)]
pub(crate) struct JwkMembers {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    #[serde(default, deserialize_with = "present")]
    d: bool,
    #[serde(default, deserialize_with = "present")]
    p: bool,
    #[serde(default, deserialize_with = "present")]
    q: bool,
    #[serde(default, deserialize_with = "present")]
    dp: bool,
    #[serde(default, deserialize_with = "present")]
    dq: bool,
    #[serde(default, deserialize_with = "present")]
    qi: bool,
    #[serde(default, deserialize_with = "present")]
    oth: bool,
    #[serde(default, deserialize_with = "present")]
    k: bool,
}

/// A public key that can verify signatures.
#[derive(Clone)]
pub(crate) struct PublicJwk {
    algorithms: &'static [Algorithm],
    key: DecodingKey,
    thumbprint: Jkt,
}

/// Why a JWK is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JwkFault {
    #[error("the key is not public")]
    NotPublic,
    #[error("the key is not for signatures")]
    Usage,
    #[error("the key is of a kind that is not supported")]
    Kind,
    #[error("the key's members are not what its kind asks for")]
    Members,
}

impl fmt::Display for Jkt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Jkt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jkt({self})")
    }
}

impl Jkt {
    /// Reads the base64url form, without padding.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Jkt(bytes.try_into().ok()?))
    }

    /// Of the members that RFC 7638, section 3.2 names, in the order that it asks for.
    fn of(required: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, required.as_bytes()).as_ref());
        Jkt(bytes)
    }
}

impl JwkMembers {
    fn of_kind(kty: &str) -> Self {
        JwkMembers { kty: kty.to_owned(), ..JwkMembers::default() }
    }

    /// Those of the key of a certificate (DER).
    pub(crate) fn of_certificate(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        Self::of_info(certificate.public_key())
    }

    fn of_info(info: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let encode = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        Some(match info.parsed().ok()? {
            PublicKey::EC(point) => {
                let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
                let (crv, length) = match curve {
                    curve if curve == oid_registry::OID_EC_P256 => ("P-256", 32),
                    curve if curve == oid_registry::OID_NIST_EC_P384 => ("P-384", 48),
                    _ => return None,
                };
                // Uncompressed: a byte that says so, then both coordinates.
                let (x, y) = point.data().strip_prefix(&[4])?.split_at_checked(length)?;
                JwkMembers { crv: Some(crv.to_owned()), x: encode(x), y: encode(y), ..JwkMembers::of_kind("EC") }
            }
            PublicKey::RSA(key) => {
                let unsigned = |integer: &'_ [u8]| encode(integer.strip_prefix(&[0]).unwrap_or(integer));
                JwkMembers { n: unsigned(key.modulus), e: unsigned(key.exponent), ..JwkMembers::of_kind("RSA") }
            }
            _ => return None,
        })
    }

    /// The public key as it is shown to others.
    pub(crate) fn to_json(&self) -> Value {
        let members = [("crv", &self.crv), ("x", &self.x), ("y", &self.y), ("n", &self.n), ("e", &self.e)];
        let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
        std::iter::once(("kty".to_owned(), json!(self.kty))).chain(there).collect::<serde_json::Map<_, _>>().into()
    }
}

impl PublicJwk {
    pub(crate) fn of(members: &JwkMembers) -> Result<Self, JwkFault> {
        let JwkMembers { d, p, q, dp, dq, qi, oth, k, .. } = *members;
        if [d, p, q, dp, dq, qi, oth, k].contains(&true) || members.kty == "oct" {
            return Err(JwkFault::NotPublic);
        }
        if members.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(JwkFault::Usage);
        }
        let key = match (members.kty.as_str(), members.crv.as_deref()) {
            ("EC", Some("P-256")) => Self::elliptic(members, "P-256", 32, &[Algorithm::ES256]),
            ("EC", Some("P-384")) => Self::elliptic(members, "P-384", 48, &[Algorithm::ES384]),
            ("OKP", Some("Ed25519")) => Self::edwards(members),
            ("RSA", _) => Self::rsa(members),
            _ => Err(JwkFault::Kind),
        }?;
        match members.alg.as_deref() {
            // A key that names its algorithm is for no other (RFC 7517, section 4.4).
            Some(named) if !key.algorithms.iter().any(|algorithm| name_of(*algorithm) == named) => {
                Err(JwkFault::Members)
            }
            _ => Ok(key),
        }
    }

    /// The key of a certificate (DER).
    pub(crate) fn of_certificate(der: &[u8]) -> Option<Self> {
        Self::of(&JwkMembers::of_certificate(der)?).ok()
    }

    /// The key of a PEM file of a public key (`PUBLIC KEY`: SubjectPublicKeyInfo, RFC 5280).
    pub(crate) fn of_pem(pem: &[u8]) -> Option<Self> {
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
        let (rest, info) = SubjectPublicKeyInfo::from_der(key.as_ref()).ok()?;
        if rest.is_empty() { Self::of(&JwkMembers::of_info(&info)?).ok() } else { None }
    }

    /// Whether `signature` (base64url) is this key's over `message` by the algorithm of this name, out of those allowed.
    pub(crate) fn verifies(&self, alg: &str, allowed: &[Algorithm], message: &str, signature: &str) -> bool {
        let fitting =
            self.algorithms.iter().find(|algorithm| name_of(**algorithm) == alg && allowed.contains(algorithm));
        fitting.is_some_and(|algorithm| {
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &self.key, *algorithm).unwrap_or(false)
        })
    }

    /// Whether it is a key for this algorithm.
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    pub(crate) fn thumbprint(&self) -> Jkt {
        self.thumbprint
    }

    fn elliptic(
        members: &JwkMembers,
        curve: &str,
        length: usize,
        algorithms: &'static [Algorithm],
    ) -> Result<Self, JwkFault> {
        let (x, y) = (text(&members.x)?, text(&members.y)?);
        if bytes(x)?.len() != length || bytes(y)?.len() != length {
            return Err(JwkFault::Members);
        }
        let key = DecodingKey::from_ec_components(x, y).map_err(|_| JwkFault::Members)?;
        let required = json!({"crv": curve, "kty": "EC", "x": x, "y": y}).to_string();
        Ok(PublicJwk { algorithms, key, thumbprint: Jkt::of(&required) })
    }

    fn edwards(members: &JwkMembers) -> Result<Self, JwkFault> {
        let x = text(&members.x)?;
        if bytes(x)?.len() != 32 || members.y.is_some() {
            return Err(JwkFault::Members);
        }
        let key = DecodingKey::from_ed_components(x).map_err(|_| JwkFault::Members)?;
        let required = json!({"crv": "Ed25519", "kty": "OKP", "x": x}).to_string();
        Ok(PublicJwk { algorithms: &[Algorithm::EdDSA], key, thumbprint: Jkt::of(&required) })
    }

    fn rsa(members: &JwkMembers) -> Result<Self, JwkFault> {
        let (n, e) = (text(&members.n)?, text(&members.e)?);
        let (modulus, exponent) = (bytes(n)?, bytes(e)?);
        // A leading zero would make a short key look long (RFC 7518, section 6.3.1.1).
        if !MODULUS.contains(&modulus.len()) || modulus.first() == Some(&0) || exponent.len() > MAX_EXPONENT {
            return Err(JwkFault::Members);
        }
        let required = json!({"e": e, "kty": "RSA", "n": n}).to_string();
        Ok(PublicJwk {
            algorithms: &[Algorithm::PS256, Algorithm::PS384, Algorithm::PS512, Algorithm::RS256],
            key: DecodingKey::from_rsa_raw_components(&modulus, &exponent),
            thumbprint: Jkt::of(&required),
        })
    }
}

fn text(member: &Option<String>) -> Result<&str, JwkFault> {
    member.as_deref().ok_or(JwkFault::Members)
}

/// Strictly base64url without padding, so that a key has one thumbprint only.
fn bytes(text: &str) -> Result<Vec<u8>, JwkFault> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JwkFault::Members)
}

/// The name that JOSE gives an algorithm (RFC 7518, section 3.1); none for those that are not used here.
fn name_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::PS256 => "PS256",
        Algorithm::PS384 => "PS384",
        Algorithm::PS512 => "PS512",
        Algorithm::RS256 => "RS256",
        Algorithm::EdDSA => "EdDSA",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<PublicJwk, JwkFault> {
        PublicJwk::of(&serde_json::from_value(value).unwrap())
    }

    /// RFC 7638, section 3.1.
    fn rsa() -> Value {
        json!({"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
               "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})
    }

    /// RFC 9449, section 4.1.
    fn elliptic() -> Value {
        json!({"kty": "EC", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
               "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA", "crv": "P-256"})
    }

    /// RFC 8037, appendix A.2.
    fn edwards() -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    }

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        for (source, key, expected) in [
            ("RFC 7638, section 3.1", rsa(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
            ("RFC 9449, section 6.1", elliptic(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
            ("RFC 8037, appendix A.3", edwards(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        ] {
            let thumbprint = read(key).unwrap().thumbprint();
            assert_eq!(thumbprint.to_string(), expected, "{source}");
            assert_eq!(Jkt::parse(expected), Some(thumbprint));
        }
    }

    #[test]
    fn a_signature_of_the_rfc_is_verified_by_its_own_algorithm_only() {
        // RFC 8037, appendix A.4.
        let (message, signature) = (
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        );
        let key = read(edwards()).unwrap();
        let all = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::HS256];
        assert!(key.verifies("EdDSA", &all, message, signature));
        assert!(!key.verifies("EdDSA", &[Algorithm::ES256], message, signature), "not allowed here");
        assert!(!key.verifies("ES256", &all, message, signature));
        assert!(!key.verifies("none", &all, message, ""));
        assert!(!key.verifies("", &all, message, signature));
        assert!(!key.verifies("EdDSA", &all, &message[1..], signature));
    }

    #[test]
    fn the_signatures_of_rfc_7515_are_verified_and_no_others() {
        // Appendices A.2 (RS256) and A.3 (ES256): one payload, two keys.
        const PAYLOAD: &str =
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let rsa = json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"});
        let ec = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
        let all = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256];
        for (alg, key, header, signature) in [
            (
                "RS256",
                rsa,
                "eyJhbGciOiJSUzI1NiJ9",
                "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            ),
            (
                "ES256",
                ec,
                "eyJhbGciOiJFUzI1NiJ9",
                "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            ),
        ] {
            let (key, message) = (read(key).unwrap(), format!("{header}.{PAYLOAD}"));
            assert!(key.verifies(alg, &all, &message, signature), "{alg}");
            assert!(
                !key.verifies(alg, &all, &message.replace("eyJpc3Mi", "eyJpc3Mj"), signature),
                "{alg}: another payload"
            );
            for other in ["PS256", "RS256", "ES256", "none", "HS256"].into_iter().filter(|other| *other != alg) {
                assert!(!key.verifies(other, &all, &message, signature), "{alg} as {other}");
            }
            assert!(!key.verifies(alg, &all, &message, &format!("{signature}=")), "{alg}: padding");
        }
    }

    #[test]
    fn the_keys_of_rfc_7517_are_read_for_what_they_are_for() {
        // Appendix A.1: the first is for encryption, the second is RFC 7638's.
        let ec = json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "enc", "kid": "1"});
        assert_eq!(read(ec.clone()).err(), Some(JwkFault::Usage));
        let mut to_sign = ec;
        to_sign["use"] = json!("sig");
        assert!(read(to_sign.clone()).is_ok());
        // Appendix A.2: with its private member.
        to_sign["d"] = json!("870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
        assert_eq!(read(to_sign).err(), Some(JwkFault::NotPublic));
    }

    #[test]
    fn what_is_no_public_key_for_signatures_is_refused() {
        use JwkFault::*;
        let with = |mut key: Value, member: &str, value: Value| {
            key[member] = value;
            key
        };
        let short = URL_SAFE_NO_PAD.encode([0xc1; 64]);
        let disguised = URL_SAFE_NO_PAD.encode([vec![0; 192], vec![0xc1; 64]].concat());
        let cases = [
            ("a symmetric key", json!({"kty": "oct", "k": "c2VjcmV0"}), NotPublic),
            ("a symmetric key without its secret", json!({"kty": "oct"}), NotPublic),
            ("an EC key with its private member", with(elliptic(), "d", json!("AA")), NotPublic),
            ("a private member that is null", with(elliptic(), "d", Value::Null), NotPublic),
            ("an RSA key with a prime", with(rsa(), "p", json!("AA")), NotPublic),
            ("an EC key with a secret beside it", with(elliptic(), "k", json!("AA")), NotPublic),
            ("a key for encryption", with(elliptic(), "use", json!("enc")), Usage),
            ("another curve", with(elliptic(), "crv", json!("P-521")), Kind),
            ("secp256k1", with(elliptic(), "crv", json!("secp256k1")), Kind),
            ("no kind", with(elliptic(), "kty", json!("")), Kind),
            ("X25519", with(edwards(), "crv", json!("X25519")), Kind),
            ("half a point", with(elliptic(), "x", json!("l8tFrhx-34tV3hRICRDY9w")), Members),
            ("padding", with(elliptic(), "x", json!("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs=")), Members),
            ("no y", json!({"kty": "EC", "crv": "P-256", "x": elliptic()["x"]}), Members),
            ("RSA of 512 bits", with(rsa(), "n", json!(short)), Members),
            ("RSA of 512 bits with zeroes in front", with(rsa(), "n", json!(disguised)), Members),
            ("an algorithm of another kind of key", with(elliptic(), "alg", json!("RS256")), Members),
            ("an algorithm that is a secret's", with(elliptic(), "alg", json!("HS256")), Members),
        ];
        for (case, key, fault) in cases {
            assert_eq!(read(key).err(), Some(fault), "{case}");
        }
        assert!(serde_json::from_str::<JwkMembers>(r#"{"kty":"EC","kty":"RSA"}"#).is_err(), "a member twice");
    }
}
