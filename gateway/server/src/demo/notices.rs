//! Who takes the notices for the privacy officers of the demo's providers, and what their record systems are told of handoffs: one
//! receiver each for all of them.

use std::path::{Path, PathBuf};

use conformance::ca::CertificateAuthority;
use conformance::webhook::{WebhookHandle, WebhookReceiver};
use connectors::http::WebAddress;
use connectors::webhooks::WebhookConfig;

use super::ready::ReadySimulator;
use super::{loopback, port, said, secrets};

/// Its port, above the first.
const PORT: u16 = 140;
/// That of the record systems.
const RECORD_SYSTEMS: u16 = 143;

/// The receivers, running.
pub struct Notices {
    receiver: WebhookHandle,
    record_systems: WebhookHandle,
    authorities_file: PathBuf,
}

impl Notices {
    /// `ca_file` is the authority's own certificate.
    pub fn start(base_port: u16, authority: &CertificateAuthority, ca_file: PathBuf) -> Result<Self, String> {
        let receiver = WebhookReceiver::start(authority, loopback(port(base_port, PORT)?))
            .map_err(|fault| format!("the receiver of notices cannot be started: {fault}"))?;
        let record_systems = WebhookReceiver::start(authority, loopback(port(base_port, RECORD_SYSTEMS)?))
            .map_err(|fault| format!("the record systems cannot be started: {fault}"))?;
        Ok(Notices { receiver, record_systems, authorities_file: ca_file })
    }

    /// How the node of this folder tells it.
    pub fn config_for(&self, folder: &Path) -> Result<WebhookConfig, String> {
        self.at(&self.receiver, folder.join("registers/notices"))
    }

    /// How it tells its record system.
    pub fn record_system_for(&self, folder: &Path) -> Result<WebhookConfig, String> {
        self.at(&self.record_systems, folder.join("registers/record-system"))
    }

    fn at(&self, receiver: &WebhookHandle, secret_file: PathBuf) -> Result<WebhookConfig, String> {
        secrets::write_private(&secret_file, receiver.secret.as_bytes())?;
        Ok(WebhookConfig {
            url: said(WebAddress::parse(&receiver.url))?,
            secret_file,
            authorities_file: Some(self.authorities_file.clone()),
            certificate_file: None,
            key_file: None,
            // Less long than anybody need wait: a demo is not watched for long.
            patience_ms: 2_000,
        })
    }

    pub fn ready(&self) -> [ReadySimulator; 2] {
        let of = |key: &str, kind: &str, receiver: &WebhookHandle| ReadySimulator {
            key: key.into(),
            kind: kind.into(),
            base: receiver.url.clone(),
            control: receiver.control_url.clone(),
        };
        [of("notices", "webhook-receiver", &self.receiver), of("record-systems", "record-system", &self.record_systems)]
    }
}
