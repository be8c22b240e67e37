//! The notices of a node, from its configuration.

use std::sync::Arc;

use connectors::http::{ClientIdentity, Trust};
use connectors::webhooks::{Secrets, WebhookReceiver};
use store::access_log::AccessLog;
use zeroize::Zeroizing;

use super::{Notifying, Standing};
use crate::config::{Mode, NodeConfig};
use crate::log::places::Places;
use crate::tls;

/// Who takes the notices, when somebody does. Changes nothing.
///
/// # Errors
/// When a file cannot be used: a sentence for the operator.
pub fn receiver(config: &NodeConfig) -> Result<Option<WebhookReceiver>, String> {
    let Some(webhook) = &config.log.notices else { return Ok(None) };
    if config.mode == Mode::Production {
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
    receiver.map(Some).map_err(|fault| format!("log.notices: {fault}"))
}

/// Starts telling of this log, when somebody takes it.
///
/// # Errors
/// As [`receiver`], and when the folder of the outbox cannot be used.
pub fn of_config(config: &NodeConfig, log: &Arc<AccessLog>) -> Result<Option<(Notifying, Arc<Standing>)>, String> {
    let Some(receiver) = receiver(config)? else { return Ok(None) };
    let pages = config.inner.portal.then(|| config.inner.public_base.clone());
    Notifying::start(log, &Places::of_store(&config.store.folder).notices, receiver, pages).map(Some)
}
