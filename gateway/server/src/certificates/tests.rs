use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use connectors::identity::Standing;
use exchange::ports::SystemClock;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, ServerConnection};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::config::testing::reference;

type Authority = CertifiedIssuer<'static, KeyPair>;

const URA: &str = "90010001";

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(400);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate of the organisation with this URA, that ends after so many days, and its key.
fn issued(authority: &Authority, ura: &str, days: i64) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let name = format!("2.16.528.1.1007.99.2110-1-900012345-S-{ura}-00.000-00000000");
    params.subject_alt_names.push(SanType::OtherName((vec![2, 5, 5, 5], name.as_str().into())));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    params.not_after = OffsetDateTime::now_utc() + Duration::days(days) + Duration::HOUR;
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

/// A node's files, as an operator changes them.
struct Files {
    folder: TempDir,
    config: NodeConfig,
}

impl Files {
    fn new(authority: &Authority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = reference();
        config.revocation.authorities.clear();
        config.mode = crate::config::Mode::Development;
        config.inner.tls = None;
        config.cards = None;
        config.revocation.mode = Mode::Off;
        let files = Files { config, folder };
        let path = |name| files.path(name);
        let (certificate, key, authorities) = (path("node.pem"), path("node.key"), path("ca.pem"));
        let mut files = Files { ..files };
        let outer = &mut files.config.outer;
        (outer.certificate_file, outer.key_file, outer.authorities_file) = (certificate, key, authorities);
        files.show(authority, URA, 90);
        files.believe(&[authority]);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn show(&self, authority: &Authority, ura: &str, days: i64) -> CertificateDer<'static> {
        let (certificate, key) = issued(authority, ura, days);
        fs::write(self.path("node.pem"), certificate.pem()).unwrap();
        fs::write(self.path("node.key"), key.serialize_pem()).unwrap();
        certificate.der().clone()
    }

    fn believe(&self, authorities: &[&Authority]) {
        let all: Vec<_> = authorities.iter().map(|authority| authority.pem()).collect();
        fs::write(self.path("ca.pem"), all.concat()).unwrap();
    }

    fn open(&self) -> Certificates {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Certificates::open(&self.config, &clock).unwrap()
    }
}

/// A client with a certificate of this authority, which believes these.
fn client(own: &Authority, believes: &[&Authority]) -> (Arc<ClientConfig>, CertificateDer<'static>) {
    let mut roots = RootCertStore::empty();
    for authority in believes {
        roots.add(authority.der().clone()).unwrap();
    }
    let (certificate, key) = issued(own, "90010002", 90);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (Arc::new(config), certificate.der().clone())
}

/// A handshake and a byte each way: which kind it was, and what the server showed.
fn meet(server: &ServerConfig, client: &Arc<ClientConfig>) -> Result<(HandshakeKind, CertificateDer<'static>), String> {
    let mut server = ServerConnection::new(Arc::new(server.clone())).unwrap();
    let mut client = ClientConnection::new(client.clone(), ServerName::try_from("localhost").unwrap()).unwrap();
    let pass = |client: &mut ClientConnection, server: &mut ServerConnection| -> Result<(), String> {
        for _ in 0..8 {
            let mut bytes = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut bytes).unwrap();
            }
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                server.read_tls(&mut rest).unwrap();
                server.process_new_packets().map_err(|fault| fault.to_string())?;
            }
            let mut bytes = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut bytes).unwrap();
            }
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                client.read_tls(&mut rest).unwrap();
                client.process_new_packets().map_err(|fault| fault.to_string())?;
            }
        }
        Ok(())
    };
    pass(&mut client, &mut server)?;
    server.writer().write_all(b"x").unwrap();
    pass(&mut client, &mut server)?;
    let mut byte = [0];
    client.reader().read_exact(&mut byte).map_err(|fault| fault.to_string())?;
    let shown = client.peer_certificates().unwrap()[0].clone().into_owned();
    Ok((client.handshake_kind().unwrap(), shown))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

#[test]
fn a_new_certificate_is_shown_from_the_next_handshake_on() {
    let root = authority("root");
    let files = Files::new(&root);
    let certificates = files.open();
    let (listener, _) = certificates.listeners().unwrap();
    let (caller, _) = client(&root, &[&root]);
    let (_, before) = meet(&listener, &caller).unwrap();
    assert_eq!(certificates.reload(&files.config), Ok(false));
    let new = files.show(&root, URA, 90);
    assert_eq!(certificates.reload(&files.config), Ok(true));
    let (_, after) = meet(&listener, &client(&root, &[&root]).0).unwrap();
    assert_eq!(after, new);
    assert_ne!(before, after);
    assert_eq!(certificates.key().thumbprint(), connectors::identity::Thumbprint::of(&new));
    assert_eq!(certificates.reload(&files.config), Ok(false));
}

#[test]
fn files_that_cannot_be_used_change_nothing_and_are_said() {
    let root = authority("root");
    let files = Files::new(&root);
    let certificates = files.open();
    let (listener, _) = certificates.listeners().unwrap();
    let (caller, _) = client(&root, &[&root]);
    let (_, before) = meet(&listener, &caller).unwrap();
    let (good, good_key) = (fs::read(files.path("node.pem")).unwrap(), fs::read(files.path("node.key")).unwrap());
    let torn = String::from_utf8(good[..200].to_vec()).unwrap();
    let other = issued(&root, URA, 90);
    let stranger = issued(&root, "90010099", 90);
    type Spoil<'s> = Box<dyn Fn() + 's>;
    let cases: Vec<(&str, Spoil<'_>)> = vec![
        ("torn", Box::new(|| write(&files.path("node.pem"), &torn))),
        ("empty", Box::new(|| write(&files.path("node.pem"), ""))),
        ("absent", Box::new(|| fs::remove_file(files.path("node.pem")).unwrap())),
        ("the certificate before its key", Box::new(|| write(&files.path("node.pem"), &other.0.pem()))),
        (
            "of another organisation",
            Box::new(|| {
                write(&files.path("node.pem"), &stranger.0.pem());
                write(&files.path("node.key"), &stranger.1.serialize_pem());
            }),
        ),
        ("authorities that are none", Box::new(|| write(&files.path("ca.pem"), &torn))),
        ("no authorities", Box::new(|| write(&files.path("ca.pem"), ""))),
    ];
    for (case, spoil) in cases {
        spoil();
        assert!(certificates.look(&files.config).is_err(), "{case}");
        assert!(certificates.trouble().is_some(), "{case}");
        let (_, shown) = meet(&listener, &client(&root, &[&root]).0).unwrap();
        assert_eq!(shown, before, "{case}");
        fs::write(files.path("node.pem"), &good).unwrap();
        fs::write(files.path("node.key"), &good_key).unwrap();
        files.believe(&[&root]);
        assert_eq!(certificates.look(&files.config), Ok(false), "{case}: mended");
        assert_eq!(certificates.trouble(), None);
    }
}

#[tokio::test]
async fn no_session_outlives_the_trust_it_began_with() {
    let (old, new) = (authority("old"), authority("new"));
    let files = Files::new(&old);
    let certificates = files.open();
    let (listener, _) = certificates.listeners().unwrap();
    let (caller, leaf) = client(&old, &[&old, &new]);
    assert_eq!(meet(&listener, &caller).unwrap().0, HandshakeKind::Full);
    assert_eq!(meet(&listener, &caller).unwrap().0, HandshakeKind::Resumed);
    assert_eq!(certificates.outer().standing(Part::Client, &leaf, &[]).await, Standing::Good);
    files.believe(&[&old, &new]);
    files.show(&new, URA, 90);
    assert_eq!(certificates.reload(&files.config), Ok(true));
    let (kind, _) = meet(&listener, &caller).unwrap();
    assert_ne!(kind, HandshakeKind::Resumed, "judged anew");
    assert_eq!(meet(&listener, &caller).unwrap().0, HandshakeKind::Resumed, "old and new side by side");
    files.believe(&[&new]);
    assert_eq!(certificates.reload(&files.config), Ok(true));
    assert!(meet(&listener, &caller).is_err(), "the session cannot be resumed, and the certificate is not believed");
    // A connection that is still open: what comes over it is identified anew.
    assert_eq!(certificates.outer().standing(Part::Client, &leaf, &[]).await, Standing::NotTrusted);
    assert!(meet(&listener, &client(&new, &[&new]).0).is_ok());
}

#[tokio::test]
async fn what_ends_first_stands_in_front() {
    let root = authority("Wortel");
    let files = Files::new(&root);
    files.show(&root, URA, 12);
    let certificates = files.open();
    let (_, leaf) = client(&root, &[&root]);
    certificates.outer().standing(Part::Client, &leaf, &[]).await;
    let all: Vec<_> = certificates.expiring().into_iter().map(|one| (one.kind, one.days)).collect();
    assert_eq!(all, [(Kind::Outer, 12), (Kind::Partner, 90), (Kind::OuterAuthority, 399)]);
    let mut registry = Registry::default();
    certificates.register(&mut registry);
    certificates.measure();
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "certificate_days_left{kind=\"outer\"} 12",
        "certificate_days_left{kind=\"partner\"} 90",
        "certificates_vetted{standing=\"good\"} 1",
        "certificate_files_unusable 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}
