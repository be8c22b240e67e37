//! Builds the client: our own TLS, and nothing from the environment.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Url};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

use super::public_only::PublicOnly;

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
    /// Shown to servers that ask for a client certificate.
    pub identity: Option<ClientIdentity>,
    /// Connects to public addresses only: for addresses that others choose. Addresses that are numbers are not looked up,
    /// and are for the caller to refuse.
    pub public_only: bool,
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

/// The one HTTP client. Cloning shares its connections.
#[derive(Clone)]
pub struct HttpClient {
    pub(super) client: reqwest::Client,
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
            identity: None,
            public_only: false,
            http2: false,
            connect_patience: Duration::from_secs(3),
            idle_connections: 32,
            idle_for: Duration::from_secs(30),
        }
    }
}

impl HttpClient {
    pub fn new(settings: HttpSettings) -> Result<Self, SetupFault> {
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .tcp_nodelay(true)
            .connect_timeout(settings.connect_patience)
            .pool_max_idle_per_host(settings.idle_connections)
            .pool_idle_timeout(settings.idle_for);
        if settings.public_only {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        if !settings.http2 {
            builder = builder.http1_only();
        }
        let client = builder.tls_backend_preconfigured(tls(settings)?).build().map_err(|_| SetupFault::Client)?;
        Ok(HttpClient { client })
    }

    /// Begins a request; [`HttpClient::fetch`] makes it.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }
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

fn tls(settings: HttpSettings) -> Result<rustls::ClientConfig, SetupFault> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|_| SetupFault::Client)?;
    let builder = match settings.trust {
        Trust::Roots(roots) => {
            let mut store = RootCertStore::empty();
            for root in roots {
                store.add(root).map_err(|_| SetupFault::Root)?;
            }
            builder.with_root_certificates(store)
        }
        Trust::Platform => {
            let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(|_| SetupFault::PlatformStore)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    let mut config = match settings.identity {
        Some(own) => builder.with_client_auth_cert(own.chain, own.key).map_err(|_| SetupFault::Identity)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols =
        if settings.http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
    Ok(config)
}
