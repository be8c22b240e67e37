//! The receiver's side of one transfer: told, read, taken by somebody, all parts kept, and only then completed.
//!
//! `Act` says what is to be done next; a state without one waits for a person or for the sender. Whatever is done may be
//! done twice, or be cut off: only what came of it is an event.

use super::negotiation::Negotiation;
use super::{Access, TaskStatus};

/// The state of a transfer at its receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiving {
    stage: Stage,
    /// How many notifications came.
    notified: u32,
    /// How many had come when the Task was last read.
    read: u32,
    /// Which parts of the handoff are kept. Empty until they are known.
    held: Vec<bool>,
    /// Which edition of the handoff the Task last offered: a number that is another for another one.
    edition: u64,
    /// How far we are where the sender asks first whether we can take the patient.
    negotiation: Negotiation,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// All that is known is that there is a Task.
    Told,
    /// The sender negotiates, or has not got the handoff ready; the status says how far it is.
    Waiting(TaskStatus),
    /// The handoff is ready, and nobody has taken it yet.
    Offered,
    /// Somebody takes it: its parts are being fetched.
    Taking,
    /// All parts are kept. The sender does not know yet.
    Taken,
    /// All parts are kept, and the sender knows.
    Completed,
    /// It goes no further.
    Closed(Closed),
}

/// Why a transfer goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The Task is none that we may take: another's, of another kind, or about another patient than its handoff.
    Refused,
    /// The sender took it back.
    Cancelled,
    /// We said that we cannot take the patient.
    Rejected,
    /// The sender says that it is completed, and we do not have it.
    CompletedWithoutUs,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A notification came; perhaps not the first.
    Notified,
    /// The Task was read, and is one for us. `as_of`: how many notifications had come when it was asked for.
    /// `edition`: which handoff or notice it offers; `offers`: whether it names one that may be fetched while it has this status.
    TaskRead { status: TaskStatus, as_of: u32, edition: u64, offers: Access },
    /// The Task was read, and is not.
    NotForUs { as_of: u32 },
    /// Somebody of ours takes it, or wants to see the notice.
    Take,
    /// The notice of this edition is kept, durably.
    NoticeKept(u64),
    /// Somebody of ours answers the notice with this status.
    Answer(TaskStatus),
    /// Of how many parts the handoff is.
    Parts(usize),
    /// This part is kept, durably.
    Kept(usize),
    /// The sender answered our `completed` with this status.
    Answered(TaskStatus),
    /// About to say `completed`, it is seen that the sender offers this edition by now.
    Superseded(u64),
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    ReadTask,
    /// Read what the parts are, or fetch those that are missing.
    FetchParts,
    /// Put the Task back with `completed` for its status.
    PutCompleted,
    /// Fetch the advance notice.
    FetchNotice,
    /// Put the Task back with our answer to the notice.
    PutAnswer(TaskStatus),
}

impl Default for Receiving {
    fn default() -> Self {
        Receiving {
            stage: Stage::Told,
            notified: 1,
            read: 0,
            held: Vec::new(),
            edition: 0,
            negotiation: Negotiation::default(),
        }
    }
}

impl Receiving {
    /// As it was kept; nothing when that can be no transfer's state.
    pub fn kept(stage: Stage, (notified, read): (u32, u32), held: Vec<bool>) -> Option<Self> {
        let whole = !held.is_empty() && held.iter().all(|part| *part);
        let fits = match stage {
            Stage::Taken | Stage::Completed => whole,
            Stage::Taking => !whole,
            Stage::Told | Stage::Waiting(_) | Stage::Offered => held.is_empty(),
            Stage::Closed(_) => true,
        };
        let negotiation = Negotiation::default();
        (fits && read <= notified).then_some(Receiving { stage, notified, read, held, edition: 0, negotiation })
    }

    /// The same, of this edition.
    #[must_use]
    pub fn of(self, edition: u64) -> Self {
        Receiving { edition, ..self }
    }

    /// The same, so far with the notice; nothing when an answer cannot wait to be put in this state.
    pub fn negotiated(self, negotiation: Negotiation) -> Option<Self> {
        let fits = negotiation.answering().is_none() || self.is_asked();
        fits.then_some(Receiving { negotiation, ..self })
    }

    /// How far we are with the notice.
    pub fn negotiation(&self) -> Negotiation {
        self.negotiation
    }

    /// Whether the sender asks whether we can take the patient, and has no answer.
    pub fn is_asked(&self) -> bool {
        self.stage == Stage::Waiting(TaskStatus::Requested)
    }

    /// Which edition of the handoff, or of the notice before it, the Task last offered; 0 before it was read.
    pub fn edition(&self) -> u64 {
        self.edition
    }

    pub fn stage(&self) -> Stage {
        self.stage
    }
    /// How many notifications came, and how many of them had come when the Task was last read.
    pub fn notifications(&self) -> (u32, u32) {
        (self.notified, self.read)
    }
    /// Which parts are kept, in the order in which they were made known.
    pub fn held(&self) -> &[bool] {
        &self.held
    }

    /// What is to be done next, if anything.
    pub fn next(&self) -> Option<Act> {
        match self.stage {
            // Something changed at the sender: perhaps it takes the handoff back.
            Stage::Taking if self.read < self.notified => Some(Act::ReadTask),
            Stage::Taking => Some(Act::FetchParts),
            Stage::Taken => Some(Act::PutCompleted),
            Stage::Waiting(status) if self.read == self.notified => self.negotiation.next(status),
            // What is finished is read again too: the sender tells of its last change, and wants that taken.
            _ => (self.read < self.notified).then_some(Act::ReadTask),
        }
    }

    /// The state after an event. An event that does not fit the state comes late, or twice: it changes nothing.
    #[must_use]
    pub fn after(mut self, event: Told) -> Receiving {
        match event {
            Told::Notified => self.notified = self.notified.saturating_add(1),
            // An older answer than the last tells nothing.
            Told::TaskRead { as_of, .. } | Told::NotForUs { as_of } if as_of < self.read || as_of > self.notified => {}
            Told::TaskRead { status, as_of, edition, offers } => {
                self.read = as_of;
                let replaced = offers == Access::Handoff && self.edition != edition;
                let was_asked = self.is_asked();
                self.stage = self.seen(status, offers, replaced);
                if let Stage::Waiting(status) = self.stage {
                    let same = was_asked && self.edition == edition;
                    self.negotiation = self.negotiation.read(status, offers, same);
                    self.edition = edition;
                }
                match self.stage {
                    Stage::Waiting(_) | Stage::Offered => self.held.clear(),
                    // What is kept is of another handoff than the one that is offered now.
                    Stage::Taking if replaced => self.held.clear(),
                    _ => {}
                }
                if replaced && matches!(self.stage, Stage::Offered | Stage::Taking) {
                    self.edition = edition;
                }
            }
            Told::NotForUs { as_of } => {
                self.read = as_of;
                if matches!(self.stage, Stage::Told | Stage::Waiting(_) | Stage::Offered | Stage::Taking) {
                    self.stage = Stage::Closed(Closed::Refused);
                }
            }
            Told::Take => match self.stage {
                Stage::Offered => self.stage = Stage::Taking,
                Stage::Waiting(_) => self.negotiation = self.negotiation.wanted(),
                _ => {}
            },
            Told::NoticeKept(edition) => {
                if matches!(self.stage, Stage::Waiting(_)) && self.edition == edition {
                    self.negotiation = self.negotiation.held();
                }
            }
            Told::Answer(status) => {
                if self.is_asked() {
                    self.negotiation = self.negotiation.answered_with(status);
                }
            }
            Told::Parts(count) => {
                if self.stage == Stage::Taking && self.held.is_empty() {
                    self.held = vec![false; count];
                }
            }
            Told::Kept(part) => {
                if self.stage == Stage::Taking
                    && let Some(held) = self.held.get_mut(part)
                {
                    *held = true;
                    if self.held.iter().all(|part| *part) {
                        self.stage = Stage::Taken;
                    }
                }
            }
            Told::Superseded(edition) => {
                if self.stage == Stage::Taken && self.edition != edition {
                    self.stage = Stage::Taking;
                    self.held.clear();
                    self.edition = edition;
                }
            }
            Told::Answered(status) => {
                // Taken back before we had said that we have it: it is not ours.
                self.stage = match (self.stage, status) {
                    (Stage::Taken, TaskStatus::Completed) => Stage::Completed,
                    (Stage::Taken, TaskStatus::Cancelled | TaskStatus::Rejected) => Stage::Closed(Closed::Cancelled),
                    (stage, _) => stage,
                };
            }
        }
        if !self.is_asked() {
            self.negotiation = self.negotiation.over();
        }
        self
    }

    /// The stage when the sender's Task has this status, and perhaps another handoff than the one that was offered before.
    fn seen(&self, status: TaskStatus, offers: Access, replaced: bool) -> Stage {
        use TaskStatus::{Accepted, Cancelled, Completed, InProgress, OnHold, Rejected, Requested};
        match (self.stage, status) {
            // Ours is all there, and the answer to what we put was lost.
            (Stage::Taken, Completed) => Stage::Completed,
            (Stage::Taken, Cancelled | Rejected) => Stage::Closed(Closed::Cancelled),
            // Whoever took it takes the newer one.
            (Stage::Taken, InProgress) if replaced => Stage::Taking,
            (done @ (Stage::Taken | Stage::Completed), _) => done,
            (closed @ Stage::Closed(_), _) => closed,
            (_, Completed) => Stage::Closed(Closed::CompletedWithoutUs),
            (_, Cancelled) => Stage::Closed(Closed::Cancelled),
            (_, Rejected) => Stage::Closed(Closed::Rejected),
            (Stage::Taking, InProgress) if offers == Access::Handoff => Stage::Taking,
            (_, InProgress) if offers == Access::Handoff => Stage::Offered,
            // We were chosen, and the handoff comes later.
            (_, InProgress | Requested | Accepted | OnHold) => Stage::Waiting(status),
        }
    }
}
