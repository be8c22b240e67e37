//! How the access log proves that it was not altered, which cannot be switched off, how long its records are kept, and which
//! monitoring system and which privacy officer are told of them.

use std::path::PathBuf;

use connectors::http::WebAddress;
use connectors::siem::{ReceiverConfig, Transport};
use connectors::webhooks::WebhookConfig;
use serde::{Deserialize, Serialize};
use store::proof::PublicKey;

use super::Mode;
use crate::log::retention::RetentionConfig;

/// The tree over the access log and its checkpoints.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// The name under which the log signs (its origin, C2SP tlog-checkpoint). A log keeps the one it was begun with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// How long new records wait at most for a checkpoint, in seconds.
    pub checkpoint_seconds: u64,
    /// How long a witness that does not answer is left alone at most, and how often the checkpoints of neighbours are
    /// looked at, in seconds.
    pub witness_seconds: u64,
    pub retention: RetentionConfig,
    /// The security monitoring system that is told of every record. Without it none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub siem: Option<ReceiverConfig>,
    /// Who tells the privacy officer of each access by the emergency procedure. Without it nobody is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notices: Option<WebhookConfig>,
}

/// A partner's log and its node as a witness (C2SP tlog-witness). The keys are handed over by people.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerLog {
    /// Below it are its checkpoint, its tiles, and `witness/add-checkpoint`.
    pub base: WebAddress,
    /// The key of its log, `name+id+base64`. With it this node witnesses that log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// The key with which its node cosigns. With it its node is asked to witness our log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_key: Option<String>,
}

impl PartnerLog {
    /// The key of its log, when there is one.
    ///
    /// # Errors
    /// When the text is none.
    pub fn log(&self) -> Result<Option<PublicKey>, String> {
        key(self.public_key.as_deref(), "public_key", |key| !key.is_witness())
    }

    /// The key with which it cosigns, when there is one.
    ///
    /// # Errors
    /// When the text is none.
    pub fn witness(&self) -> Result<Option<PublicKey>, String> {
        key(self.witness_key.as_deref(), "witness_key", PublicKey::is_witness)
    }
}

fn key(text: Option<&str>, name: &str, suits: impl Fn(&PublicKey) -> bool) -> Result<Option<PublicKey>, String> {
    let Some(text) = text else { return Ok(None) };
    let key = PublicKey::parse(text).map_err(|fault| format!("log.{name}: {fault}"))?;
    if suits(&key) { Ok(Some(key)) } else { Err(format!("log.{name} is the other kind of key")) }
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig {
            origin: None,
            checkpoint_seconds: 10,
            witness_seconds: 60,
            retention: RetentionConfig::default(),
            siem: None,
            notices: None,
        }
    }
}

impl LogConfig {
    /// Longest wait that may be chosen: what is not signed for can be altered unseen.
    pub(super) const LONGEST_WAIT: u64 = 3_600;
    const LONGEST_ORIGIN: usize = 200;
    /// Longest time that the monitoring system may be waited for, in milliseconds.
    const LONGEST_PATIENCE: u64 = 60_000;

    /// Whether the log could sign under its name (C2SP signed-note: no white space and no plus).
    pub(super) fn has_a_good_origin(&self) -> bool {
        let good = |name: &String| {
            (1..=Self::LONGEST_ORIGIN).contains(&name.len())
                && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
        };
        self.origin.as_ref().is_none_or(good)
    }
    /// The files that it names.
    pub(super) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let notices = self.notices.iter_mut().flat_map(WebhookConfig::files);
        self.siem.iter_mut().flat_map(ReceiverConfig::files).chain(notices)
    }

    /// Whether the privacy officer may be told so.
    ///
    /// # Errors
    /// When not: a sentence for the operator.
    pub(super) fn hold_notices(&self, mode: Mode) -> Result<(), String> {
        let checked = self.notices.as_ref().map(|notices| notices.check(mode == Mode::Development));
        checked.unwrap_or(Ok(())).map_err(|fault| format!("log.notices.{fault}"))
    }

    /// Whether the monitoring system may be told, and how.
    ///
    /// # Errors
    /// When not: a sentence for the operator.
    pub(super) fn hold_siem(&self, mode: Mode) -> Result<(), String> {
        let Some(siem) = &self.siem else { return Ok(()) };
        siem.check().map_err(|fault| format!("log.siem: {fault}"))?;
        if siem.transport == Transport::Tcp && !siem.is_loopback() {
            return Err("log.siem is plain TCP off loopback: use tls, or the address 127.0.0.1".into());
        }
        if siem.transport == Transport::Tcp && mode == Mode::Production {
            return Err("log.siem is plain TCP outside development mode: use tls".into());
        }
        for (name, time) in [("connect_ms", siem.connect_ms), ("write_ms", siem.write_ms)] {
            if !(1..=Self::LONGEST_PATIENCE).contains(&time) {
                return Err(format!("log.siem.{name} must be between 1 and {}", Self::LONGEST_PATIENCE));
            }
        }
        Ok(())
    }
}
