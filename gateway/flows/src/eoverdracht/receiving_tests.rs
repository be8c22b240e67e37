//! The receiver's side, by sequences of events.

use proptest::prelude::*;

use super::receiving::*;
use super::{Access, Negotiation, Notice, TaskStatus, access};

fn run(events: &[Told]) -> Receiving {
    events.iter().fold(Receiving::default(), |state, event| now(state, *event))
}

/// A Task is read as of now, unless the event says otherwise.
fn now(state: Receiving, event: Told) -> Receiving {
    let (notified, _) = state.notifications();
    state.after(match event {
        Told::TaskRead { status, edition, offers, .. } => Told::TaskRead { status, as_of: notified, edition, offers },
        Told::NotForUs { .. } => Told::NotForUs { as_of: notified },
        other => other,
    })
}

fn as_of(status: TaskStatus, as_of: u32) -> Told {
    Told::TaskRead { status, as_of, edition: 1, offers: access(status) }
}

fn read_of(status: TaskStatus, edition: u64) -> Told {
    Told::TaskRead { status, as_of: 0, edition, offers: access(status) }
}

fn read(status: TaskStatus) -> Told {
    read_of(status, 1)
}

#[test]
fn a_handoff_that_is_replaced_is_fetched_again_by_who_took_it_and_never_after_it_was_completed() {
    use Told::*;
    let newer = read_of(TaskStatus::InProgress, 2);
    let begun = [read(TaskStatus::InProgress), Take, Parts(2), Kept(0)];
    let half = run(&begun);
    let again = now(half.clone().after(Notified), newer);
    assert_eq!((again.stage(), again.held(), again.next()), (Stage::Taking, &[][..], Some(Act::FetchParts)));
    let same = now(half.clone().after(Notified), read(TaskStatus::InProgress));
    assert_eq!(same.held(), half.held(), "told again of the same");
    let taken = half.after(Kept(1));
    let again = now(taken.clone().after(Notified), newer);
    assert_eq!((again.stage(), again.edition(), again.next()), (Stage::Taking, 2, Some(Act::FetchParts)));
    // It was not told of it yet, and sees it when it is about to confirm.
    assert_eq!(taken.clone().after(Superseded(2)), taken.clone().after(Superseded(2)).after(Superseded(2)));
    assert_eq!(taken.clone().after(Superseded(2)).next(), Some(Act::FetchParts));
    assert_eq!(taken.clone().after(Superseded(1)), taken, "it is the same");
    let done = taken.after(Answered(TaskStatus::Completed));
    assert_eq!(done.clone().after(Superseded(2)), done);
    assert_eq!(now(done.after(Notified), newer).stage(), Stage::Completed);
    let offered = now(run(&[read(TaskStatus::InProgress), Notified]), newer);
    assert_eq!((offered.stage(), offered.edition()), (Stage::Offered, 2));
}

#[test]
fn a_handoff_is_read_taken_kept_whole_and_then_completed() {
    use Told::*;
    let steps = [
        (Notified, Some(Act::ReadTask), Stage::Told),
        (read(TaskStatus::InProgress), None, Stage::Offered),
        (Take, Some(Act::FetchParts), Stage::Taking),
        (Parts(2), Some(Act::FetchParts), Stage::Taking),
        (Kept(1), Some(Act::FetchParts), Stage::Taking),
        (Kept(1), Some(Act::FetchParts), Stage::Taking),
        (Kept(0), Some(Act::PutCompleted), Stage::Taken),
        (Answered(TaskStatus::InProgress), Some(Act::PutCompleted), Stage::Taken),
        (Answered(TaskStatus::Completed), None, Stage::Completed),
        (Notified, Some(Act::ReadTask), Stage::Completed),
        (read(TaskStatus::Completed), None, Stage::Completed),
        (Take, None, Stage::Completed),
    ];
    let mut state = Receiving::default();
    for (event, act, stage) in steps {
        state = now(state, event);
        assert_eq!((state.next(), state.stage()), (act, stage), "{event:?}");
    }
}

#[test]
fn what_is_not_for_us_or_taken_back_goes_no_further() {
    use Told::*;
    let refused = run(&[NotForUs { as_of: 0 }, Notified, read(TaskStatus::InProgress), Take]);
    assert_eq!(refused.stage(), Stage::Closed(Closed::Refused));
    let cancelled = run(&[read(TaskStatus::Requested), Notified, read(TaskStatus::Cancelled), Take]);
    assert_eq!(cancelled.stage(), Stage::Closed(Closed::Cancelled));
    let without_us = run(&[read(TaskStatus::InProgress), Take, Parts(1), read(TaskStatus::Completed), Kept(0)]);
    assert_eq!(without_us.stage(), Stage::Closed(Closed::CompletedWithoutUs), "never as if we had it");
}

#[test]
fn a_partner_that_still_negotiates_is_waited_for() {
    use Told::*;
    let mut state = Receiving::default();
    for status in [TaskStatus::Requested, TaskStatus::OnHold, TaskStatus::Requested, TaskStatus::Accepted] {
        let read = TaskRead { status, as_of: 0, edition: 1, offers: Access::Nothing };
        state = now(state.after(Notified), read).after(Take);
        assert_eq!((state.stage(), state.next()), (Stage::Waiting(status), None));
    }
    state = now(state.after(Notified), read(TaskStatus::InProgress));
    assert_eq!(state.stage(), Stage::Offered);
}

#[test]
fn a_notification_that_comes_while_the_task_is_read_has_it_read_again() {
    let state = Receiving::default().after(Told::Notified);
    let state = state.after(as_of(TaskStatus::Requested, 1));
    assert_eq!((state.stage(), state.next()), (Stage::Waiting(TaskStatus::Requested), Some(Act::ReadTask)));
    let state = state.after(as_of(TaskStatus::InProgress, 2));
    assert_eq!((state.stage(), state.next()), (Stage::Offered, None));
    let late = state.clone().after(as_of(TaskStatus::Requested, 1));
    assert_eq!(late, state, "an older answer");
}

#[test]
fn a_state_that_was_never_one_is_not_read() {
    assert!(Receiving::kept(Stage::Completed, (1, 1), vec![true, false]).is_none());
    assert!(Receiving::kept(Stage::Taken, (1, 1), Vec::new()).is_none());
    assert!(Receiving::kept(Stage::Offered, (1, 1), vec![true]).is_none());
    assert!(Receiving::kept(Stage::Told, (1, 2), Vec::new()).is_none());
    assert!(Receiving::kept(Stage::Taking, (2, 1), vec![true, false]).is_some());
}

fn status() -> impl Strategy<Value = TaskStatus> {
    prop::sample::select(&TaskStatus::ALL[..])
}

fn event() -> impl Strategy<Value = Told> {
    prop_oneof![
        Just(Told::Notified),
        (status(), 0_u32..6, 1_u64..3, any::<bool>()).prop_map(|(status, as_of, edition, there)| {
            let offers = if there { access(status) } else { Access::Nothing };
            Told::TaskRead { status, as_of, edition, offers }
        }),
        (0_u32..6, 1_u64..3).prop_map(|(as_of, edition)| {
            Told::TaskRead { status: TaskStatus::InProgress, as_of, edition, offers: Access::Handoff }
        }),
        (0_u32..6, 1_u64..3).prop_map(|(as_of, edition)| {
            Told::TaskRead { status: TaskStatus::Requested, as_of, edition, offers: Access::AdvanceNotice }
        }),
        (1_u64..3).prop_map(Told::NoticeKept),
        status().prop_map(Told::Answer),
        (1_u64..3).prop_map(Told::Superseded),
        (0_u32..6).prop_map(|as_of| Told::NotForUs { as_of }),
        Just(Told::Take),
        (0_usize..4).prop_map(Told::Parts),
        (0_usize..5).prop_map(Told::Kept),
        status().prop_map(Told::Answered),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    /// Whatever comes, in whatever order and however often.
    #[test]
    fn no_sequence_of_events_completes_without_all_parts_or_twice(
        events in prop::collection::vec(event(), 0..60),
    ) {
        let mut state = Receiving::default();
        let (mut completed, mut kept) = (0, std::collections::BTreeSet::new());
        for event in events {
            let before = state.clone();
            // A part counts as kept in the model only while parts are being fetched.
            if let (Stage::Taking, Told::Kept(part)) = (before.stage(), event) && part < before.held().len() {
                kept.insert(part);
            }
            state = state.after(event);
            if state.held().is_empty() {
                kept.clear();
            }
            if matches!(state.stage(), Stage::Taken | Stage::Completed) {
                prop_assert!(!state.held().is_empty() && kept.len() == state.held().len());
            }
            if state.next() == Some(Act::PutCompleted) {
                prop_assert!(state.held().iter().all(|part| *part));
            }
            // Nobody answers what they did not see, or what is not asked any more.
            if let Some(Act::PutAnswer(status)) = state.next() {
                let seen = state.negotiation().notice() == Notice::Held || status == TaskStatus::Rejected;
                prop_assert!(state.is_asked() && seen);
            }
            completed += usize::from(state.stage() == Stage::Completed && before.stage() != Stage::Completed);
            prop_assert!(completed <= 1);
            if before.stage() == Stage::Completed {
                prop_assert_eq!(state.stage(), Stage::Completed, "what is completed stays so");
            }
            let read_back = Receiving::kept(state.stage(), state.notifications(), state.held().to_vec());
            let (notice, answering) = (state.negotiation().notice(), state.negotiation().answering());
            let negotiated = Negotiation::kept(notice, answering).unwrap();
            let read_back = read_back.and_then(|read_back| read_back.of(state.edition()).negotiated(negotiated));
            prop_assert_eq!(read_back, Some(state.clone()), "what can be reached can be kept");
        }
    }
}

#[test]
fn a_notice_is_asked_for_by_a_person_kept_answered_and_then_the_handoff_comes() {
    use Told::*;
    let (asked, chosen) = (read(TaskStatus::Requested), read(TaskStatus::InProgress));
    let not_yet = TaskRead { status: TaskStatus::InProgress, as_of: 0, edition: 3, offers: Access::Nothing };
    let waiting = |status| Stage::Waiting(status);
    let requested = waiting(TaskStatus::Requested);
    let steps = [
        (asked, None, requested, Notice::Offered),
        (Answer(TaskStatus::Accepted), None, requested, Notice::Offered),
        (Take, Some(Act::FetchNotice), requested, Notice::Wanted),
        (NoticeKept(9), Some(Act::FetchNotice), requested, Notice::Wanted),
        (NoticeKept(1), None, requested, Notice::Held),
        (Answer(TaskStatus::Completed), None, requested, Notice::Held),
        (Answer(TaskStatus::OnHold), Some(Act::PutAnswer(TaskStatus::OnHold)), requested, Notice::Held),
        (asked, Some(Act::PutAnswer(TaskStatus::OnHold)), requested, Notice::Held),
        (read_of(TaskStatus::OnHold, 2), None, waiting(TaskStatus::OnHold), Notice::Held),
        (Answer(TaskStatus::Accepted), None, waiting(TaskStatus::OnHold), Notice::Held),
        // The sender takes the other date: it is another notice, for whoever saw the first.
        (read_of(TaskStatus::Requested, 3), Some(Act::FetchNotice), requested, Notice::Wanted),
        (NoticeKept(3), None, requested, Notice::Held),
        (Answer(TaskStatus::Accepted), Some(Act::PutAnswer(TaskStatus::Accepted)), requested, Notice::Held),
        (read_of(TaskStatus::Accepted, 4), None, waiting(TaskStatus::Accepted), Notice::Held),
        (not_yet, None, waiting(TaskStatus::InProgress), Notice::Held),
        (Take, None, waiting(TaskStatus::InProgress), Notice::Held),
        (chosen, None, Stage::Offered, Notice::Held),
        (Take, Some(Act::FetchParts), Stage::Taking, Notice::Held),
    ];
    let mut state = Receiving::default();
    for (event, act, stage, notice) in steps {
        state = now(state, event);
        assert_eq!((state.next(), state.stage(), state.negotiation().notice()), (act, stage, notice), "{event:?}");
    }
}

#[test]
fn an_answer_that_was_not_put_is_void_when_the_notice_is_another_or_nothing_is_asked_any_more() {
    use Told::*;
    let answered = run(&[read(TaskStatus::Requested), Take, NoticeKept(1), Answer(TaskStatus::Accepted)]);
    assert_eq!(answered.next(), Some(Act::PutAnswer(TaskStatus::Accepted)));
    let told = answered.clone().after(Notified);
    assert_eq!(told.next(), Some(Act::ReadTask), "first it is seen what changed");
    let another = now(told.clone(), read_of(TaskStatus::Requested, 2));
    assert_eq!((another.negotiation().answering(), another.next()), (None, Some(Act::FetchNotice)));
    for (status, stage) in [
        (TaskStatus::Cancelled, Stage::Closed(Closed::Cancelled)),
        (TaskStatus::Rejected, Stage::Closed(Closed::Rejected)),
        (TaskStatus::Accepted, Stage::Waiting(TaskStatus::Accepted)),
        (TaskStatus::InProgress, Stage::Offered),
    ] {
        let after = now(told.clone(), read(status));
        assert_eq!((after.stage(), after.negotiation().answering(), after.next()), (stage, None, None), "{status}");
    }
    let no = run(&[read(TaskStatus::Requested), Answer(TaskStatus::Rejected)]);
    assert_eq!(no.next(), Some(Act::PutAnswer(TaskStatus::Rejected)), "a no needs no reading");
    let confirmed = now(now(no, read(TaskStatus::Rejected)).after(Notified), read(TaskStatus::Cancelled));
    assert_eq!((confirmed.stage(), confirmed.next()), (Stage::Closed(Closed::Rejected), None));
}
