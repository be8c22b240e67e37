//! What a role may not see is left out of what leaves, and the record says of how much.

use policy::{Consent, ConsentDecision, Finding, Obligation};
use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn what_is_masked_is_left_out_and_what_cannot_be_left_out_stays() {
    let condition = |id: &str, members: serde_json::Value| {
        let mut one = json!({"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/anna"}});
        for (name, value) in members.as_object().into_iter().flatten() {
            one[name] = value.clone();
        }
        one
    };
    let noted = json!({"note": [{"text": "secret"}], "recordedDate": "2026-01-01"});
    let all = vec![
        condition("plain", json!({})),
        condition("noted", noted),
        condition("unsure", json!({"verificationStatus": {"text": "refuted"}})),
    ];
    for (elements, left, masked) in [
        (vec!["Condition.note"], vec!["plain", "noted", "unsure"], 1),
        (vec!["Condition.note", "Condition.verificationStatus"], vec!["plain", "noted"], 1),
        (vec!["Observation.note"], vec!["plain", "noted", "unsure"], 0),
    ] {
        let world = World::in_order();
        *world.source().doing.lock().unwrap() = Doing::Answer(annas().into_iter().take(1).chain(all.clone()).collect());
        // However the duty comes into the permit: here with the consent.
        let duty = Obligation::MaskElements { elements: elements.iter().map(|one| (*one).to_owned()).collect() };
        let given = Consent { withhold: vec![duty], ..consent(ConsentDecision::Permit) };
        *world.consent.lock().unwrap() = Finding::Found(given);
        let recorded = world.ask(about(ANNA, "Condition")).await.unwrap();
        let items: Vec<_> = recorded.released().items().map(|(_, item)| item.resource().clone()).collect();
        let ids: Vec<_> = items.iter().filter_map(|one| Some(one.id()?.into_owned())).collect();
        assert_eq!(ids, left, "{elements:?}");
        let hidden = items.iter().any(|one| one.text().contains("secret"));
        assert_eq!(hidden, masked == 0, "{elements:?}");
        let record = world.record();
        assert_eq!(record["sources"][0]["masked"].as_u64().unwrap_or_default(), masked);
        assert_eq!(record["sources"][0]["withheld"], 3 - left.len());
    }
}
