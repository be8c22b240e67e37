//! What a connection costs: a full handshake of mutual TLS with verified certificates on both sides, a resumed one, and what
//! identification then asks of a certificate that is known. In memory, both sides on one thread, in CPU time of one core.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "prints what it measured, and stops when its own set-up is wrong"
)]

use std::hint::black_box;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Instant;

use connectors::http::{HttpClient, HttpSettings};
use connectors::identity::vetting::{Mode, Part};
use connectors::identity::{Authorities, RevocationConfig, Standing, Vetting};
use exchange::ports::SystemClock;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256,
    SignatureAlgorithm,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, ServerConfig, ServerConnection};

const ROUNDS: u32 = 400;

struct Made {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

fn made(authority: &CertifiedIssuer<'_, KeyPair>, algorithm: &'static SignatureAlgorithm) -> Made {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap().der().clone();
    Made { certificate, key: PrivatePkcs8KeyDer::from(key.serialize_der()).into() }
}

/// A handshake and a byte each way, which also brings the client its tickets.
fn meet(server: &Arc<ServerConfig>, client: &Arc<ClientConfig>) -> HandshakeKind {
    let mut server = ServerConnection::new(server.clone()).unwrap();
    let mut client = ClientConnection::new(client.clone(), ServerName::try_from("localhost").unwrap()).unwrap();
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    client.writer().write_all(b"x").unwrap();
    server.writer().write_all(b"x").unwrap();
    loop {
        bytes.clear();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets().unwrap();
        }
        bytes.clear();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        if bytes.is_empty() {
            break;
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets().unwrap();
        }
    }
    client.reader().read_exact(&mut byte).unwrap();
    server.reader().read_exact(&mut byte).unwrap();
    client.handshake_kind().unwrap()
}

/// Microseconds for each of `rounds`, after a few that do not count.
fn microseconds(rounds: u32, mut round: impl FnMut()) -> f64 {
    for _ in 0..rounds / 10 + 1 {
        round();
    }
    let begun = Instant::now();
    for _ in 0..rounds {
        round();
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
}

fn main() {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let kinds: [(&str, &'static SignatureAlgorithm); 2] =
        [("ECDSA P-256", &PKCS_ECDSA_P256_SHA256), ("RSA 2048", &PKCS_RSA_SHA256)];
    for (name, algorithm) in kinds {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let authorities = Arc::new(Authorities::new(vec![authority.der().clone()]).unwrap());
        let (own, their) = (made(&authority, algorithm), made(&authority, algorithm));
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(authorities.clone())
            .with_single_cert(vec![own.certificate], own.key)
            .unwrap();
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![their.certificate.clone()], their.key)
            .unwrap();
        let mut fresh = client.clone();
        fresh.resumption = rustls::client::Resumption::disabled();
        let (server, client, fresh) = (Arc::new(server), Arc::new(client), Arc::new(fresh));
        let full = microseconds(ROUNDS, || {
            black_box(meet(&server, &fresh));
        });
        meet(&server, &client);
        let resumed = microseconds(ROUNDS, || assert_eq!(meet(&server, &client), HandshakeKind::Resumed));
        println!(
            "{name}: full mutual handshake {full:.0} us, resumed {resumed:.0} us, resumed/full {:.2} (both sides, one core)",
            resumed / full
        );
        let config = RevocationConfig { mode: Mode::Off, ..RevocationConfig::default() };
        let http = HttpClient::new(HttpSettings::default()).unwrap();
        let vetting = Vetting::new(authorities, config, Vec::new(), http, Arc::new(SystemClock));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(vetting.standing(Part::Client, &their.certificate, &[]));
        let known = microseconds(100_000, || {
            let standing = runtime.block_on(vetting.standing(Part::Client, &their.certificate, &[]));
            assert_eq!(standing, Standing::Good);
        });
        println!("{name}: vetting a known certificate {known:.2} us per request");
    }
}
