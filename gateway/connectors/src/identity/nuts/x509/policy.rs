//! The policies of a did:x509: what the DID says that the certificate has.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use x509_parser::asn1_rs::{Any, FromDer, Oid, Tag, TaggedExplicit, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::x509::X509Name;

use super::X509Fault;
use crate::identity::certificates::Certificate;

const MAX_DID: usize = 2048;
/// The most properties that one DID may name.
const MAX_PROPERTIES: usize = 16;
const MAX_VALUE: usize = 256;
/// What the method does not allow unescaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// One property: `("san", "otherName")` and its value, decoded.
type Property = (&'static str, &'static str, String);

/// What a DID says that its certificate has; each is checked, none is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policies(Vec<Property>);

/// The attributes of the subject that a policy may name, and their types.
static SUBJECT: [(&str, Oid<'static>); 8] = [
    ("C", oid!(2.5.4.6)),
    ("CN", oid!(2.5.4.3)),
    ("L", oid!(2.5.4.7)),
    ("ST", oid!(2.5.4.8)),
    ("O", oid!(2.5.4.10)),
    ("OU", oid!(2.5.4.11)),
    ("STREET", oid!(2.5.4.9)),
    ("serialNumber", oid!(2.5.4.5)),
];
const SAN: [&str; 4] = ["otherName", "dns", "email", "uri"];

/// The fingerprint of the authority and the policies of a DID.
pub(super) fn parse(did: &str) -> Result<([u8; 32], Policies), X509Fault> {
    let name = did.strip_prefix("did:x509:0:sha256:").filter(|_| did.len() <= MAX_DID).ok_or(X509Fault::Malformed)?;
    let mut parts = name.split("::");
    let fingerprint = URL_SAFE_NO_PAD.decode(parts.next().unwrap_or_default()).map_err(|_| X509Fault::Malformed)?;
    let fingerprint = fingerprint.try_into().map_err(|_| X509Fault::Malformed)?;
    let mut all = Vec::new();
    for part in parts {
        let pieces: Vec<&str> = part.split(':').collect();
        let (group, pairs) = pieces.split_first().ok_or(X509Fault::Malformed)?;
        let (pairs, rest) = pairs.as_chunks::<2>();
        if pairs.is_empty() || !rest.is_empty() {
            return Err(X509Fault::Malformed);
        }
        for (place, [key, value]) in pairs.iter().enumerate() {
            if pairs.iter().take(place).any(|[earlier, _]| earlier == key) {
                return Err(X509Fault::Malformed);
            }
            let (group, key) = known(group, key).ok_or(X509Fault::Policy)?;
            all.push((group, key, decode(value).ok_or(X509Fault::Malformed)?));
        }
    }
    // Without any, whoever has a certificate of this authority could be the issuer.
    if all.is_empty() || all.len() > MAX_PROPERTIES {
        return Err(X509Fault::Malformed);
    }
    Ok((fingerprint, Policies(all)))
}

fn known(group: &str, key: &str) -> Option<(&'static str, &'static str)> {
    match group {
        "subject" => SUBJECT.iter().find(|(name, _)| *name == key).map(|(name, _)| ("subject", *name)),
        "san" => SAN.iter().find(|name| **name == key).map(|name| ("san", *name)),
        _ => None,
    }
}

/// Percent-decodes strictly: only what the method allows unescaped, only whole escapes, only UTF-8. A plus is an escape to
/// some and itself to others, and so is refused.
fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    for (place, byte) in bytes.iter().enumerate() {
        let escape = bytes.get(place + 1..place + 3);
        let whole = escape.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if !(byte.is_ascii_alphanumeric() || b"-._".contains(byte) || (*byte == b'%' && whole)) {
            return None;
        }
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?.into_owned();
    (1..=MAX_VALUE).contains(&decoded.chars().count()).then_some(decoded)
}

impl Policies {
    /// The value of a property, if the DID names it once.
    pub(crate) fn get(&self, group: &str, key: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(known, name, _)| *known == group && *name == key);
        match (named.next(), named.next()) {
            (Some((_, _, value)), None) => Some(value),
            _ => None,
        }
    }

    /// Whether the DID says this of its certificate.
    pub(crate) fn says(&self, group: &str, key: &str, value: &str) -> bool {
        self.0.iter().any(|(known, name, text)| *known == group && *name == key && text == value)
    }

    /// What there is to say of the certificate (DER) of an organisation; nothing when it names none.
    pub(super) fn of_organisation(leaf: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
        let ura = Certificate::read(leaf).ok()?.ura?;
        let names = certificate.subject_alternative_name().ok()??;
        let name = names.value.general_names.iter().find_map(|name| match name {
            GeneralName::OtherName(_, der) => {
                other_name(der).filter(|text| text.split('-').nth(4) == Some(ura.as_str()))
            }
            _ => None,
        })?;
        let organisation = certificate.subject().iter_organization().next().and_then(|name| name.as_str().ok());
        let organisation = organisation.filter(|name| subject_has(certificate.subject(), "O", name));
        let organisation = organisation.map(|name| ("subject", "O", name.to_owned()));
        Some(Policies(std::iter::once(("san", "otherName", name.to_owned())).chain(organisation).collect()))
    }

    /// Every property.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        self.0.iter().map(|(group, key, value)| (*group, *key, value.as_str()))
    }

    /// Holds when the certificate (DER) has everything that the DID says.
    pub(super) fn hold(&self, leaf: &[u8]) -> Result<(), X509Fault> {
        let (_, certificate) = X509Certificate::from_der(leaf).map_err(|_| X509Fault::Chain)?;
        let holds = self.0.iter().all(|(group, key, value)| match *group {
            "subject" => subject_has(certificate.subject(), key, value),
            _ => san_has(&certificate, key, value),
        });
        if holds { Ok(()) } else { Err(X509Fault::PolicyNotMet) }
    }
}

/// As they stand in a DID.
impl fmt::Display for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, key, value) in &self.0 {
            write!(f, "::{group}:{key}:{}", utf8_percent_encode(value, ESCAPED))?;
        }
        Ok(())
    }
}

fn subject_has(subject: &X509Name<'_>, key: &str, value: &str) -> bool {
    let Some((_, kind)) = SUBJECT.iter().find(|(name, _)| *name == key) else { return false };
    // A name that says a thing twice says it not: two readers would take it for two holders.
    let mut stated = subject.iter_by_oid(kind);
    match (stated.next(), stated.next()) {
        (Some(only), None) => only.as_str().is_ok_and(|text| text == value),
        _ => false,
    }
}

fn san_has(certificate: &X509Certificate<'_>, key: &str, value: &str) -> bool {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
    names.value.general_names.iter().any(|name| match (key, name) {
        ("otherName", GeneralName::OtherName(_, der)) => other_name(der) == Some(value),
        ("dns", GeneralName::DNSName(text))
        | ("email", GeneralName::RFC822Name(text))
        | ("uri", GeneralName::URI(text)) => *text == value,
        _ => false,
    })
}

/// The text of an otherName, whose value is `[0] EXPLICIT` some string type (RFC 5280, section 4.2.1.6).
fn other_name(der: &[u8]) -> Option<&str> {
    let (_, tagged) = TaggedExplicit::<Any<'_>, x509_parser::asn1_rs::Error, 0>::from_der(der).ok()?;
    let inner = tagged.into_inner();
    matches!(inner.tag(), Tag::Utf8String | Tag::Ia5String | Tag::PrintableString)
        .then(|| std::str::from_utf8(inner.data).ok())?
}
