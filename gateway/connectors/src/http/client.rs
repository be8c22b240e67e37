//! Builds the client: our own TLS, and nothing from the environment.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use fhir::Ura;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Url};
use rustls::RootCertStore;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

use super::bound::BoundServers;
use super::public_only::PublicOnly;
use super::vetted::{Awaiting, VettedServers};
use crate::identity::Vetting;

/// Most TLS sessions that are kept to be resumed.
const SESSIONS: usize = 256;

/// Whom we believe when a server shows its certificate.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The store of the operating system.
    Platform,
    /// These roots and no other.
    Roots(Vec<CertificateDer<'static>>),
}

/// Who we are in mutual TLS.
pub struct ClientIdentity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// How a client is built.
#[derive(Debug)]
pub struct HttpSettings {
    pub trust: Trust,
    /// Who is asked whether the certificates of servers were revoked, before anything is told to them. Goes with roots of
    /// our own; nobody when it is not set.
    pub vetting: Option<Arc<Vetting>>,
    /// Shown to servers that ask for a client certificate.
    pub identity: Option<ClientIdentity>,
    /// Connects to public addresses only: for addresses that others choose. Addresses that are numbers are not looked up,
    /// and are for the caller to refuse.
    pub public_only: bool,
    /// Believes servers only that show the certificate of this organisation, besides everything else.
    pub bound_to: Option<Ura>,
    /// Offers HTTP/2 in TLS. Off by default: many small parallel answers go faster over pooled HTTP/1.1.
    pub http2: bool,
    pub connect_patience: Duration,
    /// Idle connections kept per host, and for how long.
    pub idle_connections: usize,
    pub idle_for: Duration,
}

/// Why no client can be built; a sentence for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SetupFault {
    #[error("the PEM text holds no certificate")]
    NoCertificate,
    #[error("the PEM text holds no private key")]
    NoKey,
    #[error("a trust root is not a usable CA certificate")]
    Root,
    #[error("the client certificate and its private key do not go together")]
    Identity,
    #[error("the operating system's certificate store cannot be read")]
    PlatformStore,
    #[error("the HTTP client cannot be built")]
    Client,
}

/// The one HTTP client. Cloning shares its connections, and the certificate and trust that it has at the moment.
#[derive(Clone)]
pub struct HttpClient {
    current: Arc<RwLock<Current>>,
    /// Servers whose standing has to be found out before they are told anything.
    pub(super) awaiting: Option<Awaiting>,
}

/// What the client is made of at the moment.
struct Current {
    client: reqwest::Client,
    tls: rustls::ClientConfig,
    shape: Shape,
    /// Grows by one with each replacement.
    generation: u64,
}

/// What of the settings is not TLS.
#[derive(Clone, Copy)]
struct Shape {
    http2: bool,
    public_only: bool,
    connect_patience: Duration,
    idle_connections: usize,
    idle_for: Duration,
}

impl Trust {
    /// Trusts the CA certificates of a PEM text, and no other.
    pub fn from_pem(pem: &[u8]) -> Result<Self, SetupFault> {
        certificates(pem).map(Trust::Roots)
    }
}

impl ClientIdentity {
    /// A certificate chain (own certificate first) and its private key, both DER.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        ClientIdentity { chain, key }
    }

    /// The same from PEM texts.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, SetupFault> {
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| SetupFault::NoKey)?;
        Ok(ClientIdentity { chain: certificates(chain)?, key })
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity(..)")
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        HttpSettings {
            trust: Trust::Platform,
            vetting: None,
            identity: None,
            public_only: false,
            bound_to: None,
            http2: false,
            connect_patience: Duration::from_secs(3),
            idle_connections: 32,
            idle_for: Duration::from_secs(30),
        }
    }
}

impl HttpClient {
    pub fn new(settings: HttpSettings) -> Result<Self, SetupFault> {
        let awaiting = settings.vetting.clone().map(Awaiting::new);
        let current = Current::new(settings, awaiting.as_ref(), 0)?;
        Ok(HttpClient { current: Arc::new(RwLock::new(current)), awaiting })
    }

    /// From now on every request is made with these settings, on connections of its own; those under way end as they
    /// began. `also` is done in the same moment: no request begins between the two. On a fault all stays as it was. The
    /// vetting of servers stays the one of the beginning.
    pub fn replace(&self, settings: HttpSettings, also: impl FnOnce()) -> Result<(), SetupFault> {
        let mut next = Current::new(settings, self.awaiting.as_ref(), 0)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        next.generation = current.generation + 1;
        *current = next;
        also();
        Ok(())
    }

    /// Ends with all connections and sessions that are kept: a server lost its standing.
    pub fn renew(&self) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let mut tls = current.tls.clone();
        tls.resumption = Resumption::in_memory_sessions(SESSIONS);
        if let Ok(client) = client(tls.clone(), current.shape) {
            (current.client, current.tls) = (client, tls);
        }
    }

    /// Which settings hold: a number that changes with them.
    pub fn generation(&self) -> u64 {
        self.current.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    /// Begins a request; [`HttpClient::fetch`] makes it.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client().request(method, url)
    }

    pub(super) fn client(&self) -> reqwest::Client {
        self.current.read().unwrap_or_else(PoisonError::into_inner).client.clone()
    }
}

impl Current {
    fn new(settings: HttpSettings, awaiting: Option<&Awaiting>, generation: u64) -> Result<Self, SetupFault> {
        let shape = Shape {
            http2: settings.http2,
            public_only: settings.public_only,
            connect_patience: settings.connect_patience,
            idle_connections: settings.idle_connections,
            idle_for: settings.idle_for,
        };
        let tls = tls(settings, awaiting)?;
        Ok(Current { client: client(tls.clone(), shape)?, tls, shape, generation })
    }
}

fn client(tls: rustls::ClientConfig, shape: Shape) -> Result<reqwest::Client, SetupFault> {
    let mut builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(shape.connect_patience)
        .pool_max_idle_per_host(shape.idle_connections)
        .pool_idle_timeout(shape.idle_for);
    if shape.public_only {
        builder = builder.dns_resolver(Arc::new(PublicOnly));
    }
    if !shape.http2 {
        builder = builder.http1_only();
    }
    builder.tls_backend_preconfigured(tls).build().map_err(|_| SetupFault::Client)
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, SetupFault> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or(SetupFault::NoCertificate)
}

fn tls(settings: HttpSettings, awaiting: Option<&Awaiting>) -> Result<rustls::ClientConfig, SetupFault> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|_| SetupFault::Client)?;
    let bound = |verifier: Arc<dyn ServerCertVerifier>| match settings.bound_to.clone() {
        Some(ura) => Arc::new(BoundServers::new(verifier, ura)) as Arc<dyn ServerCertVerifier>,
        None => verifier,
    };
    let builder = match settings.trust {
        // No verifier of rustls's own is made for no roots; this one then believes nobody.
        Trust::Roots(roots) if roots.is_empty() => builder.with_root_certificates(RootCertStore::empty()),
        Trust::Roots(roots) => {
            let mut store = RootCertStore::empty();
            for root in roots {
                store.add(root).map_err(|_| SetupFault::Root)?;
            }
            let inner = rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
                .build()
                .map_err(|_| SetupFault::Root)?;
            let verifier: Arc<dyn ServerCertVerifier> = match awaiting {
                Some(awaiting) => Arc::new(VettedServers::new(inner, awaiting.clone())),
                None => inner,
            };
            builder.dangerous().with_custom_certificate_verifier(bound(verifier))
        }
        Trust::Platform => {
            let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(|_| SetupFault::PlatformStore)?;
            builder.dangerous().with_custom_certificate_verifier(bound(Arc::new(verifier)))
        }
    };
    let mut config = match settings.identity {
        Some(own) => builder.with_client_auth_cert(own.chain, own.key).map_err(|_| SetupFault::Identity)?,
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    config.alpn_protocols =
        if settings.http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
    Ok(config)
}
