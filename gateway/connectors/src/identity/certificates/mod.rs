//! What a certificate says: which organisation (URA, OIN) or person, its key, its thumbprint, its validity.
//!
//! Pure. Whether the certificate is to be believed (chain, revocation) is decided by the TLS layer, `authorities` and
//! `revocation`.

mod key;
mod oin;
mod thumbprint;
mod uzi_name;

use std::fmt;

use fhir::Ura;
use thiserror::Error;
use time::OffsetDateTime;
use x509_parser::asn1_rs::{Any, FromDer, Oid, Tag, TaggedExplicit, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::x509::AttributeTypeAndValue;

pub use key::CertificateKey;
pub use oin::Oin;
pub use thumbprint::Thumbprint;
pub use uzi_name::{UziName, UziPass};

/// A certificate larger than this is not read. UZI certificates are about 2 KiB.
const MAX_CERTIFICATE: usize = 16 * 1024;
/// The longest organisation name that is kept (X.520 allows 64; practice is more generous).
const MAX_NAME: usize = 200;
/// The type of the otherName that holds an UZI name (as the ministry's own reader of UZI cards takes it). Of any other
/// type, a user principal name for instance, the holder may have chosen the text.
const UZI_NAME: Oid<'static> = oid!(2.5.5.5);
/// `id-on-permanentIdentifier` (RFC 4043): UZI server certificates issued after 8 November 2023 also have their URA there
/// (Nuts specification of the UziServerCertificateCredential).
const PERMANENT_IDENTIFIER: Oid<'static> = oid!(1.3.6.1.5.5.7.8.3);
/// The arc of the certificate policies of PKIoverheid (Programma van Eisen, part 3).
const PKIOVERHEID_POLICIES: &str = "2.16.528.1.1003.1.2.";

/// The facts of one leaf certificate.
#[derive(Clone)]
pub struct Certificate {
    /// The organisation, when this is its server certificate (UZI server certificate; handbook: generic functions, 1.2.1).
    /// The card of a person names an organisation too, but does not speak for it.
    pub ura: Option<Ura>,
    /// The name that the UZI register gave the holder, server or person.
    pub uzi: Option<UziName>,
    /// The organisation as national facilities know it.
    pub oin: Option<Oin>,
    /// The subject's organisation name (O), for people.
    pub organisation: Option<String>,
    /// The subject's common name (CN): on a card the name of its holder.
    pub holder: Option<String>,
    pub thumbprint: Thumbprint,
    pub key: CertificateKey,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    /// Whether it may be shown by a client of TLS: key usage `digitalSignature` and extended key usage `clientAuth`, where
    /// it has these extensions (RFC 5280, 4.2.1.3 and 4.2.1.12).
    pub for_clients: bool,
    /// Issued under the UZI register's test branch: nobody has looked who asked for it.
    pub for_tests: bool,
    pub profile: Profile,
}

/// Which family a certificate is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// UZI server certificate.
    UziServer,
    /// The card of a person.
    UziPerson,
    /// Another certificate under a policy of PKIoverheid.
    PkiOverheid,
    Other,
}

/// Why a certificate tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CertificateFault {
    #[error("the certificate cannot be read")]
    Unreadable,
    #[error("the certificate names more than one organisation")]
    SeveralOrganisations,
    #[error("the certificate names more than one holder")]
    SeveralHolders,
    #[error("the certificate's key is not an EC P-256, EC P-384 or RSA key of at least 2048 bits")]
    KeyNotSupported,
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
        let uzi = uzi_name_of(&parsed)?;
        let server = uzi.as_ref().filter(|name| name.pass == UziPass::Server);
        let profile = match &uzi {
            Some(name) if name.pass == UziPass::Server => Profile::UziServer,
            Some(_) => Profile::UziPerson,
            None if has_pkioverheid_policy(&parsed) => Profile::PkiOverheid,
            None => Profile::Other,
        };
        Ok(Certificate {
            ura: server.map(|name| name.ura.clone()),
            oin: oin_of(&parsed)?,
            organisation: text_of(parsed.subject().iter_organization()),
            holder: text_of(parsed.subject().iter_common_name()),
            thumbprint: Thumbprint::of(der),
            key: CertificateKey::read(parsed.public_key())?,
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            for_clients: is_for_clients(&parsed)?,
            for_tests: uzi.as_ref().is_some_and(|name| name.for_tests),
            uzi,
            profile,
        })
    }

    /// Whether the certificate is within its validity. A TLS session can outlive the certificate that opened it.
    pub fn valid_at(&self, now: OffsetDateTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// The name of a certificate's subject, for people, and when the certificate ends; of an authority's too.
pub fn name_and_end(der: &[u8]) -> Option<(String, OffsetDateTime)> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let subject = certificate.subject();
    let name = subject.iter_common_name().chain(subject.iter_organization()).find_map(|name| name.as_str().ok());
    let name = name.unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(MAX_NAME).collect();
    Some((name, certificate.validity().not_after.to_datetime()))
}

/// The first of these attributes as text, for people.
fn text_of<'a>(mut attributes: impl Iterator<Item = &'a AttributeTypeAndValue<'a>>) -> Option<String> {
    let name = attributes.next()?.as_str().ok()?;
    let clean: String = name.chars().filter(|letter| !letter.is_control()).take(MAX_NAME).collect();
    (!clean.is_empty()).then_some(clean)
}

/// The OIN in the subject's `serialNumber`; two of them that disagree are a fault.
fn oin_of(certificate: &X509Certificate<'_>) -> Result<Option<Oin>, CertificateFault> {
    let numbers = certificate.subject().iter_attributes().filter(|attribute| *attribute.attr_type() == oid!(2.5.4.5));
    one(numbers.filter_map(|number| Oin::parse(number.as_str().ok()?)), CertificateFault::SeveralOrganisations)
}

/// The one thing that all say, or nothing.
fn one<T: PartialEq>(all: impl Iterator<Item = T>, fault: CertificateFault) -> Result<Option<T>, CertificateFault> {
    let mut found: Option<T> = None;
    for next in all {
        match &found {
            Some(known) if next != *known => return Err(fault),
            Some(_) | None => found = Some(next),
        }
    }
    Ok(found)
}

/// The holder's UZI name. All names in the certificate must agree, in the first place about the organisation.
fn uzi_name_of(certificate: &X509Certificate<'_>) -> Result<Option<UziName>, CertificateFault> {
    let names = certificate.subject_alternative_name().map_err(|_| CertificateFault::Unreadable)?;
    let others: Vec<(&Oid<'_>, &[u8])> = names
        .into_iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|name| match name {
            GeneralName::OtherName(kind, value) => Some((kind, *value)),
            _ => None,
        })
        .collect();
    let of_kind =
        |wanted: Oid<'static>| others.iter().filter(move |(kind, _)| **kind == wanted).map(|(_, value)| *value);
    let uzi: Vec<UziName> = of_kind(UZI_NAME).filter_map(other_name_text).filter_map(UziName::parse).collect();
    let permanent =
        of_kind(PERMANENT_IDENTIFIER).filter_map(permanent_identifier).filter_map(|text| Ura::parse(text).ok());
    // A permanent identifier alone names nobody: who assigned it is not known here. Beside an UZI name it must agree.
    let uras = uzi.iter().map(|name| name.ura.clone()).chain(permanent);
    one(uras, CertificateFault::SeveralOrganisations)?;
    one(uzi.into_iter(), CertificateFault::SeveralHolders)
}

/// The text of an otherName, whose value is `[0] EXPLICIT` some string type (RFC 5280, section 4.2.1.6).
fn other_name_text(value: &[u8]) -> Option<&str> {
    let (_, tagged) = TaggedExplicit::<Any<'_>, x509_parser::asn1_rs::Error, 0>::from_der(value).ok()?;
    text(&tagged.into_inner())
}

/// The value in a permanent identifier, `[0] EXPLICIT SEQUENCE { UTF8String OPTIONAL, OID OPTIONAL }` (RFC 4043, section 2).
fn permanent_identifier(value: &[u8]) -> Option<&str> {
    let (_, tagged) = TaggedExplicit::<Any<'_>, x509_parser::asn1_rs::Error, 0>::from_der(value).ok()?;
    let inner = tagged.into_inner();
    (inner.tag() == Tag::Sequence).then_some(())?;
    let (_, first) = Any::from_der(inner.data).ok()?;
    text(&first)
}

fn text<'v>(any: &Any<'v>) -> Option<&'v str> {
    matches!(any.tag(), Tag::Utf8String | Tag::Ia5String | Tag::PrintableString)
        .then(|| std::str::from_utf8(any.data).ok())?
}

fn is_for_clients(certificate: &X509Certificate<'_>) -> Result<bool, CertificateFault> {
    let unreadable = |_| CertificateFault::Unreadable;
    let signs = certificate.key_usage().map_err(unreadable)?.is_none_or(|usage| usage.value.digital_signature());
    let usage = certificate.extended_key_usage().map_err(unreadable)?;
    Ok(signs && usage.is_none_or(|usage| usage.value.client_auth || usage.value.any))
}

fn has_pkioverheid_policy(certificate: &X509Certificate<'_>) -> bool {
    certificate.iter_extensions().any(|extension| match extension.parsed_extension() {
        ParsedExtension::CertificatePolicies(policies) => {
            policies.iter().any(|policy| policy.policy_id.to_id_string().starts_with(PKIOVERHEID_POLICIES))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests;
