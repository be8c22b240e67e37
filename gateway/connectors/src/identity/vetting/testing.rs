//! For tests: an authority that issues, lists and answers, and a server of bytes that misbehaves on order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration as Wait, SystemTime};

use exchange::ports::Clock;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CrlScope, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, SigningKey,
};
use rustls::pki_types::CertificateDer;
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use x509_cert::Certificate;
use x509_cert::der::asn1::BitString;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_ocsp::{
    BasicOcspResponse, CertStatus, OcspGeneralizedTime, OcspRequest, OcspResponse, ResponderId, ResponseData,
    RevokedInfo, SingleResponse, Version,
};

use super::{AuthorityRule, RevocationConfig, Vetting};
use crate::http::{HttpClient, HttpSettings, Trust};
use crate::identity::Authorities;

pub(super) type Authority = CertifiedIssuer<'static, KeyPair>;

/// The clock of a test.
pub(super) struct SetClock(pub(super) Mutex<OffsetDateTime>);

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

impl SetClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(SetClock(Mutex::new(OffsetDateTime::now_utc())))
    }
    pub(super) fn pass(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(365);
    params
}

pub(super) fn root(name: &str) -> Authority {
    CertifiedIssuer::self_signed(authority_params(name), KeyPair::generate().unwrap()).unwrap()
}

/// An authority below another, whose own standing is told at these places.
pub(super) fn intermediate(name: &str, above: &Authority, places: &Told) -> Authority {
    let mut params = authority_params(name);
    places.write(&mut params);
    params.serial_number = Some(SerialNumber::from(4242_u64));
    CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), above).unwrap()
}

/// Where a certificate says that its standing is told.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) list: Option<String>,
    pub(super) responder: Option<String>,
}

impl Told {
    fn write(&self, params: &mut CertificateParams) {
        if let Some(list) = &self.list {
            params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![list.clone()] }];
        }
        if let Some(responder) = &self.responder {
            // SEQUENCE { SEQUENCE { id-ad-ocsp, [6] uri } }
            let uri = [&[0x86, u8::try_from(responder.len()).unwrap()][..], responder.as_bytes()].concat();
            let kind = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
            let one = [&kind[..], &uri].concat();
            let one = [&[0x30, u8::try_from(one.len()).unwrap()][..], &one].concat();
            let all = [&[0x30, u8::try_from(one.len()).unwrap()][..], &one].concat();
            let extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], all);
            params.custom_extensions.push(extension);
        }
    }
}

/// A client's certificate with this serial number.
pub(super) fn leaf(serial: u64, authority: &Authority, places: &Told) -> Vec<u8> {
    let mut params = CertificateParams::new(vec!["node.example".to_owned()]).unwrap();
    places.write(&mut params);
    params.serial_number = Some(SerialNumber::from(serial));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(30);
    params.signed_by(&KeyPair::generate().unwrap(), authority).unwrap().der().to_vec()
}

/// How a list is made.
pub(super) struct Listed {
    pub(super) revoked: Vec<u64>,
    pub(super) from: Duration,
    pub(super) to: Duration,
    pub(super) of: Option<(String, Option<CrlScope>)>,
}

impl Default for Listed {
    fn default() -> Self {
        Listed { revoked: Vec::new(), from: Duration::ZERO, to: Duration::hours(24), of: None }
    }
}

pub(super) fn list(authority: &Authority, listed: &Listed) -> Vec<u8> {
    let now = OffsetDateTime::now_utc();
    let revoked = listed.revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: now,
        reason_code: None,
        invalidity_date: None,
    });
    let of = listed.of.as_ref().map(|(place, scope)| CrlIssuingDistributionPoint {
        distribution_point: CrlDistributionPoint { uris: vec![place.clone()] },
        scope: *scope,
    });
    CertificateRevocationListParams {
        this_update: now + listed.from,
        next_update: now + listed.to,
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: of,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
    .signed_by(authority)
    .unwrap()
    .der()
    .to_vec()
}

/// Who signs an answer.
pub(super) enum Signer<'a> {
    Issuer(&'a Authority),
    /// A certificate, its key, and whether it is shown.
    Delegate(Vec<u8>, &'a KeyPair, bool),
}

/// A responder's certificate: for the purpose or not, to be asked about in turn or not.
pub(super) fn delegate(authority: &Authority, key: &KeyPair, for_it: bool, no_check: bool) -> Vec<u8> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "responder");
    let purpose = if for_it { ExtendedKeyUsagePurpose::OcspSigning } else { ExtendedKeyUsagePurpose::ClientAuth };
    params.extended_key_usages = vec![purpose];
    if no_check {
        let extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 48, 1, 5], vec![5, 0]);
        params.custom_extensions.push(extension);
    }
    params.signed_by(key, authority).unwrap().der().to_vec()
}

/// An answer to this request, of moments from now.
pub(super) fn answer(
    request: &[u8],
    signer: &Signer<'_>,
    status: Status,
    from: Duration,
    to: Option<Duration>,
) -> Vec<u8> {
    let asked = OcspRequest::from_der(request).unwrap().tbs_request.request_list[0].req_cert.clone();
    let at = |from: Duration| {
        let moment = SystemTime::now() + Wait::from_secs(365 * 86_400);
        let moment = moment - Wait::from_secs(365 * 86_400);
        let shifted = if from.is_negative() { moment - from.unsigned_abs() } else { moment + from.unsigned_abs() };
        OcspGeneralizedTime::try_from(shifted).unwrap()
    };
    let cert_status = match status {
        Status::Good => CertStatus::good(),
        Status::Revoked => CertStatus::revoked(RevokedInfo { revocation_time: at(from), revocation_reason: None }),
        Status::Unknown => CertStatus::unknown(),
    };
    let (holder, key, shown) = match signer {
        Signer::Issuer(authority) => (authority.der().to_vec(), authority.key(), None),
        Signer::Delegate(der, key, shown) => (der.clone(), *key, shown.then(|| Certificate::from_der(der).unwrap())),
    };
    let holder = Certificate::from_der(&holder).unwrap();
    let data = ResponseData {
        version: Version::V1,
        responder_id: ResponderId::ByName(holder.tbs_certificate.subject),
        produced_at: at(Duration::ZERO),
        responses: vec![SingleResponse {
            cert_id: asked,
            cert_status,
            this_update: at(from),
            next_update: to.map(at),
            single_extensions: None,
        }],
        response_extensions: None,
    };
    let signature = SigningKey::sign(key, &data.to_der().unwrap()).unwrap();
    // ecdsa-with-SHA256, which rcgen's keys are for.
    let oid = "1.2.840.10045.4.3.2".parse().unwrap();
    let basic = BasicOcspResponse {
        tbs_response_data: data,
        signature_algorithm: AlgorithmIdentifierOwned { oid, parameters: None },
        signature: BitString::from_bytes(&signature).unwrap(),
        certs: shown.map(|certificate| vec![certificate]),
    };
    OcspResponse::successful(basic).unwrap().to_der().unwrap()
}

#[derive(Clone, Copy)]
pub(super) enum Status {
    Good,
    Revoked,
    Unknown,
}

/// What the server does.
pub(super) enum Reply {
    Bytes(Vec<u8>),
    Status(u16),
    Hang,
    Torn,
    Redirect(String),
}

type Script = dyn Fn(&str, &[u8]) -> Reply + Send + Sync;

/// A server of lists and answers; it ends with the run time of its test.
pub(super) struct Server {
    pub(super) host: String,
    asked: Arc<AtomicUsize>,
    script: Arc<Mutex<Arc<Script>>>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(AtomicUsize::new(0));
        let script: Arc<Mutex<Arc<Script>>> = Arc::new(Mutex::new(Arc::new(|_: &str, _: &[u8]| Reply::Status(404))));
        let (counted, scripted) = (asked.clone(), script.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (counted, scripted) = (counted.clone(), scripted.clone());
                tokio::spawn(async move {
                    let mut buffer = Vec::new();
                    let (head, body) = loop {
                        if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                            return;
                        }
                        let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
                        let head = String::from_utf8_lossy(&buffer[..at]).to_ascii_lowercase();
                        let length = head.split("content-length: ").nth(1).map_or(0, |rest| {
                            rest.lines().next().unwrap_or_default().trim().parse().unwrap_or(0_usize)
                        });
                        if buffer.len() >= at + 4 + length {
                            break (head, buffer[at + 4..].to_vec());
                        }
                    };
                    counted.fetch_add(1, Ordering::SeqCst);
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let script = scripted.lock().unwrap().clone();
                    let said = match script(&path, &body) {
                        Reply::Bytes(bytes) => whole(200, "", &bytes),
                        Reply::Status(status) => whole(status, "", b""),
                        Reply::Redirect(to) => whole(302, &format!("location: {to}\r\n"), b""),
                        Reply::Torn => b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n0".to_vec(),
                        Reply::Hang => return std::future::pending().await,
                    };
                    let _ = stream.write_all(&said).await;
                });
            }
        });
        Server { host, asked, script }
    }

    pub(super) fn says(&self, script: impl Fn(&str, &[u8]) -> Reply + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) fn list_place(&self) -> String {
        format!("http://{}/list", self.host)
    }

    pub(super) fn responder_place(&self) -> String {
        format!("http://{}/ocsp", self.host)
    }
}

fn whole(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub(super) fn http() -> HttpClient {
    HttpClient::new(HttpSettings { trust: Trust::Roots(Vec::new()), ..HttpSettings::default() }).unwrap()
}

/// Vets against these roots, and asks at this host only.
pub(super) fn vetting(
    roots: &[&Authority],
    host: &str,
    rules: Vec<AuthorityRule>,
    clock: &Arc<SetClock>,
    change: impl FnOnce(&mut RevocationConfig),
) -> Arc<Vetting> {
    let roots = roots.iter().map(|root| CertificateDer::from(root.der().to_vec())).collect();
    let authorities = Arc::new(Authorities::new(roots).unwrap());
    let mut config = RevocationConfig { hosts: vec![host.to_owned()], patience_ms: 500, ..RevocationConfig::default() };
    change(&mut config);
    Arc::new(Vetting::new(authorities, config, rules, http(), clock.clone()))
}
