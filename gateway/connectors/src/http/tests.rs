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
