//! The attacks of groups A (reaching another patient's data) and G (Dutch flows), by number, with the one safe outcome
//! of each and what must hold after every one of them.
//!
//! Many are shown by checks of other suites that carry the number in their name. [`CATALOGUE`] says of every number
//! how it stands, and a test holds it against the names, so that none falls out silently.

mod answers;
mod attempt;
mod bundles;
mod planted;
mod reading;
mod searching;
mod well;

use super::Check;

pub use attempt::{Attempt, World};

/// How an attack of the catalogue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A check shows that it fails.
    Shown,
    /// Checks show a part of it; this part waits for what the product does not do yet.
    Partly(&'static str),
    /// Nothing of it can be tried: the flow is not in the product yet.
    NotYet(&'static str),
}

use Standing::{NotYet, Partly, Shown};

/// Every number of groups A and G.
#[rustfmt::skip]
pub const CATALOGUE: &[(u16, Standing)] = &[
    (1, Shown), (2, Shown), (3, Shown), (5, Shown), (6, Shown), (7, Shown), (9, Shown), (10, Shown), (11, Shown),
    (13, Shown), (14, Shown), (15, Shown), (17, Shown), (18, Shown), (19, Shown), (21, Shown), (22, Shown), (23, Shown),
    (25, Shown), (26, Shown), (27, Shown), (29, Shown), (30, Shown), (31, Shown), (33, Shown), (34, Shown), (35, Shown),
    (37, Shown), (38, Shown), (39, Shown), (41, Shown), (42, Shown), (43, Shown), (45, Shown), (46, Shown), (47, Shown),
    (49, Shown), (50, Shown),
    (135, Shown),
    (137, Shown), (138, Shown),
    (139, Shown),
    (141, Shown),
    (142, NotYet("a node makes pseudonyms for the index and takes none, so there is none to replay to it")),
    (143, Shown),
];

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
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
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
    fn every_attack_is_shown_or_said_not_to_be_and_why() {
        let told: BTreeMap<u16, Standing> = CATALOGUE.iter().copied().collect();
        assert_eq!(told.len(), CATALOGUE.len(), "a number stands there twice");
        assert_eq!(told.keys().copied().collect::<Vec<_>>(), NUMBERS);
        let checks = region();
        let names = checks.iter().map(|check| check.name).chain(surface::ATTACKS.iter().copied());
        let shown: BTreeSet<u16> = names.flat_map(numbers).collect();
        for (number, standing) in told {
            match standing {
                Shown => assert!(shown.contains(&number), "no check shows ATT-{number}"),
                Partly(why) => assert!(shown.contains(&number) && !why.is_empty(), "no check shows ATT-{number}"),
                NotYet(why) => assert!(!shown.contains(&number) && !why.is_empty(), "ATT-{number} is shown now"),
            }
        }
    }

    #[test]
    fn a_name_tells_its_numbers() {
        assert_eq!(numbers("ATT-41, ATT-115: nothing leaves"), [41, 115]);
        assert_eq!(numbers("a name without a number: ATT-41"), Vec::<u16>::new());
    }
}
