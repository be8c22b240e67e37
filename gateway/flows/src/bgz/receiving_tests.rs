//! The receiver's side by itself: what may follow what, and what never does.

use proptest::prelude::*;

use super::Outcome::{Complete, Due, Empty, Failed};
use super::*;

/// A Task is read as of now, unless the event says otherwise.
fn now(state: Receiving, event: Told) -> Receiving {
    let (reasons, _) = state.reasons();
    state.after(match event {
        Told::TaskRead { status, parts, changed, .. } => Told::TaskRead { status, parts, changed, as_of: reasons },
        Told::NotForUs { .. } => Told::NotForUs { as_of: reasons },
        other => other,
    })
}

fn run(events: &[Told]) -> Receiving {
    events.iter().fold(Receiving::default(), |state, event| now(state, *event))
}

fn read(status: TaskStatus) -> Told {
    Told::TaskRead { status, parts: 3, changed: false, as_of: 0 }
}

#[test]
fn a_referral_is_read_taken_accepted_pulled_and_completed() {
    let steps = [
        (read(TaskStatus::Requested), None, Stage::Offered),
        (Told::Take, Some(Act::Put(TaskStatus::Accepted)), Stage::Answering(TaskStatus::Accepted)),
        (Told::Answered(TaskStatus::Accepted), Some(Act::Pull(0)), Stage::Pulling),
        (Told::Part(0, Complete), Some(Act::Pull(1)), Stage::Pulling),
        (Told::Part(1, Failed), Some(Act::Pull(2)), Stage::Pulling),
        (Told::Part(2, Empty), None, Stage::Pulled),
        (Told::Retry, Some(Act::ReadTask), Stage::Pulling),
        (Told::Part(1, Complete), Some(Act::ReadTask), Stage::Pulling),
        (read(TaskStatus::Accepted), Some(Act::Pull(1)), Stage::Pulling),
        (Told::Part(1, Complete), None, Stage::Pulled),
        (Told::Notified, Some(Act::ReadTask), Stage::Pulled),
        (read(TaskStatus::Accepted), Some(Act::Pull(0)), Stage::Pulling),
        (Told::Part(0, Complete), Some(Act::Pull(1)), Stage::Pulling),
        (Told::Part(1, Complete), Some(Act::Pull(2)), Stage::Pulling),
        (Told::Part(2, Complete), None, Stage::Pulled),
        (Told::Finish, Some(Act::Put(TaskStatus::Completed)), Stage::Answering(TaskStatus::Completed)),
        (Told::Answered(TaskStatus::Completed), None, Stage::Ended(End::Completed)),
        (Told::Cancelled, None, Stage::Ended(End::Completed)),
    ];
    let mut state = Receiving::default();
    assert_eq!(state.next(), Some(Act::ReadTask), "before anything else");
    for (event, act, stage) in steps {
        state = now(state, event);
        assert_eq!((state.next(), state.stage()), (act, stage), "{event:?}");
    }
}

#[test]
fn what_is_cancelled_rejected_or_not_for_us_is_pulled_no_further() {
    use Told::{Answered, Cancelled, NotForUs, Notified, Part, Reject, Retry, Take, Withdraw};
    let pulling = [read(TaskStatus::Requested), Take, Answered(TaskStatus::Accepted), Part(0, Complete)];
    let then = |more: &[Told]| run(&[&pulling[..], more].concat());
    for (state, end) in [
        (then(&[Cancelled, Part(1, Complete)]), End::Cancelled),
        (then(&[Notified, read(TaskStatus::Cancelled)]), End::Cancelled),
        (then(&[Withdraw, Answered(TaskStatus::Cancelled)]), End::Cancelled),
        (then(&[Notified, read(TaskStatus::Completed)]), End::WithoutUs),
        (run(&[read(TaskStatus::Requested), Reject, Answered(TaskStatus::Rejected)]), End::Rejected),
        (run(&[read(TaskStatus::Requested), Reject, Notified, read(TaskStatus::Rejected)]), End::Rejected),
        (run(&[NotForUs { as_of: 0 }, Take]), End::NotForUs),
    ] {
        assert_eq!((state.stage(), state.next()), (Stage::Ended(end), None));
        assert_eq!(now(state, Retry).stage(), Stage::Ended(end));
    }
}

#[test]
fn a_lost_answer_is_found_again_by_reading_the_task() {
    let state = run(&[read(TaskStatus::Requested), Told::Take, Told::Notified, read(TaskStatus::Accepted)]);
    assert_eq!((state.stage(), state.next()), (Stage::Pulling, Some(Act::Pull(0))));
}

#[test]
fn a_notification_while_the_task_is_read_has_it_read_again() {
    let state = Receiving::default().after(Told::Notified);
    let state = state.after(Told::TaskRead { status: TaskStatus::Requested, parts: 1, changed: false, as_of: 1 });
    assert_eq!((state.stage(), state.next()), (Stage::Offered, Some(Act::ReadTask)));
    let state = state.after(Told::TaskRead { status: TaskStatus::Requested, parts: 1, changed: false, as_of: 2 });
    assert_eq!(state.next(), None);
    let late =
        state.clone().after(Told::TaskRead { status: TaskStatus::Cancelled, parts: 1, changed: false, as_of: 1 });
    assert_eq!(late, state, "an older answer");
}

#[test]
fn a_state_that_was_never_one_is_not_read() {
    assert!(Receiving::kept(Stage::Pulled, (1, 1), false, vec![Due]).is_none());
    assert!(Receiving::kept(Stage::Pulling, (1, 1), false, vec![Complete]).is_none());
    assert!(Receiving::kept(Stage::Told, (1, 2), false, Vec::new()).is_none());
    assert!(Receiving::kept(Stage::Answering(TaskStatus::Requested), (1, 1), false, Vec::new()).is_none());
    assert!(Receiving::kept(Stage::Pulling, (2, 1), true, vec![Due, Failed]).is_some());
}

fn status() -> impl Strategy<Value = TaskStatus> {
    prop::sample::select(&TaskStatus::ALL[..])
}

fn event() -> impl Strategy<Value = Told> {
    let outcome = prop::sample::select(vec![Due, Complete, Empty, Failed]);
    prop_oneof![
        Just(Told::Notified),
        Just(Told::Cancelled),
        (status(), 0_usize..4, any::<bool>(), 0_u32..6).prop_map(|(status, parts, changed, as_of)| Told::TaskRead {
            status,
            parts,
            changed,
            as_of
        }),
        (0_u32..6).prop_map(|as_of| Told::TaskRead { status: TaskStatus::Accepted, parts: 3, changed: false, as_of }),
        (0_u32..6).prop_map(|as_of| Told::NotForUs { as_of }),
        prop::sample::select(vec![Told::Take, Told::Reject, Told::Withdraw, Told::Finish, Told::Retry]),
        (0_usize..5, outcome).prop_map(|(at, outcome)| Told::Part(at, outcome)),
        status().prop_map(Told::Answered),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    /// Whatever comes, in whatever order and however often.
    #[test]
    fn no_sequence_of_events_pulls_without_leave_or_opens_what_is_over(
        events in prop::collection::vec(event(), 0..60),
    ) {
        let mut state = Receiving::default();
        // What the Task last said, as far as the state took it in.
        let mut allowed = false;
        for event in events {
            let before = state.clone();
            state = state.after(event);
            if let Told::TaskRead { status, as_of, .. } = event && as_of >= before.reasons().1 && as_of <= before.reasons().0 {
                allowed = may_pull(status);
            }
            if let Some(Act::Pull(part)) = state.next() {
                prop_assert!(allowed && state.reasons().0 == state.reasons().1);
                prop_assert_eq!(state.parts()[part], Due);
            }
            if let Stage::Ended(_) = before.stage() {
                prop_assert_eq!(state.stage(), before.stage(), "what is over stays over");
            }
            let read_back =
                Receiving::kept(state.stage(), state.reasons(), state.is_renewed(), state.parts().to_vec());
            prop_assert_eq!(read_back, Some(state.clone()), "what can be reached can be kept");
        }
    }
}
