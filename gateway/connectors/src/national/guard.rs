//! Lets a question go when the service is believed to be well, a bounded number of them at once, within one deadline over
//! everything; and tells of what is amiss, once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tracing::{info, warn};

use super::breaker::{Admission, Breaker, BreakerSettings, BreakerState};
use super::call::Failure;

/// Stands before a service.
#[derive(Debug)]
pub(crate) struct Guard {
    /// How the log names the service.
    name: &'static str,
    breaker: Mutex<Breaker>,
    places: Semaphore,
    deadline: Duration,
}

/// A question that was let through, until it is told what became of it; also when whoever asked went away.
struct UnderWay<'a> {
    guard: &'a Guard,
    admission: Option<Admission>,
}

impl Guard {
    pub(crate) fn new(name: &'static str, settings: BreakerSettings, at_once: usize, deadline: Duration) -> Self {
        Guard { name, breaker: Mutex::new(Breaker::new(settings)), places: Semaphore::new(at_once), deadline }
    }

    pub(crate) fn state(&self) -> BreakerState {
        self.breaker().state()
    }

    /// Asks, if that may be. `asking` is given the moment until which it may take.
    pub(crate) async fn ask<T, F>(&self, asking: impl FnOnce(Instant) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let until = Instant::now() + self.deadline;
        let Some(admission) = self.breaker().admit(Instant::now()) else { return Err(Failure::Resting) };
        let mut under_way = UnderWay { guard: self, admission: Some(admission) };
        let placed = async {
            let _place = self.places.acquire().await.map_err(|_| Failure::Unreachable)?;
            asking(until).await
        };
        let answer = tokio::time::timeout_at(until.into(), placed).await.unwrap_or(Err(Failure::TimedOut));
        under_way.ended(answer.as_ref().map_or_else(|failure| failure.shows_it_works(), |_| true));
        if let Err(failure) = &answer {
            warn!(
                service = self.name,
                service.alarm = failure.word(),
                "a national service gave no answer that can be used"
            );
        }
        answer
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay<'_> {
    fn ended(&mut self, works: bool) {
        let Some(admission) = self.admission.take() else { return };
        let mut breaker = self.guard.breaker();
        let before = breaker.state();
        if works {
            breaker.succeeded(admission);
        } else {
            breaker.failed(admission, Instant::now());
        }
        let name = self.guard.name;
        match (before, breaker.state()) {
            (BreakerState::Closed | BreakerState::HalfOpen, BreakerState::Open) => {
                warn!(service = name, service.breaker = "open", "a national service is left alone for a while");
            }
            (BreakerState::HalfOpen, BreakerState::Closed) => {
                info!(service = name, service.breaker = "closed", "a national service answers again");
            }
            _ => {}
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            self.guard.breaker().abandoned(admission, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn guard(failures: u32) -> Guard {
        let settings = BreakerSettings { failures, rest: Duration::from_secs(60) };
        Guard::new("x", settings, 2, Duration::from_millis(500))
    }

    #[tokio::test]
    async fn after_so_many_failures_nobody_is_asked_and_a_refusal_is_none() {
        let (guard, asked) = (guard(2), AtomicUsize::new(0));
        let ask = |answer: Result<(), Failure>| {
            let asked = &asked;
            guard.ask(move |_| async move {
                asked.fetch_add(1, Ordering::Relaxed);
                answer
            })
        };
        for failure in [Failure::Unreachable, Failure::Rejected(400), Failure::Unusable("x"), Failure::TimedOut] {
            assert_eq!(ask(Err(failure)).await, Err(failure));
        }
        assert_eq!((guard.state(), ask(Ok(())).await), (BreakerState::Open, Err(Failure::Resting)));
        assert_eq!(asked.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn one_deadline_holds_over_waiting_for_a_place_too() {
        let guard = guard(100);
        let begun = Instant::now();
        let asking = (0..6).map(|_| guard.ask(|_| std::future::pending::<Result<(), Failure>>()));
        for answer in futures_util::future::join_all(asking).await {
            assert_eq!(answer, Err(Failure::TimedOut));
        }
        assert!(begun.elapsed() < Duration::from_millis(990), "nobody waited twice");
    }
}
