use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::super::ReceiverConfig;

/// What a receiver does with a connection.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Takes all that comes.
    Well,
    /// Takes so many octets, then closes in the middle of whatever it is.
    ClosesAfter(usize),
    /// Takes a little, often enough for every single write to come to something.
    Slow,
    /// Shakes hands and reads nothing.
    ReadsNothing,
    /// Accepts the connection and says nothing, not even in TLS.
    Silent,
    /// Answers in something that is no TLS.
    NoTls,
}

/// Certificates on disk: an authority, a receiver's of it, a node's of it, and those of somebody else.
pub struct Files {
    folder: TempDir,
}

impl Files {
    pub fn new() -> Files {
        let files = Files { folder: tempfile::tempdir().unwrap() };
        for authority in ["own", "other"] {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.distinguished_name.push(DnType::CommonName, format!("{authority} authority"));
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            files.write(&format!("{authority}-ca.pem"), &ca.pem());
            for (name, host) in [("receiver", "127.0.0.1"), ("elsewhere", "siem.example"), ("node", "node.example")] {
                let key = KeyPair::generate().unwrap();
                let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
                files.write(&format!("{authority}-{name}.pem"), &certificate.pem());
                files.write(&format!("{authority}-{name}.key"), &key.serialize_pem());
            }
        }
        files
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A receiver at this address, believed by the own authority.
    pub fn config(&self, address: SocketAddr) -> ReceiverConfig {
        ReceiverConfig {
            port: address.port(),
            authorities_file: Some(self.path("own-ca.pem")),
            connect_ms: 1_000,
            write_ms: 500,
            ..ReceiverConfig::new("127.0.0.1")
        }
    }

    /// TLS of a receiver with this certificate; `asks` for a certificate of the own authority.
    pub fn tls(&self, name: &str, asks: bool) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let builder = if asks {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(self.path("own-ca.pem")).unwrap()).unwrap();
            builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap(),
            )
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![CertificateDer::from_pem_file(self.path(&format!("{name}.pem"))).unwrap()];
        let key = PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).unwrap();
        Arc::new(builder.with_single_cert(chain, key).unwrap())
    }
}

/// A receiver, for as many connections as come.
pub struct Stub {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Stub {
    /// Over TLS, or over plain TCP.
    pub fn start(tls: Option<Arc<ServerConfig>>, manner: Manner) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let all = received.clone();
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (socket, tls, all) = (socket.unwrap(), tls.clone(), all.clone());
                let number = {
                    let mut all = all.lock().unwrap();
                    all.push(Vec::new());
                    all.len() - 1
                };
                thread::spawn(move || serve(socket, tls, manner, |octets| all.lock().unwrap()[number].extend(octets)));
            }
        });
        Stub { address, received }
    }

    /// What came in this connection.
    pub fn received(&self, connection: usize) -> Vec<u8> {
        self.received.lock().unwrap().get(connection).cloned().unwrap_or_default()
    }

    /// Waits until so many octets came in it.
    pub fn wait_for(&self, connection: usize, octets: usize) -> Vec<u8> {
        for _ in 0..500 {
            if self.received(connection).len() >= octets {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.received(connection)
    }
}

fn serve(mut socket: TcpStream, tls: Option<Arc<ServerConfig>>, manner: Manner, mut keep: impl FnMut(&[u8])) {
    match manner {
        Manner::Silent => return thread::sleep(Duration::from_secs(30)),
        Manner::NoTls => {
            let _ = socket.write_all(b"220 receiver ready\r\n");
            return thread::sleep(Duration::from_secs(1));
        }
        Manner::Well | Manner::ClosesAfter(_) | Manner::Slow | Manner::ReadsNothing => {}
    }
    match tls {
        None => read(&mut socket, manner, &mut keep),
        Some(tls) => {
            let mut stream = StreamOwned::new(ServerConnection::new(tls).unwrap(), socket);
            while stream.conn.is_handshaking() {
                if stream.conn.complete_io(&mut stream.sock).is_err() {
                    return;
                }
            }
            read(&mut stream, manner, &mut keep);
        }
    }
}

fn read(stream: &mut impl Read, manner: Manner, keep: &mut impl FnMut(&[u8])) {
    let mut left = match manner {
        Manner::ClosesAfter(octets) => octets,
        Manner::ReadsNothing => return thread::sleep(Duration::from_secs(30)),
        Manner::Well | Manner::Slow | Manner::Silent | Manner::NoTls => usize::MAX,
    };
    let mut buffer = [0; 4096];
    while left > 0 {
        if matches!(manner, Manner::Slow) {
            thread::sleep(Duration::from_millis(1));
        }
        let most = left.min(buffer.len());
        match stream.read(&mut buffer[..most]) {
            Ok(0) | Err(_) => return,
            Ok(read) => {
                keep(&buffer[..read]);
                left -= read;
            }
        }
    }
}
