//! Who may bring a Workflow Task from which status to which, and while which the data may be pulled: the whole of it in one
//! table (Nuts use case profile BgZ referral).

use super::TaskStatus;
pub use crate::eoverdracht::Party;

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Nothing: the Task is made.
    pub from: Option<TaskStatus>,
    pub to: TaskStatus,
    pub by: Party,
}

const fn row(from: Option<TaskStatus>, to: TaskStatus, by: Party) -> Transition {
    Transition { from, to, by }
}

/// Every transition that there is. A receiver need not say that it has received before it accepts.
pub const TRANSITIONS: [Transition; 13] = {
    use Party::{Receiver, Sender};
    use TaskStatus::{Accepted, Cancelled, Completed, Received, Rejected, Requested};
    [
        row(None, Requested, Sender),
        row(Some(Requested), Received, Receiver),
        row(Some(Requested), Accepted, Receiver),
        row(Some(Received), Accepted, Receiver),
        row(Some(Requested), Rejected, Receiver),
        row(Some(Received), Rejected, Receiver),
        // The end of the treatment.
        row(Some(Accepted), Completed, Receiver),
        row(Some(Requested), Cancelled, Sender),
        row(Some(Received), Cancelled, Sender),
        row(Some(Accepted), Cancelled, Sender),
        row(Some(Requested), Cancelled, Receiver),
        row(Some(Received), Cancelled, Receiver),
        row(Some(Accepted), Cancelled, Receiver),
    ]
};

/// The transition from one status to another by this party; nothing when there is none.
pub fn transition(from: Option<TaskStatus>, to: TaskStatus, by: Party) -> Option<Transition> {
    TRANSITIONS.into_iter().find(|row| (row.from, row.to, row.by) == (from, to, by))
}

/// Whether the receiver may pull the data while the Task has this status. The Task itself can be read as long as it is kept.
pub const fn may_pull(status: TaskStatus) -> bool {
    match status {
        TaskStatus::Requested | TaskStatus::Received | TaskStatus::Accepted => true,
        TaskStatus::Rejected | TaskStatus::Cancelled | TaskStatus::Completed => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_line_twice_and_nothing_follows_an_end() {
        for (at, row) in TRANSITIONS.iter().enumerate() {
            assert!(!TRANSITIONS[at + 1..].contains(row), "{row:?}");
            assert!(row.from.is_none_or(may_pull), "{row:?}: what is over stays over");
        }
    }

    #[test]
    fn every_pair_that_is_not_in_the_table_is_no_transition() {
        let mut allowed = 0;
        for by in [Party::Sender, Party::Receiver] {
            for from in std::iter::once(None).chain(TaskStatus::ALL.map(Some)) {
                allowed += TaskStatus::ALL.into_iter().filter(|to| transition(from, *to, by).is_some()).count();
            }
        }
        assert_eq!(allowed, TRANSITIONS.len());
        let none = [
            (Some(TaskStatus::Requested), TaskStatus::Completed, Party::Receiver),
            (Some(TaskStatus::Accepted), TaskStatus::Completed, Party::Sender),
            (Some(TaskStatus::Accepted), TaskStatus::Rejected, Party::Receiver),
            (Some(TaskStatus::Requested), TaskStatus::Accepted, Party::Sender),
            (None, TaskStatus::Requested, Party::Receiver),
        ];
        assert!(none.into_iter().all(|(from, to, by)| transition(from, to, by).is_none()));
    }

    #[test]
    fn a_status_reads_back_and_no_other_word_is_one() {
        for status in TaskStatus::ALL {
            assert_eq!(TaskStatus::parse(status.code()), Some(status));
        }
        for other in ["", "draft", "ready", "failed", "in-progress", "Completed", "on-hold"] {
            assert_eq!(TaskStatus::parse(other), None, "{other}");
        }
    }
}
