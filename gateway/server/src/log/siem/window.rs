//! How far the receiver has been told, and from where it is told again after a connection is lost. Syslog has no
//! acknowledgement: what was written may still have been under way, here or in the receiver's operating system, when the
//! receiver went. So what was written a short while ago counts as not arrived.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// At least so many records are told again, however long ago they were told.
pub const AT_LEAST: u64 = 256;
/// More than so many are never under way: they would not fit into the buffers of two operating systems.
pub const AT_MOST: u64 = 16_384;
/// In so many steps a while is measured.
const STEPS: u32 = 16;

/// Where a stream stands.
#[derive(Debug)]
pub struct Window {
    /// Where this connection began.
    floor: u64,
    /// What is told next.
    next: u64,
    /// All before this arrived: it was told a while ago, and the connection was well since.
    settled: u64,
    /// How much was told by when.
    marks: VecDeque<(Instant, u64)>,
    settling: Duration,
}

impl Window {
    /// Begins at this index. `settling` is how long ago something must have been told to be taken for arrived.
    pub fn new(at: u64, settling: Duration) -> Self {
        Window { floor: at, next: at, settled: at, marks: VecDeque::new(), settling }
    }

    pub fn next(&self) -> u64 {
        self.next
    }

    /// All before this index has been told by now.
    pub fn told(&mut self, next: u64, now: Instant) {
        self.next = self.next.max(next);
        while let Some((_, index)) = self.marks.front().filter(|(at, _)| *at + self.settling <= now) {
            self.settled = self.settled.max(*index);
            self.marks.pop_front();
        }
        let last = self.marks.back().copied();
        let newer = last.map_or(self.settled, |(_, index)| index) < self.next;
        if newer && last.is_none_or(|(at, _)| at + self.settling / STEPS <= now) {
            self.marks.push_back((now, self.next));
        }
    }

    /// From where it is told again, should the connection be lost or the node stop now.
    pub fn again_from(&self) -> u64 {
        let under_way = self.settled.max(self.next.saturating_sub(AT_MOST));
        under_way.min(self.next.saturating_sub(AT_LEAST)).max(self.floor)
    }

    /// The connection is lost: the next one begins where it must.
    pub fn lost(&mut self) {
        *self = Window::new(self.again_from(), self.settling);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHILE: Duration = Duration::from_secs(16);

    #[test]
    fn what_was_told_a_while_ago_is_told_again_no_more_than_the_least() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut window = Window::new(0, WHILE);
        assert_eq!(window.again_from(), 0);
        for (seconds, told, again) in [
            (0, 1_000, 0),
            (15, 2_000, 0),
            (16, 2_000, 1_000),
            (30, 2_000, 1_000),
            (31, 2_000, 1_744),
            (100, 2_000, 1_744),
            (101, 2_001, 1_745),
            (102, 100_000, 100_000 - AT_MOST),
        ] {
            window.told(told, at(seconds));
            assert_eq!(window.again_from(), again, "after {seconds} seconds");
        }
        window.lost();
        assert_eq!((window.next(), window.again_from()), (100_000 - AT_MOST, 100_000 - AT_MOST));
    }

    #[test]
    fn a_connection_that_comes_to_nothing_goes_no_further_back() {
        let mut window = Window::new(5_000, WHILE);
        for _ in 0..3 {
            window.lost();
            assert_eq!(window.next(), 5_000);
        }
        window.told(5_010, Instant::now());
        window.lost();
        assert_eq!(window.next(), 5_000);
    }

    proptest! {
        #[test]
        fn nothing_that_is_new_is_taken_for_arrived_and_little_is_kept(
            steps in proptest::collection::vec((0_u64..3_000, 0_u64..5_000, any::<Option<bool>>()), 1..80),
        ) {
            let mut now = Instant::now();
            let mut window = Window::new(0, WHILE);
            // Everything told in this connection: up to where, and when.
            let mut told: Vec<(u64, Instant)> = Vec::new();
            let mut floor = 0;
            for (milliseconds, more, lost) in steps {
                now += Duration::from_millis(milliseconds);
                let next = window.next() + more;
                window.told(next, now);
                told.push((next, now));
                let again = window.again_from();
                prop_assert!(again <= next && again >= floor);
                prop_assert!(next - again >= AT_LEAST.min(next - floor));
                // Whatever is not told again was told a while ago, or more than the most is under way.
                let arrived = told.iter().filter(|(_, at)| *at + WHILE <= now).map(|(index, _)| *index).max();
                prop_assert!(again <= arrived.unwrap_or(floor).max(next.saturating_sub(AT_MOST)).max(floor));
                prop_assert!(window.marks.len() <= STEPS as usize + 2);
                if lost == Some(true) {
                    window.lost();
                    told.clear();
                    floor = window.next();
                    prop_assert_eq!(floor, again);
                }
            }
        }
    }
}
