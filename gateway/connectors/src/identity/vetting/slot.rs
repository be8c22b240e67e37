//! Something found out, kept until it is too old, and asked for by one at a time.

use std::future::Future;
use std::sync::{PoisonError, RwLock};

use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::Unknown;

/// What was found out, or why not.
pub(super) type Found<T> = Result<T, Unknown>;

/// A place for one thing. If whoever asks gives up, the next in line goes on.
pub(super) struct Slot<T> {
    held: RwLock<Option<Held<T>>>,
    flight: Mutex<()>,
}

#[derive(Clone)]
struct Held<T> {
    found: Found<T>,
    since: OffsetDateTime,
    until: OffsetDateTime,
}

/// How old a thing may be to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// Until its end: somebody waits for it.
    Usable,
    /// Only in the first half of its life: nobody waits, it is fetched anew in good time.
    Young,
}

impl<T: Clone> Slot<T> {
    pub(super) fn new() -> Self {
        Slot { held: RwLock::new(None), flight: Mutex::new(()) }
    }

    /// What is held and until when it is good, unless it is too old.
    pub(super) fn get(&self, now: OffsetDateTime, age: Age) -> Option<(Found<T>, OffsetDateTime)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_ref()?;
        let usable = match age {
            Age::Usable => now < held.until,
            Age::Young => now < held.since + (held.until - held.since) / 2,
        };
        usable.then(|| (held.found.clone(), held.until))
    }

    /// What is held, or what `fetch` brings, and until when that is good. What could not be found out takes no place of
    /// something that is still good.
    pub(super) async fn get_or(
        &self,
        now: OffsetDateTime,
        age: Age,
        fetch: impl Future<Output = (Found<T>, OffsetDateTime)>,
    ) -> (Found<T>, OffsetDateTime) {
        if let Some(held) = self.get(now, age) {
            return held;
        }
        let _alone = self.flight.lock().await;
        if let Some(held) = self.get(now, age) {
            return held;
        }
        let (found, until) = fetch.await;
        if found.is_err()
            && let Some(good @ (Ok(_), _)) = self.get(now, Age::Usable)
        {
            return good;
        }
        let held = Held { found: found.clone(), since: now, until };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        (found, until)
    }
}
