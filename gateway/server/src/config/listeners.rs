//! The two listeners.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The outer listener, for other providers' nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuterConfig {
    pub address: SocketAddr,
    /// How others reach it: `https://host[:port]`, without a slash at the end. All URLs that we make begin with it.
    pub public_base: String,
    /// The node's certificate chain, PEM. Also shown to peers as client certificate.
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
    /// The authorities whose certificates peers may show, PEM. Peers' servers are held to the same.
    pub authorities_file: PathBuf,
    /// Whether somebody who is not identified reads in `/metadata` what all use cases offer. Otherwise only that this is a
    /// FHIR server; an identified caller always reads what its own use cases offer.
    #[serde(default = "open")]
    pub open_metadata: bool,
}

/// The inner listener, for the provider's own systems and people.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerConfig {
    pub address: SocketAddr,
    pub public_base: String,
    /// TLS; without it the listener must be on loopback, in development mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<InnerTlsConfig>,
    /// Whether the pages are served.
    #[serde(default)]
    pub portal: bool,
}

/// TLS of the inner listener.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerTlsConfig {
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
    /// The authorities of the provider's own systems.
    pub authorities_file: PathBuf,
}

fn open() -> bool {
    true
}

impl OuterConfig {
    pub(super) fn files(&mut self) -> Vec<&mut PathBuf> {
        vec![&mut self.certificate_file, &mut self.key_file, &mut self.authorities_file]
    }
}

impl InnerConfig {
    pub(super) fn files(&mut self) -> Vec<&mut PathBuf> {
        match &mut self.tls {
            Some(tls) => vec![&mut tls.certificate_file, &mut tls.key_file, &mut tls.authorities_file],
            None => Vec::new(),
        }
    }
}
