//! The partner's sockets: mutual TLS with a certificate that can be replaced, so that a revoked one can be shown, and beside
//! it the control interface in plain HTTP.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{App, HttpServer};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{FHIR, NOTIFICATION, TOKEN, World, control, exchange, locked, tokens};
use crate::mutual_tls::{self, Started};

/// The largest handoff that it is told to send.
const LARGEST: usize = 32 << 20;

/// The certificate that is shown to whoever connects next, and the connections that there are.
#[derive(Debug)]
pub struct Shows {
    own: Arc<CertifiedKey>,
    now: Mutex<Arc<CertifiedKey>>,
    lines: Mutex<Vec<TcpStream>>,
}

impl Shows {
    /// # Errors
    /// A file cannot be used.
    pub fn new(certificate: &Path, key: &Path) -> io::Result<Self> {
        let (certificate, key) = (std::fs::read(certificate)?, std::fs::read(key)?);
        let own = Arc::new(certified(&certificate, &key)?);
        Ok(Shows { now: Mutex::new(own.clone()), own, lines: Mutex::default() })
    }

    /// Shows another certificate (PEM), or its own again. Whoever is connected has to connect anew.
    ///
    /// # Errors
    /// Certificate and key do not go together.
    pub fn show(&self, other: Option<(&str, &str)>) -> io::Result<()> {
        let next = match other {
            Some((certificate, key)) => Arc::new(certified(certificate.as_bytes(), key.as_bytes())?),
            None => self.own.clone(),
        };
        *locked(&self.now) = next;
        for line in locked(&self.lines).drain(..) {
            // One that ended by itself is no loss.
            let _ = line.shutdown(Shutdown::Both);
        }
        Ok(())
    }

    /// TLS that takes nobody without a certificate of these authorities, and resumes no session: each connection sees the
    /// certificate of now.
    ///
    /// # Errors
    /// A file cannot be used.
    pub fn config(self: &Arc<Self>, certificate: &Path, key: &Path, authorities: &Path) -> io::Result<ServerConfig> {
        let mut config = mutual_tls::config(certificate, key, authorities)?;
        config.cert_resolver = self.clone();
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }
}

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(locked(&self.now).clone())
    }
}

fn certified(certificate: &[u8], key: &[u8]) -> io::Result<CertifiedKey> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let key = PrivateKeyDer::from_pem_slice(key).map_err(io::Error::other)?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    CertifiedKey::from_der(chain.map_err(io::Error::other)?, key, &provider).map_err(io::Error::other)
}

/// The body of the partner's thread: serves until both servers are stopped.
pub(super) fn run(
    world: &Arc<World>,
    tls: ServerConfig,
    (address, beside): (SocketAddr, SocketAddr),
    tell: &Sender<io::Result<Started>>,
) {
    actix_web::rt::System::new().block_on(async {
        let (data, lines) = (Data::from(world.clone()), world.shows.clone());
        let interfaces = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(PayloadConfig::new(LARGEST))
                .route(TOKEN, web::post().to(tokens::token))
                .default_service(web::to(exchange::any))
        })
        .on_connect(move |connection, kept| {
            mutual_tls::keep(connection, kept);
            let Some(tls) = connection.downcast_ref::<TlsStream<actix_web::rt::net::TcpStream>>() else { return };
            if let Ok(copy) = tls.get_ref().0.as_fd().try_clone_to_owned() {
                locked(&lines.lines).push(TcpStream::from(copy));
            }
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind_rustls_0_23(address, tls);
        let data = Data::from(world.clone());
        let beside = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::JsonConfig::default().limit(LARGEST))
                .route("/_control/sends/{task}", web::put().to(control::send))
                .route("/_control/sends/{task}", web::get().to(control::sent))
                .route("/_control/takes", web::put().to(control::take))
                .route("/_control/certificate", web::put().to(control::show))
                .route("/_control/seen", web::get().to(control::seen))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(beside);
        let (interfaces, beside) = match (interfaces, beside) {
            (Ok(interfaces), Ok(beside)) => (interfaces, beside),
            (Err(fault), _) | (_, Err(fault)) => {
                let _ = tell.send(Err(fault));
                return;
            }
        };
        let control = beside.addrs().first().copied().unwrap_or(address);
        let (interfaces, beside) = (interfaces.run(), beside.run());
        let servers = vec![interfaces.handle(), beside.handle()];
        if tell.send(Ok(Started { address, control, servers })).is_ok() {
            // An error here is a listener torn down while stopping; nobody is left to tell.
            let _ = futures_util::future::join(interfaces, beside).await;
        }
    });
}

/// What the interfaces are below the base, by path.
pub(super) fn below(path: &str, of: Part) -> Option<&str> {
    let base = match of {
        Part::Fhir => FHIR,
        Part::Notification => NOTIFICATION,
    };
    path.strip_prefix(base)?.strip_prefix('/')
}

#[derive(Clone, Copy)]
pub(super) enum Part {
    Fhir,
    Notification,
}
