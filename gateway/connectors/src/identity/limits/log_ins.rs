//! Failed log-ins: by address, and by the person whom they were truly about. Who failed too often waits, and an administrator
//! (beheerder) can end the wait.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

/// Whose failures are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// Nobody is known there; none when the connection tells no address.
    Address(Option<IpAddr>),
    /// By the number under which the person is known.
    Person(String),
}

/// Somebody who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    pub who: Who,
    /// How long still.
    pub wait: Duration,
}

/// All failures of late.
pub(super) struct LogIns {
    lock: Duration,
    attempts: u32,
    attempts_of_person: u32,
    failures: Cache<Who, Arc<Failures>>,
}

struct Failures {
    count: AtomicU32,
    first: Instant,
}

impl LogIns {
    pub(super) fn new(lock: Duration, attempts: u32, attempts_of_person: u32, most: u64) -> Self {
        let failures = Cache::builder().max_capacity(most).time_to_live(lock).build();
        LogIns { lock, attempts, attempts_of_person, failures }
    }

    pub(super) fn may(&self, who: &Who) -> Result<(), Duration> {
        self.failures.get(who).and_then(|failures| self.wait(who, &failures)).map_or(Ok(()), Err)
    }

    pub(super) fn failed(&self, who: Who) {
        let begin = || Arc::new(Failures { count: AtomicU32::new(0), first: Instant::now() });
        self.failures.get_with(who, begin).count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn forget(&self, who: &Who) {
        self.failures.invalidate(who);
    }

    /// Everybody who waits now.
    pub(super) fn locked(&self) -> Vec<Locked> {
        let waiting = |(who, failures): (Arc<Who>, Arc<Failures>)| {
            let wait = self.wait(&who, &failures)?;
            Some(Locked { who: Who::clone(&who), wait })
        };
        let mut all: Vec<Locked> = self.failures.iter().filter_map(waiting).collect();
        all.sort_by(|one, other| one.who.cmp(&other.who));
        all
    }

    fn wait(&self, who: &Who, failures: &Failures) -> Option<Duration> {
        let most = match who {
            Who::Address(_) => self.attempts,
            Who::Person(_) => self.attempts_of_person,
        };
        if failures.count.load(Ordering::Relaxed) < most {
            return None;
        }
        Some(self.lock.saturating_sub(failures.first.elapsed())).filter(|wait| !wait.is_zero())
    }
}
