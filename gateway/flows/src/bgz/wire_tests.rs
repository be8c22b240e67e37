//! Both sides together over a network that loses, doubles, delays and reorders, with either side cut off at any step:
//! what was decided is kept, what was under way is gone.

use proptest::prelude::*;

use super::*;

const PARTS: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Message {
    Notification(u32),
    Cancellation(u32),
    Taken(u32),
    ReadTask {
        as_of: u32,
    },
    Task {
        status: TaskStatus,
        as_of: u32,
    },
    Pull(usize),
    /// With the data as it was renewed so often.
    Part(usize),
    Refused(usize),
    Put(TaskStatus),
    Answer(TaskStatus),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    SenderWorks,
    ReceiverWorks,
    Renew,
    Cancel,
    Say(Told),
    Deliver(usize),
    Lose(usize),
    Double(usize),
    /// A crash or a partition: everything under way is gone.
    CutOff,
}

struct World {
    sender: Sending,
    receiver: Option<Receiving>,
    /// The newest notification that the receiver had.
    newest: u32,
    under_way: Vec<Message>,
    ended: usize,
}

impl World {
    fn new() -> Self {
        World { sender: Sending::made(), receiver: None, newest: 0, under_way: Vec::new(), ended: 0 }
    }

    fn tell(&mut self, event: Told) {
        let Some(receiver) = self.receiver.take() else { return };
        let before = receiver.stage();
        let after = receiver.after(event);
        let over = |stage| matches!(stage, Stage::Ended(_));
        self.ended += usize::from(over(after.stage()) && !over(before));
        self.receiver = Some(after);
    }

    fn arrive(&mut self, message: Message) {
        match message {
            Message::Notification(news) => {
                // One that was there before is known by its identifier.
                if self.receiver.is_none() {
                    self.receiver = Some(Receiving::default());
                } else if news > self.newest {
                    self.tell(Told::Notified);
                }
                self.newest = self.newest.max(news);
                self.under_way.push(Message::Taken(news));
            }
            Message::Cancellation(news) => {
                self.tell(Told::Cancelled);
                self.under_way.push(Message::Taken(news));
            }
            Message::Taken(news) => self.sender = self.sender.after(SenderEvent::Told(news)).unwrap(),
            Message::ReadTask { as_of } => {
                self.under_way.push(Message::Task { status: self.sender.status(), as_of });
            }
            Message::Task { status, as_of } => {
                self.tell(Told::TaskRead { status, parts: PARTS, changed: false, as_of })
            }
            Message::Pull(part) => {
                let answer = if self.sender.is_open() { Message::Part(part) } else { Message::Refused(part) };
                self.under_way.push(answer);
            }
            Message::Part(part) => self.tell(Told::Part(part, Outcome::Complete)),
            Message::Refused(part) => self.tell(Told::Part(part, Outcome::Failed)),
            Message::Put(status) => {
                self.sender = self.sender.after(SenderEvent::ReceiverPuts(status)).unwrap_or(self.sender);
                self.under_way.push(Message::Answer(self.sender.status()));
            }
            Message::Answer(status) => self.tell(Told::Answered(status)),
        }
    }

    fn step(&mut self, step: Step) {
        let place = |at: usize| (!self.under_way.is_empty()).then(|| at % self.under_way.len());
        match step {
            Step::SenderWorks => self.under_way.extend(self.sender.owes().map(|news| {
                let cancelled = self.sender.status() == TaskStatus::Cancelled;
                if cancelled { Message::Cancellation(news) } else { Message::Notification(news) }
            })),
            Step::ReceiverWorks => {
                let Some(receiver) = &self.receiver else { return };
                self.under_way.extend(receiver.next().map(|act| match act {
                    Act::ReadTask => Message::ReadTask { as_of: receiver.reasons().0 },
                    Act::Pull(part) => Message::Pull(part),
                    Act::Put(status) => Message::Put(status),
                }));
            }
            Step::Renew => self.sender = self.sender.after(SenderEvent::Renew).unwrap_or(self.sender),
            Step::Cancel => self.sender = self.sender.after(SenderEvent::Cancel).unwrap_or(self.sender),
            Step::Say(told) => self.tell(told),
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
        let Some(receiver) = &self.receiver else { return self.sender.status() != TaskStatus::Completed };
        let all = !receiver.parts().is_empty() && !receiver.parts().contains(&Outcome::Due);
        let completed = receiver.stage() == Stage::Ended(End::Completed);
        (!completed || (all && self.sender.status() == TaskStatus::Completed)) && self.ended <= 1
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::SenderWorks),
        4 => Just(Step::ReceiverWorks),
        1 => Just(Step::Renew),
        1 => prop::bool::weighted(0.2).prop_map(|cancel| if cancel { Step::Cancel } else { Step::ReceiverWorks }),
        2 => prop::sample::select(vec![Told::Take, Told::Take, Told::Retry, Told::Finish, Told::Withdraw, Told::Reject])
            .prop_map(Step::Say),
        9 => (0_usize..64).prop_map(Step::Deliver),
        2 => (0_usize..64).prop_map(Step::Lose),
        2 => (0_usize..64).prop_map(Step::Double),
        1 => Just(Step::CutOff),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_referral_ends_once_and_both_sides_agree_in_the_end(steps in prop::collection::vec(step(), 0..160)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            prop_assert!(world.holds(), "after {step:?}");
        }
        // The network heals: whoever owes something tries again, and people go on until it is over.
        for _ in 0..40 {
            for step in [
                Step::SenderWorks,
                Step::ReceiverWorks,
                Step::Say(Told::Take),
                Step::Say(Told::Retry),
                Step::Say(Told::Finish),
            ] {
                world.step(step);
            }
            while !world.under_way.is_empty() {
                world.step(Step::Deliver(0));
                prop_assert!(world.holds());
            }
        }
        prop_assert_eq!(world.sender.owes(), None);
        let Some(receiver) = world.receiver else {
            prop_assert_eq!(world.sender.status(), TaskStatus::Cancelled, "taken back before it was told");
            return Ok(());
        };
        prop_assert_eq!(receiver.next(), None, "nothing is left to do");
        let agreed = match receiver.stage() {
            Stage::Ended(End::Completed) => world.sender.status() == TaskStatus::Completed,
            Stage::Ended(End::Rejected) => world.sender.status() == TaskStatus::Rejected,
            Stage::Ended(End::Cancelled) => world.sender.status() == TaskStatus::Cancelled,
            _ => false,
        };
        prop_assert!(agreed, "{:?} and {}", receiver.stage(), world.sender.status());
    }
}
