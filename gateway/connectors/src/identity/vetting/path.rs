//! The path from a certificate to an authority, link by link: each certificate with who issued it, and where its issuer
//! says what was revoked.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use x509_parser::asn1_rs::{FromDer, oid};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};

use super::signed::{PublicKey, Signed};
use crate::identity::Thumbprint;

/// Longest path. PKIoverheid has four certificates from leaf to root.
const LONGEST: usize = 6;
/// Most places of one kind that are looked at per certificate.
const MOST_PLACES: usize = 2;

/// One certificate and its issuer.
pub(super) struct Link {
    pub(super) serial: Vec<u8>,
    /// Whether the certificate is itself an authority's.
    pub(super) of_authority: bool,
    pub(super) issuer: Issuer,
    /// Where the certificate says that lists are, and responders.
    pub(super) lists: Vec<String>,
    pub(super) responders: Vec<String>,
    pub(super) not_after: OffsetDateTime,
}

/// Who issued a certificate.
#[derive(Clone)]
pub(super) struct Issuer {
    pub(super) thumbprint: Thumbprint,
    /// Its name, DER.
    pub(super) name: Vec<u8>,
    pub(super) key: PublicKey,
    /// Whether its key may sign revocation lists (RFC 5280, 4.2.1.3).
    pub(super) signs_lists: bool,
}

/// The links from a certificate to one of the anchors; nothing when there is no such path. An anchor is the end: what is
/// configured is believed without asking anybody.
pub(super) fn path(leaf: &[u8], shown: &[Arc<[u8]>], anchors: &[CertificateDer<'_>]) -> Option<Vec<Link>> {
    let mut links = Vec::new();
    let mut current = leaf;
    while !anchors.iter().any(|anchor| anchor.as_ref() == current) {
        if links.len() == LONGEST {
            return None;
        }
        let (_, certificate) = X509Certificate::from_der(current).ok()?;
        let anchors = anchors.iter().map(AsRef::as_ref);
        let candidates = anchors.chain(shown.iter().map(AsRef::as_ref));
        let (der, issuer) = candidates.filter_map(|der| Some((der, issuer_of(current, &certificate, der)?))).next()?;
        links.push(Link::new(&certificate, issuer));
        current = der;
    }
    Some(links)
}

/// `candidate` as the issuer of this certificate, if it is.
fn issuer_of(der: &[u8], certificate: &X509Certificate<'_>, candidate: &[u8]) -> Option<Issuer> {
    let issuer = Issuer::read(candidate)?;
    let issued = issuer.name == certificate.issuer().as_raw() && Signed::split(der)?.is_by(&issuer.key);
    issued.then_some(issuer)
}

impl Issuer {
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let usage = certificate.key_usage().ok()?;
        Some(Issuer {
            thumbprint: Thumbprint::of(der),
            name: certificate.subject().as_raw().to_vec(),
            key: PublicKey::read(certificate.public_key().raw)?,
            signs_lists: usage.is_none_or(|usage| usage.value.crl_sign()),
        })
    }
}

impl Link {
    fn new(certificate: &X509Certificate<'_>, issuer: Issuer) -> Self {
        let (mut lists, mut responders) = (Vec::new(), Vec::new());
        for extension in certificate.iter_extensions() {
            match extension.parsed_extension() {
                ParsedExtension::CRLDistributionPoints(points) => {
                    for point in points.iter().filter(|point| point.reasons.is_none() && point.crl_issuer.is_none()) {
                        if let Some(DistributionPointName::FullName(names)) = &point.distribution_point {
                            lists.extend(names.iter().filter_map(web));
                        }
                    }
                }
                ParsedExtension::AuthorityInfoAccess(access) => {
                    // id-ad-ocsp (RFC 5280, 4.2.2.1).
                    let of_ocsp = access.iter().filter(|one| one.access_method == oid!(1.3.6.1.5.5.7.48.1));
                    responders.extend(of_ocsp.filter_map(|one| web(&one.access_location)));
                }
                _ => {}
            }
        }
        lists.truncate(MOST_PLACES);
        responders.truncate(MOST_PLACES);
        Link {
            serial: plain(certificate.raw_serial()).to_vec(),
            of_authority: certificate.is_ca(),
            issuer,
            lists,
            responders,
            not_after: certificate.validity().not_after.to_datetime(),
        }
    }
}

/// A serial number without the zeroes in front, so that equal numbers are equal bytes.
pub(super) fn plain(serial: &[u8]) -> &[u8] {
    let zeroes = serial.iter().take_while(|byte| **byte == 0).count();
    serial.get(zeroes..).unwrap_or_default()
}

fn web(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(uri) if uri.starts_with("http://") || uri.starts_with("https://") => Some((*uri).to_owned()),
        _ => None,
    }
}
