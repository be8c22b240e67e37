//! One message to the receiver, and whether it took it.

use std::fmt;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use thiserror::Error;

use super::config::WebhookConfig;
use super::secrets::Secrets;
use crate::http::{ClientIdentity, FetchFault, HttpClient, HttpSettings, Limits, SetupFault, Trust};

/// Longest body of an answer that is read; nothing in it matters.
const ANSWER: usize = 64 << 10;

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DeliveryFault {
    /// The receiver is not there, or too slow: whatever is told next would fare no better.
    #[error("{0}")]
    Away(FetchFault),
    /// It says that it cannot now.
    #[error("the receiver cannot take it now ({0})")]
    Busy(u16),
    /// It does not want this one.
    #[error("the receiver refuses it ({0})")]
    Refused(u16),
}

/// A receiver that messages are put to.
pub struct WebhookReceiver {
    http: HttpClient,
    config: WebhookConfig,
    secrets: Secrets,
}

impl WebhookReceiver {
    /// Calls nobody yet. The parts of the configuration that are files come read: `trust` of `authorities_file`, `identity` of
    /// `certificate_file` and `key_file`.
    ///
    /// # Errors
    /// When no client can be made of them.
    pub fn new(
        config: WebhookConfig,
        secrets: Secrets,
        trust: Trust,
        identity: Option<ClientIdentity>,
    ) -> Result<Self, SetupFault> {
        let http = HttpClient::new(HttpSettings { trust, identity, idle_connections: 1, ..HttpSettings::default() })?;
        Ok(WebhookReceiver { http, config, secrets })
    }

    /// Puts a message to it. It has it when this is well; it may have it when not. `id` is the same whenever it is the same message;
    /// `moment`, in seconds since 1970, is that of this try.
    ///
    /// # Errors
    /// When it was not answered by a success. A redirect is none.
    pub async fn deliver(&self, id: &str, moment: i64, body: String) -> Result<(), DeliveryFault> {
        let signature = self.secrets.sign(id, moment, &body);
        let request = self
            .http
            .request(Method::POST, self.config.url.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", moment.to_string())
            .header("webhook-signature", signature)
            .body(body);
        let limits = Limits { bytes: ANSWER, patience: Duration::from_millis(self.config.patience_ms) };
        match self.http.fetch(request, limits).await {
            Ok(answer) if answer.status.is_success() => Ok(()),
            Ok(answer) => Err(DeliveryFault::of(answer.status)),
            // Only a success is read so far.
            Err(FetchFault::TooLarge { .. }) => Ok(()),
            Err(fault) => Err(DeliveryFault::Away(fault)),
        }
    }
}

impl DeliveryFault {
    fn of(status: StatusCode) -> Self {
        let code = status.as_u16();
        match code {
            408 | 425 | 429 | 500.. => DeliveryFault::Busy(code),
            _ => DeliveryFault::Refused(code),
        }
    }
}

impl fmt::Debug for WebhookReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookReceiver")
    }
}
