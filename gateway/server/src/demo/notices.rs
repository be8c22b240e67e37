//! Who takes the notices for the privacy officers of the demo's providers: one receiver for all of them.

use std::path::{Path, PathBuf};

use conformance::ca::CertificateAuthority;
use conformance::webhook::{WebhookHandle, WebhookReceiver};
use connectors::http::WebAddress;
use connectors::webhooks::WebhookConfig;

use super::ready::ReadySimulator;
use super::{loopback, port, said, secrets};

/// Its port, above the first.
const PORT: u16 = 140;

/// The receiver, running.
pub struct Notices {
    receiver: WebhookHandle,
    authorities_file: PathBuf,
}

impl Notices {
    /// `ca_file` is the authority's own certificate.
    pub fn start(base_port: u16, authority: &CertificateAuthority, ca_file: PathBuf) -> Result<Self, String> {
        let receiver = WebhookReceiver::start(authority, loopback(port(base_port, PORT)?))
            .map_err(|fault| format!("the receiver of notices cannot be started: {fault}"))?;
        Ok(Notices { receiver, authorities_file: ca_file })
    }

    /// How the node of this folder tells it.
    pub fn config_for(&self, folder: &Path) -> Result<WebhookConfig, String> {
        let secret_file = folder.join("registers/notices");
        secrets::write_private(&secret_file, self.receiver.secret.as_bytes())?;
        Ok(WebhookConfig {
            url: said(WebAddress::parse(&self.receiver.url))?,
            secret_file,
            authorities_file: Some(self.authorities_file.clone()),
            certificate_file: None,
            key_file: None,
            // Less long than anybody need wait: a demo is not watched for long.
            patience_ms: 2_000,
        })
    }

    pub fn ready(&self) -> ReadySimulator {
        ReadySimulator {
            key: "notices".into(),
            kind: "webhook-receiver".into(),
            base: self.receiver.url.clone(),
            control: self.receiver.control_url.clone(),
        }
    }
}
