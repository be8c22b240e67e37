//! A sender that asks first whether we can take somebody, through the real stack and the real policy.

use exchange::Inbound;
use exchange::ports::SourceFault;
use flows::eoverdracht::notice::{Answer, TYPES};
use flows::eoverdracht::{Closed, Notice, Stage, TaskStatus};
use policy::{Caller, Organisation, Person};
use serde_json::{Value, json};
use store::transfers::Id;

use super::negotiating::{AnswerNo, PART};
use super::testing::{BSN, OWN, World, ura, use_case_of};
use super::*;

const NAME: &str = "Van der Linden";

fn snomed(code: &str) -> Value {
    json!({"coding": [{"system": "http://snomed.info/sct", "code": code}]})
}

fn input(code: &str, id: &str) -> Value {
    json!({"type": snomed(code), "valueReference": {"reference": format!("Composition/{id}")}})
}

/// A notice whose sender wrote the name wherever there is room for one.
fn notice(id: &str) -> Value {
    json!({"resourceType": "Composition", "id": id, "status": "final", "type": snomed("721915006"),
        "subject": {"reference": "Patient/p1", "display": NAME}, "title": format!("Aanmelding {NAME}"),
        "author": [{"reference": "Practitioner/n1"}],
        "section": [{"entry": [{"reference": "Condition/k1"}, {"reference": "RelatedPerson/r1", "display": NAME}]}]})
}

/// A sender that asks, with a Task that names this notice.
fn asking(documents: bool, id: &str) -> World {
    let world = World::new(documents);
    {
        let mut has = world.sender.has.lock().unwrap();
        has.insert(format!("Composition/{id}"), notice(id));
        let near = json!({"resourceType": "RelatedPerson", "id": "r1", "patient": {"reference": "Patient/p1"}});
        has.insert("RelatedPerson/r1".to_owned(), near);
    }
    asks(&world, id);
    world
}

fn asks(world: &World, id: &str) {
    world.sender.task(|task| {
        task["status"] = json!("requested");
        task["input"] = json!([input("721915006", id)]);
    });
}

fn nurse() -> Person {
    Person { id: "n-1".to_owned(), name: None, role: "30.000".to_owned() }
}

fn say(status: &str, date: Option<&str>) -> Answer {
    Answer::of(status, date, None).unwrap()
}

fn how_far(world: &World, id: Id) -> (Stage, Notice, Option<TaskStatus>) {
    let receiving = world.received(id).receiving().unwrap();
    (receiving.stage(), receiving.negotiation().notice(), receiving.negotiation().answering())
}

const REQUESTED: Stage = Stage::Waiting(TaskStatus::Requested);

/// The notice as one of our own gets it.
async fn got(world: &World, id: Id) -> Result<Vec<String>, ()> {
    let caller = Caller {
        client_id: "ecd".to_owned(),
        organisation: Organisation { ura: ura(OWN), name: None, kind: None },
        person: Some(nurse()),
        responsible: None,
        use_cases: Vec::new(),
        patient: None,
        treatment_relation: None,
        emergency: None,
        token_id: None,
    };
    let inbound = Inbound {
        request_id: "r".to_owned(),
        correlation_id: "c".to_owned(),
        gate: exchange::Gate::Inner,
        remote: None,
        version: flows::eoverdracht::VERSION,
        method: Some(fhir::Method::Get),
        path: String::new(),
        query: String::new(),
        body_kind: exchange::BodyKind::None,
        body: bytes::Bytes::new(),
        conditions: exchange::Conditions::default(),
        credentials: exchange::Credentials::default(),
        use_case: None,
        emergency: None,
        unreadable: None,
    };
    let (inbound, _ticket) = world.handoffs.getting_notice(id, caller, inbound).map_err(|_| ())?.apart();
    let recorded = (world.runs)(inbound).await.map_err(|_| ())?;
    Ok(recorded.released().items().map(|(_, item)| item.resource().text().to_owned()).collect())
}

#[tokio::test]
async fn a_notice_is_fetched_for_a_person_kept_without_a_name_answered_and_then_the_handoff_comes() {
    let world = asking(true, "a1");
    let id = world.told(2).await;
    assert_eq!(how_far(&world, id), (REQUESTED, Notice::Offered, None));
    assert!(matches!(world.handoffs.answer(id, say("accepted", None), nurse()).await, Err(AnswerNo::NotAsked)));
    assert!(got(&world, id).await.is_err(), "it is not here");
    world.take(id).await;
    world.steps(id, 2).await;
    assert_eq!(how_far(&world, id), (REQUESTED, Notice::Held, None));
    assert_eq!(world.asked(), ["Task/t1", "Composition/a1/$document for a person"]);
    let kept = world.handoffs.books.received.part(id, PART).await.unwrap().unwrap();
    let kept = String::from_utf8(kept).unwrap();
    for names in [NAME, BSN, "RelatedPerson\"", "\"Patient\""] {
        assert!(!kept.contains(names), "{names} in {kept}");
    }
    assert!(kept.contains("Condition"));
    assert_eq!(got(&world, id).await.unwrap().len(), 3, "the Composition, its author and the problem");
    world.handoffs.answer(id, say("accepted", None), nurse()).await.unwrap();
    assert_eq!(how_far(&world, id), (REQUESTED, Notice::Held, Some(TaskStatus::Accepted)));
    world.steps(id, 1).await;
    assert_eq!(how_far(&world, id), (Stage::Waiting(TaskStatus::Accepted), Notice::Held, None));
    assert_eq!(
        (world.at_sender().as_str(), world.asked().last().unwrap().as_str()),
        ("accepted", "PUT Task/t1 for a person")
    );
    assert!(matches!(world.handoffs.answer(id, say("rejected", None), nurse()).await, Err(AnswerNo::NotAsked)));
    // We are chosen, and the handoff comes later.
    world.sender.task(|task| task["status"] = json!("in-progress"));
    world.told(1).await;
    assert_eq!(how_far(&world, id), (Stage::Waiting(TaskStatus::InProgress), Notice::Held, None));
    world.sender.task(|task| task["input"] = json!([input("721915006", "a1"), input("11171000146100", "c1")]));
    world.told(1).await;
    assert_eq!((world.stage(id), world.received(id).replaced), (Stage::Offered, 0));
    world.take(id).await;
    world.steps(id, 3).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Completed, "completed"));
}

#[tokio::test]
async fn another_date_is_put_with_the_task_and_the_newer_notice_goes_to_who_saw_the_first() {
    let world = asking(true, "a1");
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 1).await;
    world.handoffs.answer(id, say("on-hold", Some("2026-12-03")), nurse()).await.unwrap();
    world.steps(id, 1).await;
    assert_eq!(how_far(&world, id), (Stage::Waiting(TaskStatus::OnHold), Notice::Held, None));
    let output = world.sender.has.lock().unwrap()["Task/t1"]["output"].clone();
    assert_eq!(
        (&output[0]["type"]["coding"][0]["code"], &output[0]["valueDateTime"]),
        (&json!("146851000146105"), &json!("2026-12-03"))
    );
    world.sender.has.lock().unwrap().insert("Composition/a2".to_owned(), notice("a2"));
    asks(&world, "a2");
    world.told(2).await;
    assert_eq!(how_far(&world, id), (REQUESTED, Notice::Held, None));
    let kept = world.handoffs.books.received.part(id, PART).await.unwrap().unwrap();
    assert!(String::from_utf8(kept).unwrap().contains("\"a2\""));
    // It is answered, and before that was put the sender asks something else.
    world.handoffs.answer(id, say("accepted", None), nurse()).await.unwrap();
    world.sender.has.lock().unwrap().insert("Composition/a3".to_owned(), notice("a3"));
    asks(&world, "a3");
    world.steps(id, 2).await;
    assert_eq!(how_far(&world, id), (REQUESTED, Notice::Held, None), "the answer was to another question");
    assert_eq!(world.at_sender(), "requested");
    world.sender.task(|task| task["status"] = json!("cancelled"));
    world.told(1).await;
    assert_eq!(world.stage(id), Stage::Closed(Closed::Cancelled));
    assert!(got(&world, id).await.is_err(), "of what is over nothing is shown");
}

#[tokio::test]
async fn an_answer_whose_answer_was_lost_is_found_given_and_not_given_again() {
    for (status, stage) in
        [("accepted", Stage::Waiting(TaskStatus::Accepted)), ("rejected", Stage::Closed(Closed::Rejected))]
    {
        let world = asking(true, "a1");
        let id = world.told(1).await;
        world.take(id).await;
        world.steps(id, 1).await;
        *world.sender.loses.lock().unwrap() = true;
        world.handoffs.answer(id, say(status, None), nurse()).await.unwrap();
        world.steps(id, 1).await;
        assert_eq!((world.stage(id), world.at_sender().as_str()), (REQUESTED, status));
        world.steps(id, 2).await;
        assert_eq!((world.stage(id), world.at_sender().as_str()), (stage, status));
        let puts = world.asked().iter().filter(|asked| asked.starts_with("PUT")).count();
        assert_eq!(puts, 1);
    }
}

#[tokio::test]
async fn a_no_is_said_without_reading_and_what_fails_is_tried_again() {
    let world = asking(true, "a1");
    let id = world.told(1).await;
    world.sender.faults.lock().unwrap().insert("PUT Task/t1".to_owned(), SourceFault::Refused);
    let otherwise = || Answer::of("rejected", None, Some("Anders")).unwrap();
    world.handoffs.answer(id, Answer::of("rejected", None, Some("Vol")).unwrap(), nurse()).await.unwrap();
    world.steps(id, 1).await;
    let again = world.handoffs.answer(id, otherwise(), nurse()).await;
    assert!(matches!(again, Err(AnswerNo::NotAsked)), "it is on its way");
    assert_eq!((how_far(&world, id).2, world.received(id).effort.attempts), (Some(TaskStatus::Rejected), 1));
    world.steps(id, 1).await;
    assert_eq!(world.stage(id), Stage::Closed(Closed::Rejected));
    let task = world.sender.has.lock().unwrap()["Task/t1"].clone();
    assert_eq!((&task["status"], &task["statusReason"]["text"]), (&json!("rejected"), &json!("Vol")));
    assert!(!world.asked().iter().any(|asked| asked.starts_with("Composition")));
}

#[tokio::test]
async fn a_sender_that_makes_no_documents_is_asked_for_the_parts_that_name_nobody() {
    let world = asking(false, "a1");
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 1).await;
    assert_eq!(how_far(&world, id).1, Notice::Held);
    let asked = world.asked();
    assert!(!asked.iter().any(|asked| asked.starts_with("RelatedPerson")), "{asked:?}");
    let kept = world.handoffs.books.received.part(id, PART).await.unwrap().unwrap();
    let kept = String::from_utf8(kept).unwrap();
    assert!(kept.contains("Condition") && !kept.contains(BSN) && !kept.contains(NAME), "{kept}");
}

#[tokio::test]
async fn what_is_no_notice_of_the_task_is_not_kept_and_somebody_sees_why() {
    for change in [json!({"type": snomed("11171000146100")}), json!({"subject": {"reference": "Patient/p2"}})] {
        let world = asking(true, "a1");
        {
            let mut has = world.sender.has.lock().unwrap();
            let notice = has.get_mut("Composition/a1").unwrap();
            for (name, value) in change.as_object().unwrap() {
                notice[name] = value.clone();
            }
        }
        let id = world.told(1).await;
        world.take(id).await;
        world.steps(id, 4).await;
        assert_eq!(how_far(&world, id).1, Notice::Wanted, "{change}");
        let received = world.received(id);
        assert!(received.effort.given_up && received.effort.failed.is_some(), "{change}");
        assert!(world.handoffs.books.received.part(id, PART).await.unwrap().is_none(), "{change}");
    }
}

#[test]
fn the_use_case_of_notices_offers_what_a_notice_may_have_and_nothing_else() {
    let use_case = use_case_of(NOTICE);
    let offered = &use_case.capability().versions[&flows::eoverdracht::VERSION].interactions;
    let offered: Vec<&str> = offered.iter().map(|entry| entry.resource_type.as_str()).collect();
    assert_eq!(offered, TYPES);
}

#[tokio::test]
async fn an_answer_that_was_given_up_can_be_another_and_what_the_sender_has_is_what_is_shown() {
    let world = asking(true, "a1");
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 1).await;
    world.handoffs.answer(id, say("on-hold", Some("2026-12-03")), nurse()).await.unwrap();
    for _ in 0..3 {
        world.sender.faults.lock().unwrap().insert("PUT Task/t1".to_owned(), SourceFault::Rejected);
        world.steps(id, 1).await;
    }
    assert!(world.received(id).effort.given_up);
    world.handoffs.answer(id, say("accepted", None), nurse()).await.unwrap();
    assert_eq!(world.received(id).answered.unwrap().status, "accepted");
    // What was given up got there all the same, late.
    world.sender.task(|task| task["status"] = json!("on-hold"));
    world.steps(id, 1).await;
    assert_eq!(how_far(&world, id), (Stage::Waiting(TaskStatus::OnHold), Notice::Held, None));
    assert!(world.received(id).answered.is_none(), "nobody said what stands there now");
}
