//! How the access log proves that it was not altered, which cannot be switched off, and how long its records are kept.

use serde::{Deserialize, Serialize};

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
    pub retention: RetentionConfig,
}

impl Default for LogConfig {
    fn default() -> Self {
        LogConfig { origin: None, checkpoint_seconds: 10, retention: RetentionConfig::default() }
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
