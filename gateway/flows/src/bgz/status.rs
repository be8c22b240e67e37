//! `Task.status` as far as a referral uses it.

use std::fmt;

/// A status of the Workflow Task (Nuts use case profile BgZ referral).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TaskStatus {
    /// The sender refers the patient.
    Requested,
    /// The receiver has it.
    Received,
    /// The receiver takes the patient.
    Accepted,
    /// The receiver does not.
    Rejected,
    /// Either side took it back.
    Cancelled,
    /// The treatment has ended.
    Completed,
}

impl TaskStatus {
    pub const ALL: [TaskStatus; 6] = [
        TaskStatus::Requested,
        TaskStatus::Received,
        TaskStatus::Accepted,
        TaskStatus::Rejected,
        TaskStatus::Cancelled,
        TaskStatus::Completed,
    ];

    /// The code of <http://hl7.org/fhir/task-status> (STU3).
    pub const fn code(self) -> &'static str {
        match self {
            TaskStatus::Requested => "requested",
            TaskStatus::Received => "received",
            TaskStatus::Accepted => "accepted",
            TaskStatus::Rejected => "rejected",
            TaskStatus::Cancelled => "cancelled",
            TaskStatus::Completed => "completed",
        }
    }

    /// Nothing for a status that no referral has.
    pub fn parse(code: &str) -> Option<Self> {
        TaskStatus::ALL.into_iter().find(|status| status.code() == code)
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
