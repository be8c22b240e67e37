//! A receiver of webhooks, from its table in the configuration.

use connectors::http::{ClientIdentity, Trust};
use connectors::webhooks::{Secrets, WebhookConfig, WebhookReceiver};
use zeroize::Zeroizing;

use crate::config::Mode;
use crate::tls;

/// The receiver of this table, which is called so. Changes nothing, and calls nobody yet.
///
/// # Errors
/// When a file cannot be used: a sentence for the operator.
pub fn receiver(webhook: &WebhookConfig, table: &str, mode: Mode) -> Result<WebhookReceiver, String> {
    if mode == Mode::Production {
        tls::key_is_private(&webhook.secret_file)?;
        webhook.key_file.iter().try_for_each(|key| tls::key_is_private(key))?;
    }
    let file = &webhook.secret_file;
    let said = |fault: &dyn std::fmt::Display| format!("{}: {fault}", file.display());
    let text = std::fs::read_to_string(file).map(Zeroizing::new).map_err(|fault| said(&fault))?;
    let secrets = Secrets::parse(&text).map_err(|fault| said(&fault))?;
    let trust = match &webhook.authorities_file {
        Some(file) => Trust::Roots(tls::certificates(file)?),
        None => Trust::Platform,
    };
    let identity = match (&webhook.certificate_file, &webhook.key_file) {
        (Some(certificate), Some(key)) => {
            let identity = tls::identity(certificate, key)?;
            Some(ClientIdentity::new(identity.chain, identity.key))
        }
        _ => None,
    };
    let receiver = WebhookReceiver::new(webhook.clone(), secrets, trust, identity);
    receiver.map_err(|fault| format!("{table}: {fault}"))
}
