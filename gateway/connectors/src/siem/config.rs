//! Where the receiver is, and what is shown to it and believed of it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How it is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// Syslog over TLS (RFC 5425).
    #[default]
    Tls,
    /// The same frames over plain TCP (RFC 6587, section 3.4.1): to this machine only, in development mode only.
    Tcp,
}

/// The receiver of syslog messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverConfig {
    /// Its name, as its certificate has it, or its IP address.
    pub host: String,
    #[serde(default = "defaults::port")]
    pub port: u16,
    #[serde(default)]
    pub transport: Transport,
    /// The authorities its certificate is held against (PEM). Needed with TLS: a monitoring system is the provider's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
    /// What is shown to a receiver that asks for a certificate (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// How long connecting, with all of TLS, may take, in milliseconds.
    #[serde(default = "defaults::connect_ms")]
    pub connect_ms: u64,
    /// How long the receiver may take to accept a batch of messages, in milliseconds.
    #[serde(default = "defaults::write_ms")]
    pub write_ms: u64,
}

mod defaults {
    pub const fn port() -> u16 {
        6514
    }
    pub const fn connect_ms() -> u64 {
        5_000
    }
    pub const fn write_ms() -> u64 {
        10_000
    }
}

/// Why the receiver cannot be spoken to; a sentence for the operator.
#[derive(Debug, Error)]
pub enum SetupFault {
    #[error("host is neither a name nor an IP address")]
    Host,
    #[error("authorities_file is needed: the authorities of the receiver's certificate")]
    NoAuthorities,
    #[error("certificate_file and key_file go together")]
    HalfIdentity,
    #[error("{file}: {what}")]
    File { file: PathBuf, what: &'static str },
    #[error("the certificate and its private key do not go together")]
    Identity,
    #[error("TLS cannot be set up")]
    Tls,
}

/// What a connection is made with: TLS, and the name that the receiver must prove; nothing for plain TCP.
#[derive(Clone)]
pub(super) struct Security {
    pub(super) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Security({})", if self.tls.is_some() { "tls" } else { "tcp" })
    }
}

impl ReceiverConfig {
    /// A receiver at this host over TLS, and the usual of everything else.
    pub fn new(host: &str) -> Self {
        ReceiverConfig {
            host: host.to_owned(),
            port: defaults::port(),
            transport: Transport::Tls,
            authorities_file: None,
            certificate_file: None,
            key_file: None,
            connect_ms: defaults::connect_ms(),
            write_ms: defaults::write_ms(),
        }
    }

    /// The files that it names.
    pub fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let all = [&mut self.authorities_file, &mut self.certificate_file, &mut self.key_file];
        all.into_iter().flatten()
    }

    /// Whether it is this machine, by an address: a name may be led elsewhere.
    pub fn is_loopback(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// What does not depend on what the files hold.
    ///
    /// # Errors
    /// When something is missing that belongs to the rest.
    pub fn check(&self) -> Result<(), SetupFault> {
        ServerName::try_from(self.host.as_str()).map_err(|_| SetupFault::Host)?;
        if self.transport == Transport::Tls && self.authorities_file.is_none() {
            return Err(SetupFault::NoAuthorities);
        }
        if self.certificate_file.is_some() != self.key_file.is_some() {
            return Err(SetupFault::HalfIdentity);
        }
        Ok(())
    }

    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be used.
    pub(super) fn security(&self) -> Result<Security, SetupFault> {
        self.check()?;
        let Some(authorities) = self.authorities_file.as_ref().filter(|_| self.transport == Transport::Tls) else {
            return Ok(Security { tls: None });
        };
        let mut store = RootCertStore::empty();
        for root in certificates(authorities)? {
            let what = "not a certificate authority";
            store.add(root).map_err(|_| SetupFault::File { file: authorities.clone(), what })?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| SetupFault::Tls)?
            .with_root_certificates(store);
        let config = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => {
                let what = "no private key can be read";
                let own =
                    PrivateKeyDer::from_pem_file(key).map_err(|_| SetupFault::File { file: key.clone(), what })?;
                builder.with_client_auth_cert(certificates(certificate)?, own).map_err(|_| SetupFault::Identity)?
            }
            _ => builder.with_no_client_auth(),
        };
        let name = ServerName::try_from(self.host.clone()).map_err(|_| SetupFault::Host)?;
        Ok(Security { tls: Some((Arc::new(config), name)) })
    }
}

fn certificates(file: &PathBuf) -> Result<Vec<CertificateDer<'static>>, SetupFault> {
    let fault = || SetupFault::File { file: file.clone(), what: "no certificate can be read" };
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(|_| fault())?.collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(fault)
}
