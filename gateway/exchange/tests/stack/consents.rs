//! What a patient objects to in part, or permits in part, holds for the answer whatever the policy says.

use policy::{Consent, ConsentDecision, Finding, Obligation};
use serde_json::{Value, json};

use crate::world::*;

fn conditions() -> Vec<Value> {
    let one = |id: &str, code: &str| {
        json!({"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/anna"},
            "bodySite": [{"coding": [{"system": "http://snomed.info/sct", "code": code}]}]})
    };
    let flag = json!({"resourceType": "Observation", "id": "c1", "subject": {"reference": "Patient/anna"}});
    annas().into_iter().take(1).chain([one("c1", "1"), one("c2", "2"), one("c3", "2"), flag]).collect()
}

#[tokio::test]
async fn a_part_that_is_objected_to_stays_and_a_part_that_is_permitted_is_all_that_leaves() {
    let resource = |reference: &str| Obligation::WithholdResource { reference: reference.to_owned() };
    let coded = |code: &str| Obligation::WithholdCoded { system: "http://snomed.info/sct".into(), code: code.into() };
    let only = |kind: &str, references: &[&str]| Obligation::OnlyResources {
        resource_type: kind.to_owned(),
        references: references.iter().map(|one| (*one).to_owned()).collect(),
    };
    for (withhold, left) in [
        (vec![], vec!["c1", "c2", "c3"]),
        (vec![resource("Condition/c1")], vec!["c2", "c3"]),
        (vec![resource("Observation/c1")], vec!["c1", "c2", "c3"]),
        (vec![coded("2")], vec!["c1"]),
        (vec![coded("9")], vec!["c1", "c2", "c3"]),
        (vec![only("Condition", &["Condition/c2", "Condition/c9"])], vec!["c2"]),
        (vec![only("Observation", &[])], vec!["c1", "c2", "c3"]),
        (vec![only("Condition", &["Condition/c1"]), resource("Condition/c1")], vec![]),
    ] {
        let world = World::in_order();
        *world.source().doing.lock().unwrap() = Doing::Answer(conditions());
        let given = Consent { withhold: withhold.clone(), ..consent(ConsentDecision::Permit) };
        *world.consent.lock().unwrap() = Finding::Found(given);
        let recorded = world.ask(about(ANNA, "Condition")).await.unwrap();
        let ids: Vec<String> =
            recorded.released().items().filter_map(|(_, item)| Some(item.resource().id()?.into_owned())).collect();
        assert_eq!(ids, left, "{withhold:?}");
        let record = world.record();
        assert_eq!(record["sources"][0]["withheld"], 3 - left.len());
        let duties = record["decision"]["obligations"].as_array().map_or(0, Vec::len);
        // The policy adds one of its own.
        assert_eq!(duties, withhold.len() + 1, "the record says what had to stay");
    }
}
