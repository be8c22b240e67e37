//! What holds of any consents: no order and no further objection widens what may leave.

use policy::Obligation;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::resource_tests::{REASON, TYPES, actor, consent, decided, with};

fn provision() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec!["permit", "deny"]);
    let whom = prop::option::of(prop::sample::select(vec!["90000902", "90000903"]));
    let class = prop::option::of(prop::sample::select(vec!["Observation", "Condition", "Flag"]));
    let purpose = prop::option::of(prop::sample::select(vec!["TREAT", "COC", "HMARKT"]));
    let data = prop::option::of(prop::sample::select(vec!["Observation/1", "Observation/2", "Condition/1"]));
    let odd = prop::bool::weighted(0.1);
    (kind, whom, class, purpose, data, odd).prop_map(|(kind, whom, class, purpose, data, odd)| {
        let mut made = json!({"type": kind});
        if let Some(ura) = whom {
            made["actor"] = json!([actor(ura)]);
        }
        if let Some(class) = class {
            made["class"] = json!([{"system": TYPES, "code": class}]);
        }
        if let Some(purpose) = purpose {
            made["purpose"] = json!([{"system": REASON, "code": purpose}]);
        }
        if let Some(reference) = data {
            made["data"] = json!([{"meaning": "instance", "reference": {"reference": reference}}]);
        }
        if odd {
            made["modifierExtension"] = json!([{"url": "https://example.org", "valueBoolean": true}]);
        }
        made
    })
}

/// What may leave of these: which of a few resources of the asked types.
fn leaves(all: Vec<Value>) -> Vec<String> {
    let candidates = ["Observation/1", "Observation/2", "Observation/3", "Condition/1", "Condition/2"];
    let (word, duties) = decided(all, &["Observation", "Condition"]);
    if word != "permit" {
        return Vec::new();
    }
    let kept = |reference: &str| {
        duties.iter().all(|duty| match duty {
            Obligation::WithholdResource { reference: withheld } => withheld != reference,
            Obligation::OnlyResources { resource_type, references } => {
                !reference.starts_with(resource_type.as_str()) || references.iter().any(|one| one == reference)
            }
            _ => panic!("{duty:?}"),
        })
    };
    candidates.into_iter().filter(|one| kept(one)).map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn the_order_of_provisions_and_consents_says_nothing(
        provisions in prop::collection::vec(provision(), 1..6),
        seed in any::<u64>(),
    ) {
        let as_one = |all: &[Value]| vec![consent(json!({"provision": all}))];
        let as_many = |all: &[Value]| all.iter().cloned().map(consent).collect::<Vec<_>>();
        let mut turned = provisions.clone();
        let by = usize::try_from(seed % 6).unwrap() % turned.len();
        turned.rotate_left(by);
        if seed % 2 == 0 {
            turned.reverse();
        }
        let types = ["Observation", "Condition"];
        prop_assert_eq!(decided(as_one(&provisions), &types), decided(as_one(&turned), &types));
        prop_assert_eq!(decided(as_many(&provisions), &types), decided(as_many(&turned), &types));
    }

    #[test]
    fn a_further_objection_never_widens(
        provisions in prop::collection::vec(provision(), 1..6),
        objection in provision(),
        apart in any::<bool>(),
    ) {
        let objection = with(objection, json!({"type": "deny"}));
        let before = leaves(vec![consent(json!({"provision": provisions}))]);
        let after = if apart {
            leaves(vec![consent(json!({"provision": provisions})), consent(objection)])
        } else {
            let mut all = provisions.clone();
            all.push(objection);
            leaves(vec![consent(json!({"provision": all}))])
        };
        prop_assert!(after.iter().all(|one| before.contains(one)), "{before:?} became {after:?}");
    }
}
