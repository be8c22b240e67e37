//! Which of many periods cover a moment, found without looking at each: a tree of latest ends over the periods in the order
//! of their starts. It keeps folding linear in all but name, also for a treatment with thousands of agreements.

use super::moment::Moment;

/// The end of a place that holds nothing.
const NOTHING: Moment = Moment::of_unix(i64::MIN);

/// Periods that run, by the order of their starts.
pub(super) struct Running {
    /// Ascending.
    starts: Vec<Moment>,
    /// A binary tree: the leaves are ends, and each node is the latest of its two.
    ends: Vec<Moment>,
    leaves: usize,
}

impl Running {
    /// Room for periods with these starts, which ascend; none runs yet.
    pub fn new(starts: Vec<Moment>) -> Self {
        let leaves = starts.len().next_power_of_two().max(1);
        Running { ends: vec![NOTHING; leaves * 2], starts, leaves }
    }

    /// The period at this place runs until then.
    pub fn set(&mut self, place: usize, end: Moment) {
        let mut node = self.leaves + place;
        let Some(leaf) = self.ends.get_mut(node) else { return };
        *leaf = end;
        while node > 1 {
            node /= 2;
            let latest = self.ends[node * 2].max(self.ends[node * 2 + 1]);
            self.ends[node] = latest;
        }
    }

    /// The period at this place runs no longer.
    pub fn remove(&mut self, place: usize) {
        self.set(place, NOTHING);
    }

    /// Of the periods that run and cover this moment, the one that started last.
    pub fn covering(&self, moment: Moment) -> Option<usize> {
        let before = self.starts.partition_point(|start| *start <= moment);
        self.last(1, 0, self.leaves, before, moment)
    }

    /// The last place below `before` whose end is not before `moment`, in the part of the tree at `node`.
    fn last(&self, node: usize, from: usize, width: usize, before: usize, moment: Moment) -> Option<usize> {
        let latest = self.ends.get(node).copied()?;
        if from >= before || latest < moment || latest == NOTHING {
            return None;
        }
        if width == 1 {
            return Some(from);
        }
        let half = width / 2;
        self.last(node * 2 + 1, from + half, half, before, moment)
            .or_else(|| self.last(node * 2, from, half, before, moment))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_covers_a_moment_is_what_a_look_at_each_finds(
            mut periods in prop::collection::vec((0i64..30, 0i64..30, any::<bool>()), 0..20),
            moment in 0i64..40,
        ) {
            periods.sort_unstable();
            let mut running = Running::new(periods.iter().map(|(start, ..)| Moment::of_unix(*start)).collect());
            for (place, (_, end, stays)) in periods.iter().enumerate() {
                running.set(place, Moment::of_unix(*end));
                if !stays {
                    running.remove(place);
                }
            }
            let plain = periods.iter().rposition(|(start, end, stays)| *stays && *start <= moment && moment <= *end);
            prop_assert_eq!(running.covering(Moment::of_unix(moment)), plain);
        }
    }
}
