//! Both sides together over a network that loses, doubles, delays and reorders, with either side cut off at any step:
//! what was decided is kept, what was under way is gone.

use proptest::prelude::*;

use super::*;

const PARTS: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Message {
    Notification(u32),
    Taken(u32),
    ReadTask {
        as_of: u32,
    },
    Task {
        status: TaskStatus,
        as_of: u32,
        change: u32,
    },
    /// `wanted`: of which edition the receiver asks.
    FetchParts {
        wanted: u64,
    },
    Part {
        part: usize,
        wanted: u64,
        edition: u32,
    },
    /// `read`: the change of the Task that is put back.
    PutCompleted {
        read: u32,
    },
    Answer(TaskStatus),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    SenderWorks,
    ReceiverWorks,
    SomebodyTakes,
    SenderWithdraws,
    SenderReplaces,
    Deliver(usize),
    Lose(usize),
    Double(usize),
    /// A crash or a partition: everything under way is gone.
    CutOff,
}

struct World {
    sender: Sending,
    receiver: Option<Receiving>,
    under_way: Vec<Message>,
    /// How often the sender came to `completed`, and the receiver.
    completed: (usize, usize),
    /// Of which edition each part is that the receiver keeps.
    kept: [Option<u32>; PARTS],
    /// The newest change of the Task that the receiver read: it asks one thing at a time.
    seen: u32,
}

impl World {
    fn new() -> Self {
        let (sender, under_way) = (Sending::made(), Vec::new());
        World { sender, receiver: None, under_way, completed: (0, 0), kept: [None; PARTS], seen: 0 }
    }

    fn tell(&mut self, event: Told) {
        // A notification of a transfer that is not known yet is its first.
        let after = match self.receiver.take() {
            None if event == Told::Notified => Receiving::default(),
            None => return,
            Some(receiver) => {
                let before = receiver.stage();
                let after = receiver.after(event);
                let now = after.stage() == Stage::Completed && before != Stage::Completed;
                self.completed.1 += usize::from(now);
                after
            }
        };
        self.receiver = Some(after);
    }

    fn arrive(&mut self, message: Message) {
        match message {
            Message::Notification(change) => {
                self.tell(Told::Notified);
                self.under_way.push(Message::Taken(change));
            }
            Message::Taken(change) => self.sender = self.sender.after(SenderEvent::Told(change)).unwrap(),
            Message::ReadTask { as_of } => {
                let (status, change) = (self.sender.status(), self.sender.change());
                self.under_way.push(Message::Task { status, as_of, change });
            }
            Message::Task { change, .. } if change < self.seen => {}
            Message::Task { status, as_of, change } => {
                self.seen = change;
                self.tell(Told::TaskRead { status, as_of, edition: change.into(), offers: access(status) });
            }
            Message::FetchParts { wanted } => {
                if self.sender.access() == Access::Handoff {
                    let edition = self.sender.edition();
                    self.under_way.extend((0..PARTS).map(|part| Message::Part { part, wanted, edition }));
                }
            }
            Message::Part { part, wanted, edition } => {
                let taking = |receiver: &&Receiving| receiver.stage() == Stage::Taking && receiver.edition() == wanted;
                if self.receiver.as_ref().filter(taking).is_some() {
                    self.kept[part] = Some(edition);
                    self.tell(Told::Parts(PARTS));
                    self.tell(Told::Kept(part));
                }
            }
            // What was read of a handoff that was replaced since is refused.
            Message::PutCompleted { read } if !self.sender.is_current(Some(read)) => {}
            Message::PutCompleted { .. } => {
                let before = self.sender.status();
                match self.sender.after(SenderEvent::ReceiverPuts(TaskStatus::Completed)) {
                    Ok(after) => self.sender = after,
                    Err(_) => assert_eq!(before, TaskStatus::Cancelled, "who keeps to the table is not refused"),
                }
                self.completed.0 += usize::from(before != self.sender.status());
                self.under_way.push(Message::Answer(self.sender.status()));
            }
            Message::Answer(status) => self.tell(Told::Answered(status)),
        }
    }

    fn step(&mut self, step: Step) {
        let place = |at: usize| (!self.under_way.is_empty()).then(|| at % self.under_way.len());
        match step {
            Step::SenderWorks => self.under_way.extend(self.sender.owes().map(Message::Notification)),
            Step::ReceiverWorks => {
                let Some(receiver) = &self.receiver else { return };
                match receiver.next() {
                    Some(Act::ReadTask) => {
                        self.under_way.push(Message::ReadTask { as_of: receiver.notifications().0 });
                    }
                    Some(Act::FetchParts) => self.under_way.push(Message::FetchParts { wanted: receiver.edition() }),
                    // It reads the Task that it puts back, and looks at what it offers.
                    Some(Act::PutCompleted) => {
                        let (status, change) = (self.sender.status(), self.sender.change());
                        self.seen = change;
                        match status {
                            TaskStatus::InProgress if receiver.edition() != u64::from(change) => {
                                self.tell(Told::Superseded(change.into()));
                            }
                            TaskStatus::InProgress => self.under_way.push(Message::PutCompleted { read: change }),
                            status => self.tell(Told::Answered(status)),
                        }
                    }
                    // This sender hands over without asking first.
                    Some(Act::FetchNotice | Act::PutAnswer(_)) | None => {}
                }
            }
            Step::SomebodyTakes => self.tell(Told::Take),
            Step::SenderWithdraws => {
                self.sender = self.sender.after(SenderEvent::WeSet(TaskStatus::Cancelled)).unwrap_or(self.sender);
            }
            Step::SenderReplaces => self.sender = self.sender.after(SenderEvent::Replaced).unwrap_or(self.sender),
            Step::Deliver(at) => {
                if let Some(at) = place(at) {
                    let message = self.under_way.swap_remove(at);
                    self.arrive(message);
                }
            }
            Step::Lose(at) => {
                if let Some(at) = place(at) {
                    self.under_way.swap_remove(at);
                }
            }
            Step::Double(at) => {
                if let Some(at) = place(at) {
                    self.under_way.push(self.under_way[at]);
                }
            }
            Step::CutOff => self.under_way.clear(),
        }
    }

    /// What must hold at every moment.
    fn holds(&self) -> bool {
        let whole = |receiver: &Receiving| receiver.held().len() == PARTS && receiver.held().iter().all(|part| *part);
        let stage = self.receiver.as_ref().map(Receiving::stage);
        let completed = self.sender.status() == TaskStatus::Completed || stage == Some(Stage::Completed);
        // What is complete is the handoff that was offered last, whole.
        let newest = self.kept.iter().all(|kept| *kept == Some(self.sender.edition()));
        (!completed || newest && self.receiver.as_ref().is_some_and(whole))
            && self.completed.0 <= 1
            && self.completed.1 <= 1
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::SenderWorks),
        3 => Just(Step::ReceiverWorks),
        1 => Just(Step::SomebodyTakes),
        1 => Just(Step::SenderReplaces),
        8 => (0_usize..64).prop_map(Step::Deliver),
        2 => (0_usize..64).prop_map(Step::Lose),
        2 => (0_usize..64).prop_map(Step::Double),
        1 => Just(Step::CutOff),
    ]
}

impl World {
    /// The network heals: whoever owes something tries again.
    fn heal(&mut self) {
        for _ in 0..20 {
            for step in [Step::SenderWorks, Step::ReceiverWorks, Step::SomebodyTakes] {
                self.step(step);
            }
            while !self.under_way.is_empty() {
                self.step(Step::Deliver(0));
                assert!(self.holds());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_handoff_is_completed_once_with_all_parts_and_always_in_the_end(steps in prop::collection::vec(step(), 0..120)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            prop_assert!(world.holds(), "after {step:?}");
        }
        world.heal();
        prop_assert_eq!(world.completed, (1, 1));
        prop_assert_eq!(world.sender.owes(), None);
        prop_assert_eq!(world.receiver.map(|receiver| receiver.next()), Some(None), "nothing is left to do");
    }
    #[test]
    fn a_handoff_that_is_taken_back_ends_the_same_at_both_sides(
        before in prop::collection::vec(step(), 0..80),
        after in prop::collection::vec(step(), 0..40),
    ) {
        let mut world = World::new();
        for step in before.into_iter().chain([Step::SenderWithdraws]).chain(after) {
            world.step(step);
            prop_assert!(world.holds(), "after {step:?}");
        }
        world.heal();
        prop_assert_eq!(world.sender.owes(), None);
        let receiver = world.receiver.unwrap();
        prop_assert_eq!(receiver.next(), None, "nothing is left to do");
        // It came too late, or it counts at both.
        match world.sender.status() {
            TaskStatus::Completed => prop_assert_eq!(receiver.stage(), Stage::Completed),
            status => prop_assert_eq!((status, receiver.stage()), (TaskStatus::Cancelled, Stage::Closed(Closed::Cancelled))),
        }
    }
}
