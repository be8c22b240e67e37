//! How much each caller may ask, and how often one may try to come in. Bounded in memory, whoever asks.
//!
//! Who is identified is counted as such: a peer's organisation, a system of ours, and each person. Who is not is counted
//! by address, and only there: an address can be shared, so it never limits a caller that is known.

mod log_ins;
mod per_key;

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use exchange::Gate;
use exchange::ports::Throttle;
use moka::sync::Cache;
use policy::Caller;
use serde::{Deserialize, Serialize};

use super::{IdentityFault, Thumbprint};
use log_ins::LogIns;
pub use log_ins::{Locked, Who};
use per_key::{PerKey, WhenFull};

/// Configuration of limits. Rates are per minute; a burst is what may come at once after a quiet time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests of one organisation at the outer gate, or of one system at the inner gate.
    pub client_per_minute: u32,
    pub client_burst: u32,
    /// Requests of one person.
    pub person_per_minute: u32,
    pub person_burst: u32,
    /// Token requests of one client certificate, or of one address that shows none.
    pub token_per_minute: u32,
    /// Requests of one address that are recorded though nobody was identified. What comes on top is refused and counted.
    pub unidentified_per_minute: u32,
    /// Failed log-ins of one address before it has to wait.
    pub log_in_attempts: u32,
    /// The same of one person, wherever they try: of whom it was proved who they are, and who was refused all the same.
    pub log_in_attempts_of_person: u32,
    /// How long they wait, in seconds.
    pub log_in_seconds: u32,
    /// How many callers and addresses are remembered, of each kind.
    pub remembered: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        LimitsConfig {
            client_per_minute: 30_000,
            client_burst: 5_000,
            person_per_minute: 1_200,
            person_burst: 600,
            token_per_minute: 3_000,
            unidentified_per_minute: 120,
            log_in_attempts: 10,
            log_in_attempts_of_person: 5,
            log_in_seconds: 300,
            remembered: 10_000,
        }
    }
}

impl LimitsConfig {
    /// Longest lock-out that may be configured, in seconds: longer would be a way to lock others out.
    const LONGEST_LOCK: u32 = 3_600;
    const MOST_REMEMBERED: usize = 1_000_000;

    /// Whether these are limits.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn check(&self) -> Result<(), IdentityFault> {
        for (name, value) in [
            ("client_per_minute", self.client_per_minute),
            ("client_burst", self.client_burst),
            ("person_per_minute", self.person_per_minute),
            ("person_burst", self.person_burst),
            ("token_per_minute", self.token_per_minute),
            ("unidentified_per_minute", self.unidentified_per_minute),
            ("log_in_attempts", self.log_in_attempts),
            ("log_in_attempts_of_person", self.log_in_attempts_of_person),
        ] {
            if value == 0 {
                return Err(IdentityFault(format!("limits.{name} must be more than 0")));
            }
        }
        if !(1..=Self::LONGEST_LOCK).contains(&self.log_in_seconds) {
            return Err(IdentityFault(format!("limits.log_in_seconds must be between 1 and {}", Self::LONGEST_LOCK)));
        }
        if !(1..=Self::MOST_REMEMBERED).contains(&self.remembered) {
            return Err(IdentityFault(format!("limits.remembered must be between 1 and {}", Self::MOST_REMEMBERED)));
        }
        Ok(())
    }
}

/// No wait of a rate per minute is longer.
const MINUTE: Duration = Duration::from_secs(60);

/// Who is counted.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Client {
    Organisation(String),
    Own(String),
}

/// All limits of a node.
pub struct RateLimits {
    config: LimitsConfig,
    clients: PerKey<Client>,
    own_people: PerKey<String>,
    their_people: PerKey<(String, String)>,
    tokens: PerKey<Vec<u8>>,
    unidentified: PerKey<Option<IpAddr>>,
    /// Addresses over their measure, and until when.
    over: Cache<Option<IpAddr>, Instant>,
    log_ins: LogIns,
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RateLimits({:?})", self.config)
    }
}

impl RateLimits {
    pub fn new(config: LimitsConfig) -> Self {
        let most = config.remembered;
        let lock = Duration::from_secs(u64::from(config.log_in_seconds));
        RateLimits {
            clients: PerKey::new(config.client_per_minute, config.client_burst, most, WhenFull::Share),
            own_people: PerKey::new(config.person_per_minute, config.person_burst, most, WhenFull::Share),
            // Without room for one more the peer's own limit still holds, so nobody gains by making up persons.
            their_people: PerKey::new(config.person_per_minute, config.person_burst, most, WhenFull::Pass),
            tokens: PerKey::new(config.token_per_minute, config.token_per_minute, most, WhenFull::Share),
            unidentified: PerKey::new(
                config.unidentified_per_minute,
                config.unidentified_per_minute,
                most,
                WhenFull::Share,
            ),
            over: Cache::builder().max_capacity(u64::try_from(most).unwrap_or(u64::MAX)).time_to_live(MINUTE).build(),
            log_ins: LogIns::new(
                lock,
                config.log_in_attempts,
                config.log_in_attempts_of_person,
                u64::try_from(most).unwrap_or(u64::MAX),
            ),
            config,
        }
    }

    /// Counts a token request, by the client certificate or the address.
    ///
    /// # Errors
    /// How long to wait.
    pub fn token(&self, certificate: Option<&[u8]>, address: Option<IpAddr>) -> Result<(), Duration> {
        let key = match (certificate, address) {
            // Two certificates never have the same digest.
            (Some(der), _) => Thumbprint::of(der).to_string().into_bytes(),
            (None, address) => address.map(|address| address.to_string()).unwrap_or_default().into_bytes(),
        };
        self.tokens.count(&key)
    }

    /// Counts a request that identified nobody.
    ///
    /// # Errors
    /// How long to wait, when it was one too many.
    pub fn unidentified(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        self.unidentified.count(&address).inspect_err(|wait| {
            self.over.insert(address, Instant::now() + *wait);
        })
    }

    /// Whether this address is within its measure of requests that identify nobody. Counts nothing.
    ///
    /// # Errors
    /// How long to wait.
    pub fn over(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        let wait = self.over.get(&address).map(|until| until.saturating_duration_since(Instant::now()));
        wait.filter(|wait| !wait.is_zero()).map_or(Ok(()), Err)
    }

    /// Whether somebody may try to log in now: at this address, or as this person.
    ///
    /// # Errors
    /// How long to wait.
    pub fn may_log_in(&self, who: &Who) -> Result<(), Duration> {
        self.log_ins.may(who)
    }

    /// A log-in failed.
    pub fn log_in_failed(&self, who: Who) {
        self.log_ins.failed(who);
    }

    /// What failed before is forgotten: whoever sits there knows how, or an administrator ended the wait.
    pub fn forget_log_ins(&self, who: &Who) {
        self.log_ins.forget(who);
    }

    /// Everybody who has to wait before they may log in again.
    pub fn locked(&self) -> Vec<Locked> {
        self.log_ins.locked()
    }
}

impl Throttle for RateLimits {
    fn admit(&self, gate: Gate, caller: &Caller) -> Result<(), Duration> {
        let organisation = caller.organisation.ura.to_string();
        let client = match gate {
            Gate::Outer => Client::Organisation(organisation.clone()),
            Gate::Inner => Client::Own(caller.client_id.clone()),
        };
        // People who log in themselves share a client that is no system: each is counted as a person, and only so.
        match (gate, &caller.person) {
            (Gate::Inner, Some(person)) => self.own_people.count(&person.id),
            (Gate::Inner | Gate::Outer, None) => self.clients.count(&client),
            (Gate::Outer, Some(person)) => {
                self.clients.count(&client)?;
                self.their_people.count(&(organisation, person.id.clone()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
