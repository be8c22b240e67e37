//! The client's TLS: whom it believes, and who it says it is.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};

use super::*;

const LIMITS: Limits = Limits { bytes: 1_000, patience: Duration::from_secs(20) };

struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    certificate: CertificateDer<'static>,
}

struct Leaf {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Authority { issuer: rcgen::Issuer::new(params, key), certificate }
    }

    fn leaf(&self, name: &str) -> Leaf {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Leaf { certificate, key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() }
    }

    fn trusted(&self) -> Trust {
        Trust::Roots(vec![self.certificate.clone()])
    }
}

/// A server that demands a client certificate of this authority and says how often it answered.
fn server(authority: &Authority) -> (String, std::thread::JoinHandle<bool>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let leaf = authority.leaf("localhost");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![leaf.certificate], leaf.key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let thread = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        let asked = stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0);
        asked && stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok").is_ok()
    });
    (address, thread)
}

async fn get(settings: HttpSettings, address: &str) -> Result<Fetched, FetchFault> {
    let client = HttpClient::new(settings).unwrap();
    client.fetch(client.request(Method::GET, address.parse().unwrap()), LIMITS).await
}

#[tokio::test]
async fn mutual_tls_holds_with_our_roots_and_our_certificate() {
    let authority = Authority::new();
    let own = authority.leaf("node.example");
    let (address, answered) = server(&authority);
    let identity = Some(ClientIdentity::new(vec![own.certificate], own.key));
    let settings = HttpSettings { trust: authority.trusted(), identity, ..HttpSettings::default() };
    let answer = get(settings, &address).await.unwrap();
    assert_eq!(answer.body_as(&["text/plain"]).unwrap(), "ok");
    assert_eq!(answer.body_as(&["application/json"]).unwrap_err(), FetchFault::MediaType);
    assert!(answered.join().unwrap());
}

#[tokio::test]
async fn a_stranger_is_not_believed_and_we_are_not_believed_without_a_certificate() {
    let authority = Authority::new();
    for trust in [Authority::new().trusted(), Trust::Roots(Vec::new()), Trust::Platform, authority.trusted()] {
        let (address, answered) = server(&authority);
        let settings = HttpSettings { trust, ..HttpSettings::default() };
        assert!(get(settings, &address).await.is_err());
        assert!(!answered.join().unwrap(), "and nothing was asked");
    }
}

#[test]
fn certificates_and_keys_come_from_pem_or_not_at_all() {
    let authority = Authority::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["a.example".to_owned()])
        .unwrap()
        .signed_by(&key, &authority.issuer)
        .unwrap();
    let (chain, secret) = (certificate.pem(), key.serialize_pem());
    let identity = ClientIdentity::from_pem(chain.as_bytes(), secret.as_bytes()).unwrap();
    assert_eq!(format!("{identity:?}"), "ClientIdentity(..)");
    assert!(matches!(Trust::from_pem(b""), Err(SetupFault::NoCertificate)));
    assert!(matches!(ClientIdentity::from_pem(chain.as_bytes(), b"x"), Err(SetupFault::NoKey)));
    assert!(matches!(ClientIdentity::from_pem(b"", secret.as_bytes()), Err(SetupFault::NoCertificate)));
    let another = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let torn = ClientIdentity::from_pem(chain.as_bytes(), another.as_bytes()).unwrap();
    let settings = HttpSettings { identity: Some(torn), trust: authority.trusted(), ..HttpSettings::default() };
    assert_eq!(HttpClient::new(settings).unwrap_err(), SetupFault::Identity);
}

mod vetting {
    use std::sync::Mutex;

    use exchange::ports::SystemClock;

    use super::*;
    use crate::identity::{Authorities, RevocationConfig, Vetting};

    /// Serves over TLS with this leaf, for as long as it is asked, and counts what it was asked.
    fn serving(leaf: Leaf) -> (String, Arc<Mutex<usize>>) {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.certificate], leaf.key)
            .unwrap();
        let (config, asked) = (Arc::new(config), Arc::new(Mutex::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let counted = asked.clone();
        std::thread::spawn(move || {
            while let Ok((mut socket, _)) = listener.accept() {
                let mut connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = rustls::Stream::new(&mut connection, &mut socket);
                if stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {
                    *counted.lock().unwrap() += 1;
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                    let _ = stream.write_all(answer);
                }
            }
        });
        (address, asked)
    }

    #[tokio::test]
    async fn a_server_whose_standing_cannot_be_found_out_is_told_nothing() {
        let authority = Authority::new();
        // Nothing says where to ask; when nothing need be asked, the same server is good.
        for (mode, good) in [("required", false), ("off", true)] {
            let config: RevocationConfig = serde_json::from_value(serde_json::json!({"mode": mode})).unwrap();
            let authorities = Arc::new(Authorities::new(vec![authority.certificate.clone()]).unwrap());
            let plain = HttpClient::new(HttpSettings::default()).unwrap();
            let vetting = Vetting::new(authorities, config, Vec::new(), plain, Arc::new(SystemClock));
            let settings = HttpSettings {
                trust: authority.trusted(),
                vetting: Some(Arc::new(vetting)),
                ..HttpSettings::default()
            };
            let client = HttpClient::new(settings).unwrap();
            let (address, asked) = serving(authority.leaf("localhost"));
            for _ in 0..2 {
                let answer = client.fetch(client.request(Method::GET, address.parse().unwrap()), LIMITS).await;
                assert_eq!(answer.is_ok(), good, "{mode}");
            }
            assert_eq!(*asked.lock().unwrap(), if good { 2 } else { 0 }, "{mode}");
        }
    }

    /// An UZI server certificate, in its form, for this machine.
    fn uzi_server(authority: &Authority, ura: &str) -> Leaf {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let name = format!("2.16.528.1.1007.99.2110-1-900012345-S-{ura}-00.000-01234567");
        params.subject_alt_names.push(rcgen::SanType::OtherName((vec![2, 5, 5, 5], name.into())));
        let certificate = params.signed_by(&key, &authority.issuer).unwrap().der().clone();
        Leaf { certificate, key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() }
    }

    #[tokio::test]
    async fn a_server_that_is_another_organisation_than_was_looked_up_is_told_nothing() {
        let authority = Authority::new();
        let ura = fhir::Ura::parse("90000901").unwrap();
        let settings =
            || HttpSettings { trust: authority.trusted(), bound_to: Some(ura.clone()), ..HttpSettings::default() };
        let client = HttpClient::new(settings()).unwrap();
        let other_authority = Authority::new();
        for (leaf, good) in [
            (uzi_server(&authority, "90000901"), true),
            (uzi_server(&authority, "90000902"), false),
            (authority.leaf("localhost"), false),
            (uzi_server(&other_authority, "90000901"), false),
        ] {
            let (address, asked) = serving(leaf);
            for _ in 0..2 {
                let answer = client.fetch(client.request(Method::GET, address.parse().unwrap()), LIMITS).await;
                assert_eq!(answer.is_ok(), good);
            }
            assert_eq!(*asked.lock().unwrap(), if good { 2 } else { 0 });
        }
        // It stays bound when the certificate of the node is replaced.
        client.replace(settings(), || ()).unwrap();
        let (address, _) = serving(uzi_server(&authority, "90000902"));
        assert!(client.fetch(client.request(Method::GET, address.parse().unwrap()), LIMITS).await.is_err());
    }

    #[tokio::test]
    async fn trust_that_is_replaced_counts_for_the_next_request() {
        let (old, new) = (Authority::new(), Authority::new());
        let client = HttpClient::new(HttpSettings { trust: old.trusted(), ..HttpSettings::default() }).unwrap();
        let ask = async |address: &str| {
            client.fetch(client.request(Method::GET, address.parse().unwrap()), LIMITS).await.is_ok()
        };
        let ((first, _), (second, _)) = (serving(old.leaf("localhost")), serving(new.leaf("localhost")));
        assert!(ask(&first).await && !ask(&second).await);
        let mut done = false;
        let settings = HttpSettings { trust: new.trusted(), ..HttpSettings::default() };
        client.replace(settings, || done = true).unwrap();
        assert!(done && client.generation() == 1);
        assert!(!ask(&first).await && ask(&second).await);
        let bad = HttpSettings { trust: Trust::Roots(vec![CertificateDer::from(vec![0])]), ..HttpSettings::default() };
        assert_eq!(client.replace(bad, || panic!("nothing else is done")), Err(SetupFault::Root));
        client.renew();
        assert!(!ask(&first).await && ask(&second).await);
    }
}
