//! One limit per key, for a bounded number of keys.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

/// Room is made no more often than this: each time looks at every key.
const SWEEP: Duration = Duration::from_secs(1);

/// What becomes of a key that there is no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenFull {
    /// All of those share one measure.
    Share,
    /// They are not measured here: something else measures them.
    Pass,
}

/// A limit per key.
pub(super) struct PerKey<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, Bounded<K>, DefaultClock>,
}

impl<K: Hash + Eq + Clone> PerKey<K> {
    pub(super) fn new(per_minute: u32, burst: u32, most: usize, when_full: WhenFull) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst));
        let store = Bounded { most, when_full, full_again: quota.burst_size_replenished_in(), kept: Mutex::default() };
        PerKey { limiter: RateLimiter::new(quota, store, DefaultClock::default()) }
    }

    /// Counts one.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn count(&self, key: &K) -> Result<(), Duration> {
        let checked = self.limiter.check_key(key);
        checked.map_err(|until| until.wait_time_from(self.limiter.clock().now()))
    }

    #[cfg(test)]
    pub(super) fn remembered(self) -> usize {
        self.limiter.into_state_store().locked().by_key.len()
    }
}

/// The state of each key. A key that was quiet for as long as its burst takes to come back counts as never seen.
struct Bounded<K> {
    most: usize,
    when_full: WhenFull,
    full_again: Duration,
    kept: Mutex<Kept<K>>,
}

struct Kept<K> {
    by_key: HashMap<K, (Nanos, Instant)>,
    shared: Option<Nanos>,
    swept: Option<Instant>,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Kept { by_key: HashMap::new(), shared: None, swept: None }
    }
}

impl<K> Bounded<K> {
    fn locked(&self) -> std::sync::MutexGuard<'_, Kept<K>> {
        // Each change is one assignment or one call to the map.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Bounded<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let now = Instant::now();
        let mut kept = self.locked();
        if let Some(entry) = kept.by_key.get_mut(key) {
            let (answer, next) = measure(Some(entry.0))?;
            *entry = (next, now);
            return Ok(answer);
        }
        if kept.by_key.len() >= self.most && kept.swept.is_none_or(|last| now - last >= SWEEP) {
            kept.swept = Some(now);
            kept.by_key.retain(|_, (_, used)| now - *used < self.full_again);
        }
        if kept.by_key.len() < self.most {
            let (answer, next) = measure(None)?;
            kept.by_key.insert(key.clone(), (next, now));
            return Ok(answer);
        }
        let before = match self.when_full {
            WhenFull::Share => kept.shared,
            WhenFull::Pass => None,
        };
        let (answer, next) = measure(before)?;
        kept.shared = Some(next);
        Ok(answer)
    }
}
