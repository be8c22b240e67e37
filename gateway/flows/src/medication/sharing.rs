//! Work on many things alike, shared among the processors: each part of them is worked on by itself, and what comes of the
//! parts stands in the order of the things. So how many processors there are changes nothing but how long it takes.
//!
//! The threads are rayon's, as many as there are processors for the whole program: many overviews at once wait for each
//! other here and never make threads of their own.

use rayon::prelude::*;

/// Something about so many things, on one of the threads that are shared; few are not worth another thread.
pub(super) fn all<R: Send>(many: usize, work: impl FnOnce() -> R + Send) -> R {
    if many <= FEW { work() } else { rayon::scope(|_| work()) }
}

/// What comes of each run of at most `most` things, in their order. What fits in one run is done on this thread, so that
/// an overview of everyday size pays nothing for what one of thousands needs.
pub(super) fn by_part<T: Sync, R: Send>(things: &[T], most: usize, work: impl Fn(&[T]) -> R + Send + Sync) -> Vec<R> {
    if things.len() <= most {
        return vec![work(things)];
    }
    things.par_chunks(most.max(1)).map(work).collect()
}

/// Two things that know nothing of each other, about so many things; few are not worth another thread.
pub(super) fn both<A: Send, B: Send>(
    many: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if many <= FEW { (one(), other()) } else { rayon::join(one, other) }
}

/// So many are done before another thread has begun.
const FEW: usize = 512;

/// Does something to each of some parts, which know nothing of one another.
pub(super) fn to_each<T: Send>(parts: &mut [T], work: impl Fn(&mut T) + Send + Sync) {
    match parts {
        [one] => work(one),
        many => many.par_iter_mut().for_each(work),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_out_in_the_order_of_the_things_however_many_there_are() {
        for count in [0, 1, 7, 8, 9, 1_000] {
            let things: Vec<usize> = (0..count).collect();
            let parts = by_part(&things, 8, <[usize]>::to_vec);
            assert!(parts.iter().all(|part| part.len() <= 8));
            assert_eq!(parts.concat(), things);
        }
    }

    #[test]
    fn each_part_is_seen_once() {
        for count in [0, 1, 2, 100] {
            let mut parts = vec![0; count];
            to_each(&mut parts, |part| *part += 1);
            assert_eq!(parts, vec![1; count]);
        }
    }
}
