//! How often something was tried, and when it is tried again: the time doubles, up to a bound, and after so many times it
//! waits for an operator.

use serde::{Deserialize, Serialize};

use super::config::HandoffsConfig;

/// How often, and after how long, something is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// How long until it is tried again, in seconds; each further time it is twice as long.
    pub seconds: u16,
    /// The longest that it gets, in seconds.
    pub most_seconds: u32,
    /// How often it is tried.
    pub attempts: u16,
}

/// What was put into the next step of a transfer so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    pub attempts: u16,
    /// Why the last one failed. Says nothing of a patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// It is not tried again until somebody says so.
    #[serde(default)]
    pub given_up: bool,
}

impl From<&HandoffsConfig> for Backoff {
    fn from(config: &HandoffsConfig) -> Self {
        Backoff { seconds: config.retry_seconds, most_seconds: config.retry_most_seconds, attempts: config.attempts }
    }
}

impl Effort {
    /// Notes a failure; when to try again (Unix time in milliseconds), if at all.
    pub fn fail(&mut self, why: impl Into<String>, now: i64, backoff: impl Into<Backoff>) -> Option<i64> {
        let backoff = backoff.into();
        self.attempts = self.attempts.saturating_add(1);
        self.failed = Some(why.into());
        self.given_up = self.attempts >= backoff.attempts;
        (!self.given_up).then(|| now.saturating_add(wait(self.attempts, backoff)))
    }

    /// Notes a failure that trying again mends only when somebody has seen to it.
    pub fn give_up(&mut self, why: impl Into<String>) -> Option<i64> {
        self.attempts = self.attempts.saturating_add(1);
        self.failed = Some(why.into());
        self.given_up = true;
        None
    }
}

/// How long to wait after so many failures, in milliseconds.
pub fn wait(attempts: u16, backoff: impl Into<Backoff>) -> i64 {
    let backoff = backoff.into();
    let doubled = i64::from(backoff.seconds) << attempts.saturating_sub(1).min(32);
    doubled.min(i64::from(backoff.most_seconds)).saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_twice_as_long_up_to_a_bound_and_then_for_an_operator() {
        let config =
            HandoffsConfig { retry_seconds: 5, retry_most_seconds: 30, attempts: 5, ..HandoffsConfig::default() };
        let mut effort = Effort::default();
        let waits: Vec<_> = (0..5).map(|_| effort.fail("no answer", 1_000, &config)).collect();
        assert_eq!(waits, [Some(6_000), Some(11_000), Some(21_000), Some(31_000), None]);
        assert_eq!(effort, Effort { attempts: 5, failed: Some("no answer".to_owned()), given_up: true });
        assert_eq!(wait(u16::MAX, &config), 30_000);
    }
}
