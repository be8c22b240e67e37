//! Where a receiver is, what is shown to it and believed of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::http::WebAddress;

/// Longest time that a receiver may be waited for, in milliseconds.
const LONGEST_PATIENCE: u64 = 60_000;

/// A receiver of webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    pub url: WebAddress,
    /// The secrets that messages are signed with: one a line, `whsec_` and 24 to 64 octets in base64.
    pub secret_file: PathBuf,
    /// The authorities that the receiver's certificate is held against (PEM); those of the operating system when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
    /// What is shown to a receiver that asks for a certificate (PEM).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// How long a message may take until it is answered, in milliseconds.
    #[serde(default = "WebhookConfig::ten_seconds")]
    pub patience_ms: u64,
}

impl WebhookConfig {
    const fn ten_seconds() -> u64 {
        10_000
    }

    /// The files that it names.
    pub fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let others = [&mut self.authorities_file, &mut self.certificate_file, &mut self.key_file];
        std::iter::once(&mut self.secret_file).chain(others.into_iter().flatten())
    }

    /// What does not depend on what the files hold. `development`: whether this is no node for real patients.
    ///
    /// # Errors
    /// A sentence for the operator, without the name of the table.
    pub fn check(&self, development: bool) -> Result<(), String> {
        if self.url.url().scheme() != "https" && !(development && self.url.is_on_loopback()) {
            return Err("url must be https".into());
        }
        if self.certificate_file.is_some() != self.key_file.is_some() {
            return Err("certificate_file and key_file go together".into());
        }
        if !(1..=LONGEST_PATIENCE).contains(&self.patience_ms) {
            return Err(format!("patience_ms must be between 1 and {LONGEST_PATIENCE}"));
        }
        Ok(())
    }
}
