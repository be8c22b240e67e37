//! The question and the answer of OCSP (RFC 6960): about one certificate, believed only when its issuer, or whom the issuer
//! delegated to, signed it, and when it is of now.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use time::{Duration, OffsetDateTime};
use x509_cert::der::asn1::{Null, ObjectIdentifier, OctetString};
use x509_cert::der::{Any, Decode, Encode};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspGeneralizedTime, OcspRequest, OcspResponse, OcspResponseStatus, Request,
    ResponderId, SingleResponse, TbsRequest,
};
use x509_parser::asn1_rs::FromDer;
use x509_parser::asn1_rs::oid;
use x509_parser::certificate::X509Certificate;

use super::Unknown;
use super::list::SKEW;
use super::path::{Issuer, Link};
use super::signed::Signed;

/// SHA-1 names the certificate, nothing rests on it: it is what every responder knows (RFC 5019, 2.1.1).
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
/// `id-pkix-ocsp-basic`.
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
/// Most certificates of an answer that are looked at.
const MOST_CERTIFICATES: usize = 4;

/// What a responder says, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) revoked: bool,
    pub(super) until: OffsetDateTime,
}

/// The body of a request about this certificate.
pub(super) fn request(link: &Link) -> Option<Vec<u8>> {
    let request = OcspRequest {
        tbs_request: TbsRequest {
            request_list: vec![Request { req_cert: id_of(link)?, single_request_extensions: None }],
            ..TbsRequest::default()
        },
        optional_signature: None,
    };
    request.to_der().ok()
}

/// Reads an answer about this certificate. `fresh` is how old one may be that does not say when the next is due.
pub(super) fn read(der: &[u8], link: &Link, now: OffsetDateTime, fresh: Duration) -> Result<Said, Unknown> {
    let response = OcspResponse::from_der(der).map_err(|_| Unknown::Unreadable)?;
    if response.response_status != OcspResponseStatus::Successful {
        return Err(Unknown::NoAnswer);
    }
    let bytes = response.response_bytes.filter(|bytes| bytes.response_type == BASIC).ok_or(Unknown::Unreadable)?;
    let basic = BasicOcspResponse::from_der(bytes.response.as_bytes()).map_err(|_| Unknown::Unreadable)?;
    let signed = Signed::split(bytes.response.as_bytes()).ok_or(Unknown::Unreadable)?;
    if !is_signed(&basic, &signed, &link.issuer, now) {
        return Err(Unknown::NotSigned);
    }
    let extensions = basic.tbs_response_data.response_extensions.iter().flatten();
    if extensions.into_iter().any(|extension| extension.critical) {
        return Err(Unknown::OutOfScope);
    }
    let asked = id_of(link).ok_or(Unknown::Unreadable)?;
    let about = basic.tbs_response_data.responses.iter().find(|single| same(&single.cert_id, &asked));
    said(about.ok_or(Unknown::OutOfScope)?, now, fresh)
}

fn said(single: &SingleResponse, now: OffsetDateTime, fresh: Duration) -> Result<Said, Unknown> {
    if single.single_extensions.iter().flatten().any(|extension| extension.critical) {
        return Err(Unknown::OutOfScope);
    }
    let this_update = moment(&single.this_update);
    let until = single.next_update.as_ref().map_or(this_update + fresh, moment);
    if this_update > now + SKEW || until <= now {
        return Err(Unknown::NotFresh);
    }
    match single.cert_status {
        CertStatus::Good(_) => Ok(Said { revoked: false, until }),
        CertStatus::Revoked(_) => Ok(Said { revoked: true, until }),
        // Signed, and so a statement: nothing else is asked in the hope of a better one.
        CertStatus::Unknown(_) => Err(Unknown::NotKnownToIssuer),
    }
}

/// RFC 6960, 4.2.2.2: by the issuer itself, or by a responder whose certificate the issuer signed for this purpose.
fn is_signed(basic: &BasicOcspResponse, signed: &Signed<'_>, issuer: &Issuer, now: OffsetDateTime) -> bool {
    let responder = &basic.tbs_response_data.responder_id;
    if names(responder, issuer) && signed.is_by(&issuer.key) {
        return true;
    }
    let shown = basic.certs.iter().flatten().take(MOST_CERTIFICATES);
    shown.filter_map(|certificate| certificate.to_der().ok()).any(|der| {
        delegated(&der, issuer, now).is_some_and(|delegate| names(responder, &delegate) && signed.is_by(&delegate.key))
    })
}

/// A responder of this issuer's. Only one that need not be asked about in turn (`id-pkix-ocsp-nocheck`, RFC 6960,
/// 4.2.2.2.1): whether another was revoked could not be found out here.
fn delegated(der: &[u8], issuer: &Issuer, now: OffsetDateTime) -> Option<Issuer> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    let valid = validity.not_before.to_datetime() <= now && now <= validity.not_after.to_datetime();
    let for_it = certificate.extended_key_usage().ok()?.is_some_and(|usage| usage.value.ocsp_signing);
    let no_check = certificate.iter_extensions().any(|extension| extension.oid == oid!(1.3.6.1.5.5.7.48.1.5));
    let issued = certificate.issuer().as_raw() == issuer.name && Signed::split(der)?.is_by(&issuer.key);
    (valid && for_it && no_check && issued).then(|| Issuer::read(der))?
}

fn names(responder: &ResponderId, holder: &Issuer) -> bool {
    match responder {
        ResponderId::ByName(name) => name.to_der().is_ok_and(|der| der == holder.name),
        ResponderId::ByKey(hash) => hash.as_bytes() == sha1(holder.key.bits()),
    }
}

fn id_of(link: &Link) -> Option<CertId> {
    // The parameters are NULL, as every responder writes and expects them (RFC 5019, 2.1.1).
    let hash_algorithm = AlgorithmIdentifierOwned { oid: SHA1, parameters: Some(Any::from(Null)) };
    Some(CertId {
        hash_algorithm,
        issuer_name_hash: OctetString::new(sha1(&link.issuer.name)).ok()?,
        issuer_key_hash: OctetString::new(sha1(link.issuer.key.bits())).ok()?,
        serial_number: SerialNumber::new(&link.serial).ok()?,
    })
}

/// Whether both speak of one certificate. The parameters of the digest may be NULL or absent.
fn same(one: &CertId, other: &CertId) -> bool {
    one.hash_algorithm.oid == other.hash_algorithm.oid
        && one.issuer_name_hash == other.issuer_name_hash
        && one.issuer_key_hash == other.issuer_key_hash
        && one.serial_number == other.serial_number
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

fn moment(time: &OcspGeneralizedTime) -> OffsetDateTime {
    OffsetDateTime::from(time.0.to_system_time())
}
