//! What is not refused goes there and comes back the same, whatever it holds.

use std::collections::BTreeSet;

use fhir::elements;
use proptest::prelude::*;

use super::super::rows::{self, How};
use super::making::{Chance, Making};
use super::*;

/// There and back: whether it went at all.
fn goes_around(way: Way, one: &Node) -> bool {
    let came = collection(std::slice::from_ref(one));
    is_sound(way.from(), &came);
    let go = |way: Way, bundle: &Resource| match way {
        Way::ToStu3 => to_stu3(bundle),
        Way::ToR4 => to_r4(bundle),
    };
    let back = match way {
        Way::ToStu3 => Way::ToR4,
        Way::ToR4 => Way::ToStu3,
    };
    match go(way, &came) {
        Ok(made) => {
            is_sound(way.to(), &made);
            let returned = go(back, &made).unwrap_or_else(|fault| panic!("{fault:?} {}", made.text()));
            assert_eq!(resources(&returned), resources(&came), "{}", one.write());
            true
        }
        Err(NotConverted::Unmapped(faults)) => {
            // What is refused is known to the tables to have no place: nothing is found out by the comparison alone.
            assert!(faults.iter().all(|fault| fault.why != Why::Altered), "{}", one.write());
            assert!(!faults.is_empty());
            false
        }
        Err(other) => panic!("{other} {}", one.write()),
    }
}

#[test]
fn every_element_of_every_type_goes_around_or_is_refused() {
    for way in [Way::ToStu3, Way::ToR4] {
        let (mut passed, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for (kind, _) in rows::types().map(|pair| way.of(pair)) {
            let of = elements::type_of(way.from(), kind).unwrap();
            let never = ["contained", "modifierExtension", "implicitRules", "meta"];
            for child in of.names().iter().filter(|child| !never.contains(&child.name) && child.name != "provision") {
                for seed in 0..12 {
                    let mut making = Making { way, chance: Chance::of(seed), sparse: 6 };
                    let made = making.resource(kind, Some(child.name));
                    let name = format!("{kind}.{}", child.name);
                    if goes_around(way, &made) {
                        passed.insert(name)
                    } else {
                        refused.insert(name)
                    };
                }
            }
        }
        let never: Vec<&String> = refused.difference(&passed).collect();
        eprintln!("{way:?}: {} elements go around, {} never: {never:?}", passed.len(), never.len());
        // Each row of an element of a resource is one that goes around.
        for row in rows::types().flat_map(|(r4, _)| rows::of_type(r4)) {
            let name = way.of(row.names).0;
            let kind = rows::types().find(|(r4, _)| *r4 == row.on).map(|pair| way.of(pair).0);
            if let Some(kind) = kind
                && !name.is_empty()
                && !matches!(row.how, How::Never)
            {
                assert!(passed.contains(&format!("{kind}.{name}")), "{way:?} {row:?}");
            }
        }
        assert!(passed.len() > 2 * never.len(), "{way:?} {} {}", passed.len(), never.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_a_resource_holds_it_goes_around_or_is_refused(seed: u64, at in 0..29usize, sparse in 2..30usize, back: bool) {
        let way = if back { Way::ToR4 } else { Way::ToStu3 };
        let (kind, _) = rows::types().map(|pair| way.of(pair)).nth(at).unwrap();
        let made = Making { way, chance: Chance::of(seed), sparse }.resource(kind, None);
        goes_around(way, &made);
    }
}
