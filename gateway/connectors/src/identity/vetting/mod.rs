//! Whether a certificate can be believed now: whether there is a path to an authority, and whether any certificate on it
//! was revoked (OCSP, RFC 6960; CRL, RFC 5280). What cannot be found out is a finding of its own, and no yes.
//!
//! Answers are kept for as long as they are good and fetched anew in good time, so that a request that comes with a
//! certificate known before waits for nobody. Knows nothing of what the certificate's holder may ask.

mod config;
mod list;
mod ocsp;
mod path;
mod places;
mod refreshing;
mod signed;
mod slot;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use exchange::ports::{AuthenticationFault, BoxFuture, Clock};
use moka::sync::Cache;
use rustls::pki_types::UnixTime;
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::authorities::{Anchors, Authorities};
use super::certificates::Thumbprint;
use crate::http::HttpClient;
use path::Link;
use places::Places;
use slot::Age;

pub use config::{AuthorityConfig, AuthorityRule, LONGEST_FRESH, Mode, RevocationConfig};
pub use refreshing::Refreshing;

/// How many certificates are remembered. A node has few clients and few peers.
const CERTIFICATES: u64 = 4096;

/// What is found about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Of an authority that is believed, and not revoked.
    Good,
    /// No path to an authority that is believed now.
    NotTrusted,
    /// Revoked, or on hold: it, or an authority between it and the one that is believed.
    Revoked,
    /// Whether it was revoked could not be found out.
    NotFoundOut(Unknown),
}

/// Why it could not be found out; a word for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unknown {
    #[error("neither the certificate nor the configuration says where to ask")]
    NoPlace,
    #[error("the certificate names a host that is not configured")]
    HostNotAllowed,
    #[error("nobody answers there")]
    Unreachable,
    #[error("no answer in time")]
    TimedOut,
    #[error("the answer is too large")]
    TooLarge,
    #[error("the responder gives no answer")]
    NoAnswer,
    #[error("the answer cannot be read")]
    Unreadable,
    #[error("the answer is not signed by the certificate's issuer")]
    NotSigned,
    #[error("the answer is not of now")]
    NotFresh,
    #[error("the answer does not speak about this certificate")]
    OutOfScope,
    #[error("the issuer says that it does not know this certificate")]
    NotKnownToIssuer,
}

/// In which part a certificate was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Client,
    Server,
}

/// Who says of a shown certificate whether it can be believed.
pub trait Vet: Send + Sync {
    /// `leaf` as shown, and what was shown behind it; all DER.
    fn vet<'a>(&'a self, part: Part, leaf: &'a [u8], shown: &'a [Arc<[u8]>]) -> BoxFuture<'a, Standing>;
}

/// How often what came out, since the start.
#[derive(Debug, Default)]
pub struct Counts {
    pub good: AtomicU64,
    pub not_trusted: AtomicU64,
    pub revoked: AtomicU64,
    pub not_found_out: AtomicU64,
    /// Lists and responders that were asked, and how often that brought nothing.
    pub asked: AtomicU64,
    pub asked_in_vain: AtomicU64,
}

/// Vets certificates against the authorities of a listener.
pub struct Vetting {
    authorities: Arc<Authorities>,
    config: RevocationConfig,
    rules: RwLock<Arc<[AuthorityRule]>>,
    places: Places,
    clock: Arc<dyn Clock>,
    verdicts: Cache<(Part, Thumbprint), Arc<Verdict>>,
    counts: Counts,
}

/// What is known of one certificate.
struct Verdict {
    leaf: Arc<[u8]>,
    shown: Vec<Arc<[u8]>>,
    held: RwLock<Option<Judged>>,
    flight: tokio::sync::Mutex<()>,
    /// When somebody last asked, in seconds since 1970.
    used: AtomicI64,
}

#[derive(Clone, Copy)]
struct Judged {
    standing: Standing,
    generation: u64,
    since: OffsetDateTime,
    until: OffsetDateTime,
}

impl Standing {
    /// As a fault of whoever showed the certificate; nothing when it can be believed.
    pub fn fault(self) -> Option<AuthenticationFault> {
        match self {
            Standing::Good => None,
            Standing::NotTrusted => Some(AuthenticationFault::CertificateNotTrusted),
            Standing::Revoked => Some(AuthenticationFault::CertificateRevoked),
            Standing::NotFoundOut(_) => Some(AuthenticationFault::CertificateStatusUnknown),
        }
    }
}

impl Vetting {
    /// `http` asks lists and responders; `rules` are the authorities with a table of their own.
    pub fn new(
        authorities: Arc<Authorities>,
        config: RevocationConfig,
        rules: Vec<AuthorityRule>,
        http: HttpClient,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Vetting {
            authorities,
            places: Places::new(http),
            rules: RwLock::new(rules.into()),
            config,
            clock,
            verdicts: Cache::new(CERTIFICATES),
            counts: Counts::default(),
        }
    }

    /// The authorities that this vets against.
    pub fn authorities(&self) -> &Arc<Authorities> {
        &self.authorities
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// From now on these go for the authorities that they name.
    pub fn replace_rules(&self, rules: Vec<AuthorityRule>) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules.into();
        self.verdicts.invalidate_all();
    }

    /// The certificates that are believed at the moment, as far as they were shown lately.
    pub fn believed(&self) -> Vec<(Part, Arc<[u8]>)> {
        let good = |verdict: &Verdict| {
            let held = verdict.held.read().unwrap_or_else(PoisonError::into_inner);
            held.is_some_and(|judged| judged.standing == Standing::Good)
        };
        self.verdicts
            .iter()
            .filter(|(_, verdict)| good(verdict))
            .map(|(key, verdict)| (key.0, verdict.leaf.clone()))
            .collect()
    }

    /// What is known of this certificate without asking anybody.
    pub fn known(&self, part: Part, leaf: &[u8]) -> Option<Standing> {
        let verdict = self.verdicts.get(&(part, Thumbprint::of(leaf)))?;
        self.known_of(&verdict, Age::Usable)
    }

    fn known_of(&self, verdict: &Verdict, age: Age) -> Option<Standing> {
        let now = self.clock.now();
        if age == Age::Usable {
            verdict.used.store(now.unix_timestamp(), Ordering::Relaxed);
        }
        let judged = *verdict.held.read().unwrap_or_else(PoisonError::into_inner);
        let judged = judged.filter(|judged| judged.generation == self.authorities.current().generation())?;
        let usable = match age {
            Age::Usable => now < judged.until,
            Age::Young => now < judged.since + (judged.until - judged.since) / 2,
        };
        usable.then_some(judged.standing)
    }

    /// What is known or can be found out of this certificate.
    pub async fn standing(&self, part: Part, leaf: &[u8], shown: &[Arc<[u8]>]) -> Standing {
        let key = (part, Thumbprint::of(leaf));
        let verdict = self.verdicts.get_with(key, || Verdict::new(leaf, shown));
        self.judged(part, &verdict, Age::Usable).await
    }

    /// One at a time per certificate; the others wait for what comes out.
    async fn judged(&self, part: Part, verdict: &Verdict, age: Age) -> Standing {
        if let Some(known) = self.known_of(verdict, age) {
            return known;
        }
        let within = self.patience() * 2;
        let judging = async {
            let _alone = verdict.flight.lock().await;
            if let Some(known) = self.known_of(verdict, age) {
                return known;
            }
            let anchors = self.authorities.current();
            let now = self.clock.now();
            let found = tokio::time::timeout(within, self.judge(part, verdict, &anchors, age)).await;
            let (standing, until) =
                found.unwrap_or_else(|_| (Standing::NotFoundOut(Unknown::TimedOut), now + self.retry()));
            self.count(standing, age);
            verdict.keep(Judged { standing, generation: anchors.generation(), since: now, until });
            standing
        };
        tokio::time::timeout(within * 2, judging).await.unwrap_or(Standing::NotFoundOut(Unknown::TimedOut))
    }

    async fn judge(&self, part: Part, verdict: &Verdict, anchors: &Anchors, age: Age) -> (Standing, OffsetDateTime) {
        let now = self.clock.now();
        let mut until = now + self.fresh();
        let seconds = std::time::Duration::from_secs(u64::try_from(now.unix_timestamp()).unwrap_or(0));
        let at = UnixTime::since_unix_epoch(seconds);
        // A server is judged by name and all in its handshake; a client's session may have been resumed.
        if part == Part::Client && !anchors.admit(&verdict.leaf, &verdict.shown, at) {
            return (Standing::NotTrusted, until);
        }
        let Some(links) = path::path(&verdict.leaf, &verdict.shown, anchors.certificates()) else {
            return (Standing::NotTrusted, until);
        };
        let mut standing = Standing::Good;
        for link in &links {
            until = until.min(link.not_after);
            match self.revoked(link, age).await {
                Ok((false, good_until)) => until = until.min(good_until),
                Ok((true, good_until)) => return (Standing::Revoked, good_until.min(now + self.fresh())),
                Err(why) => standing = Standing::NotFoundOut(why),
            }
        }
        match standing {
            Standing::NotFoundOut(_) => (standing, now + self.retry()),
            _ => (standing, until),
        }
    }

    /// Whether this one certificate was revoked, and until when that answer is good.
    async fn revoked(&self, link: &Link, age: Age) -> Result<(bool, OffsetDateTime), Unknown> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner).clone();
        let rule = rules.iter().find(|rule| rule.authority == link.issuer.thumbprint);
        let now = self.clock.now();
        if rule.map_or(self.config.mode, |rule| rule.mode) == Mode::Off {
            return Ok((false, now + self.fresh()));
        }
        let asking = places::Asking { config: &self.config, now, age, counts: &self.counts };
        self.places.revoked(link, rule, asking).await
    }

    fn count(&self, standing: Standing, age: Age) {
        if age == Age::Young {
            return;
        }
        let count = match standing {
            Standing::Good => &self.counts.good,
            Standing::NotTrusted => &self.counts.not_trusted,
            Standing::Revoked => &self.counts.revoked,
            Standing::NotFoundOut(_) => &self.counts.not_found_out,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn fresh(&self) -> Duration {
        Duration::seconds(i64::try_from(self.config.fresh_seconds).unwrap_or(1))
    }

    fn retry(&self) -> Duration {
        Duration::seconds(i64::try_from(self.config.retry_seconds).unwrap_or(1))
    }

    fn patience(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.config.patience_ms)
    }
}

impl Vet for Vetting {
    fn vet<'a>(&'a self, part: Part, leaf: &'a [u8], shown: &'a [Arc<[u8]>]) -> BoxFuture<'a, Standing> {
        Box::pin(self.standing(part, leaf, shown))
    }
}

impl fmt::Debug for Vetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vetting({:?})", self.authorities)
    }
}

impl Verdict {
    fn new(leaf: &[u8], shown: &[Arc<[u8]>]) -> Arc<Self> {
        Arc::new(Verdict {
            leaf: leaf.into(),
            shown: shown.to_vec(),
            held: RwLock::new(None),
            flight: tokio::sync::Mutex::new(()),
            used: AtomicI64::new(0),
        })
    }

    /// What could not be found out early takes no place of what is still good.
    fn keep(&self, judged: Judged) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let still_good = held.is_some_and(|held| {
            held.standing == Standing::Good && held.generation == judged.generation && judged.since < held.until
        });
        if !(still_good && matches!(judged.standing, Standing::NotFoundOut(_))) {
            *held = Some(judged);
        }
    }
}
