//! The attacks of groups A (reaching another patient's data) and G (Dutch flows), by number, with the one safe outcome
//! of each and what must hold after every one of them.
//!
//! Many are shown by checks of other suites that carry the number in their name. A test holds that every number is in the
//! name of a check, so that none falls out silently.

mod answers;
mod attempt;
mod bundles;
mod planted;
mod reading;
mod searching;
mod well;

use super::Check;

pub use attempt::{Attempt, World};

/// The checks of this suite.
pub fn checks() -> Vec<Check> {
    let mut all = reading::checks();
    all.extend(searching::checks());
    all.extend(bundles::checks());
    all.extend(answers::checks());
    all.extend(planted::checks());
    all.extend(well::checks());
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::suites::{region, surface};

    /// Groups A (ATT-01 to ATT-50) and G (ATT-135 to ATT-143) of the catalogue; a number that is not here was never
    /// given out.
    #[rustfmt::skip]
    const NUMBERS: &[u16] = &[
        1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 21, 22, 23, 25, 26, 27, 29, 30, 31, 33, 34, 35, 37, 38, 39,
        41, 42, 43, 45, 46, 47, 49, 50, 135, 137, 138, 139, 141, 142, 143,
    ];

    /// The numbers that a name begins with: `ATT-41, ATT-115: …`.
    fn numbers(name: &str) -> Vec<u16> {
        let head = name.split_once(": ").map_or("", |(head, _)| head);
        head.split(", ").filter_map(|one| one.strip_prefix("ATT-")?.parse().ok()).collect()
    }

    #[test]
    fn every_attack_is_shown_by_a_check() {
        let checks = region();
        let names = checks.iter().map(|check| check.name).chain(surface::ATTACKS.iter().copied());
        let shown: BTreeSet<u16> = names.flat_map(numbers).collect();
        let missing: Vec<_> = NUMBERS.iter().filter(|number| !shown.contains(number)).collect();
        assert!(missing.is_empty(), "no check shows {missing:?}");
    }

    #[test]
    fn a_name_tells_its_numbers() {
        assert_eq!(numbers("ATT-41, ATT-115: nothing leaves"), [41, 115]);
        assert_eq!(numbers("a name without a number: ATT-41"), Vec::<u16>::new());
    }
}
