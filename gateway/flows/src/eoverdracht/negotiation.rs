//! Whether we can take somebody, where the sender asks before it hands over (the negotiation phase, aanmeldfase): the notice is
//! offered, wanted by a person of ours, held, and answered. A newer notice makes an answer that was not put yet void: it was to
//! another question.

use super::receiving::Act;
use super::{Access, Party, TaskStatus, transition};

/// How far we are with the notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notice {
    /// The Task names none, or was not read yet.
    #[default]
    Absent,
    /// There is one, and nobody has asked for it yet.
    Offered,
    /// Somebody of ours wants to see it: it is being fetched.
    Wanted,
    /// It is kept.
    Held,
}

/// What became of the notice, and what we answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Negotiation {
    notice: Notice,
    /// The status that the Task is to be put back with.
    answering: Option<TaskStatus>,
}

impl Negotiation {
    /// As it was kept; nothing when nobody can have answered so.
    pub fn kept(notice: Notice, answering: Option<TaskStatus>) -> Option<Self> {
        let kept = Negotiation { notice, answering };
        answering.is_none_or(|status| kept.may_answer(status)).then_some(kept)
    }

    pub fn notice(self) -> Notice {
        self.notice
    }
    pub fn answering(self) -> Option<TaskStatus> {
        self.answering
    }

    /// Whether the notice can be answered so. Who has not seen it can say no, and nothing else.
    pub fn may_answer(self, status: TaskStatus) -> bool {
        let allowed = transition(Some(TaskStatus::Requested), status, Party::Receiver).is_some();
        allowed && (self.notice == Notice::Held || status == TaskStatus::Rejected)
    }

    /// What is to be done next, while the Task has this status.
    pub(super) fn next(self, status: TaskStatus) -> Option<Act> {
        let open = matches!(status, TaskStatus::Requested | TaskStatus::Accepted);
        match (self.answering, self.notice) {
            (Some(answer), _) => Some(Act::PutAnswer(answer)),
            (None, Notice::Wanted) if open => Some(Act::FetchNotice),
            (None, _) => None,
        }
    }

    /// The Task was read. `same`: we were asked before, and it is the same notice.
    pub(super) fn read(self, status: TaskStatus, offers: Access, same: bool) -> Self {
        let notice = match (offers, self.notice) {
            (Access::AdvanceNotice, _) if same => self.notice,
            (Access::AdvanceNotice, Notice::Absent | Notice::Offered) => Notice::Offered,
            // Whoever wanted the one before gets the newer one.
            (Access::AdvanceNotice, Notice::Wanted | Notice::Held) if status == TaskStatus::Requested => Notice::Wanted,
            (_, before) => before,
        };
        Negotiation { notice, answering: self.answering.filter(|_| same) }
    }

    pub(super) fn wanted(self) -> Self {
        let notice = if self.notice == Notice::Offered { Notice::Wanted } else { self.notice };
        Negotiation { notice, ..self }
    }

    pub(super) fn held(self) -> Self {
        let notice = if self.notice == Notice::Wanted { Notice::Held } else { self.notice };
        Negotiation { notice, ..self }
    }

    pub(super) fn answered_with(self, status: TaskStatus) -> Self {
        if self.may_answer(status) { Negotiation { answering: Some(status), ..self } } else { self }
    }

    /// Nothing is to be answered any more.
    pub(super) fn over(self) -> Self {
        Negotiation { answering: None, ..self }
    }
}
