//! `[handoffs]`: whether this node takes part in eOverdracht, and its measures; and how each partner is told.

use std::path::PathBuf;

use connectors::http::WebAddress;
use connectors::identity::PersonConfig;
use connectors::peers::NotificationShape;
use connectors::webhooks::WebhookConfig;
use serde::{Deserialize, Serialize};

/// The nursing handoff (eOverdracht) of this node. Everything has a default.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HandoffsConfig {
    /// How long the receiver can fetch a handoff, in days. At least 5 (Nuts eOverdracht).
    pub data_days: u16,
    /// How long the Task stays readable, and a transfer is kept, in days.
    pub keep_days: u16,
    /// How many transfers each side keeps at most; more are refused.
    pub most: usize,
    /// The largest handoff, in bytes.
    pub largest_bytes: u64,
    /// How long a partner may take to answer a notification, in seconds.
    pub notification_seconds: u16,
    /// How long until something that failed is tried again, in seconds; each further time it is twice as long.
    pub retry_seconds: u16,
    /// The longest that it gets, in seconds.
    pub retry_most_seconds: u32,
    /// How often it is tried. After that an operator sees it, and has it tried again.
    pub attempts: u16,
    /// What becomes of a handoff that falls short of the standard in its sections, codes, references or identifiers.
    pub content: Content,
    /// After how many hours a handoff that is not received, or not read, waits too long.
    pub remind_hours: u16,
    /// In whose name handoffs are fetched as soon as they are ready. Without, a person of ours takes each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intake: Option<PersonConfig>,
    /// The provider's own record system, told of each step of a transfer. Without it none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookConfig>,
}

/// What becomes of a handoff that falls short of the standard when it is pushed. What is no handoff is always refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// It is sent, and the answer to the push says where it falls short: care does not wait for a display text.
    Report,
    /// It is refused, and the answer says why.
    Refuse,
}

/// How a partner is told that there is a handoff for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerHandoffs {
    /// The base of its notification endpoint.
    pub notification: WebAddress,
    /// In which shape it takes notifications.
    #[serde(default = "PartnerHandoffs::shape")]
    pub shape: NotificationShape,
}

impl PartnerHandoffs {
    const fn shape() -> NotificationShape {
        NotificationShape::EmptyPost
    }
}

impl Default for HandoffsConfig {
    fn default() -> Self {
        HandoffsConfig {
            data_days: 30,
            keep_days: 365,
            most: 20_000,
            largest_bytes: 16 << 20,
            notification_seconds: 10,
            retry_seconds: 5,
            retry_most_seconds: 3600,
            attempts: 24,
            content: Content::Report,
            remind_hours: 24,
            intake: None,
            webhook: None,
        }
    }
}

impl HandoffsConfig {
    /// The files that it names.
    pub fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.webhook.iter_mut().flat_map(WebhookConfig::files)
    }

    /// How many bytes one handoff may come to as it is written to the own record system: twice its own, since each of its
    /// resources gets the names by which it is found there.
    pub fn most_filed_bytes(&self) -> usize {
        usize::try_from(self.largest_bytes).unwrap_or(usize::MAX).saturating_mul(2)
    }

    /// Whether these measures are measures.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: u64, least: u64, most: u64| {
            let good = (least..=most).contains(&value);
            if good { Ok(()) } else { Err(format!("handoffs.{name} must be between {least} and {most}")) }
        };
        within("data_days", self.data_days.into(), 5, 365)?;
        within("keep_days", self.keep_days.into(), self.data_days.into(), 3650)?;
        within("most", self.most as u64, 1, 1_000_000)?;
        within("largest_bytes", self.largest_bytes, 1 << 10, 256 << 20)?;
        within("notification_seconds", self.notification_seconds.into(), 1, 60)?;
        within("retry_seconds", self.retry_seconds.into(), 1, 3600)?;
        within("retry_most_seconds", self.retry_most_seconds.into(), self.retry_seconds.into(), 86_400)?;
        within("attempts", self.attempts.into(), 1, 1000)?;
        within("remind_hours", self.remind_hours.into(), 1, 8760)
    }
}
