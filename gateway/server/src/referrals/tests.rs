//! The receiver before senders that behave and senders that do not, through the real stack and the real policies; and a sender
//! whose receiver cannot be told.

use std::sync::atomic::Ordering;

use exchange::ports::SourceFault;
use fhir::{Bsn, LogicalId};
use flows::bgz::{End, Outcome, Stage, TaskStatus};
use serde_json::json;

use super::testing::{BSN, OTHER, World, ura};
use super::*;
use crate::handoffs::callbacks_tests::{record_system, states};
use crate::handoffs::names;

/// A referral that was taken and pulled.
async fn pulled(world: &World) -> store::transfers::Id {
    let id = world.told("n1").await;
    world.settle(id).await;
    world.act(id, Act::Take).await.unwrap();
    world.settle(id).await;
    id
}

fn outcomes(all: [(&str, Outcome); 3]) -> Vec<(String, Outcome)> {
    all.map(|(path, outcome)| (path.to_owned(), outcome)).into()
}

#[tokio::test]
async fn br3_br7_a_referral_is_read_for_nobody_accepted_pulled_for_a_person_and_completed() {
    let world = World::new();
    let id = world.told("n1").await;
    world.settle(id).await;
    assert_eq!((world.stage(id), world.asked()), (Stage::Offered, vec!["Task/t1".to_owned()]));
    assert!(matches!(world.act(id, Act::Complete { whatever_failed: false }).await, Err(ActFault::NotNow(_))));
    world.act(id, Act::Take).await.unwrap();
    world.settle(id).await;
    assert_eq!((world.stage(id), world.at_sender()), (Stage::Pulled, TaskStatus::Accepted));
    let found = [("Condition", Outcome::Complete), ("Flag", Outcome::Complete), ("AllergyIntolerance", Outcome::Empty)];
    assert_eq!(world.outcomes(id), outcomes(found));
    let asked = world.asked();
    assert_eq!(
        asked,
        [
            "Task/t1",
            "Task/t1",
            "PUT Task/t1 for a person",
            "Patient/p1 for a person",
            "Condition for a person",
            "Flag for a person",
            "AllergyIntolerance for a person",
        ]
    );
    // A page more of the conditions.
    assert_eq!(world.records.load(Ordering::SeqCst), asked.len() + 1, "each is on record");
    assert_eq!(world.received(id).parts.iter().map(|part| part.resources).collect::<Vec<_>>(), [3, 1, 0]);
    world.act(id, Act::Complete { whatever_failed: false }).await.unwrap();
    world.settle(id).await;
    assert_eq!((world.stage(id), world.at_sender()), (Stage::Ended(End::Completed), TaskStatus::Completed));
    // What comes again is the same referral.
    assert_eq!(world.told("n1").await, id);
    assert!(world.referrals.books.received.due(i64::MAX, 9).unwrap().is_empty());
}

#[tokio::test]
async fn br2_a_cancelled_referral_is_pulled_no_further_and_only_its_sender_can_cancel_it() {
    let world = World::new();
    let id = world.told("n1").await;
    world.settle(id).await;
    world.act(id, Act::Take).await.unwrap();
    // Accepted, known about whom, one part pulled.
    world.steps(id, 3).await;
    assert_eq!(world.stage(id), Stage::Pulling);
    let asked = world.asked().len();
    for (sender, identifier) in [("90010003", "n1"), (OTHER, "n2")] {
        let refused = world.referrals.cancelled(&ura(sender), identifier).await;
        assert!(matches!(refused, Err(CancelFault::Unknown)), "{sender} {identifier}");
    }
    for _ in 0..2 {
        assert_eq!(world.referrals.cancelled(&ura(OTHER), "n1").await.unwrap(), id);
    }
    world.steps(id, 3).await;
    assert_eq!((world.stage(id), world.asked().len()), (Stage::Ended(End::Cancelled), asked));
    assert!(matches!(world.act(id, Act::Retry).await, Ok(Stage::Ended(End::Cancelled))));
    world.steps(id, 2).await;
    assert_eq!(world.asked().len(), asked);
}

#[tokio::test]
async fn br3_a_task_that_is_over_or_not_ours_or_of_another_patient_opens_nothing() {
    for (name, value, end) in [
        ("status", json!("cancelled"), End::Cancelled),
        ("status", json!("rejected"), End::WithoutUs),
        ("status", json!("completed"), End::WithoutUs),
        ("status", json!("failed"), End::NotForUs),
        ("code", json!({"coding": [{"system": "http://snomed.info/sct", "code": "308292007"}]}), End::NotForUs),
        (
            "owner",
            json!({"identifier": {"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "90010003"}}),
            End::NotForUs,
        ),
    ] {
        let world = World::new();
        world.sender.task(|task| task[name] = value.clone());
        let id = world.told("n1").await;
        world.settle(id).await;
        assert_eq!((world.stage(id), world.asked().len()), (Stage::Ended(end), 1), "{name} {value}");
        // The same when it comes to that after somebody took it.
        let world = World::new();
        let id = world.told("n1").await;
        world.settle(id).await;
        world.act(id, Act::Take).await.unwrap();
        world.sender.task(|task| task[name] = value.clone());
        world.settle(id).await;
        assert_eq!(world.stage(id), Stage::Ended(end), "{name} {value}");
        assert!(world.asked().iter().all(|asked| asked == "Task/t1"), "{:?}", world.asked());
    }
    let world = World::new();
    let id = pulled(&world).await;
    world.sender.task(|task| task["for"]["reference"] = json!("Patient/p2"));
    world.told("n2").await;
    world.settle(id).await;
    assert_eq!(world.stage(id), Stage::Ended(End::NotForUs), "it was about somebody else before");
}

#[tokio::test]
async fn br5_what_is_not_in_the_list_is_not_asked_whatever_the_task_says() {
    let world = World::new();
    world.sender.task(|task| {
        let input = |query: &str| json!({"type": {"text": "x"}, "valueString": query});
        let all = [
            "Condition",
            "Condition",
            "Observation",
            "Patient/$everything",
            "https://elsewhere.example/fhir/Flag",
            "https://127.0.0.1:9/fhir/Flag",
            "Condition?_include=*",
            "Task?owner=1",
        ];
        task["input"] = all.map(input).into_iter().collect();
    });
    let id = pulled(&world).await;
    let received = world.received(id);
    assert_eq!((received.parts.len(), received.not_in_the_list), (2, 5));
    let asked: Vec<_> = world.asked().into_iter().filter(|asked| !asked.contains("/")).collect();
    assert_eq!(asked, ["Condition for a person", "Flag for a person"]);
}

#[tokio::test]
async fn br6_a_part_that_fails_aborts_nothing_is_tried_again_and_then_waits_for_somebody() {
    let world = World::new();
    world.sender.fails("Condition", 9, SourceFault::TimedOut);
    let id = pulled(&world).await;
    let failed = |world: &World| {
        let found =
            [("Condition", Outcome::Failed), ("Flag", Outcome::Complete), ("AllergyIntolerance", Outcome::Empty)];
        assert_eq!(world.outcomes(id), outcomes(found));
        assert!(world.received(id).parts[0].why.is_some());
    };
    failed(&world);
    assert_eq!(world.stage(id), Stage::Pulled);
    assert!(matches!(world.act(id, Act::Complete { whatever_failed: false }).await, Err(ActFault::NotWhole)));
    // It comes due again by itself, so often, and the Task is read first each time.
    for again in [1, 2] {
        assert_eq!(world.received(id).again.attempts, again);
        assert_eq!(world.referrals.books.received.due(i64::MAX, 9).unwrap(), [id]);
        let before = world.asked().len();
        world.steps(id, 1).await;
        world.settle(id).await;
        assert_eq!(world.asked()[before..], ["Task/t1", "Condition for a person"]);
        failed(&world);
    }
    let received = world.received(id);
    assert!(received.again.given_up && world.referrals.books.received.due(i64::MAX, 9).unwrap().is_empty());
    world.sender.faults.lock().unwrap().clear();
    world.act(id, Act::Retry).await.unwrap();
    world.settle(id).await;
    assert_eq!(world.outcomes(id)[0].1, Outcome::Complete);
    assert_eq!(world.received(id).again, Default::default());
    world.act(id, Act::Complete { whatever_failed: false }).await.unwrap();
    world.settle(id).await;
    assert_eq!(world.at_sender(), TaskStatus::Completed);
}

#[tokio::test]
async fn a_new_notification_has_the_data_pulled_again_and_one_that_comes_again_does_not() {
    let world = World::new();
    let id = pulled(&world).await;
    let asked = world.asked().len();
    assert_eq!(world.told("n1").await, id);
    world.settle(id).await;
    assert_eq!(world.asked().len(), asked);
    let more = json!({"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p1"}});
    world.sender.has.lock().unwrap().insert("AllergyIntolerance/a1".to_owned(), more);
    assert_eq!(world.told("n2").await, id);
    world.settle(id).await;
    assert_eq!(world.stage(id), Stage::Pulled);
    assert!(world.outcomes(id).iter().all(|(_, outcome)| *outcome == Outcome::Complete));
    assert_eq!(world.referrals.cancelled(&ura(OTHER), "n1").await.unwrap(), id, "the older name is still its name");
}

#[tokio::test]
async fn a_sender_that_fails_leaves_everything_as_it_is_and_is_asked_again() {
    for (at, fault) in [
        ("Task/t1", SourceFault::Refused),
        ("Task/t1", SourceFault::Unreachable),
        ("PUT Task/t1", SourceFault::Rejected),
        ("Patient/p1", SourceFault::Unusable("torn")),
    ] {
        let world = World::new();
        let id = world.told("n1").await;
        if at == "Task/t1" {
            world.sender.fails(at, 1, fault.clone());
            world.settle(id).await;
            assert_eq!(world.stage(id), Stage::Told);
        } else {
            world.settle(id).await;
            world.sender.fails(at, 1, fault.clone());
            world.act(id, Act::Take).await.unwrap();
            world.settle(id).await;
            assert!(matches!(world.stage(id), Stage::Answering(_) | Stage::Pulling));
        }
        let effort = world.received(id).effort;
        assert!(effort.attempts == 1 && effort.failed.is_some() && !effort.given_up, "{at} {fault:?} is visible");
        world.steps(id, 1).await;
        world.settle(id).await;
        if at == "Task/t1" {
            world.act(id, Act::Take).await.unwrap();
            world.settle(id).await;
        }
        assert_eq!(world.stage(id), Stage::Pulled, "{at} {fault:?}");
    }
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_found_done_and_not_done_again() {
    let world = World::new();
    let id = world.told("n1").await;
    world.settle(id).await;
    *world.sender.loses.lock().unwrap() = true;
    world.act(id, Act::Take).await.unwrap();
    world.settle(id).await;
    assert_eq!((world.stage(id), world.at_sender()), (Stage::Answering(TaskStatus::Accepted), TaskStatus::Accepted));
    world.steps(id, 1).await;
    world.settle(id).await;
    assert_eq!(world.stage(id), Stage::Pulled);
    assert_eq!(world.asked().iter().filter(|asked| asked.starts_with("PUT")).count(), 1);
}

#[tokio::test]
async fn an_answer_with_somebody_elses_data_in_it_is_no_part_of_the_referral() {
    let world = World::new();
    let smuggled = json!({"resourceType": "Flag", "id": "f2", "subject": {"reference": "Patient/p2"}});
    world.sender.has.lock().unwrap().insert("Flag/f2".to_owned(), smuggled);
    let id = pulled(&world).await;
    let flags = world.outcomes(id)[1].clone();
    assert_eq!(flags, ("Flag".to_owned(), Outcome::Failed), "never as if it were whole");
    assert_eq!(world.referrals.books.received.part(id, 1).await.unwrap(), None);
}

#[tokio::test]
async fn what_was_kept_long_enough_is_forgotten_whole_and_nothing_else_is() {
    let world = World::new();
    let id = pulled(&world).await;
    assert_eq!(world.referrals.forget_old().await.unwrap(), 0);
    let aged = world.referrals.books.received.change(id, |received| {
        received.modified = "2020-01-01T00:00:00Z".to_owned();
        crate::handoffs::book::Change::Made((), None)
    });
    aged.await.unwrap();
    assert_eq!(world.referrals.forget_old().await.unwrap(), 1);
    assert!(world.referrals.books.received.get(id).unwrap().is_none());
    assert_eq!(world.referrals.books.received.part(id, 0).await.unwrap(), None);
}

#[tokio::test]
async fn a_receiver_that_cannot_be_told_is_told_again_then_waits_for_somebody_and_can_be_told_anew() {
    let world = World::new();
    let (receiver, patient, patient_id) = (ura(OTHER), Bsn::parse(BSN).unwrap(), LogicalId::parse("p1").unwrap());
    let wanted = Wanted { receiver: &receiver, patient: &patient, patient_id: &patient_id, episode: "e1" };
    let pushed = world.referrals.push(&wanted, "c").await.unwrap();
    let again = world.referrals.push(&wanted, "c").await.unwrap();
    assert_eq!((pushed.new, again.new, again.id), (true, false, pushed.id));
    let other = world.referrals.push(&Wanted { episode: "e2", ..wanted }, "c").await.unwrap();
    assert!(other.new && other.id != pushed.id);
    let nobody = ura("90010009");
    let nobody = Wanted { receiver: &nobody, patient: &patient, patient_id: &patient_id, episode: "e1" };
    assert!(matches!(world.referrals.push(&nobody, "c").await, Err(PushFault::Receiver)));
    let stranger = Bsn::parse("999911132").unwrap();
    let confused = Wanted { receiver: &receiver, patient: &stranger, patient_id: &patient_id, episode: "e3" };
    assert!(matches!(world.referrals.push(&confused, "c").await, Err(PushFault::PatientId)));
    let sent = || world.referrals.books.sent.get(pushed.id).unwrap().unwrap();
    // The grant comes first, then so many attempts.
    for attempts in [0, 1, 2, 3] {
        world.referrals.send_on(pushed.id).await.unwrap();
        assert_eq!((sent().effort.attempts, sent().effort.given_up), (attempts, attempts == 3));
    }
    assert!(world.referrals.resend(pushed.id).await.unwrap());
    assert_eq!(sent().effort.attempts, 0);
    assert!(!world.referrals.resend(names::fresh()).await.unwrap());
    // What is taken back is closed at once, whether the receiver can be told or not.
    assert!(sent().is_open(world.referrals.clock.now()));
    assert_eq!(world.referrals.cancel(pushed.id).await.unwrap(), Some(true));
    assert!(!sent().is_open(world.referrals.clock.now()));
    assert_eq!(world.referrals.renew(pushed.id).await.unwrap(), Some(false));
    assert_eq!(world.referrals.cancel(names::fresh()).await.unwrap(), None);
    // A renewal is told under a name of its own.
    let before = world.referrals.books.sent.get(other.id).unwrap().unwrap().notifications;
    assert_eq!(world.referrals.renew(other.id).await.unwrap(), Some(true));
    let after = world.referrals.books.sent.get(other.id).unwrap().unwrap().notifications;
    assert_eq!((before.len(), after.len(), &after[0]), (1, 2, &before[0]));
}

#[tokio::test]
async fn the_record_system_is_told_of_each_step_of_a_referral_once_and_of_what_is_given_up() {
    let (config, heard) = record_system(&[]);
    let world = World::telling(Some(config));
    let id = world.told("n1").await;
    world.settle(id).await;
    assert_eq!(world.referrals.tell_round().await.unwrap(), Round::Done);
    world.act(id, Act::Take).await.unwrap();
    world.settle(id).await;
    for _ in 0..2 {
        assert_eq!(world.referrals.tell_round().await.unwrap(), Round::Done);
    }
    let told = states(&heard);
    let words: Vec<&str> = told.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(words, ["offered", "pulled"], "the newest each time, and nothing twice");
    assert!(told.iter().all(|(message, _)| message.starts_with(&names::shown(id))));
    assert!(heard.lock().unwrap().iter().all(|(_, body)| body["type"] == "referral.received.changed"));

    let (config, heard) = record_system(&[]);
    let world = World::telling(Some(config));
    let id = world.told("n1").await;
    world.sender.fails("Task/t1", 9, SourceFault::Unreachable);
    world.steps(id, 3).await;
    assert_eq!(world.referrals.tell_round().await.unwrap(), Round::Done);
    assert_eq!(heard.lock().unwrap()[0].1["data"]["given_up"], true);
}
