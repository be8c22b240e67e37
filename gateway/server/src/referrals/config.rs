//! `[referrals]`: whether this node takes part in referrals with the basic data set, and its measures; and where each partner is
//! told.

use std::path::PathBuf;

use connectors::http::WebAddress;
use connectors::identity::PersonConfig;
use connectors::webhooks::WebhookConfig;
use serde::{Deserialize, Serialize};

use crate::handoffs::effort::Backoff;

/// Referrals with the basic data set (BgZ, TA Notified Pull) of this node. Everything has a default.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReferralsConfig {
    /// How long the receiver can pull the data, in days: 14 in the Nuts use case profile.
    pub data_days: u16,
    /// How long it can read the Task and say what becomes of the referral, in days.
    pub task_days: u16,
    /// How long a referral is kept after its last change, in days.
    pub keep_days: u16,
    /// How many referrals each side keeps at most; more are refused.
    pub most: usize,
    /// The largest part of a data set, in bytes.
    pub largest_bytes: u64,
    /// How long a partner may take to answer a notification, in seconds.
    pub notification_seconds: u16,
    /// How long until something that failed is tried again, in seconds; each further time it is twice as long.
    pub retry_seconds: u16,
    /// The longest that it gets, in seconds.
    pub retry_most_seconds: u32,
    /// How often it is tried. After that an operator sees it, and has it tried again.
    pub attempts: u16,
    /// After how many hours a referral that is not answered, or whose data does not come, waits too long.
    pub remind_hours: u16,
    /// In whose name referrals are taken and the data is pulled at once. Without, a person of ours takes each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intake: Option<PersonConfig>,
    /// The provider's own record system, told of each step of a referral. Without it none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookConfig>,
}

/// Where a partner is told that a patient is referred to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerReferrals {
    /// The base of its notification endpoint (TA Notified Pull): `Task` is put below it.
    pub notification: WebAddress,
}

impl Default for ReferralsConfig {
    fn default() -> Self {
        ReferralsConfig {
            data_days: 14,
            task_days: 14,
            keep_days: 365,
            most: 20_000,
            largest_bytes: 16 << 20,
            notification_seconds: 10,
            retry_seconds: 5,
            retry_most_seconds: 3600,
            attempts: 24,
            remind_hours: 24,
            intake: None,
            webhook: None,
        }
    }
}

impl From<&ReferralsConfig> for Backoff {
    fn from(config: &ReferralsConfig) -> Self {
        Backoff { seconds: config.retry_seconds, most_seconds: config.retry_most_seconds, attempts: config.attempts }
    }
}

impl ReferralsConfig {
    /// The files that it names.
    pub fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.webhook.iter_mut().flat_map(WebhookConfig::files)
    }

    /// Whether these measures are measures.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: u64, least: u64, most: u64| {
            let good = (least..=most).contains(&value);
            if good { Ok(()) } else { Err(format!("referrals.{name} must be between {least} and {most}")) }
        };
        within("data_days", self.data_days.into(), 1, 365)?;
        within("task_days", self.task_days.into(), self.data_days.into(), 3650)?;
        within("keep_days", self.keep_days.into(), self.task_days.into(), 3650)?;
        within("most", self.most as u64, 1, 1_000_000)?;
        within("largest_bytes", self.largest_bytes, 1 << 10, 256 << 20)?;
        within("notification_seconds", self.notification_seconds.into(), 1, 60)?;
        within("retry_seconds", self.retry_seconds.into(), 1, 3600)?;
        within("retry_most_seconds", self.retry_most_seconds.into(), self.retry_seconds.into(), 86_400)?;
        within("attempts", self.attempts.into(), 1, 1000)?;
        within("remind_hours", self.remind_hours.into(), 1, 8760)
    }
}
