//! The sender's side of one transfer: the status of its Task, and how far the receiver was told of it.
//!
//! Each change of the Task has a number. The receiver is owed a notification until it took one of the newest change; that
//! the notification of an older one arrives late, or twice, changes nothing.

use super::{Access, Party, TaskStatus, access, transition};

/// The state of a transfer at its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    status: TaskStatus,
    /// How often the Task changed; 1 when it was made.
    change: u32,
    /// The newest change that the receiver took a notification of; 0 before the first.
    told: u32,
    /// The change with which the handoff came that is offered now: the first, until it is replaced.
    edition: u32,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderEvent {
    /// The receiver puts its status.
    ReceiverPuts(TaskStatus),
    /// We set its status ourselves.
    WeSet(TaskStatus),
    /// We put a newer handoff in the place of the one that is offered.
    Replaced,
    /// The receiver took the notification of this change.
    Told(u32),
    /// Somebody has the receiver told again. What is over is told once.
    Remind,
}

/// There is no such transition. The state is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAllowed {
    pub from: TaskStatus,
    pub to: TaskStatus,
    pub by: Party,
}

impl Sending {
    /// A Task that was just made, with the handoff in it.
    pub const fn made() -> Self {
        Sending { status: TaskStatus::InProgress, change: 1, told: 0, edition: 1 }
    }

    /// As it was kept; nothing when that can be no transfer's state.
    pub fn kept(status: TaskStatus, (change, told): (u32, u32), edition: u32) -> Option<Self> {
        let fits = change >= 1 && told <= change && (1..=change).contains(&edition);
        fits.then_some(Sending { status, change, told, edition })
    }

    pub fn status(&self) -> TaskStatus {
        self.status
    }
    pub fn change(&self) -> u32 {
        self.change
    }
    pub fn told(&self) -> u32 {
        self.told
    }

    /// The change with which the handoff came that is offered now.
    pub fn edition(&self) -> u32 {
        self.edition
    }

    /// Whether who read the Task as of this change, if they say so, read of the handoff that is offered now. Who says nothing
    /// did while there was no other.
    pub fn is_current(&self, read: Option<u32>) -> bool {
        read.map_or(self.edition == 1, |read| read >= self.edition)
    }

    /// What the receiver may fetch now.
    pub fn access(&self) -> Access {
        access(self.status)
    }

    /// The change that the receiver is to be told of, if any.
    pub fn owes(&self) -> Option<u32> {
        (self.told < self.change).then_some(self.change)
    }

    /// The state after an event. What was done already and comes again (a lost answer, a repeat) changes nothing.
    ///
    /// # Errors
    /// A status that this party may not set now.
    pub fn after(self, event: SenderEvent) -> Result<Sending, NotAllowed> {
        let (to, by) = match event {
            SenderEvent::Remind => {
                let over = matches!(self.status, TaskStatus::Completed | TaskStatus::Cancelled);
                return Ok(if over { self } else { Sending { told: 0, ..self } });
            }
            SenderEvent::ReceiverPuts(to) => (to, Party::Receiver),
            // What stays as it is is not set.
            SenderEvent::WeSet(to) if to == self.status => {
                return Err(NotAllowed { from: self.status, to, by: Party::Sender });
            }
            SenderEvent::WeSet(to) => (to, Party::Sender),
            SenderEvent::Replaced => {
                let (to, by) = (self.status, Party::Sender);
                let change = self.change.saturating_add(1);
                let replaced = transition(Some(to), to, by).map(|_| Sending { change, edition: change, ..self });
                return replaced.ok_or(NotAllowed { from: to, to, by });
            }
            SenderEvent::Told(change) => {
                // Nobody can have taken what was not sent.
                let told = if change <= self.change { self.told.max(change) } else { self.told };
                return Ok(Sending { told, ..self });
            }
        };
        // The receiver never brought it where it is ready to be pulled.
        let repeated = to == self.status && to != TaskStatus::InProgress && self.change > 1;
        if repeated && by == Party::Receiver {
            return Ok(self);
        }
        match transition(Some(self.status), to, by) {
            Some(_) => Ok(Sending { status: to, change: self.change.saturating_add(1), ..self }),
            None => Err(NotAllowed { from: self.status, to, by }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SenderEvent::*;
    use super::*;

    #[test]
    fn a_transfer_is_made_told_completed_once_and_told_again() {
        let made = Sending::made();
        assert_eq!((made.status(), made.access(), made.owes()), (TaskStatus::InProgress, Access::Handoff, Some(1)));
        let told = made.after(Told(1)).unwrap();
        assert_eq!(told.owes(), None);
        let done = told.after(ReceiverPuts(TaskStatus::Completed)).unwrap();
        assert_eq!((done.status(), done.access(), done.owes()), (TaskStatus::Completed, Access::Nothing, Some(2)));
        assert_eq!(done.after(ReceiverPuts(TaskStatus::Completed)), Ok(done), "its answer was lost");
        assert_eq!(done.after(Told(1)), Ok(done), "an old notification arrives late");
        assert_eq!(done.after(Told(7)), Ok(done), "one that was never sent");
        assert_eq!(done.after(Told(2)).unwrap().owes(), None);
        assert_eq!(told.after(Remind).unwrap().owes(), Some(1), "told again");
        assert_eq!(done.after(Remind), Ok(done), "what is over is not");
    }

    #[test]
    fn nothing_else_can_be_put_and_a_no_changes_nothing() {
        let (made, done) = (Sending::made(), Sending::made().after(ReceiverPuts(TaskStatus::Completed)).unwrap());
        for to in TaskStatus::ALL {
            let refused = made.after(ReceiverPuts(to)).err();
            assert_eq!(refused.is_none(), to == TaskStatus::Completed, "{to}");
            let refused = done.after(ReceiverPuts(to)).err();
            assert_eq!(refused.is_none(), to == TaskStatus::Completed, "{to}");
            assert_eq!(made.after(WeSet(to)).is_ok(), to == TaskStatus::Cancelled, "{to}");
            assert!(done.after(WeSet(to)).is_err(), "{to}: what the receiver has is not taken back");
        }
        let withdrawn = made.after(WeSet(TaskStatus::Cancelled)).unwrap();
        assert_eq!((withdrawn.access(), withdrawn.owes()), (Access::Nothing, Some(2)));
        for to in TaskStatus::ALL {
            assert!(withdrawn.after(WeSet(to)).is_err(), "{to}");
            assert!(withdrawn.after(ReceiverPuts(to)).is_err() || to == TaskStatus::Cancelled, "{to}");
        }
        assert_eq!(
            made.after(WeSet(TaskStatus::Completed)),
            Err(NotAllowed { from: TaskStatus::InProgress, to: TaskStatus::Completed, by: Party::Sender })
        );
    }

    #[test]
    fn the_historic_states_go_their_way_for_a_partner_that_still_negotiates() {
        let requested = Sending::kept(TaskStatus::Requested, (1, 0), 1).unwrap();
        assert_eq!(requested.access(), Access::AdvanceNotice);
        let held = requested.after(ReceiverPuts(TaskStatus::OnHold)).unwrap();
        assert_eq!((held.access(), held.change()), (Access::Nothing, 2));
        let again = held.after(WeSet(TaskStatus::Requested)).unwrap();
        let accepted = again.after(ReceiverPuts(TaskStatus::Accepted)).unwrap();
        assert!(accepted.after(ReceiverPuts(TaskStatus::Completed)).is_err(), "there is no handoff yet");
        let ready = accepted.after(WeSet(TaskStatus::InProgress)).unwrap();
        assert_eq!((ready.access(), ready.change()), (Access::Handoff, 5));
        assert!(ready.after(ReceiverPuts(TaskStatus::Completed)).is_ok());
    }

    #[test]
    fn a_state_that_was_never_one_is_not_read() {
        assert!(Sending::kept(TaskStatus::InProgress, (0, 0), 0).is_none());
        assert!(Sending::kept(TaskStatus::InProgress, (1, 2), 1).is_none());
        assert!(Sending::kept(TaskStatus::InProgress, (2, 0), 0).is_none());
        assert!(Sending::kept(TaskStatus::InProgress, (2, 0), 3).is_none());
        assert!(Sending::kept(TaskStatus::InProgress, (2, 0), 2).is_some());
    }

    #[test]
    fn a_handoff_is_replaced_while_it_is_offered_and_nobody_confirms_the_one_before() {
        let made = Sending::made();
        assert!(made.is_current(Some(1)) && made.is_current(None), "there was no other");
        let replaced = made.after(Told(1)).unwrap().after(Replaced).unwrap();
        assert_eq!(
            (replaced.status(), replaced.access(), replaced.owes()),
            (TaskStatus::InProgress, Access::Handoff, Some(2))
        );
        assert!(replaced.is_current(Some(2)) && !replaced.is_current(Some(1)) && !replaced.is_current(None));
        assert!(replaced.after(ReceiverPuts(TaskStatus::InProgress)).is_err());
        let twice = replaced.after(Replaced).unwrap();
        assert!(twice.edition() == 3 && !twice.is_current(Some(2)));
        let done = twice.after(ReceiverPuts(TaskStatus::Completed)).unwrap();
        assert!(done.is_current(Some(3)), "its answer was lost, and it is put again");
        for over in [done, made.after(WeSet(TaskStatus::Cancelled)).unwrap()] {
            assert!(over.after(Replaced).is_err(), "{over:?}");
        }
        for status in TaskStatus::ALL.into_iter().filter(|status| *status != TaskStatus::InProgress) {
            assert!(Sending::kept(status, (1, 0), 1).unwrap().after(Replaced).is_err(), "{status}");
        }
    }
}
