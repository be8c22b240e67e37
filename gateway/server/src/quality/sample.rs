//! Which released resources are looked at: one in so many, spread evenly, so that answers with a rhythm (the patient
//! always first) are not always hit at the same place.

use std::sync::atomic::{AtomicU64, Ordering};

pub(super) struct Sampler {
    seen: AtomicU64,
    one_in: u64,
}

impl Sampler {
    /// `one_in` 0 is taken for 1.
    pub(super) fn new(one_in: u32) -> Self {
        Sampler { seen: AtomicU64::new(0), one_in: u64::from(one_in.max(1)) }
    }

    /// Whether the next one is taken.
    pub(super) fn takes(&self) -> bool {
        spread(self.seen.fetch_add(1, Ordering::Relaxed)).is_multiple_of(self.one_in)
    }
}

/// SplitMix64's output function: neighbouring numbers become unlike each other.
fn spread(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_one_in_so_many_is_taken_whatever_the_rhythm() {
        for one_in in [1, 2, 10, 100] {
            let sampler = Sampler::new(one_in);
            let taken: Vec<usize> = (0..100_000).filter(|_| sampler.takes()).collect();
            let expected = 100_000 / one_in as usize;
            assert!(taken.len().abs_diff(expected) <= expected / 5, "one in {one_in}: {}", taken.len());
            // Answers of ten resources: each place has its turn.
            let first = taken.iter().filter(|number| **number % 10 == 0).count();
            assert!(first.abs_diff(expected / 10) <= expected / 20 + 5, "one in {one_in}: {first} first ones");
        }
    }
}
