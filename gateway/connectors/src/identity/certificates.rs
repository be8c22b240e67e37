//! What a client certificate says: which organisation (URA), its key, its thumbprint, its validity.
//!
//! Pure. Whether the certificate is to be believed (chain, revocation) is decided by the TLS layer before this reads it.

use std::fmt;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::Ura;
use jsonwebtoken::{Algorithm, DecodingKey};
use thiserror::Error;
use time::OffsetDateTime;
use x509_parser::asn1_rs::{Any, FromDer, Tag, TaggedExplicit};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::oid_registry;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A certificate larger than this is not read. UZI certificates are about 2 KiB.
const MAX_CERTIFICATE: usize = 16 * 1024;
/// The longest organisation name that is kept (X.520 allows 64; practice is more generous).
const MAX_NAME: usize = 200;

/// The SHA-256 thumbprint of a certificate: `x5t#S256` of RFC 8705, section 3.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Thumbprint([u8; 32]);

/// The facts of one leaf certificate.
#[derive(Clone)]
pub struct Certificate {
    /// The organisation, when the certificate names one (UZI server certificate; handbook: generic functions, 1.2.1).
    pub ura: Option<Ura>,
    /// The subject's organisation name (O), for people.
    pub organisation: Option<String>,
    pub thumbprint: Thumbprint,
    pub key: CertificateKey,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    /// Issued under the UZI register's test branch: nobody has looked who asked for it.
    pub for_tests: bool,
}

/// The arc below which the UZI register's test authorities name their certificates (handbook: generic functions, 1.2.1).
const TEST_BRANCH: &str = "2.16.528.1.1007.99.";

/// The public key of a certificate, and the one algorithm that it verifies (RFC 7518, section 3.1).
#[derive(Clone)]
pub struct CertificateKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Why a certificate tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CertificateFault {
    #[error("the certificate cannot be read")]
    Unreadable,
    #[error("the certificate names more than one organisation")]
    SeveralOrganisations,
    #[error("the certificate's key is not an EC P-256, EC P-384 or RSA key of at least 2048 bits")]
    KeyNotSupported,
}

impl Thumbprint {
    /// The thumbprint of a DER certificate.
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        Thumbprint(bytes)
    }

    /// Reads the base64url form, without padding.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Thumbprint(bytes.try_into().ok()?))
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?} {})", self.ura, self.thumbprint)
    }
}

impl Certificate {
    /// Reads a DER leaf certificate. Bytes after its end are a fault.
    pub fn read(der: &[u8]) -> Result<Self, CertificateFault> {
        if der.len() > MAX_CERTIFICATE {
            return Err(CertificateFault::Unreadable);
        }
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| CertificateFault::Unreadable)?;
        if !rest.is_empty() {
            return Err(CertificateFault::Unreadable);
        }
        Ok(Certificate {
            ura: ura_of(&parsed)?,
            organisation: organisation_of(&parsed),
            thumbprint: Thumbprint::of(der),
            key: CertificateKey::read(parsed.public_key())?,
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            for_tests: other_names(&parsed)?.iter().any(|name| name.starts_with(TEST_BRANCH)),
        })
    }

    /// Whether the certificate is within its validity. A TLS session can outlive the certificate that opened it.
    pub fn valid_at(&self, now: OffsetDateTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }
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

    fn read(info: &SubjectPublicKeyInfo<'_>) -> Result<Self, CertificateFault> {
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

fn organisation_of(certificate: &X509Certificate<'_>) -> Option<String> {
    let name = certificate.subject().iter_organization().next()?.as_str().ok()?;
    let clean: String = name.chars().filter(|letter| !letter.is_control()).take(MAX_NAME).collect();
    (!clean.is_empty()).then_some(clean)
}

fn ura_of(certificate: &X509Certificate<'_>) -> Result<Option<Ura>, CertificateFault> {
    let mut found: Option<Ura> = None;
    for ura in other_names(certificate)?.into_iter().filter_map(ura_in) {
        match &found {
            Some(known) if ura != *known => return Err(CertificateFault::SeveralOrganisations),
            Some(_) | None => found = Some(ura),
        }
    }
    Ok(found)
}

/// The texts of the otherNames among the subject alternative names.
fn other_names<'c>(certificate: &'c X509Certificate<'_>) -> Result<Vec<&'c str>, CertificateFault> {
    let names = certificate.subject_alternative_name().map_err(|_| CertificateFault::Unreadable)?;
    let all = names.into_iter().flat_map(|extension| &extension.value.general_names);
    Ok(all
        .filter_map(|name| match name {
            GeneralName::OtherName(_, value) => other_name_text(value),
            _ => None,
        })
        .collect())
}

/// The text of an otherName, whose value is `[0] EXPLICIT` some string type (RFC 5280, section 4.2.1.6).
fn other_name_text(value: &[u8]) -> Option<&str> {
    let (_, tagged) = TaggedExplicit::<Any<'_>, x509_parser::asn1_rs::Error, 0>::from_der(value).ok()?;
    let inner = tagged.into_inner();
    matches!(inner.tag(), Tag::Utf8String | Tag::Ia5String | Tag::PrintableString)
        .then(|| std::str::from_utf8(inner.data).ok())?
}

/// The URA in a UZI server certificate's name: `<OID of the CA>-<version>-<UZI number>-S-<URA>-00.000-<AGB>`.
/// Pass type `S` (server) and role `00.000` (none) are required (handbook: generic functions, 1.2.1).
fn ura_in(name: &str) -> Option<Ura> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = name.split('-').collect();
    let [oid, version, uzi, "S", ura, "00.000", agb] = parts.as_slice() else {
        return None;
    };
    let oid_like = !oid.is_empty() && oid.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (oid_like && digits(version) && digits(uzi) && digits(agb)).then(|| Ura::parse(ura).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::testing::{KeyType, TestCertificate};

    fn name_of(ura: &str) -> String {
        format!("2.16.528.1.1007.99.2110-1-900012345-S-{ura}-00.000-01234567")
    }

    #[test]
    fn a_certificate_of_the_test_branch_shows_as_one() {
        for (name, for_tests) in [
            (name_of("90000901"), true),
            ("2.16.528.1.1007.3.3-1-900012345-S-90000901-00.000-01234567".to_owned(), false),
        ] {
            let issued = TestCertificate::with_names(&[&name], KeyType::P256);
            assert_eq!(issued.read().for_tests, for_tests, "{name}");
        }
    }

    #[test]
    fn the_ura_of_a_uzi_name_is_read_and_nothing_else_is() {
        assert_eq!(ura_in(&name_of("90000901")), Ura::parse("90000901").ok());
        for (case, name) in [
            ("a care professional's pass", "2.16.528.1.1007.99.2110-1-900012345-Z-90000901-01.015-01234567"),
            ("a role", "2.16.528.1.1007.99.2110-1-900012345-S-90000901-01.015-01234567"),
            ("seven digits", "2.16.528.1.1007.99.2110-1-900012345-S-9000901-00.000-01234567"),
            ("nine digits", "2.16.528.1.1007.99.2110-1-900012345-S-900009011-00.000-01234567"),
            ("all zeroes", "2.16.528.1.1007.99.2110-1-900012345-S-00000000-00.000-01234567"),
            ("a part too many", "2.16.528.1.1007.99.2110-1-900012345-S-90000901-00.000-01234567-1"),
            ("a part too few", "2.16.528.1.1007.99.2110-900012345-S-90000901-00.000-01234567"),
            ("no AGB", "2.16.528.1.1007.99.2110-1-900012345-S-90000901-00.000-"),
            ("letters in the OID", "2.16.a-1-900012345-S-90000901-00.000-01234567"),
            ("a name inside another", "x2.16-1-900012345-S-90000901-00.000-01234567"),
            ("nothing", ""),
        ] {
            assert_eq!(ura_in(name), None, "{case}");
        }
    }

    #[test]
    fn organisation_key_and_validity_come_from_the_certificate() {
        for (kind, algorithm) in
            [(KeyType::P256, Algorithm::ES256), (KeyType::P384, Algorithm::ES384), (KeyType::Rsa, Algorithm::PS256)]
        {
            let made = TestCertificate::new("90000901", kind);
            let read = Certificate::read(&made.der).unwrap();
            assert_eq!(read.ura, Ura::parse("90000901").ok());
            assert_eq!(read.organisation.as_deref(), Some("Zorginstelling 90000901"));
            assert_eq!(read.thumbprint, Thumbprint::of(&made.der));
            assert_eq!(read.key.algorithm(), algorithm);
            assert!(read.valid_at(read.not_before) && read.valid_at(read.not_after));
            assert!(!read.valid_at(read.not_after + time::Duration::SECOND));
            assert!(!read.valid_at(read.not_before - time::Duration::SECOND));
        }
    }

    #[test]
    fn one_organisation_may_be_named_twice_but_not_two() {
        let twice = TestCertificate::with_names(&[&name_of("90000901"), &name_of("90000901")], KeyType::P256);
        assert_eq!(Certificate::read(&twice.der).unwrap().ura, Ura::parse("90000901").ok());
        let two = TestCertificate::with_names(&[&name_of("90000901"), &name_of("90000902")], KeyType::P256);
        assert_eq!(Certificate::read(&two.der).unwrap_err(), CertificateFault::SeveralOrganisations);
    }

    #[test]
    fn a_certificate_without_a_uzi_name_has_no_ura() {
        let none = TestCertificate::with_names(&["someone@example.nl"], KeyType::P256);
        assert_eq!(Certificate::read(&none.der).unwrap().ura, None);
    }

    #[test]
    fn what_is_no_certificate_is_unreadable() {
        let mut longer = TestCertificate::new("90000901", KeyType::P256).der;
        let shorter = longer[..longer.len() - 1].to_vec();
        longer.push(0);
        for (case, bytes) in [
            ("nothing", Vec::new()),
            ("rubbish", vec![0x30, 0x82, 0xff, 0xff, 1]),
            ("a byte too many", longer),
            ("a byte too few", shorter),
            ("too large", vec![0; MAX_CERTIFICATE + 1]),
        ] {
            assert_eq!(Certificate::read(&bytes).unwrap_err(), CertificateFault::Unreadable, "{case}");
        }
    }

    #[test]
    fn a_key_that_cannot_sign_assertions_is_refused() {
        let other = TestCertificate::new("90000901", KeyType::Ed25519);
        assert_eq!(Certificate::read(&other.der).unwrap_err(), CertificateFault::KeyNotSupported);
    }

    #[test]
    fn a_thumbprint_reads_back_from_its_text() {
        let thumbprint = Thumbprint::of(b"certificate");
        assert_eq!(Thumbprint::parse(&thumbprint.to_string()), Some(thumbprint));
        assert_eq!(Thumbprint::parse("short"), None);
    }
}
