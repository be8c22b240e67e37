//! The sender's side of one referral: the status of its Workflow Task, and how far the receiver was told of it.
//!
//! What the receiver is told of are our own acts: that there is a referral, that its data was renewed, that it is cancelled. A
//! status that the receiver puts is told to nobody (TA Notified Pull notifies no changes of status).

use super::{Party, TaskStatus, may_pull, transition};

/// The state of a referral at its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    status: TaskStatus,
    /// How often the Task changed; 1 when it was made.
    change: u32,
    /// How many times there was something to tell the receiver; 1 when it was made.
    news: u32,
    /// The newest of these that it took; 0 before the first.
    told: u32,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderEvent {
    /// The receiver puts its status.
    ReceiverPuts(TaskStatus),
    /// We take the referral back.
    Cancel,
    /// The data was renewed: the receiver is to pull it again.
    Renew,
    /// The receiver took the notification of this news.
    Told(u32),
}

/// There is no such transition. The state is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAllowed {
    pub from: TaskStatus,
}

impl Sending {
    /// A Task that was just made.
    pub const fn made() -> Self {
        Sending { status: TaskStatus::Requested, change: 1, news: 1, told: 0 }
    }

    /// As it was kept; nothing when that can be no referral's state.
    pub fn kept(status: TaskStatus, change: u32, news: u32, told: u32) -> Option<Self> {
        (news >= 1 && change >= news && told <= news).then_some(Sending { status, change, news, told })
    }

    pub fn status(&self) -> TaskStatus {
        self.status
    }
    pub fn change(&self) -> u32 {
        self.change
    }
    pub fn news(&self) -> u32 {
        self.news
    }
    pub fn told(&self) -> u32 {
        self.told
    }

    /// Whether the receiver may pull the data now.
    pub fn is_open(&self) -> bool {
        may_pull(self.status)
    }

    /// The news that the receiver is to be told, if any.
    pub fn owes(&self) -> Option<u32> {
        (self.told < self.news).then_some(self.news)
    }

    /// The state after an event. What was done already and comes again (a lost answer, a repeat) changes nothing.
    ///
    /// # Errors
    /// What this party may not do now.
    pub fn after(self, event: SenderEvent) -> Result<Sending, NotAllowed> {
        let refused = NotAllowed { from: self.status };
        let change = self.change.saturating_add(1);
        match event {
            SenderEvent::ReceiverPuts(to) if to == self.status && to != TaskStatus::Requested => Ok(self),
            SenderEvent::ReceiverPuts(to) => {
                transition(Some(self.status), to, Party::Receiver).ok_or(refused)?;
                // Who ends it has nothing more to be told.
                let told = if may_pull(to) { self.told } else { self.news };
                Ok(Sending { status: to, change, told, ..self })
            }
            SenderEvent::Cancel if self.status == TaskStatus::Cancelled => Ok(self),
            SenderEvent::Cancel => {
                transition(Some(self.status), TaskStatus::Cancelled, Party::Sender).ok_or(refused)?;
                Ok(Sending { status: TaskStatus::Cancelled, change, news: self.news.saturating_add(1), ..self })
            }
            SenderEvent::Renew if self.is_open() => Ok(Sending { change, news: self.news.saturating_add(1), ..self }),
            SenderEvent::Renew => Err(refused),
            SenderEvent::Told(news) => {
                // Nobody can have taken what was not sent.
                let told = if news <= self.news { self.told.max(news) } else { self.told };
                Ok(Sending { told, ..self })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::SenderEvent::*;
    use super::*;

    #[test]
    fn a_referral_is_told_accepted_renewed_told_again_and_completed() {
        let made = Sending::made();
        assert_eq!((made.status(), made.is_open(), made.owes()), (TaskStatus::Requested, true, Some(1)));
        let told = made.after(Told(1)).unwrap();
        assert_eq!(told.owes(), None);
        let accepted = told.after(ReceiverPuts(TaskStatus::Accepted)).unwrap();
        assert_eq!((accepted.owes(), accepted.change()), (None, 2), "changes of status are not told");
        assert_eq!(accepted.after(ReceiverPuts(TaskStatus::Accepted)), Ok(accepted), "its answer was lost");
        let renewed = accepted.after(Renew).unwrap();
        assert_eq!((renewed.owes(), renewed.status()), (Some(2), TaskStatus::Accepted));
        assert_eq!(renewed.after(Told(1)).unwrap().owes(), Some(2), "an old answer");
        let done = renewed.after(ReceiverPuts(TaskStatus::Completed)).unwrap();
        assert_eq!((done.is_open(), done.owes()), (false, None));
        assert!(done.after(Renew).is_err() && done.after(Cancel).is_err());
        assert_eq!(done.after(ReceiverPuts(TaskStatus::Completed)), Ok(done));
    }

    #[test]
    fn a_cancelled_referral_is_told_and_closed_and_cannot_be_accepted() {
        let cancelled = Sending::made().after(Cancel).unwrap();
        assert_eq!((cancelled.is_open(), cancelled.owes()), (false, Some(2)));
        assert_eq!(cancelled.after(Cancel), Ok(cancelled));
        let late = cancelled.after(ReceiverPuts(TaskStatus::Accepted));
        assert_eq!(late, Err(NotAllowed { from: TaskStatus::Cancelled }));
        assert!(Sending::made().after(ReceiverPuts(TaskStatus::Requested)).is_err(), "it puts what it read");
    }

    fn event() -> impl Strategy<Value = SenderEvent> {
        prop_oneof![
            prop::sample::select(&TaskStatus::ALL[..]).prop_map(ReceiverPuts),
            Just(Cancel),
            Just(Renew),
            (0_u32..6).prop_map(Told),
        ]
    }

    proptest! {
        /// Whatever comes, in whatever order.
        #[test]
        fn no_sequence_of_events_opens_what_is_over(events in prop::collection::vec(event(), 0..40)) {
            let mut state = Sending::made();
            for event in events {
                let before = state;
                state = state.after(event).unwrap_or(before);
                prop_assert!(before.is_open() || (!state.is_open() && state.status() == before.status()));
                prop_assert!(state.change() >= before.change() && state.told() >= before.told());
                let back = Sending::kept(state.status(), state.change(), state.news(), state.told());
                prop_assert_eq!(back, Some(state), "what can be reached can be kept");
            }
        }
    }
}
