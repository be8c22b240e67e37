//! A circuit breaker: after so many failures in a row nobody is asked for a while, then one question tries whether it goes
//! again. A state machine without a clock and without locks; who uses it says what time it is.

use std::time::{Duration, Instant};

/// When it opens and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakerSettings {
    /// Failures in a row that open it; at least one.
    pub(crate) failures: u32,
    /// How long nobody is asked once it is open.
    pub(crate) rest: Duration,
}

/// Whether it may be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// As usual.
    Closed,
    /// Nobody is asked.
    Open,
    /// One question is trying.
    HalfOpen,
}

/// That a question may be asked. Whatever becomes of it is told back with this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    /// Counts changes of state: an outcome of an earlier time says nothing of now.
    era: u64,
}

#[derive(Debug)]
pub(crate) struct Breaker {
    settings: BreakerSettings,
    state: State,
    era: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Self {
        Breaker { settings, state: State::Closed { failures: 0 }, era: 0 }
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen => BreakerState::HalfOpen,
        }
    }

    /// Asks to ask. None: not now.
    pub(crate) fn admit(&mut self, now: Instant) -> Option<Admission> {
        match self.state {
            State::Closed { .. } => {}
            State::Open { until } if now >= until => self.become_(State::HalfOpen),
            State::Open { .. } | State::HalfOpen => return None,
        }
        Some(Admission { era: self.era })
    }

    /// An answer came that shows that the other side works, whatever it said.
    pub(crate) fn succeeded(&mut self, admission: Admission) {
        if admission.era != self.era {
            return;
        }
        match self.state {
            State::Closed { .. } => self.state = State::Closed { failures: 0 },
            State::HalfOpen => self.become_(State::Closed { failures: 0 }),
            State::Open { .. } => {}
        }
    }

    /// No answer came, or none that can be used.
    pub(crate) fn failed(&mut self, admission: Admission, now: Instant) {
        if admission.era != self.era {
            return;
        }
        match self.state {
            State::Closed { failures } if failures + 1 < self.settings.failures => {
                self.state = State::Closed { failures: failures + 1 };
            }
            State::Closed { .. } | State::HalfOpen => self.become_(State::Open { until: now + self.settings.rest }),
            State::Open { .. } => {}
        }
    }

    /// Whoever asked went away before there was an answer. A try that nobody waits for is given to the next.
    pub(crate) fn abandoned(&mut self, admission: Admission, now: Instant) {
        if admission.era == self.era && matches!(self.state, State::HalfOpen) {
            self.become_(State::Open { until: now });
        }
    }

    fn become_(&mut self, state: State) {
        self.state = state;
        self.era += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings { failures: 3, rest: Duration::from_secs(10) };

    #[test]
    fn it_opens_rests_tries_and_closes_again() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut breaker = Breaker::new(SETTINGS);
        for _ in 0..2 {
            let admitted = breaker.admit(start).unwrap();
            breaker.failed(admitted, start);
        }
        let admitted = breaker.admit(start).unwrap();
        breaker.succeeded(admitted);
        for _ in 0..3 {
            let admitted = breaker.admit(start).unwrap();
            breaker.failed(admitted, start);
        }
        assert_eq!((breaker.state(), breaker.admit(at(9))), (BreakerState::Open, None));
        let tried = breaker.admit(at(10)).unwrap();
        assert_eq!((breaker.state(), breaker.admit(at(10))), (BreakerState::HalfOpen, None));
        breaker.failed(tried, at(11));
        assert_eq!(breaker.admit(at(20)), None);
        let tried = breaker.admit(at(21)).unwrap();
        breaker.succeeded(tried);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn an_outcome_of_an_earlier_time_changes_nothing() {
        let now = Instant::now();
        let mut breaker = Breaker::new(SETTINGS);
        let late = breaker.admit(now).unwrap();
        for _ in 0..3 {
            let admitted = breaker.admit(now).unwrap();
            breaker.failed(admitted, now);
        }
        breaker.succeeded(late);
        assert_eq!(breaker.state(), BreakerState::Open);
        let tried = breaker.admit(now + SETTINGS.rest).unwrap();
        breaker.succeeded(late);
        breaker.failed(late, now);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        breaker.abandoned(tried, now + SETTINGS.rest);
        assert!(breaker.admit(now + SETTINGS.rest).is_some(), "the next may try at once");
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Ask,
        Succeed(usize),
        Fail(usize),
        Abandon(usize),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Ask),
            1 => any::<usize>().prop_map(Step::Succeed),
            3 => any::<usize>().prop_map(Step::Fail),
            1 => any::<usize>().prop_map(Step::Abandon),
            2 => (0_u64..12).prop_map(Step::Wait),
        ]
    }

    proptest! {
        /// While it is open nobody asks before the rest is over; of several only one tries; and it never stays shut for
        /// ever: after a rest, with nobody under way, somebody is let through.
        #[test]
        fn it_keeps_to_its_rest_and_always_lets_somebody_try_again(steps in prop::collection::vec(step(), 0..80)) {
            let mut now = Instant::now();
            let mut breaker = Breaker::new(SETTINGS);
            let mut under_way: Vec<(Admission, bool)> = Vec::new();
            let mut opened: Option<Instant> = None;
            for step in steps {
                let before = breaker.state();
                match step {
                    Step::Wait(seconds) => now += Duration::from_secs(seconds),
                    Step::Ask => {
                        if let Some(admission) = breaker.admit(now) {
                            let trying = breaker.state() == BreakerState::HalfOpen;
                            if trying {
                                prop_assert!(under_way.iter().all(|(_, trying)| !trying), "two try at once");
                                prop_assert!(opened.is_none_or(|opened| now >= opened + SETTINGS.rest));
                            }
                            under_way.push((admission, trying));
                        } else {
                            prop_assert!(before != BreakerState::Closed);
                        }
                    }
                    Step::Succeed(which) | Step::Fail(which) | Step::Abandon(which) if !under_way.is_empty() => {
                        let (admission, trying) = under_way.swap_remove(which % under_way.len());
                        match step {
                            Step::Succeed(_) => breaker.succeeded(admission),
                            Step::Fail(_) => breaker.failed(admission, now),
                            _ => breaker.abandoned(admission, now),
                        }
                        if before != BreakerState::Open && breaker.state() == BreakerState::Open {
                            // Who went away without an answer leaves no rest behind.
                            opened = matches!(step, Step::Fail(_)).then_some(now);
                        }
                        if trying {
                            prop_assert!(breaker.state() != BreakerState::HalfOpen);
                        }
                    }
                    Step::Succeed(_) | Step::Fail(_) | Step::Abandon(_) => {}
                }
            }
            for (admission, _) in under_way {
                breaker.abandoned(admission, now);
            }
            prop_assert!(breaker.admit(now + SETTINGS.rest).is_some());
        }
    }
}
