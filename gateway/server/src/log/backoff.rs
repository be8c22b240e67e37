//! How long a receiver that is not there is left alone: longer each time, up to a bound, and never as long as another node
//! that lost the same one.

use std::time::Duration;

/// The first wait, and the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Counts tries in a row that came to nothing.
#[derive(Debug, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The wait before the next try.
    pub fn wait(&mut self) -> Duration {
        let whole = FIRST.saturating_mul(1_u32.checked_shl(self.tries).unwrap_or(u32::MAX)).min(LONGEST);
        self.tries = self.tries.saturating_add(1).min(16);
        let mut random = [0; 1];
        // Without randomness the wait is a whole one.
        let part = aws_lc_rs::rand::fill(&mut random).map_or(256, |()| u32::from(random[0]));
        whole / 2 + (whole / 2) * part / 256
    }

    pub fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_up_to_twice_as_long_and_within_the_bound_and_not_always_the_same() {
        let mut backoff = Backoff::default();
        for whole in [1, 2, 4, 8, 16, 32, 60, 60, 60].map(Duration::from_secs) {
            let wait = backoff.wait();
            assert!((whole / 2..=whole).contains(&wait), "{wait:?} of {whole:?}");
        }
        let waits: Vec<_> = (0..64).map(|_| backoff.wait()).collect();
        assert!(waits.iter().any(|wait| *wait != waits[0]));
        assert!(waits.iter().all(|wait| *wait <= LONGEST));
        backoff.reset();
        assert!(backoff.wait() <= FIRST);
    }
}
