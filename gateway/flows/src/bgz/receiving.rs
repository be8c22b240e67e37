//! The receiver's side of one referral: told, read, taken by somebody, pulled part by part, and its end.
//!
//! `Act` says what is to be done next; a state without one waits for a person or for the sender. Nothing is pulled unless the
//! Task was read since there was last a reason to, and its status allowed it. Whatever is done may be done twice, or be cut
//! off: only what came of it is an event.

use super::{TaskStatus, may_pull};

/// The state of a referral at its receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiving {
    stage: Stage,
    /// How many reasons there were to read the Task: a notification, a person who has it tried again.
    reasons: u32,
    /// How many there had been when it was last read.
    read: u32,
    /// The data was renewed since the parts were last made known.
    renewed: bool,
    /// What became of each part. Empty until they are known.
    parts: Vec<Outcome>,
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is yet to be asked for.
    Due,
    /// It is kept.
    Complete,
    /// The sender has nothing of it.
    Empty,
    /// It could not be had.
    Failed,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// All that is known is that there is a Task.
    Told,
    /// There is a referral, and nobody has taken it yet.
    Offered,
    /// The Task is to be put back with this status: accepted, rejected, completed, cancelled.
    Answering(TaskStatus),
    /// Its parts are being pulled.
    Pulling,
    /// Every part was asked for.
    Pulled,
    /// It goes no further.
    Ended(End),
}

/// Why a referral goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The treatment has ended, and the sender knows.
    Completed,
    /// We do not take the patient, and the sender knows.
    Rejected,
    /// Either side took it back.
    Cancelled,
    /// The Task is none that we may take.
    NotForUs,
    /// The sender says that it is over, and we did not say so.
    WithoutUs,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A notification came that was not there before.
    Notified,
    /// The notification was cancelled.
    Cancelled,
    /// The Task was read, is one for us, and names so many parts; `changed`: others than were known. `as_of`: how many reasons
    /// there had been when it was asked for.
    TaskRead { status: TaskStatus, parts: usize, changed: bool, as_of: u32 },
    /// The Task was read, and is not.
    NotForUs { as_of: u32 },
    /// Somebody of ours takes it.
    Take,
    /// Somebody of ours does not.
    Reject,
    /// Somebody of ours takes it back after it was accepted.
    Withdraw,
    /// Somebody of ours says that the treatment has ended.
    Finish,
    /// The parts that failed are asked for again.
    Retry,
    /// This part was asked for.
    Part(usize, Outcome),
    /// The sender answered what we put with this status.
    Answered(TaskStatus),
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    ReadTask,
    /// Put the Task back with this status.
    Put(TaskStatus),
    /// Ask for this part.
    Pull(usize),
}

impl Default for Receiving {
    fn default() -> Self {
        Receiving { stage: Stage::Told, reasons: 1, read: 0, renewed: false, parts: Vec::new() }
    }
}

impl Receiving {
    /// As it was kept; nothing when that can be no referral's state.
    pub fn kept(stage: Stage, (reasons, read): (u32, u32), renewed: bool, parts: Vec<Outcome>) -> Option<Self> {
        let due = parts.contains(&Outcome::Due);
        let fits = match stage {
            Stage::Pulled | Stage::Answering(TaskStatus::Completed) | Stage::Ended(End::Completed) => !due,
            Stage::Answering(status) => {
                matches!(status, TaskStatus::Accepted | TaskStatus::Rejected | TaskStatus::Cancelled)
            }
            Stage::Pulling => due,
            Stage::Told | Stage::Offered | Stage::Ended(_) => true,
        };
        let state = Receiving { stage, reasons, read, renewed, parts };
        (fits && read <= reasons).then_some(state)
    }

    pub fn stage(&self) -> Stage {
        self.stage
    }
    /// How many reasons there were to read the Task, and how many of them there had been when it was last read.
    pub fn reasons(&self) -> (u32, u32) {
        (self.reasons, self.read)
    }
    /// Whether the data was renewed since the parts were last made known.
    pub fn is_renewed(&self) -> bool {
        self.renewed
    }
    /// What became of each part, in the order in which they were made known.
    pub fn parts(&self) -> &[Outcome] {
        &self.parts
    }
    pub fn has_failed_parts(&self) -> bool {
        self.parts.contains(&Outcome::Failed)
    }

    /// What is to be done next, if anything.
    pub fn next(&self) -> Option<Act> {
        if self.read < self.reasons {
            return Some(Act::ReadTask);
        }
        match self.stage {
            Stage::Answering(status) => Some(Act::Put(status)),
            Stage::Pulling => self.parts.iter().position(|part| *part == Outcome::Due).map(Act::Pull),
            Stage::Told | Stage::Offered | Stage::Pulled | Stage::Ended(_) => None,
        }
    }

    /// The state after an event. An event that does not fit the state comes late, or twice: it changes nothing.
    #[must_use]
    pub fn after(mut self, event: Told) -> Receiving {
        let over = matches!(self.stage, Stage::Ended(_));
        match event {
            Told::Notified => {
                self.reasons = self.reasons.saturating_add(1);
                self.renewed = true;
            }
            Told::Cancelled if !over => self.stage = Stage::Ended(End::Cancelled),
            Told::Cancelled => {}
            // An older answer than the last tells nothing.
            Told::TaskRead { as_of, .. } | Told::NotForUs { as_of } if as_of < self.read || as_of > self.reasons => {}
            Told::TaskRead { status, parts, changed, as_of } => {
                self.read = as_of;
                if !over {
                    self.renewed |= changed;
                    self.see(status, parts);
                }
            }
            Told::NotForUs { as_of } => {
                self.read = as_of;
                if !over {
                    self.stage = Stage::Ended(End::NotForUs);
                }
            }
            Told::Take if self.stage == Stage::Offered => self.stage = Stage::Answering(TaskStatus::Accepted),
            Told::Reject if self.stage == Stage::Offered => self.stage = Stage::Answering(TaskStatus::Rejected),
            Told::Withdraw if matches!(self.stage, Stage::Pulling | Stage::Pulled) => {
                self.stage = Stage::Answering(TaskStatus::Cancelled);
            }
            Told::Finish if self.stage == Stage::Pulled => self.stage = Stage::Answering(TaskStatus::Completed),
            Told::Retry if matches!(self.stage, Stage::Pulling | Stage::Pulled) && self.has_failed_parts() => {
                for part in &mut self.parts {
                    if *part == Outcome::Failed {
                        *part = Outcome::Due;
                    }
                }
                // It may have been taken back long ago: the Task is read before anything is asked again.
                self.reasons = self.reasons.saturating_add(1);
                self.stage = Stage::Pulling;
            }
            Told::Take | Told::Reject | Told::Withdraw | Told::Finish | Told::Retry => {}
            Told::Part(at, outcome) => {
                // What was asked for before the Task said otherwise is no part of what is pulled now.
                if self.stage == Stage::Pulling
                    && self.read == self.reasons
                    && outcome != Outcome::Due
                    && let Some(part) = self.parts.get_mut(at)
                {
                    *part = outcome;
                    self.settle();
                }
            }
            Told::Answered(status) => self.answered(status),
        }
        self
    }

    /// The Task says this.
    fn see(&mut self, status: TaskStatus, parts: usize) {
        match (self.stage, status) {
            (_, TaskStatus::Cancelled) => self.stage = Stage::Ended(End::Cancelled),
            // Our answer is there, and what the sender said to it was lost.
            (Stage::Answering(put), _) if put == status => self.answered(status),
            (_, TaskStatus::Rejected | TaskStatus::Completed) => self.stage = Stage::Ended(End::WithoutUs),
            (Stage::Told, _) => self.stage = Stage::Offered,
            _ => {}
        }
        if may_pull(status) && (self.renewed || self.parts.len() != parts) {
            self.renewed = false;
            self.parts = vec![Outcome::Due; parts];
            // What somebody took is pulled again in their name; that all of it was there is true no more.
            if matches!(self.stage, Stage::Pulled | Stage::Answering(TaskStatus::Completed)) {
                self.stage = Stage::Pulling;
            }
        }
        self.settle();
    }

    fn answered(&mut self, status: TaskStatus) {
        self.stage = match (self.stage, status) {
            (Stage::Answering(TaskStatus::Accepted), TaskStatus::Accepted) => Stage::Pulling,
            (Stage::Answering(TaskStatus::Rejected), TaskStatus::Rejected) => Stage::Ended(End::Rejected),
            (Stage::Answering(TaskStatus::Completed), TaskStatus::Completed) => Stage::Ended(End::Completed),
            (Stage::Answering(_), TaskStatus::Cancelled) => Stage::Ended(End::Cancelled),
            (stage, _) => stage,
        };
        self.settle();
    }

    /// Nothing is left to ask for.
    fn settle(&mut self) {
        if self.stage == Stage::Pulling && !self.parts.contains(&Outcome::Due) {
            self.stage = Stage::Pulled;
        }
    }
}
