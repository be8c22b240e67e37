//! What is pushed in R4: kept and sent in STU3, and known by what came.

use fhir::{FhirVersion, Resource, structure};
use flows::eoverdracht::VERSION;
use flows::eoverdracht::from_r4::{NotConverted, Why};
use serde_json::{Value, json};

use super::push::{Prepared, PushFault};
use super::testing::*;

/// The handoff as R4 has it: with a status of its Condition, and whatever else is to be in that.
fn in_r4(more: &Value) -> Resource {
    let all = handoff().into_values().filter(|one| one["resourceType"] != "Task");
    let entries = all.map(|mut resource| {
        if resource["resourceType"] == "Condition" {
            let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
            resource["clinicalStatus"] = json!({"coding": [{"system": system, "code": "active"}]});
            for (name, member) in more.as_object().into_iter().flatten() {
                resource[name] = member.clone();
            }
        }
        json!({"resource": resource})
    });
    let entries: Vec<Value> = entries.collect();
    read(&json!({"resourceType": "Bundle", "type": "document", "timestamp": "2026-11-20T10:00:00Z", "entry": entries}))
}

fn prepared(world: &World, more: &Value) -> Result<Prepared, PushFault> {
    world.handoffs.read_in(FhirVersion::R4, &in_r4(more), |_| true)
}

#[tokio::test]
async fn what_is_pushed_in_r4_is_kept_in_stu3_and_the_same_again_is_the_same_transfer() {
    let world = World::new(true);
    let nothing = json!({});
    let first = prepared(&world, &nothing).unwrap();
    let pushed = world.handoffs.push(&ura(OTHER), &first, "c").await.unwrap();
    let kept = async |part| {
        let bytes = world.handoffs.books.sent.part(pushed.id, part).await.unwrap().unwrap();
        read(&serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    let document = kept(0).await;
    structure::check(VERSION, &document).unwrap();
    assert!(document.text().contains(r#""clinicalStatus":"active""#), "{}", document.text());
    let again = world.handoffs.push(&ura(OTHER), &prepared(&world, &nothing).unwrap(), "c").await.unwrap();
    assert_eq!((pushed.new, again.new, again.id), (true, false, pushed.id));
    // A newer version in R4, and one in STU3: each is what is offered then.
    let newer = json!({"stage": [{"summary": {"text": "x"}}]});
    let replaced = world.handoffs.replace(pushed.id, &prepared(&world, &newer).unwrap()).await.unwrap();
    assert!(kept(replaced.sent.part).await.text().contains(r#""stage":{"summary":{"text":"x"}}"#));
    let in_stu3 = world.handoffs.read_in(VERSION, &document, |_| true).unwrap();
    let replaced = world.handoffs.replace(pushed.id, &in_stu3).await.unwrap();
    assert_eq!(kept(replaced.sent.part).await.text(), document.text());
    // The same in R4 is the same content, and so changes nothing more.
    let same = world.handoffs.replace(pushed.id, &prepared(&world, &nothing).unwrap()).await.unwrap();
    assert_eq!(same.sent.part, replaced.sent.part);
    // Nothing in the text says of which version it is: said otherwise it is another push.
    let plain = read(&json!({"resourceType": "Bundle", "type": "document", "entry": handoff().into_values()
        .filter(|one| one["resourceType"] != "Task").map(|one| json!({"resource": one})).collect::<Vec<_>>()}));
    let names =
        FhirVersion::ALL.map(|version| world.handoffs.read_in(version, &plain, |_| true).unwrap().name(&ura(OTHER)));
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn what_stu3_cannot_hold_is_refused_and_so_is_r4_that_does_not_say_so() {
    let world = World::new(true);
    let fault = prepared(&world, &json!({"recordedDate": "2026", "recorder": {"display": "x"}})).unwrap_err();
    let PushFault::R4(NotConverted::Unmapped(all)) = &fault else { panic!("{fault}") };
    let place = all[0].place.as_str();
    assert!(place.starts_with("Bundle.entry[") && place.ends_with("].resource.recordedDate"), "{place}");
    assert!(
        all.len() == 2 && all.iter().all(|one| one.why == Why::Element) && fault.to_string().contains(place),
        "{fault}"
    );
    let unsaid = world.handoffs.read_in(VERSION, &in_r4(&json!({})), |_| true).unwrap_err();
    assert!(matches!(unsaid, PushFault::Unsaid));
    let stu3 = read(&json!({"resourceType": "Bundle", "type": "document", "entry": [
        {"resource": {"resourceType": "Condition", "id": "k", "clinicalStatus": "active"}}]}));
    let fault = world.handoffs.read_in(FhirVersion::R4, &stu3, |_| true).unwrap_err();
    assert!(matches!(fault, PushFault::R4(NotConverted::Structure(_))), "{fault}");
    // What is well-formed in neither is left to those who read it, as ever.
    let neither = in_r4(&json!({"clinicalStatus": "active", "recordedDate": "2026"}));
    world.handoffs.read_in(VERSION, &neither, |_| true).unwrap();
}
