//! The identifiers of assertions that were accepted, so that none is accepted twice (RFC 7523, section 3, item 7).
//!
//! Nothing is forgotten before it expired: when an organisation's share is full, its next assertion is refused.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use fhir::Ura;

use crate::identity::secret::Digest;

/// What became of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// It is new, and remembered from now on.
    First,
    /// It was used before.
    Again,
    /// There is no room to remember it.
    Full,
}

/// Identifiers per organisation, so that one cannot use up the room of others.
pub(super) struct Seen {
    share: usize,
    organisations: Mutex<HashMap<Ura, Share>>,
}

#[derive(Default)]
struct Share {
    known: HashSet<Digest>,
    by_expiry: BTreeSet<(i64, Digest)>,
}

impl Seen {
    /// `share` is how many live identifiers are remembered per organisation.
    pub(super) fn new(share: usize) -> Self {
        Seen { share, organisations: Mutex::default() }
    }

    /// Remembers an identifier until `expires` (Unix time), unless it is known already.
    pub(super) fn note(&self, organisation: &Ura, id: &str, expires: i64, now: i64) -> Noted {
        // A panic elsewhere leaves the sets as consistent as they were: both are changed without a step that can fail.
        let mut organisations = self.organisations.lock().unwrap_or_else(PoisonError::into_inner);
        let share = organisations.entry(organisation.clone()).or_default();
        share.forget_expired(now);
        let digest = Digest::of(id);
        if share.known.contains(&digest) {
            return Noted::Again;
        }
        if share.known.len() >= self.share {
            return Noted::Full;
        }
        share.known.insert(digest);
        share.by_expiry.insert((expires, digest));
        Noted::First
    }
}

impl Share {
    fn forget_expired(&mut self, now: i64) {
        while let Some(&(expires, digest)) = self.by_expiry.first() {
            if expires >= now {
                return;
            }
            self.by_expiry.pop_first();
            self.known.remove(&digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_counts_once_until_it_expired() {
        let seen = Seen::new(10);
        let (one, other) = (Ura::parse("90000901").unwrap(), Ura::parse("90000902").unwrap());
        assert_eq!(seen.note(&one, "a", 100, 50), Noted::First);
        assert_eq!(seen.note(&one, "a", 100, 50), Noted::Again);
        assert_eq!(seen.note(&one, "a", 200, 100), Noted::Again, "on its last second");
        assert_eq!(seen.note(&one, "b", 100, 50), Noted::First);
        assert_eq!(seen.note(&other, "a", 100, 50), Noted::First, "identifiers are the issuer's own");
        assert_eq!(seen.note(&one, "a", 200, 101), Noted::First);
    }

    #[test]
    fn a_full_share_refuses_and_forgets_nothing() {
        let seen = Seen::new(2);
        let (one, other) = (Ura::parse("90000901").unwrap(), Ura::parse("90000902").unwrap());
        assert_eq!(seen.note(&one, "a", 100, 50), Noted::First);
        assert_eq!(seen.note(&one, "b", 120, 50), Noted::First);
        assert_eq!(seen.note(&one, "c", 100, 50), Noted::Full);
        assert_eq!(seen.note(&one, "a", 100, 50), Noted::Again);
        assert_eq!(seen.note(&other, "c", 100, 50), Noted::First, "another organisation has its own room");
        assert_eq!(seen.note(&one, "c", 200, 101), Noted::First, "room comes back when one expired");
        assert_eq!(seen.note(&one, "d", 200, 101), Noted::Full);
    }
}
