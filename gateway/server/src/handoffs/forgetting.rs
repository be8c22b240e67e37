//! Transfers that are over, or that nobody came for, are forgotten when they were kept for as long as is configured: the grant
//! first, so that nobody can come back for what is going. The access log keeps its records by its own rules.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::transfers::Id;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Handoffs;
use super::book::{Book, Trouble};
use super::owed::Tells;
use crate::grants::GrantsPort;

/// How often it is looked for what can be forgotten.
pub const EVERY: Duration = Duration::from_secs(3600);

/// How many are looked at together.
const AT_A_TIME: usize = 500;

impl Handoffs {
    /// Forgets what is due; how many transfers that were.
    ///
    /// # Errors
    /// Transfers cannot be read or written.
    pub(super) async fn forget_old(&self) -> Result<usize, Trouble> {
        let before = self.clock.now() - time::Duration::days(self.config.keep_days.into());
        let sent = forget_before(&self.books.sent, before, |sent| &sent.modified, Some(&self.grants)).await?;
        let received = forget_before(&self.books.received, before, |received| &received.modified, None).await?;
        if sent + received > 0 {
            tracing::info!(handoff.forgotten = sent + received, "transfers were kept as long as is configured");
        }
        Ok(sent + received)
    }
}

/// Forgets what was changed last before a moment, of one side; how many that were. The grant of each goes first.
///
/// # Errors
/// The book or a grant cannot be read or written.
pub(crate) async fn forget_before<R>(
    book: &Book<R>,
    before: OffsetDateTime,
    modified: fn(&R) -> &str,
    grants: Option<&GrantsPort>,
) -> Result<usize, Trouble>
where
    R: Tells + Serialize + DeserializeOwned + Send + 'static,
{
    let mut forgotten = 0;
    let mut behind: Option<Id> = None;
    loop {
        let listed = book.list(behind, AT_A_TIME)?;
        behind = listed.last().map(|(id, _)| *id);
        for (id, _) in listed.iter().filter(|(_, kept)| is_before(modified(kept), before)) {
            if let Some(grants) = grants {
                grants.revoke(*id).await?;
            }
            book.forget(*id).await?;
            forgotten += 1;
        }
        if listed.len() < AT_A_TIME {
            return Ok(forgotten);
        }
    }
}

/// What cannot be read as a moment is never old.
fn is_before(moment: &str, before: OffsetDateTime) -> bool {
    OffsetDateTime::parse(moment, &Rfc3339).is_ok_and(|moment| moment < before)
}
