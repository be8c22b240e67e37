//! A set of records of one run, by their ordinals.

/// One bit per record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordinals(Vec<u64>);

const BITS: usize = u64::BITS as usize;

impl Ordinals {
    pub fn none(records: usize) -> Self {
        Ordinals(vec![0; records.div_ceil(BITS)])
    }

    pub fn all(records: usize) -> Self {
        let mut all = Ordinals(vec![u64::MAX; records.div_ceil(BITS)]);
        all.cut(records);
        all
    }

    pub fn add(&mut self, ordinal: u16) {
        if let Some(word) = self.0.get_mut(usize::from(ordinal) / BITS) {
            *word |= 1 << (usize::from(ordinal) % BITS);
        }
    }

    pub fn keep(&mut self, others: &Ordinals) {
        for (own, other) in self.0.iter_mut().zip(&others.0) {
            *own &= other;
        }
    }

    /// Leaves out those from this one on.
    pub fn cut(&mut self, end: usize) {
        for (at, word) in self.0.iter_mut().enumerate() {
            *word &= match end.saturating_sub(at * BITS) {
                0 => 0,
                left if left >= BITS => u64::MAX,
                left => (1 << left) - 1,
            };
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// From the last to the first.
    pub fn backwards(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().rev().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.checked_ilog2()?;
                left &= !(1 << bit);
                Some(at * BITS + bit as usize)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(ordinals: &BTreeSet<u16>) -> Ordinals {
        let mut set = Ordinals::none(300);
        ordinals.iter().for_each(|ordinal| set.add(*ordinal));
        set
    }

    proptest! {
        #[test]
        fn it_is_a_set_that_is_read_backwards(
            one in proptest::collection::btree_set(0u16..300, 0..40),
            other in proptest::collection::btree_set(0u16..300, 0..300),
            end in 0usize..320,
        ) {
            let mut both = set(&one);
            both.keep(&set(&other));
            both.cut(end);
            let mut all = Ordinals::all(300);
            all.keep(&set(&one));
            prop_assert_eq!(&all, &set(&one));
            let expected: Vec<usize> =
                (&one & &other).iter().rev().map(|o| usize::from(*o)).filter(|o| *o < end).collect();
            prop_assert_eq!(both.is_empty(), expected.is_empty());
            prop_assert_eq!(both.backwards().collect::<Vec<_>>(), expected);
        }
    }
}
