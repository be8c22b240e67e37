//! The proofs that resources saw lately, so that none counts for two requests.
//!
//! In memory only, so that a proof costs no disk. That is safe over a restart for two reasons. A proof names its access
//! token by hash, and our tokens do not outlive the process: a proof that an earlier process saw goes with a token that
//! is unknown now. And a proof made before this process began is refused, whatever its token; with a token that may be
//! older than the process, also one made so soon after that an earlier process could have seen it, by a client's clock.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use super::proof::{LEEWAY, Proof, ProofFault, WINDOW};
use crate::identity::secret::Digest;

/// How many live proofs one client may have: some 300 requests a second over the whole window.
const SHARE: usize = 20_000;

/// The proofs within the window, by client.
pub(crate) struct Recent {
    /// When this memory began, Unix time: nothing is known of what was made before.
    began: i64,
    clients: Mutex<HashMap<String, Share>>,
}

/// Who brought a proof, with which request.
pub(crate) struct Brought<'a> {
    pub(crate) client: &'a str,
    pub(crate) request: &'a str,
}

/// Of each proof, which request brought it.
#[derive(Default)]
struct Share {
    known: HashMap<Digest, Digest>,
    by_expiry: BTreeSet<(i64, Digest)>,
}

impl Recent {
    pub(crate) fn new(began: i64) -> Self {
        Recent { began, clients: Mutex::default() }
    }

    /// Accepts a proof for this request, unless another request brought it. The entries of a batch are one request.
    /// `outlives_us`: the token that it goes with may have been good before this process began.
    pub(crate) fn accept(
        &self,
        by: &Brought<'_>,
        proof: &Proof,
        outlives_us: bool,
        now: i64,
    ) -> Result<(), ProofFault> {
        let unseen = if outlives_us { self.began.saturating_add(LEEWAY + 1) } else { self.began };
        if proof.iat < unseen {
            return Err(ProofFault::Time);
        }
        let (client, request) = (by.client, by.request);
        // A panic elsewhere leaves a share as consistent as it was: it is changed without a step that can fail.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let share = match clients.get_mut(client) {
            Some(known) => known,
            None => clients.entry(client.to_owned()).or_default(),
        };
        share.forget_expired(now);
        let full = share.known.len() >= SHARE;
        let id = Digest::of(&proof.jti);
        match share.known.entry(id) {
            Entry::Occupied(known) if *known.get() == Digest::of(request) => Ok(()),
            Entry::Occupied(_) => Err(ProofFault::Replayed),
            Entry::Vacant(_) if full => Err(ProofFault::TooMany),
            Entry::Vacant(place) => {
                place.insert(Digest::of(request));
                share.by_expiry.insert((proof.iat.saturating_add(WINDOW), id));
                Ok(())
            }
        }
    }
}

impl Share {
    fn forget_expired(&mut self, now: i64) {
        while let Some(&(expires, id)) = self.by_expiry.first() {
            if expires >= now {
                return;
            }
            self.by_expiry.pop_first();
            self.known.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::jose::Jkt;

    fn proof(jti: &str, iat: i64) -> Proof {
        let jkt = Jkt::parse("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I").unwrap();
        Proof { jkt, jti: jti.to_owned(), iat }
    }

    fn accept(recent: &Recent, client: &str, proof: &Proof, request: &str, now: i64) -> Result<(), ProofFault> {
        recent.accept(&Brought { client, request }, proof, false, now)
    }

    #[test]
    fn a_proof_counts_for_one_request_of_its_client() {
        let recent = Recent::new(100);
        assert_eq!(accept(&recent, "a", &proof("1", 110), "r1", 110), Ok(()));
        assert_eq!(accept(&recent, "a", &proof("1", 110), "r1", 111), Ok(()), "an entry of the same batch");
        assert_eq!(accept(&recent, "a", &proof("1", 110), "r2", 111), Err(ProofFault::Replayed));
        assert_eq!(accept(&recent, "a", &proof("1", 170), "r2", 170), Err(ProofFault::Replayed), "on its last second");
        assert_eq!(accept(&recent, "b", &proof("1", 110), "r3", 111), Ok(()), "identifiers are the client's own");
        assert_eq!(accept(&recent, "a", &proof("1", 171), "r4", 171), Ok(()), "the window is over");
    }

    #[test]
    fn a_proof_from_before_the_start_is_refused() {
        let recent = Recent::new(100);
        assert_eq!(accept(&recent, "a", &proof("1", 99), "r1", 100), Err(ProofFault::Time));
        assert_eq!(accept(&recent, "a", &proof("1", 100), "r1", 100), Ok(()));
        let by = Brought { client: "a", request: "r2" };
        assert_eq!(
            recent.accept(&by, &proof("2", 105), true, 105),
            Err(ProofFault::Time),
            "seen 5 s ahead of its time"
        );
        assert_eq!(recent.accept(&by, &proof("2", 106), true, 106), Ok(()));
    }

    #[test]
    fn a_full_share_refuses_and_forgets_nothing() {
        let recent = Recent::new(0);
        for number in 0..SHARE {
            assert_eq!(accept(&recent, "a", &proof(&number.to_string(), 100), "r", 100), Ok(()));
        }
        assert_eq!(accept(&recent, "a", &proof("more", 100), "s", 100), Err(ProofFault::TooMany));
        assert_eq!(accept(&recent, "a", &proof("0", 100), "s", 100), Err(ProofFault::Replayed));
        assert_eq!(accept(&recent, "b", &proof("more", 100), "s", 100), Ok(()), "another client has its own room");
        assert_eq!(accept(&recent, "a", &proof("more", 161), "s", 161), Ok(()), "room comes back");
    }
}
