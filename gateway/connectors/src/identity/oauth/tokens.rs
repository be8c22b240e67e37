//! The access tokens that this node gave out: opaque, kept by digest, bounded, forgotten when they expire.

use std::sync::Arc;
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use policy::Caller;
use time::OffsetDateTime;

use crate::identity::certificates::Thumbprint;
use crate::identity::jose::Jkt;
use crate::identity::secret::{Digest, Secret};

/// What a token stands for.
pub(crate) struct Grant {
    pub(crate) caller: Caller,
    /// The client certificate that the token is bound to (RFC 8705, section 3).
    pub(crate) thumbprint: Thumbprint,
    /// The key that the token is bound to besides (RFC 9449, section 6), when the client proved one.
    pub(crate) jkt: Option<Jkt>,
    /// The authorization base that the caller's patient and ground come from: what it allows is asked anew at each use.
    pub(crate) base: Option<Secret>,
    pub(crate) issued: OffsetDateTime,
    pub(crate) expires: OffsetDateTime,
}

/// All live tokens.
pub(crate) struct Tokens {
    by_digest: Cache<Digest, Arc<Grant>>,
}

impl Tokens {
    /// `most` tokens at once; the one that went unused longest makes room.
    pub(crate) fn new(most: u64, life: Duration) -> Self {
        let by_digest = Cache::builder()
            .max_capacity(most)
            // The default policy may refuse newcomers, and every token is one.
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(life)
            .build();
        Tokens { by_digest }
    }

    /// Gives out a token. Its caller gets the token's identifier for the log.
    pub(crate) fn give(&self, mut grant: Grant) -> Option<Secret> {
        let token = Secret::fresh()?;
        let digest = Digest::of(token.reveal());
        grant.caller.token_id = Some(digest.token_id());
        self.by_digest.insert(digest, Arc::new(grant));
        Some(token)
    }

    /// What a presented token stands for, unless it is unknown or expired.
    pub(crate) fn grant(&self, token: &str, now: OffsetDateTime) -> Option<Arc<Grant>> {
        self.by_digest.get(&Digest::of(token)).filter(|grant| now < grant.expires)
    }
}
