use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::state::StateOptions;

const ONE: &str = "90000901";
const OTHER: &str = "90000902";

fn open(folder: &tempfile::TempDir, most: u64) -> RegionalIndex {
    let state = State::open(&StateOptions::new(folder.path().join("state"))).unwrap();
    RegionalIndex::open(Arc::new(state), "regional-index", most).unwrap()
}

fn of(member: &str, category: &str) -> Registration {
    Registration { member: member.into(), category: category.into(), source: "EPD-1".into() }
}

#[tokio::test]
async fn what_is_registered_is_found_by_patient_and_by_its_own_member_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(&folder, 10);
    assert_eq!(index.add(&[1; 32], [1; 16], &of(ONE, "Condition")).unwrap(), Added::New([1; 16]));
    assert_eq!(index.add(&[1; 32], [2; 16], &of(OTHER, "Condition")).unwrap(), Added::New([2; 16]));
    assert_eq!(index.add(&[2; 32], [3; 16], &of(ONE, "Condition")).unwrap(), Added::New([3; 16]));
    index.commit().await.unwrap();
    drop(index);
    let index = open(&folder, 10);
    let found: Vec<_> = index.of_patient(&[1; 32]).unwrap().into_iter().map(|(_, known)| known.member).collect();
    assert_eq!(found, [ONE, OTHER]);
    assert!(index.of_patient(&[9; 32]).unwrap().is_empty());
    assert_eq!(index.of_member(ONE).unwrap().len(), 2);
    assert_eq!(index.of_member("9000090").unwrap(), [], "no member is the beginning of another");
    // Nobody reads or removes what another registered.
    assert_eq!(index.get(OTHER, &[1; 16]).unwrap(), None);
    assert_eq!(index.remove(OTHER, &[1; 16]).unwrap(), None);
    assert_eq!(index.remove(ONE, &[1; 16]).unwrap(), Some([1; 32]));
    assert_eq!(index.remove(ONE, &[1; 16]).unwrap(), None);
    assert_eq!(index.of_patient(&[1; 32]).unwrap().len(), 1);
}

#[test]
fn the_same_is_registered_once_and_nobody_fills_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(&folder, 2);
    assert_eq!(index.add(&[1; 32], [1; 16], &of(ONE, "Condition")).unwrap(), Added::New([1; 16]));
    assert_eq!(index.add(&[1; 32], [2; 16], &of(ONE, "Condition")).unwrap(), Added::Known([1; 16]));
    assert_eq!(index.add(&[1; 32], [3; 16], &of(ONE, "Alert")).unwrap(), Added::New([3; 16]));
    assert_eq!(index.add(&[2; 32], [4; 16], &of(ONE, "Alert")).unwrap(), Added::Full);
    assert_eq!(index.add(&[2; 32], [4; 16], &of(OTHER, "Alert")).unwrap(), Added::New([4; 16]), "others have room");
    index.remove(ONE, &[3; 16]).unwrap();
    assert_eq!(index.add(&[2; 32], [5; 16], &of(ONE, "Alert")).unwrap(), Added::New([5; 16]), "and room comes back");
    let long = Registration { source: "x".repeat(LONGEST_TEXT + 1), ..of(OTHER, "Alert") };
    assert!(matches!(index.add(&[3; 32], [6; 16], &long), Err(StateFault::TooLarge { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever was done, by patient and by member it holds what a map would hold.
    #[test]
    fn it_holds_what_a_map_would_hold(deeds in prop::collection::vec((0..4u8, 0..3u8, 0..2u8, any::<bool>()), 0..80)) {
        let folder = tempfile::tempdir().unwrap();
        let index = open(&folder, 5);
        let mut map: BTreeMap<(u8, u8, u8), Id> = BTreeMap::new();
        for (number, (patient, member, category, adds)) in deeds.into_iter().enumerate() {
            let member_name = format!("9000090{member}");
            let key = (patient, member, category);
            if adds {
                let id = (number as u128).to_be_bytes();
                let own = map.keys().filter(|(_, of, _)| *of == member).count();
                let expected = match map.get(&key) {
                    Some(known) => Added::Known(*known),
                    None if own >= 5 => Added::Full,
                    None => Added::New(id),
                };
                let done = index.add(&[patient; 32], id, &of(&member_name, &category.to_string())).unwrap();
                prop_assert_eq!(done, expected);
                if let Added::New(id) = done {
                    map.insert(key, id);
                }
            } else if let Some(id) = map.remove(&key) {
                prop_assert_eq!(index.remove(&member_name, &id).unwrap(), Some([patient; 32]));
            }
        }
        for patient in 0..4u8 {
            let mut found: Vec<Id> = index.of_patient(&[patient; 32]).unwrap().into_iter().map(|(id, _)| id).collect();
            let mut expected: Vec<Id> = map.iter().filter(|((of, ..), _)| *of == patient).map(|(_, id)| *id).collect();
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
        for member in 0..3u8 {
            let own = map.keys().filter(|(_, of, _)| *of == member).count();
            prop_assert_eq!(index.of_member(&format!("9000090{member}")).unwrap().len(), own);
        }
    }
}
