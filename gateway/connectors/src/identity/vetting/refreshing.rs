//! Fetches what is needed anew before it is too old, so that no request waits for it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use time::OffsetDateTime;
use tokio::task::JoinHandle;

use super::slot::Age;
use super::{Part, Standing, Verdict, Vetting};
use crate::identity::Thumbprint;

/// Shortest and longest time between two rounds.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);
/// Most certificates that are vetted at once in a round.
const AT_ONCE: usize = 8;

/// Keeps a [`Vetting`] young for as long as it lives.
pub struct Refreshing(JoinHandle<()>);

impl Drop for Refreshing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Vetting {
    /// Starts the rounds; to be called within a run time. `changed` is told when a certificate that was good is not any
    /// more: connections that were made before may have to end.
    pub fn keep_young(self: &Arc<Self>, changed: impl Fn(Part) + Send + Sync + 'static) -> Refreshing {
        let vetting = Arc::downgrade(self);
        let between = Duration::from_secs(self.config.fresh_seconds / 8).clamp(SHORTEST, LONGEST);
        Refreshing(tokio::spawn(rounds(vetting, between, changed)))
    }

    /// Fetches anew what is past half its life and was asked for lately.
    async fn round(&self, changed: &(impl Fn(Part) + Send + Sync)) {
        let since: OffsetDateTime = self.clock.now() - self.fresh() * 2;
        let lately = |verdict: &Arc<Verdict>| verdict.used.load(Ordering::Relaxed) >= since.unix_timestamp();
        let due: Vec<_> = self.verdicts.iter().filter(|(_, verdict)| lately(verdict)).collect();
        let each = |(key, verdict): (Arc<(Part, Thumbprint)>, Arc<Verdict>)| async move {
            let before = self.known_of_unused(&verdict);
            let after = self.judged(key.0, &verdict, Age::Young).await;
            if before == Some(Standing::Good) && matches!(after, Standing::Revoked | Standing::NotTrusted) {
                tracing::warn!(certificate.thumbprint = %key.1, certificate.standing = ?after, "a certificate lost its standing");
                changed(key.0);
            }
        };
        // One authority that does not answer must not make the others late.
        futures_util::stream::iter(due).for_each_concurrent(AT_ONCE, each).await;
    }

    /// What is held, without saying that somebody asked.
    fn known_of_unused(&self, verdict: &Verdict) -> Option<Standing> {
        verdict.held.read().unwrap_or_else(std::sync::PoisonError::into_inner).map(|judged| judged.standing)
    }
}

async fn rounds(vetting: Weak<Vetting>, between: Duration, changed: impl Fn(Part) + Send + Sync) {
    loop {
        tokio::time::sleep(between).await;
        let Some(vetting) = vetting.upgrade() else { return };
        vetting.round(&changed).await;
    }
}
