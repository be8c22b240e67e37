//! Referrals that are over, or that nobody came for, are forgotten when they were kept for as long as is configured: the grant
//! first, so that nobody can come back for what is going. The access log keeps its records by its own rules.

use std::time::Duration;

use store::transfers::Id;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Referrals;
use crate::handoffs::book::Trouble;

/// How often it is looked for what can be forgotten.
pub const EVERY: Duration = Duration::from_secs(3600);

/// How many are looked at together.
const AT_A_TIME: usize = 500;

impl Referrals {
    /// Forgets what is due; how many referrals that were.
    ///
    /// # Errors
    /// Referrals cannot be read or written.
    pub(super) async fn forget_old(&self) -> Result<usize, Trouble> {
        let before = self.clock.now() - time::Duration::days(self.config.keep_days.into());
        let mut forgotten = 0;
        let mut behind: Option<Id> = None;
        loop {
            let listed = self.books.sent.list(behind, AT_A_TIME)?;
            behind = listed.last().map(|(id, _)| *id);
            for (id, _) in listed.iter().filter(|(_, sent)| is_before(&sent.modified, before)) {
                self.grants.revoke(*id).await?;
                self.books.sent.forget(*id).await?;
                forgotten += 1;
            }
            if listed.len() < AT_A_TIME {
                break;
            }
        }
        behind = None;
        loop {
            let listed = self.books.received.list(behind, AT_A_TIME)?;
            behind = listed.last().map(|(id, _)| *id);
            for (id, _) in listed.iter().filter(|(_, received)| is_before(&received.modified, before)) {
                self.books.received.forget(*id).await?;
                forgotten += 1;
            }
            if listed.len() < AT_A_TIME {
                break;
            }
        }
        if forgotten > 0 {
            tracing::info!(referral.forgotten = forgotten, "referrals were kept as long as is configured");
        }
        Ok(forgotten)
    }
}

/// What cannot be read as a moment is never old.
fn is_before(moment: &str, before: OffsetDateTime) -> bool {
    OffsetDateTime::parse(moment, &Rfc3339).is_ok_and(|moment| moment < before)
}
