//! The receiver before senders that behave and senders that do not, through the real stack and the real policy; and a sender
//! whose receiver cannot be told.

use std::sync::atomic::Ordering;

use exchange::ports::SourceFault;
use flows::eoverdracht::{Closed, Stage};
use serde_json::{Value, json};

use super::testing::{OTHER, OWN, World, handoff, read, ura};
use super::*;

#[tokio::test]
async fn a_handoff_is_read_for_nobody_fetched_for_a_person_kept_and_only_then_completed() {
    let world = World::new(true);
    let id = world.told(3).await;
    assert_eq!((world.stage(id), world.asked()), (Stage::Offered, vec!["Task/t1".to_owned()]));
    world.take(id).await;
    world.steps(id, 1).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Taken, "in-progress"));
    let kept = world.handoffs.books.received.part(id, 0).await.unwrap().unwrap();
    assert_eq!(read(&serde_json::from_slice(&kept).unwrap()).resource_type(), "Bundle");
    world.steps(id, 3).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Completed, "completed"));
    let asked = ["Task/t1", "Composition/c1/$document for a person", "Task/t1", "PUT Task/t1 for a person"];
    assert_eq!(world.asked(), asked);
    assert_eq!(world.records.load(Ordering::SeqCst), asked.len(), "each is on record");
    assert_eq!(world.received(id).resources, 4);
    // What comes again is the same transfer, and is read and not fetched again.
    assert_eq!(world.told(2).await, id);
    assert_eq!((world.stage(id), world.asked().len()), (Stage::Completed, 5));
}

#[tokio::test]
async fn er4_a_task_of_another_owner_or_another_kind_is_refused_and_nothing_is_fetched() {
    let organization = |ura: &str| {
        json!({"resourceType": "Organization", "id": "o1", "identifier": [
            {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": ura}]})
    };
    for (change, stage) in [
        (
            json!({"owner": {"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90010003"}}}),
            None,
        ),
        (json!({"owner": {"display": "De Linde"}}), None),
        (json!({"owner": {"reference": "Organization/o1"}, "other": "90010003"}), None),
        (json!({"owner": {"reference": "Organization/o1"}, "other": OWN}), Some(Stage::Offered)),
        (json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}}), None),
    ] {
        let world = World::new(true);
        if let Some(other) = change["other"].as_str() {
            world.sender.has.lock().unwrap().insert("Organization/o1".to_owned(), organization(other));
        }
        for name in ["owner", "code"] {
            if !change[name].is_null() {
                world.sender.task(|task| task[name] = change[name].clone());
            }
        }
        let id = world.told(3).await;
        assert_eq!(world.stage(id), stage.unwrap_or(Stage::Closed(Closed::Refused)), "{change}");
        assert!(!world.asked().iter().any(|asked| asked.starts_with("Composition")));
    }
}

#[tokio::test]
async fn er5_a_sender_that_makes_no_documents_is_asked_for_the_parts() {
    let world = World::new(false);
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 3).await;
    assert_eq!((world.stage(id), world.received(id).resources), (Stage::Completed, 4));
    for part in ["Composition/c1 for a person", "Patient/p1 for a person", "Condition/k1 for a person"] {
        assert!(world.asked().contains(&part.to_owned()), "{part}");
    }
}

#[tokio::test]
async fn er6_a_binary_is_a_part_of_its_own_and_nothing_is_completed_without_it() {
    let world = World::new(true);
    {
        let mut has = world.sender.has.lock().unwrap();
        let reference = json!({"resourceType": "DocumentReference", "id": "r1", "status": "current",
            "subject": {"reference": "Patient/p1"}, "content": [{"attachment": {"url": "Binary/b1"}}]});
        has.insert("DocumentReference/r1".to_owned(), reference);
    }
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 1).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Taking, "in-progress"), "it is not there");
    let binary = json!({"resourceType": "Binary", "id": "b1", "contentType": "application/pdf", "content": "JVBERi0="});
    world.sender.has.lock().unwrap().insert("Binary/b1".to_owned(), binary.clone());
    world.steps(id, 2).await;
    assert_eq!((world.stage(id), world.received(id).resources), (Stage::Completed, 6));
    let kept = world.handoffs.books.received.part(id, 1).await.unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap(), binary);
    assert!(world.asked().contains(&"Binary/b1 for a person".to_owned()));
}

#[tokio::test]
async fn er8_what_is_not_known_of_a_task_or_a_document_breaks_nothing() {
    let world = World::new(true);
    world.sender.task(|task| {
        let more = json!({"type": {"coding": [{"system": "http://snomed.info/sct", "code": "721915006"}]},
            "valueReference": {"reference": "Composition/old"}});
        task["input"].as_array_mut().unwrap().insert(0, more);
        task["extension"] = json!([{"url": "https://unknown.example", "valueString": "x"},
            {"url": "http://nuts-foundation.github.io/nl-generic-functions-ig/StructureDefinition/task-stu3-location",
             "valueReference": {"reference": "Location/l1", "display": "Afdeling Beuk"}}]);
    });
    world.sender.has.lock().unwrap().get_mut("Composition/c1").unwrap()["section"][0]["code"] =
        json!({"coding": [{"system": "http://snomed.info/sct", "code": "000"}]});
    let id = world.told(1).await;
    assert_eq!(world.received(id).routed, ["Afdeling Beuk"]);
    world.take(id).await;
    world.steps(id, 3).await;
    assert_eq!(world.stage(id), Stage::Completed);
}

#[tokio::test]
async fn er11_a_sender_that_fails_leaves_everything_as_it_is_and_is_asked_again() {
    for (at, fault) in [
        ("Task/t1", SourceFault::Refused),
        ("Task/t1", SourceFault::Unreachable),
        ("Composition/c1/$document", SourceFault::TimedOut),
        ("Composition/c1/$document", SourceFault::Unusable("torn")),
        ("PUT Task/t1", SourceFault::Rejected),
    ] {
        let world = World::new(true);
        world.sender.faults.lock().unwrap().insert(at.to_owned(), fault.clone());
        let id = world.told(1).await;
        if at == "Task/t1" {
            assert_eq!(world.stage(id), Stage::Told, "{fault:?}");
        } else {
            world.take(id).await;
            world.steps(id, if at.starts_with("PUT") { 2 } else { 1 }).await;
            assert_eq!(world.at_sender(), "in-progress", "{at} {fault:?}");
        }
        let effort = world.received(id).effort;
        assert!(effort.attempts == 1 && effort.failed.is_some() && !effort.given_up, "{at} {fault:?} is visible");
        world.steps(id, 2).await;
        if at == "Task/t1" {
            world.take(id).await;
        }
        world.steps(id, 3).await;
        assert_eq!(world.stage(id), Stage::Completed, "{at} {fault:?}");
    }
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_found_done_and_not_done_again() {
    let world = World::new(true);
    *world.sender.loses.lock().unwrap() = true;
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 2).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Taken, "completed"));
    world.steps(id, 1).await;
    assert_eq!(world.stage(id), Stage::Completed);
    assert_eq!(world.asked().iter().filter(|asked| asked.starts_with("PUT")).count(), 1);
}

#[tokio::test]
async fn a_document_that_is_not_whole_or_not_the_tasks_is_not_taken() {
    let smuggled = json!({"resourceType": "Flag", "id": "f1", "subject": {"reference": "Patient/p2"}});
    let world = World::new(true);
    world.sender.has.lock().unwrap().insert("Flag/f1".to_owned(), smuggled);
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 3).await;
    let received = world.received(id);
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Taking, "in-progress"));
    assert!(received.effort.given_up, "after so many times it waits for somebody");
    world.sender.has.lock().unwrap().remove("Flag/f1");
    assert!(world.handoffs.retry(id).await.unwrap());
    world.steps(id, 2).await;
    assert_eq!(world.stage(id), Stage::Completed);

    // The Task is about another patient than the document that it names.
    let world = World::new(true);
    world.sender.task(|task| task["for"]["reference"] = json!("Patient/p9"));
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 2).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Closed(Closed::Refused), "in-progress"));
}

#[tokio::test]
async fn what_was_kept_long_enough_is_forgotten_whole_and_nothing_else_is() {
    let world = World::new(true);
    let id = world.told(1).await;
    assert_eq!(world.handoffs.forget_old().await.unwrap(), 0);
    world.take(id).await;
    world.steps(id, 3).await;
    let aged = world.handoffs.books.received.change(id, |received| {
        received.modified = "2020-01-01T00:00:00Z".to_owned();
        book::Change::Made((), None)
    });
    aged.await.unwrap();
    assert_eq!(world.handoffs.forget_old().await.unwrap(), 1);
    assert!(world.handoffs.books.received.get(id).unwrap().is_none());
    assert_eq!(world.handoffs.books.received.part(id, 0).await.unwrap(), None);
}

#[tokio::test]
async fn what_no_receiver_would_take_whole_is_refused_when_it_is_pushed() {
    let world = World::new(true);
    let mut entries: Vec<Value> = handoff().into_values().filter(|one| one["resourceType"] != "Task").collect();
    let own = entries.len();
    for (count, taken) in [(5_000, true), (5_001, false)] {
        entries.truncate(own);
        let more = (own..count).map(|number| json!({"resourceType": "Practitioner", "id": format!("more-{number}")}));
        entries.extend(more);
        let all: Vec<Value> = entries.iter().map(|resource| json!({"resource": resource})).collect();
        let bundle = read(&json!({"resourceType": "Bundle", "type": "document", "entry": all}));
        match world.handoffs.read(&bundle, |_| true) {
            Ok(_) => assert!(taken, "{count}"),
            Err(fault) => assert!(!taken && matches!(fault, PushFault::TooMany), "{count}: {fault}"),
        }
    }
}

#[tokio::test]
async fn es2_a_receiver_that_cannot_be_told_is_told_again_then_waits_for_somebody_and_can_be_told_anew() {
    let world = World::new(true);
    let entries: Vec<Value> = handoff().into_values().filter(|one| one["resourceType"] != "Task").collect();
    let entries: Vec<Value> = entries.into_iter().map(|resource| json!({"resource": resource})).collect();
    let bundle = read(&json!({"resourceType": "Bundle", "type": "document", "entry": entries}));
    let prepared = world.handoffs.read(&bundle, |_| true).unwrap();
    let pushed = world.handoffs.push(&ura(OTHER), &prepared, "c").await.unwrap();
    let again = world.handoffs.push(&ura(OTHER), &prepared, "c").await.unwrap();
    assert_eq!((pushed.new, again.new, again.id), (true, false, pushed.id));
    let nobody = world.handoffs.push(&ura("90010009"), &prepared, "c").await;
    assert!(matches!(nobody, Err(PushFault::Receiver)));
    let sent = || world.handoffs.books.sent.get(pushed.id).unwrap().unwrap();
    // The grant comes first, then so many attempts.
    for attempts in [0, 1, 2, 3] {
        world.handoffs.send_on(pushed.id).await.unwrap();
        assert_eq!((sent().effort.attempts, sent().effort.given_up), (attempts, attempts == 3));
    }
    assert!(world.handoffs.books.sent.due(i64::MAX, 9).unwrap().is_empty(), "nothing is tried by itself any more");
    assert!(world.handoffs.resend(pushed.id).await.unwrap());
    assert_eq!((sent().effort.attempts, world.handoffs.books.sent.due(i64::MAX, 9).unwrap().len()), (0, 1));
    assert!(!world.handoffs.resend(names::fresh()).await.unwrap());
    // Taken back: the grant is for the Task alone, and that is told.
    world.handoffs.cancel(pushed.id).await.unwrap();
    world.handoffs.cancel(pushed.id).await.unwrap();
    world.handoffs.send_on(pushed.id).await.unwrap();
    assert_eq!(sent().granted.as_deref(), Some("cancelled"));
    let sending = sent().sending().unwrap();
    assert_eq!((sending.change(), sending.access()), (2, flows::eoverdracht::Access::Nothing));
    assert!(matches!(world.handoffs.cancel(names::fresh()).await, Err(CancelFault::Unknown)));
}

#[tokio::test]
async fn a_handoff_that_is_taken_back_while_it_is_fetched_is_never_completed() {
    let world = World::new(true);
    let id = world.told(3).await;
    world.take(id).await;
    world.steps(id, 1).await;
    assert_eq!(world.stage(id), Stage::Taken);
    world.sender.task(|task| task["status"] = json!("cancelled"));
    world.steps(id, 2).await;
    assert_eq!(world.stage(id), Stage::Closed(Closed::Cancelled));
    assert!(!world.asked().iter().any(|asked| asked.starts_with("PUT")));
    // What was offered and not taken yet ends the same way, once the sender tells.
    let world = World::new(true);
    let id = world.told(3).await;
    world.sender.task(|task| task["status"] = json!("cancelled"));
    assert_eq!(world.told(3).await, id);
    assert_eq!(world.stage(id), Stage::Closed(Closed::Cancelled));
}

#[tokio::test]
async fn who_read_a_handoff_first_stays_the_one_and_nobody_reads_what_is_not_there() {
    let world = World::new(true);
    let id = world.told(3).await;
    let person =
        |name: &str| policy::Person { id: name.to_lowercase(), name: Some(name.to_owned()), role: "30.000".to_owned() };
    assert!(!world.handoffs.seen(id, &person("Bakker")).await.unwrap(), "it is not taken");
    world.take(id).await;
    world.steps(id, 4).await;
    assert!(world.handoffs.seen(id, &person("Bakker")).await.unwrap());
    assert!(world.handoffs.seen(id, &person("Visser")).await.unwrap());
    let received = world.received(id);
    assert_eq!(
        (received.seen.as_ref().unwrap().by.as_str(), world.stage(id)),
        ("Bakker", received.receiving().unwrap().stage())
    );
    assert!(!world.handoffs.seen(names::fresh(), &person("Visser")).await.unwrap());
}

#[tokio::test]
async fn a_handoff_that_is_replaced_while_it_is_taken_is_fetched_again_and_completed_in_its_newest_version() {
    let replace = |world: &World, version: &str| {
        world.sender.task(|task| task["meta"] = json!({"versionId": version}));
        let mut has = world.sender.has.lock().unwrap();
        has.get_mut("Condition/k1").unwrap()["severity"] = json!({"text": version});
    };
    let kept = async |world: &World, id| {
        let part = world.handoffs.books.received.part(id, 0).await.unwrap().unwrap();
        String::from_utf8(part).unwrap()
    };
    // Told of it, before it is confirmed.
    let world = World::new(true);
    let id = world.told(1).await;
    world.take(id).await;
    world.steps(id, 1).await;
    assert_eq!(world.stage(id), Stage::Taken);
    replace(&world, "2");
    assert_eq!(world.told(0).await, id);
    // It is seen even if the notification comes later than the confirmation would.
    world.steps(id, 1).await;
    assert_eq!((world.stage(id), world.received(id).replaced), (Stage::Taking, 1));
    world.steps(id, 4).await;
    assert_eq!((world.stage(id), world.at_sender().as_str()), (Stage::Completed, "completed"));
    assert!(kept(&world, id).await.contains(r#""severity":{"text":"2"}"#));
    // Told of it while it is offered, and then again of the same.
    let world = World::new(true);
    let id = world.told(1).await;
    replace(&world, "2");
    world.told(2).await;
    world.told(2).await;
    assert_eq!((world.stage(id), world.received(id).replaced), (Stage::Offered, 1));
    world.take(id).await;
    world.steps(id, 3).await;
    assert_eq!((world.stage(id), world.received(id).replaced), (Stage::Completed, 1));
}

#[tokio::test]
async fn what_is_replaced_is_told_anew_once_and_the_version_before_is_gone() {
    let world = World::new(true);
    let prepared = |version: &str| {
        let entries = handoff().into_values().filter(|one| one["resourceType"] != "Task");
        let entries = entries.map(|mut resource| {
            if resource["resourceType"] == "Condition" {
                resource["severity"] = json!({"text": version});
            }
            json!({"resource": resource})
        });
        let entries: Vec<Value> = entries.collect();
        let bundle = read(&json!({"resourceType": "Bundle", "type": "document", "entry": entries}));
        world.handoffs.read(&bundle, |_| true).unwrap()
    };
    let pushed = world.handoffs.push(&ura(OTHER), &prepared("1"), "c").await.unwrap();
    let sent = || world.handoffs.books.sent.get(pushed.id).unwrap().unwrap();
    let replaced = world.handoffs.replace(pushed.id, &prepared("2")).await.unwrap();
    let change = |sent: &Sent| sent.sending().unwrap().change();
    assert_eq!((replaced.sent.part, change(&sent()), sent().sending().unwrap().owes()), (1, 2, Some(2)));
    world.handoffs.replace(pushed.id, &prepared("2")).await.unwrap();
    assert_eq!(change(&sent()), 2, "the same again changes nothing");
    assert_eq!(world.handoffs.books.sent.part(pushed.id, 0).await.unwrap(), None);
    for version in ["1", "2"] {
        let again = world.handoffs.push(&ura(OTHER), &prepared(version), "c").await.unwrap();
        assert_eq!(
            (again.new, again.id, change(&sent())),
            (false, pushed.id, 2),
            "a push that comes late puts nothing back"
        );
    }
    let other = world.handoffs.push(&ura(OTHER), &prepared("9"), "c").await.unwrap();
    let fault = world.handoffs.replace(pushed.id, &prepared("9")).await.unwrap_err();
    assert!(other.new && matches!(fault, ReplaceFault::OtherTransfer));
    world.handoffs.replace(pushed.id, &prepared("1")).await.unwrap();
    assert_eq!((sent().part, change(&sent())), (2, 3), "an earlier one may be the newest again");
    let fault = world.handoffs.replace(names::fresh(), &prepared("3")).await.unwrap_err();
    assert!(matches!(fault, ReplaceFault::Unknown));
    world.handoffs.cancel(pushed.id).await.unwrap();
    let fault = world.handoffs.replace(pushed.id, &prepared("3")).await.unwrap_err();
    assert!(matches!(fault, ReplaceFault::Over(flows::eoverdracht::TaskStatus::Cancelled)));
    assert!(world.handoffs.books.sent.part(pushed.id, 2).await.unwrap().is_some());
}
