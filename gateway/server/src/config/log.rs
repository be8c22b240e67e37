//! How the access log proves that it was not altered, which cannot be switched off, and how long its records are kept.

use connectors::http::WebAddress;
use serde::{Deserialize, Serialize};
use store::proof::PublicKey;

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
        LogConfig { origin: None, checkpoint_seconds: 10, witness_seconds: 60, retention: RetentionConfig::default() }
    }
}

impl LogConfig {
    /// Longest wait that may be chosen: what is not signed for can be altered unseen.
    pub(super) const LONGEST_WAIT: u64 = 3_600;
    const LONGEST_ORIGIN: usize = 200;

    /// Whether the log could sign under its name (C2SP signed-note: no white space and no plus).
    pub(super) fn has_a_good_origin(&self) -> bool {
        let good = |name: &String| {
            (1..=Self::LONGEST_ORIGIN).contains(&name.len())
                && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
        };
        self.origin.as_ref().is_none_or(good)
    }
}
