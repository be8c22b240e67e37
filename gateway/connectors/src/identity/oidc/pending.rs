//! Log-ins that were begun and not ended: bounded in number and time, each of use once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::sync::Cache;

use crate::identity::secret::{Digest, Secret};

/// What only we know of a log-in that was begun.
pub(in crate::identity) struct Pending {
    /// Of what only the browser knows.
    binding: Digest,
    nonce: Secret,
    /// PKCE (RFC 7636, 4.1): 43 characters.
    verifier: Secret,
}

/// All of them, by the digest of their state.
pub(in crate::identity) struct Waiting<T = Pending>(Cache<Digest, Arc<T>>);

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending(..)")
    }
}

impl Pending {
    pub(in crate::identity) fn begin(binding: &Secret) -> Option<Self> {
        let (nonce, verifier) = (Secret::fresh()?, Secret::fresh()?);
        Some(Pending { binding: Digest::of(binding.reveal()), nonce, verifier })
    }

    pub(in crate::identity) fn nonce(&self) -> &str {
        self.nonce.reveal()
    }

    pub(in crate::identity) fn verifier(&self) -> &str {
        self.verifier.reveal()
    }

    /// `S256` (RFC 7636, 4.2).
    pub(in crate::identity) fn challenge(&self) -> String {
        challenge(self.verifier())
    }

    pub(in crate::identity) fn is_bound_to(&self, binding: &str) -> bool {
        Digest::of(binding) == self.binding
    }

    pub(in crate::identity) fn is_nonce(&self, nonce: &str) -> bool {
        Digest::of(nonce) == Digest::of(self.nonce())
    }
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

impl<T: Send + Sync + 'static> Waiting<T> {
    pub(in crate::identity) fn new(most: u64, life: Duration) -> Self {
        Waiting(Cache::builder().max_capacity(most).time_to_live(life).build())
    }

    pub(in crate::identity) fn add(&self, state: &Secret, pending: T) {
        self.0.insert(Digest::of(state.reveal()), Arc::new(pending));
    }

    /// Whether somebody is away under this state.
    pub(in crate::identity) fn knows(&self, state: &str) -> bool {
        self.0.contains_key(&Digest::of(state))
    }

    /// Takes it out: nobody finds it a second time.
    pub(in crate::identity) fn take(&self, state: &str) -> Option<Arc<T>> {
        self.0.remove(&Digest::of(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_state_is_of_use_once_and_to_its_browser_only() {
        let waiting = Waiting::new(10, Duration::from_secs(60));
        let (state, binding, other) = (Secret::fresh().unwrap(), Secret::fresh().unwrap(), Secret::fresh().unwrap());
        waiting.add(&state, Pending::begin(&binding).unwrap());
        assert!(waiting.take(other.reveal()).is_none() && waiting.take("").is_none());
        let pending = waiting.take(state.reveal()).unwrap();
        assert!(pending.is_bound_to(binding.reveal()) && !pending.is_bound_to(other.reveal()));
        assert!(pending.is_nonce(pending.nonce()) && !pending.is_nonce(""));
        assert_eq!(pending.verifier().len(), 43);
        assert!(waiting.take(state.reveal()).is_none());
    }
}
