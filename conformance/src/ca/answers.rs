//! What an authority signs about what it revoked: its list (RFC 5280, section 5) and its answers (RFC 6960, section 4.2).

use std::collections::BTreeSet;
use std::time::{Duration as Wait, SystemTime};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rcgen::{
    CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint, Issuer, KeyIdMethod, KeyPair,
    RevokedCertParams, SerialNumber, SigningKey,
};
use time::{Duration, OffsetDateTime};
use x509_cert::der::asn1::{BitString, ObjectIdentifier, OctetString};
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_ocsp::{
    BasicOcspResponse, CertStatus, OcspGeneralizedTime, OcspRequest, OcspResponse, ResponderId, ResponseData,
    RevokedInfo, SingleResponse, Version,
};

use super::{CaError, CertificateAuthority};

/// `ecdsa-with-SHA256`, with which the keys made here sign.
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// How long a list or an answer is good.
const GOOD_FOR: Duration = Duration::hours(12);

/// How an answer is to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    /// Of yesterday, and over.
    pub(super) stale: bool,
    /// Signed with a key that is not the authority's.
    pub(super) wrongly_signed: bool,
    /// About a certificate that the authority does not know.
    pub(super) unknown: bool,
}

impl Manner {
    fn from(self) -> Duration {
        if self.stale { -Duration::days(2) } else { -Duration::MINUTE }
    }
}

impl CertificateAuthority {
    /// The list of these serial numbers, as it stands under this name.
    pub(super) fn list(&self, name: &str, revoked: &BTreeSet<Vec<u8>>, manner: Manner) -> Result<Vec<u8>, CaError> {
        let from = OffsetDateTime::now_utc() + manner.from();
        let revoked_certs = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: from,
            reason_code: None,
            invalidity_date: None,
        });
        let place = self.base.as_ref().map(|base| CrlIssuingDistributionPoint {
            distribution_point: CrlDistributionPoint { uris: vec![format!("{base}/{name}.crl")] },
            scope: None,
        });
        let list = CertificateRevocationListParams {
            this_update: from,
            next_update: from + GOOD_FOR,
            crl_number: SerialNumber::from(from.unix_timestamp().unsigned_abs()),
            issuing_distribution_point: place,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let signed = if manner.wrongly_signed {
            let issuer = rcgen::CertificateParams::default();
            list.signed_by(&Issuer::new(issuer, KeyPair::generate()?))?
        } else {
            list.signed_by(&self.issuer)?
        };
        Ok(signed.der().to_vec())
    }

    /// The answer to this request; a malformed one and one about another authority's certificate have their own.
    pub(super) fn answer(
        &self,
        request: &[u8],
        revoked: &BTreeSet<Vec<u8>>,
        manner: Manner,
    ) -> Result<Vec<u8>, CaError> {
        let Ok(request) = OcspRequest::from_der(request) else {
            return Ok(OcspResponse::malformed_request().to_der()?);
        };
        let key_hash = OctetString::new(sha1(self.key.public_key_raw()))?;
        let name_hash = OctetString::new(sha1(&self.name))?;
        let from = SystemTime::now();
        let from = if manner.stale { from - Wait::from_secs(2 * 86_400) } else { from - Wait::from_secs(60) };
        let this_update = OcspGeneralizedTime::try_from(from)?;
        let next_update = OcspGeneralizedTime::try_from(from + GOOD_FOR.unsigned_abs())?;
        let mut responses = Vec::new();
        for asked in request.tbs_request.request_list {
            let cert_id = asked.req_cert;
            if cert_id.issuer_key_hash != key_hash || cert_id.issuer_name_hash != name_hash {
                return Ok(OcspResponse::unauthorized().to_der()?);
            }
            let cert_status = if manner.unknown {
                CertStatus::unknown()
            } else if revoked.contains(cert_id.serial_number.as_bytes()) {
                CertStatus::revoked(RevokedInfo { revocation_time: this_update, revocation_reason: None })
            } else {
                CertStatus::good()
            };
            responses.push(SingleResponse {
                cert_id,
                cert_status,
                this_update,
                next_update: Some(next_update),
                single_extensions: None,
            });
        }
        let data = ResponseData {
            version: Version::V1,
            responder_id: ResponderId::ByKey(key_hash),
            produced_at: this_update,
            responses,
            response_extensions: None,
        };
        let stranger = KeyPair::generate()?;
        let key = if manner.wrongly_signed { &stranger } else { &self.key };
        let signature = BitString::from_bytes(&SigningKey::sign(key, &data.to_der()?)?)?;
        let signature_algorithm = AlgorithmIdentifierOwned { oid: ECDSA_WITH_SHA256, parameters: None };
        let basic = BasicOcspResponse { tbs_response_data: data, signature_algorithm, signature, certs: None };
        Ok(OcspResponse::successful(basic)?.to_der()?)
    }
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}
