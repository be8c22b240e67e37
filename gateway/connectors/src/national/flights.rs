//! One question under way answers everybody who asks the same meanwhile (single flight). The question lives as long as
//! somebody waits for it; when the last one goes, it is given up.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use exchange::ports::BoxFuture;
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

type Flight<T> = Shared<BoxFuture<'static, T>>;
type Map<K, T> = HashMap<K, (u64, WeakShared<BoxFuture<'static, T>>)>;

/// Questions under way, by what they ask.
pub(crate) struct Flights<K, T: Clone> {
    under_way: Arc<Mutex<Map<K, T>>>,
}

/// Takes a flight out when it ends, however it ends.
struct Landing<K: Hash + Eq, T: Clone> {
    under_way: Arc<Mutex<Map<K, T>>>,
    key: K,
    number: u64,
}

impl<K, T> Flights<K, T>
where
    K: Hash + Eq + Clone + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Flights { under_way: Arc::default() }
    }

    /// The flight that asks this already, or the one that `begin` makes. `number` tells flights of one key apart; it must
    /// be another one each time.
    pub(crate) fn join(&self, key: K, number: u64, begin: impl FnOnce() -> BoxFuture<'static, T>) -> Flight<T> {
        let mut under_way = lock(&self.under_way);
        if let Some(flight) = under_way.get(&key).and_then(|(_, flight)| flight.upgrade()) {
            return flight;
        }
        let landing = Landing { under_way: self.under_way.clone(), key: key.clone(), number };
        let asking = begin();
        let flight = async move {
            let told = asking.await;
            drop(landing);
            told
        }
        .boxed()
        .shared();
        if let Some(weak) = flight.downgrade() {
            under_way.insert(key, (number, weak));
        }
        flight
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        lock(&self.under_way).len()
    }
}

impl<K: Hash + Eq, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        let mut under_way = lock(&self.under_way);
        if under_way.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            under_way.remove(&self.key);
        }
    }
}

fn lock<K, T: Clone>(under_way: &Mutex<Map<K, T>>) -> MutexGuard<'_, Map<K, T>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_asks_the_same_waits_for_the_same_and_others_do_not() {
        let flights = Flights::<&'static str, u64>::new();
        let asked = Arc::new(AtomicU64::new(0));
        let ask = |key, number| {
            let asked = asked.clone();
            flights.join(key, number, || {
                async move {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    asked.fetch_add(1, Ordering::Relaxed) + 1
                }
                .boxed()
            })
        };
        let (first, second, other) = (ask("a", 1), ask("a", 2), ask("b", 3));
        assert_eq!(flights.count(), 2);
        let (first, second, other) = tokio::join!(first, second, other);
        assert!(first == second && other != first);
        assert_eq!((asked.load(Ordering::Relaxed), flights.count()), (2, 0));
        assert_eq!(ask("a", 4).await, 3, "afterwards it is asked anew");
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_given_up() {
        let flights = Flights::<u8, ()>::new();
        let forever = || std::future::pending::<()>().boxed();
        let (first, second) = (flights.join(1, 1, forever), flights.join(1, 2, forever));
        drop(first);
        assert_eq!(flights.count(), 1);
        drop(second);
        assert_eq!(flights.count(), 0);
        // An old flight that ends late does not take a new one with it.
        let old = flights.join(1, 3, forever);
        lock(&flights.under_way).clear();
        let new = flights.join(1, 4, forever);
        drop(old);
        assert_eq!(flights.count(), 1);
        drop(new);
    }
}
