//! Both sides of a transfer whose sender asks first, over a network that loses, doubles, delays and reorders, with either side cut
//! off at any step: the sender has the answer that was given to the notice that it offers, and both end the same.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Message {
    Notification(u32),
    Taken(u32),
    ReadTask {
        as_of: u32,
    },
    /// The Task as it was then, read or given back.
    Task {
        status: TaskStatus,
        as_of: u32,
        change: u32,
    },
    FetchNotice {
        wanted: u64,
    },
    Notice {
        wanted: u64,
        edition: u64,
    },
    Put {
        status: TaskStatus,
        as_of: u32,
        /// The change of the Task that was read.
        read: u32,
    },
}

#[derive(Clone, Copy, Debug)]
enum Step {
    SenderWorks,
    ReceiverWorks,
    SomebodyTakes,
    SomebodyAnswers(TaskStatus),
    /// The sender agrees to another date, takes it back, or chooses us.
    SenderSets(TaskStatus),
    Deliver(usize),
    Lose(usize),
    Double(usize),
    CutOff,
}

struct World {
    sender: Sending,
    receiver: Option<Receiving>,
    under_way: Vec<Message>,
    /// Of which edition the notice is that is kept.
    kept: u64,
    /// What a person answered last, and to which edition.
    said: Option<(TaskStatus, u64)>,
    /// The newest change of the Task that the receiver read: it asks one thing at a time.
    seen: u32,
}

impl World {
    fn new() -> Self {
        let sender = Sending::kept(TaskStatus::Requested, (1, 0), 1).unwrap();
        World { sender, receiver: None, under_way: Vec::new(), kept: 0, said: None, seen: 0 }
    }

    fn tell(&mut self, event: Told) {
        self.receiver = match self.receiver.take() {
            None if event == Told::Notified => Some(Receiving::default()),
            known => known.map(|receiver| receiver.after(event)),
        };
    }

    /// The handoff itself is not part of this: where we are chosen, it is still to come.
    fn read(&mut self, status: TaskStatus, as_of: u32, change: u32) {
        if change < self.seen {
            return;
        }
        self.seen = change;
        let offers = if access(status) == Access::AdvanceNotice { Access::AdvanceNotice } else { Access::Nothing };
        self.tell(Told::TaskRead { status, as_of, edition: change.into(), offers });
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
            Message::Task { status, as_of, change } => self.read(status, as_of, change),
            Message::FetchNotice { wanted } => {
                if self.sender.access() == Access::AdvanceNotice {
                    let edition = self.sender.change().into();
                    self.under_way.push(Message::Notice { wanted, edition });
                }
            }
            Message::Notice { wanted, edition } => {
                let current =
                    |receiver: &&Receiving| receiver.edition() == wanted && receiver.next() == Some(Act::FetchNotice);
                if self.receiver.as_ref().filter(current).is_some() {
                    self.kept = edition;
                    self.tell(Told::NoticeKept(wanted));
                }
            }
            // Who read an older version of the Task does not put this one.
            Message::Put { read, .. } if read != self.sender.change() => {}
            Message::Put { status, as_of, read } => {
                let after = self
                    .sender
                    .after(SenderEvent::ReceiverPuts(status))
                    .expect("who keeps to the table is not refused");
                if after.status() != self.sender.status() {
                    assert_eq!(self.said, Some((status, u64::from(read))), "nobody said so of this notice");
                }
                self.sender = after;
                let (status, change) = (after.status(), after.change());
                self.under_way.push(Message::Task { status, as_of, change });
            }
        }
    }

    fn receiver_works(&mut self) {
        let Some(receiver) = self.receiver.clone() else { return };
        let (notified, read) = receiver.notifications();
        match receiver.next() {
            Some(Act::ReadTask) => self.under_way.push(Message::ReadTask { as_of: notified }),
            Some(Act::FetchNotice) => self.under_way.push(Message::FetchNotice { wanted: receiver.edition() }),
            // It reads the Task that it puts back, and looks at what it asks.
            Some(Act::PutAnswer(status)) => {
                let (now, change) = (self.sender.status(), self.sender.change());
                if now == TaskStatus::Requested && receiver.edition() == u64::from(change) {
                    self.seen = change;
                    self.under_way.push(Message::Put { status, as_of: read, read: change });
                } else {
                    self.read(now, read, change);
                }
            }
            Some(Act::FetchParts | Act::PutCompleted) => panic!("there is no handoff"),
            None => {}
        }
    }

    fn step(&mut self, step: Step) {
        let place = |at: usize| (!self.under_way.is_empty()).then(|| at % self.under_way.len());
        match step {
            Step::SenderWorks => self.under_way.extend(self.sender.owes().map(Message::Notification)),
            Step::ReceiverWorks => self.receiver_works(),
            Step::SomebodyTakes => self.tell(Told::Take),
            // What is on its way is not answered otherwise.
            Step::SomebodyAnswers(_)
                if self.receiver.as_ref().is_some_and(|one| one.negotiation().answering().is_some()) => {}
            Step::SomebodyAnswers(status) => {
                let before = self.receiver.clone();
                self.tell(Told::Answer(status));
                let now = self.receiver.as_ref().filter(|now| now.negotiation().answering() == Some(status));
                if let Some(now) = now
                    && Some(now) != before.as_ref()
                {
                    self.said = Some((status, now.edition()));
                }
            }
            Step::SenderSets(status) => {
                self.sender = self.sender.after(SenderEvent::WeSet(status)).unwrap_or(self.sender);
            }
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

    /// The network heals: whoever owes something tries again.
    fn heal(&mut self) {
        for _ in 0..20 {
            for step in [Step::SenderWorks, Step::ReceiverWorks] {
                self.step(step);
            }
            while !self.under_way.is_empty() {
                self.step(Step::Deliver(0));
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let answers = [TaskStatus::Accepted, TaskStatus::OnHold, TaskStatus::Rejected];
    let sets = [TaskStatus::Requested, TaskStatus::InProgress, TaskStatus::Cancelled];
    prop_oneof![
        3 => Just(Step::SenderWorks),
        4 => Just(Step::ReceiverWorks),
        2 => Just(Step::SomebodyTakes),
        2 => prop::sample::select(answers.to_vec()).prop_map(Step::SomebodyAnswers),
        1 => prop::sample::select(sets.to_vec()).prop_map(Step::SenderSets),
        9 => (0_usize..64).prop_map(Step::Deliver),
        2 => (0_usize..64).prop_map(Step::Lose),
        2 => (0_usize..64).prop_map(Step::Double),
        1 => Just(Step::CutOff),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn the_sender_has_the_answer_to_the_notice_that_it_offers_and_both_sides_end_the_same(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.heal();
        prop_assert_eq!(world.sender.owes(), None);
        let receiver = world.receiver.unwrap();
        prop_assert_eq!(receiver.next(), None, "nothing is left to do");
        prop_assert_eq!(receiver.negotiation().answering(), None, "what was answered is there, or void");
        if receiver.is_asked() && receiver.negotiation().notice() == Notice::Held {
            prop_assert_eq!(world.kept, u64::from(world.sender.change()), "the notice that is kept is the one that is offered");
        }
        match world.sender.status() {
            // We say no, and the sender confirms; or it took it back.
            TaskStatus::Cancelled => prop_assert!(matches!(receiver.stage(), Stage::Closed(Closed::Cancelled | Closed::Rejected))),
            TaskStatus::Rejected => prop_assert_eq!(receiver.stage(), Stage::Closed(Closed::Rejected)),
            status => prop_assert_eq!(receiver.stage(), Stage::Waiting(status)),
        }
    }
}
