//! The notices of a node, from its configuration.

use std::sync::Arc;

use connectors::webhooks::WebhookReceiver;
use store::access_log::AccessLog;

use super::{Notifying, Standing};
use crate::config::NodeConfig;
use crate::log::places::Places;

/// Who takes the notices, when somebody does. Changes nothing.
///
/// # Errors
/// When a file cannot be used: a sentence for the operator.
pub fn receiver(config: &NodeConfig) -> Result<Option<WebhookReceiver>, String> {
    let webhook = config.log.notices.as_ref();
    webhook.map(|webhook| crate::webhooks::receiver(webhook, "log.notices", config.mode)).transpose()
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
