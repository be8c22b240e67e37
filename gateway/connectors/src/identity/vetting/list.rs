//! A revocation list (CRL; RFC 5280, section 5): believed only when its issuer signed it, when it is of now, and when it
//! speaks about the certificate at hand. What it has that is critical and not known here makes it useless.

use std::collections::HashSet;

use time::{Duration, OffsetDateTime};
use x509_parser::asn1_rs::FromDer;
use x509_parser::extensions::{DistributionPointName, GeneralName, IssuingDistributionPoint, ParsedExtension};
use x509_parser::oid_registry;
use x509_parser::revocation_list::CertificateRevocationList;

use super::Unknown;
use super::path::{Issuer, plain};
use super::signed::Signed;

/// How much the clock of an issuer may be ahead of ours.
pub(super) const SKEW: Duration = Duration::minutes(5);

/// A list of one issuer, as far as it is needed.
#[derive(Debug)]
pub(super) struct List {
    revoked: HashSet<Box<[u8]>>,
    scope: Scope,
    pub(super) next_update: OffsetDateTime,
}

/// Which certificates a list speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    All,
    OfAuthorities,
    OfOthers,
}

impl List {
    /// Reads what was fetched from `place`.
    pub(super) fn read(der: &[u8], issuer: &Issuer, place: &str, now: OffsetDateTime) -> Result<Self, Unknown> {
        let (rest, list) = CertificateRevocationList::from_der(der).map_err(|_| Unknown::Unreadable)?;
        if !rest.is_empty() {
            return Err(Unknown::Unreadable);
        }
        let signed = Signed::split(der).ok_or(Unknown::Unreadable)?;
        if !issuer.signs_lists || list.issuer().as_raw() != issuer.name || !signed.is_by(&issuer.key) {
            return Err(Unknown::NotSigned);
        }
        let next_update = list.next_update().ok_or(Unknown::NotFresh)?.to_datetime();
        if list.last_update().to_datetime() > now + SKEW || next_update <= now {
            return Err(Unknown::NotFresh);
        }
        let mut scope = Scope::All;
        for extension in list.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::IssuingDistributionPoint(point) => scope = scope_of(point, place)?,
                _ if extension.oid == oid_registry::OID_X509_EXT_ISSUER_DISTRIBUTION_POINT || extension.critical => {
                    return Err(Unknown::OutOfScope);
                }
                _ => {}
            }
        }
        let mut revoked = HashSet::with_capacity(list.tbs_cert_list.revoked_certificates.len());
        for entry in list.iter_revoked_certificates() {
            // An entry of another issuer, in the first place: a list that is not only this issuer's.
            if entry.extensions().iter().any(|extension| extension.critical) {
                return Err(Unknown::OutOfScope);
            }
            revoked.insert(plain(entry.raw_serial()).into());
        }
        Ok(List { revoked, scope, next_update })
    }

    /// Whether it lists this serial number; nothing when it does not speak about such certificates.
    pub(super) fn lists(&self, serial: &[u8], of_authority: bool) -> Option<bool> {
        let speaks = match self.scope {
            Scope::All => true,
            Scope::OfAuthorities => of_authority,
            Scope::OfOthers => !of_authority,
        };
        speaks.then(|| self.revoked.contains(plain(serial)))
    }
}

/// RFC 5280, 5.2.5 and 6.3.3 (b)(2): the list must be of the place where it was looked for, and whole.
fn scope_of(point: &IssuingDistributionPoint<'_>, place: &str) -> Result<Scope, Unknown> {
    let partial = point.indirect_crl || point.only_some_reasons.is_some() || point.only_contains_attribute_certs;
    let elsewhere = match &point.distribution_point {
        None => false,
        Some(DistributionPointName::FullName(names)) => {
            !names.iter().any(|name| matches!(name, GeneralName::URI(uri) if *uri == place))
        }
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => true,
    };
    if partial || elsewhere {
        return Err(Unknown::OutOfScope);
    }
    Ok(match (point.only_contains_ca_certs, point.only_contains_user_certs) {
        (false, false) => Scope::All,
        (true, false) => Scope::OfAuthorities,
        (false, true) => Scope::OfOthers,
        (true, true) => return Err(Unknown::OutOfScope),
    })
}
