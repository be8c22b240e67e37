//! Who may bring a Task from which status to which, and what the receiver may then fetch: the whole of it in one table.
//!
//! Nictiz eOverdracht 4.0 knows two transitions. The others are of its negotiation phase, which was removed from the
//! standard in January 2026 and may come back; partners on older releases still use it.

use super::TaskStatus;

/// A side of the transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The sending provider (bronhouder): `Task.requester`.
    Sender,
    /// The receiving provider: `Task.owner`.
    Receiver,
}

/// Since when, or until when, a transition is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Current,
    /// The negotiation phase.
    Historic,
    /// In no release: a handoff that was offered by mistake, and that nobody has confirmed, is taken back. A receiver that
    /// does not know the status can fetch nothing any more all the same: with it, nothing may be fetched (Nuts bolt).
    Withdrawal,
    /// The status stays and the handoff is another: it is replaced while nobody has confirmed it. The sender tells of every
    /// change, and the receiver finds out what changed (Nictiz eOverdracht 4.0; Nuts bolt).
    Replacement,
}

/// What the receiver may fetch beside the Task itself, which always stays readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Nothing,
    /// The notice without the patient (aanmeldbericht).
    AdvanceNotice,
    Handoff,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Nothing: the Task is made.
    pub from: Option<TaskStatus>,
    pub to: TaskStatus,
    pub by: Party,
    pub phase: Phase,
}

const fn row(from: Option<TaskStatus>, to: TaskStatus, by: Party, phase: Phase) -> Transition {
    Transition { from, to, by, phase }
}

/// Every transition that there is.
pub const TRANSITIONS: [Transition; 14] = {
    use Party::{Receiver, Sender};
    use Phase::{Current, Historic, Replacement, Withdrawal};
    use TaskStatus::{Accepted, Cancelled, Completed, InProgress, OnHold, Rejected, Requested};
    [
        row(None, InProgress, Sender, Current),
        row(Some(InProgress), Completed, Receiver, Current),
        row(None, Requested, Sender, Historic),
        row(Some(Requested), Accepted, Receiver, Historic),
        row(Some(Requested), OnHold, Receiver, Historic),
        row(Some(Requested), Rejected, Receiver, Historic),
        row(Some(OnHold), Requested, Sender, Historic),
        row(Some(OnHold), Cancelled, Sender, Historic),
        // The sender confirms.
        row(Some(Rejected), Cancelled, Sender, Historic),
        // Another candidate was chosen.
        row(Some(Requested), Cancelled, Sender, Historic),
        row(Some(Accepted), Cancelled, Sender, Historic),
        row(Some(Accepted), InProgress, Sender, Historic),
        row(Some(InProgress), Cancelled, Sender, Withdrawal),
        row(Some(InProgress), InProgress, Sender, Replacement),
    ]
};

/// The transition from one status to another by this party; nothing when there is none.
pub fn transition(from: Option<TaskStatus>, to: TaskStatus, by: Party) -> Option<Transition> {
    TRANSITIONS.into_iter().find(|row| (row.from, row.to, row.by) == (from, to, by))
}

/// What the receiver may fetch while the Task has this status (Nuts bolt eOverdracht). Of `on-hold` it says nothing, so
/// nothing may be fetched then.
pub const fn access(status: TaskStatus) -> Access {
    match status {
        TaskStatus::Requested | TaskStatus::Accepted => Access::AdvanceNotice,
        TaskStatus::InProgress => Access::Handoff,
        TaskStatus::OnHold | TaskStatus::Rejected | TaskStatus::Cancelled | TaskStatus::Completed => Access::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_line_twice_and_ends_where_a_transfer_ends() {
        for (at, row) in TRANSITIONS.iter().enumerate() {
            let same = |other: &Transition| (other.from, other.to, other.by) == (row.from, row.to, row.by);
            assert!(!TRANSITIONS[at + 1..].iter().any(same), "{row:?}");
            assert!(!matches!(row.from, Some(TaskStatus::Completed | TaskStatus::Cancelled)), "{row:?}");
        }
    }

    #[test]
    fn every_pair_that_is_not_in_the_table_is_no_transition() {
        let mut allowed = 0;
        for by in [Party::Sender, Party::Receiver] {
            for from in std::iter::once(None).chain(TaskStatus::ALL.map(Some)) {
                for to in TaskStatus::ALL {
                    allowed += usize::from(transition(from, to, by).is_some());
                }
            }
        }
        assert_eq!(allowed, TRANSITIONS.len());
        // The receiver alone says that it has the handoff, and from nowhere but where there is one.
        assert!(transition(Some(TaskStatus::InProgress), TaskStatus::Completed, Party::Sender).is_none());
        assert!(transition(Some(TaskStatus::Accepted), TaskStatus::Completed, Party::Receiver).is_none());
        assert!(transition(Some(TaskStatus::Completed), TaskStatus::InProgress, Party::Sender).is_none());
    }

    #[test]
    fn the_handoff_is_open_in_one_status_only() {
        let open = TaskStatus::ALL.into_iter().filter(|status| access(*status) == Access::Handoff);
        assert_eq!(open.collect::<Vec<_>>(), [TaskStatus::InProgress]);
    }

    #[test]
    fn a_status_reads_back_and_no_other_word_is_one() {
        for status in TaskStatus::ALL {
            assert_eq!(TaskStatus::parse(status.code()), Some(status));
        }
        for other in ["", "draft", "ready", "failed", "received", "Completed", "in_progress"] {
            assert_eq!(TaskStatus::parse(other), None, "{other}");
        }
    }
}
