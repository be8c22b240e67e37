//! The server side of mutual TLS, as the played national services have it: nobody without a certificate, whose certificate it
//! was, and a second handle on each connection, so that it can be cut without a byte.

use std::any::Any;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::{Extensions, ServerHandle};
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpRequest, HttpServer};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// What is told of the sockets of a service that is played.
pub(crate) struct Started {
    pub address: SocketAddr,
    pub control: SocketAddr,
    pub servers: Vec<ServerHandle>,
}

/// The body of a service's thread: its interfaces behind `tls`, its control interface beside them in plain HTTP, until both
/// are stopped.
pub(crate) fn serve(
    tls: ServerConfig,
    (address, control): (SocketAddr, SocketAddr),
    interfaces: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    beside: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    tell: &Sender<io::Result<Started>>,
) {
    actix_web::rt::System::new().block_on(async {
        let interfaces = HttpServer::new(move || App::new().configure(interfaces.clone()))
            .on_connect(keep)
            .workers(1)
            .disable_signals()
            .shutdown_timeout(1)
            .bind_rustls_0_23(address, tls);
        let beside = HttpServer::new(move || App::new().configure(beside.clone()))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(1)
            .bind(control);
        let (interfaces, beside) = match (interfaces, beside) {
            (Ok(interfaces), Ok(beside)) => (interfaces, beside),
            (Err(fault), _) | (_, Err(fault)) => {
                let _ = tell.send(Err(fault));
                return;
            }
        };
        let bound = |addresses: Vec<SocketAddr>, asked| addresses.first().copied().unwrap_or(asked);
        let (address, control) = (bound(interfaces.addrs(), address), bound(beside.addrs(), control));
        let (interfaces, beside) = (interfaces.run(), beside.run());
        let servers = vec![interfaces.handle(), beside.handle()];
        if tell.send(Ok(Started { address, control, servers })).is_ok() {
            // An error here is a listener torn down while stopping; nobody is left to tell.
            let _ = futures_util::future::join(interfaces, beside).await;
        }
    });
}

/// TLS that takes nobody without a certificate of these authorities (all PEM files).
///
/// # Errors
/// A file cannot be used.
pub fn config(certificate: &Path, key: &Path, authorities: &Path) -> io::Result<ServerConfig> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_file_iter(authorities).map_err(io::Error::other)? {
        roots.add(authority.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate).map_err(io::Error::other)?.collect();
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_client_cert_verifier(verifier.map_err(io::Error::other)?)
        .with_single_cert(
            chain.map_err(io::Error::other)?,
            PrivateKeyDer::from_pem_file(key).map_err(io::Error::other)?,
        )
        .map_err(io::Error::other)
}

/// A second handle on the connection of a request.
struct Line(TcpStream);

/// The certificate that the client of a connection showed, DER.
struct Shown(Vec<u8>);

/// To be called for each connection.
pub fn keep(connection: &dyn Any, data: &mut Extensions) {
    let Some(tls) = connection.downcast_ref::<TlsStream<actix_web::rt::net::TcpStream>>() else { return };
    let (stream, session) = tls.get_ref();
    if let Ok(copy) = stream.as_fd().try_clone_to_owned() {
        data.insert(Line(TcpStream::from(copy)));
    }
    if let Some(leaf) = session.peer_certificates().and_then(|chain| chain.first()) {
        data.insert(Shown(leaf.to_vec()));
    }
}

/// Cuts the connection of a request.
pub fn cut(request: &HttpRequest) {
    if let Some(line) = request.conn_data::<Line>() {
        let _ = line.0.shutdown(Shutdown::Both);
    }
}

/// The certificate of whoever makes a request, DER.
pub fn shown(request: &HttpRequest) -> Option<&[u8]> {
    request.conn_data::<Shown>().map(|shown| shown.0.as_slice())
}
