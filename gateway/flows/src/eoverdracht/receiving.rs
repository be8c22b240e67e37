//! The receiver's side of one transfer: told, read, taken by somebody, all parts kept, and only then completed.
//!
//! `Act` says what is to be done next; a state without one waits for a person or for the sender. Whatever is done may be
//! done twice, or be cut off: only what came of it is an event.

use super::TaskStatus;

/// The state of a transfer at its receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiving {
    stage: Stage,
    /// How many notifications came.
    notified: u32,
    /// How many had come when the Task was last read.
    read: u32,
    /// Which parts of the handoff are kept. Empty until they are known.
    held: Vec<bool>,
    /// Which edition of the handoff the Task last offered: a number that is another for another one.
    edition: u64,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// All that is known is that there is a Task.
    Told,
    /// The sender negotiates, or has not got the handoff ready; the status says how far it is.
    Waiting(TaskStatus),
    /// The handoff is ready, and nobody has taken it yet.
    Offered,
    /// Somebody takes it: its parts are being fetched.
    Taking,
    /// All parts are kept. The sender does not know yet.
    Taken,
    /// All parts are kept, and the sender knows.
    Completed,
    /// It goes no further.
    Closed(Closed),
}

/// Why a transfer goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The Task is none that we may take: another's, of another kind, or about another patient than its handoff.
    Refused,
    /// The sender took it back, or it was rejected.
    Cancelled,
    /// The sender says that it is completed, and we do not have it.
    CompletedWithoutUs,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A notification came; perhaps not the first.
    Notified,
    /// The Task was read, and is one for us. `as_of`: how many notifications had come when it was asked for.
    /// `edition`: which handoff it offers.
    TaskRead { status: TaskStatus, as_of: u32, edition: u64 },
    /// The Task was read, and is not.
    NotForUs { as_of: u32 },
    /// Somebody of ours takes it.
    Take,
    /// Of how many parts the handoff is.
    Parts(usize),
    /// This part is kept, durably.
    Kept(usize),
    /// The sender answered our `completed` with this status.
    Answered(TaskStatus),
    /// About to say `completed`, it is seen that the sender offers this edition by now.
    Superseded(u64),
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    ReadTask,
    /// Read what the parts are, or fetch those that are missing.
    FetchParts,
    /// Put the Task back with `completed` for its status.
    PutCompleted,
}

impl Default for Receiving {
    fn default() -> Self {
        Receiving { stage: Stage::Told, notified: 1, read: 0, held: Vec::new(), edition: 0 }
    }
}

impl Receiving {
    /// As it was kept; nothing when that can be no transfer's state.
    pub fn kept(stage: Stage, (notified, read): (u32, u32), held: Vec<bool>) -> Option<Self> {
        let whole = !held.is_empty() && held.iter().all(|part| *part);
        let fits = match stage {
            Stage::Taken | Stage::Completed => whole,
            Stage::Taking => !whole,
            Stage::Told | Stage::Waiting(_) | Stage::Offered => held.is_empty(),
            Stage::Closed(_) => true,
        };
        (fits && read <= notified).then_some(Receiving { stage, notified, read, held, edition: 0 })
    }

    /// The same, of this edition.
    #[must_use]
    pub fn of(self, edition: u64) -> Self {
        Receiving { edition, ..self }
    }

    /// Which edition of the handoff the Task last offered; 0 before it was read.
    pub fn edition(&self) -> u64 {
        self.edition
    }

    pub fn stage(&self) -> Stage {
        self.stage
    }
    /// How many notifications came, and how many of them had come when the Task was last read.
    pub fn notifications(&self) -> (u32, u32) {
        (self.notified, self.read)
    }
    /// Which parts are kept, in the order in which they were made known.
    pub fn held(&self) -> &[bool] {
        &self.held
    }

    /// What is to be done next, if anything.
    pub fn next(&self) -> Option<Act> {
        match self.stage {
            // Something changed at the sender: perhaps it takes the handoff back.
            Stage::Taking if self.read < self.notified => Some(Act::ReadTask),
            Stage::Taking => Some(Act::FetchParts),
            Stage::Taken => Some(Act::PutCompleted),
            // What is finished is read again too: the sender tells of its last change, and wants that taken.
            _ => (self.read < self.notified).then_some(Act::ReadTask),
        }
    }

    /// The state after an event. An event that does not fit the state comes late, or twice: it changes nothing.
    #[must_use]
    pub fn after(mut self, event: Told) -> Receiving {
        match event {
            Told::Notified => self.notified = self.notified.saturating_add(1),
            // An older answer than the last tells nothing.
            Told::TaskRead { as_of, .. } | Told::NotForUs { as_of } if as_of < self.read || as_of > self.notified => {}
            Told::TaskRead { status, as_of, edition } => {
                self.read = as_of;
                let replaced = status == TaskStatus::InProgress && self.edition != edition;
                self.stage = self.seen(status, replaced);
                match self.stage {
                    Stage::Waiting(_) | Stage::Offered => self.held.clear(),
                    // What is kept is of another handoff than the one that is offered now.
                    Stage::Taking if replaced => self.held.clear(),
                    _ => {}
                }
                if replaced && matches!(self.stage, Stage::Offered | Stage::Taking) {
                    self.edition = edition;
                }
            }
            Told::NotForUs { as_of } => {
                self.read = as_of;
                if matches!(self.stage, Stage::Told | Stage::Waiting(_) | Stage::Offered | Stage::Taking) {
                    self.stage = Stage::Closed(Closed::Refused);
                }
            }
            Told::Take => {
                if self.stage == Stage::Offered {
                    self.stage = Stage::Taking;
                }
            }
            Told::Parts(count) => {
                if self.stage == Stage::Taking && self.held.is_empty() {
                    self.held = vec![false; count];
                }
            }
            Told::Kept(part) => {
                if self.stage == Stage::Taking
                    && let Some(held) = self.held.get_mut(part)
                {
                    *held = true;
                    if self.held.iter().all(|part| *part) {
                        self.stage = Stage::Taken;
                    }
                }
            }
            Told::Superseded(edition) => {
                if self.stage == Stage::Taken && self.edition != edition {
                    self.stage = Stage::Taking;
                    self.held.clear();
                    self.edition = edition;
                }
            }
            Told::Answered(status) => {
                // Taken back before we had said that we have it: it is not ours.
                self.stage = match (self.stage, status) {
                    (Stage::Taken, TaskStatus::Completed) => Stage::Completed,
                    (Stage::Taken, TaskStatus::Cancelled | TaskStatus::Rejected) => Stage::Closed(Closed::Cancelled),
                    (stage, _) => stage,
                };
            }
        }
        self
    }

    /// The stage when the sender's Task has this status, and perhaps another handoff than the one that was offered before.
    fn seen(&self, status: TaskStatus, replaced: bool) -> Stage {
        use TaskStatus::{Accepted, Cancelled, Completed, InProgress, OnHold, Rejected, Requested};
        match (self.stage, status) {
            // Ours is all there, and the answer to what we put was lost.
            (Stage::Taken, Completed) => Stage::Completed,
            (Stage::Taken, Cancelled | Rejected) => Stage::Closed(Closed::Cancelled),
            // Whoever took it takes the newer one.
            (Stage::Taken, InProgress) if replaced => Stage::Taking,
            (done @ (Stage::Taken | Stage::Completed), _) => done,
            (closed @ Stage::Closed(_), _) => closed,
            (_, Completed) => Stage::Closed(Closed::CompletedWithoutUs),
            (_, Cancelled | Rejected) => Stage::Closed(Closed::Cancelled),
            (Stage::Taking, InProgress) => Stage::Taking,
            (_, InProgress) => Stage::Offered,
            (_, Requested | Accepted | OnHold) => Stage::Waiting(status),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(events: &[Told]) -> Receiving {
        events.iter().fold(Receiving::default(), |state, event| now(state, *event))
    }

    /// A Task is read as of now, unless the event says otherwise.
    fn now(state: Receiving, event: Told) -> Receiving {
        let (notified, _) = state.notifications();
        state.after(match event {
            Told::TaskRead { status, edition, .. } => Told::TaskRead { status, as_of: notified, edition },
            Told::NotForUs { .. } => Told::NotForUs { as_of: notified },
            other => other,
        })
    }

    fn read(status: TaskStatus) -> Told {
        Told::TaskRead { status, as_of: 0, edition: 1 }
    }

    #[test]
    fn a_handoff_that_is_replaced_is_fetched_again_by_who_took_it_and_never_after_it_was_completed() {
        use Told::*;
        let newer = TaskRead { status: TaskStatus::InProgress, as_of: 0, edition: 2 };
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
            state = now(state.after(Notified), read(status)).after(Take);
            assert_eq!((state.stage(), state.next()), (Stage::Waiting(status), None));
        }
        state = now(state.after(Notified), read(TaskStatus::InProgress));
        assert_eq!(state.stage(), Stage::Offered);
    }

    #[test]
    fn a_notification_that_comes_while_the_task_is_read_has_it_read_again() {
        let state = Receiving::default().after(Told::Notified);
        let state = state.after(Told::TaskRead { status: TaskStatus::Requested, as_of: 1, edition: 1 });
        assert_eq!((state.stage(), state.next()), (Stage::Waiting(TaskStatus::Requested), Some(Act::ReadTask)));
        let state = state.after(Told::TaskRead { status: TaskStatus::InProgress, as_of: 2, edition: 1 });
        assert_eq!((state.stage(), state.next()), (Stage::Offered, None));
        let late = state.clone().after(Told::TaskRead { status: TaskStatus::Requested, as_of: 1, edition: 1 });
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
            (status(), 0_u32..6).prop_map(|(status, as_of)| Told::TaskRead { status, as_of, edition: 1 }),
            (0_u32..6, 1_u64..3)
                .prop_map(|(as_of, edition)| { Told::TaskRead { status: TaskStatus::InProgress, as_of, edition } }),
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
                completed += usize::from(state.stage() == Stage::Completed && before.stage() != Stage::Completed);
                prop_assert!(completed <= 1);
                if before.stage() == Stage::Completed {
                    prop_assert_eq!(state.stage(), Stage::Completed, "what is completed stays so");
                }
                let read_back = Receiving::kept(state.stage(), state.notifications(), state.held().to_vec());
                let read_back = read_back.map(|read_back| read_back.of(state.edition()));
                prop_assert_eq!(read_back, Some(state.clone()), "what can be reached can be kept");
            }
        }
    }
}
