//! `Task.status` as far as a handoff uses it.

use std::fmt;

/// A status of the eOverdracht-Task. The historic ones come from partners that still negotiate before they hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TaskStatus {
    /// Historic: somebody is asked whether they can take the patient.
    Requested,
    /// Historic: they can.
    Accepted,
    /// Historic: they can, on another date.
    OnHold,
    /// Historic: they cannot.
    Rejected,
    /// Historic: it goes no further.
    Cancelled,
    /// The handoff is ready to be pulled.
    InProgress,
    /// The receiver has the handoff.
    Completed,
}

impl TaskStatus {
    pub const ALL: [TaskStatus; 7] = [
        TaskStatus::Requested,
        TaskStatus::Accepted,
        TaskStatus::OnHold,
        TaskStatus::Rejected,
        TaskStatus::Cancelled,
        TaskStatus::InProgress,
        TaskStatus::Completed,
    ];

    /// The code of <http://hl7.org/fhir/task-status> (STU3).
    pub const fn code(self) -> &'static str {
        match self {
            TaskStatus::Requested => "requested",
            TaskStatus::Accepted => "accepted",
            TaskStatus::OnHold => "on-hold",
            TaskStatus::Rejected => "rejected",
            TaskStatus::Cancelled => "cancelled",
            TaskStatus::InProgress => "in-progress",
            TaskStatus::Completed => "completed",
        }
    }

    /// Nothing for a status that no handoff has.
    pub fn parse(code: &str) -> Option<Self> {
        TaskStatus::ALL.into_iter().find(|status| status.code() == code)
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
