//! Referrals that are over, or that nobody came for, are forgotten when they were kept for as long as is configured. The access
//! log keeps its records by its own rules.

use super::Referrals;
use crate::handoffs::book::Trouble;
use crate::handoffs::forgetting::forget_before;

impl Referrals {
    /// Forgets what is due; how many referrals that were.
    ///
    /// # Errors
    /// Referrals cannot be read or written.
    pub(super) async fn forget_old(&self) -> Result<usize, Trouble> {
        let before = self.clock.now() - time::Duration::days(self.config.keep_days.into());
        let sent = forget_before(&self.books.sent, before, |sent| &sent.modified, Some(&self.grants)).await?;
        let received = forget_before(&self.books.received, before, |received| &received.modified, None).await?;
        if sent + received > 0 {
            tracing::info!(referral.forgotten = sent + received, "referrals were kept as long as is configured");
        }
        Ok(sent + received)
    }
}
