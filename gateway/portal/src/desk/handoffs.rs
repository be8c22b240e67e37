//! What the pages of nursing handoffs ask of the node. Nothing of a patient is in it but in the document, which comes through
//! the stack like every other look at a patient's data.

use std::net::IpAddr;
use std::time::Duration;

use exchange::ports::BoxFuture;
use flows::eoverdracht::notice::Answer;
use flows::eoverdracht::{Negotiation, Stage, TaskStatus};

use super::Answered;

/// Which work list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Received,
    Sent,
}

/// A transfer in a work list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferShown {
    /// 32 hexadecimal digits.
    pub id: String,
    pub side: Side,
    /// The other provider: its name and URA.
    pub party: String,
    pub ura: String,
    pub progress: Progress,
    /// To which service, department or location of the receiver it is routed, as the sender names them.
    pub routed: Vec<String>,
    /// How many resources it has; nothing while that is not known.
    pub resources: Option<usize>,
    /// RFC 3339: since when there is such a transfer, and when it last changed.
    pub began: String,
    pub changed: String,
    /// How long it waits, when that is longer than it should.
    pub overdue: Option<Duration>,
    /// How often its next step failed, and why the last time: for whoever administers the node.
    pub attempts: u16,
    pub failed: Option<String>,
    /// It is not tried again until somebody says so.
    pub given_up: bool,
    /// Who took it.
    pub taker: Option<String>,
    /// Whether it is in the own record system; nothing where that takes no handoffs in.
    pub stored: Option<bool>,
    /// Who signed off that they read it, and when (RFC 3339).
    pub read: Option<(String, String)>,
    /// How far we are with the notice, where the sender asks first whether we can take the patient.
    pub negotiation: Negotiation,
    /// What was answered last.
    pub answered: Option<AnsweredShown>,
    /// What can be done with it now.
    pub acts: Vec<HandoffAct>,
}

/// What somebody of ours answered to a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredShown {
    pub status: TaskStatus,
    /// The other date, as it was put.
    pub date: Option<String>,
    pub reason: Option<String>,
    pub by: String,
    /// RFC 3339.
    pub at: String,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Received(Stage),
    /// `told`: whether the receiver took the notification of the newest change.
    Sent {
        status: TaskStatus,
        told: bool,
    },
    /// What is kept can be no transfer's state.
    Unreadable,
}

/// What a person does with a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandoffAct {
    /// Receive it: everything of it is fetched in that person's name.
    Take,
    /// See the notice: it is fetched in that person's name.
    Open,
    /// Have what failed tried again.
    Retry,
    /// Sign off that it was read.
    Read,
    /// Tell the receiver again.
    Resend,
    /// Take it back.
    Cancel,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferNo {
    /// Not for whoever asks, or not signed in any more.
    NotYours,
    Unknown,
    /// It cannot be done with the transfer as it is now.
    NotNow,
    Busy,
    /// The access log cannot be written.
    NoLog,
    Unavailable,
}

/// Nursing handoffs (eOverdracht), both sides.
pub trait HandoffDesk: Send + Sync {
    /// The work list of one side: what asks for attention first, then the newest.
    fn list(&self, session: &str, side: Side) -> BoxFuture<'static, Result<Vec<TransferShown>, TransferNo>>;

    /// One transfer of it.
    fn one(&self, session: &str, side: Side, id: &str) -> BoxFuture<'static, Result<TransferShown, TransferNo>>;

    /// Does this with it; on record when it is done.
    fn act(
        &self,
        session: &str,
        id: &str,
        act: HandoffAct,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<(), TransferNo>>;

    /// Answers the notice of it; on record when it is done.
    fn answer(
        &self,
        session: &str,
        id: &str,
        answer: Answer,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<(), TransferNo>>;

    /// The notice that came first, through the whole stack.
    fn notice(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered>;

    /// What was received, through the whole stack.
    fn document(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered>;

    /// The same in print, as PDF/A.
    fn pdf(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<Vec<u8>>>;
}

impl TransferShown {
    /// Whether its sender asks whether we can take the patient, and has no answer.
    pub fn is_asked(&self) -> bool {
        self.progress == Progress::Received(Stage::Waiting(TaskStatus::Requested))
    }
}

impl Side {
    /// As it stands in paths.
    pub const fn path(self) -> &'static str {
        match self {
            Side::Received => "received",
            Side::Sent => "sent",
        }
    }
}

impl HandoffAct {
    pub const ALL: [HandoffAct; 6] = [
        HandoffAct::Take,
        HandoffAct::Open,
        HandoffAct::Retry,
        HandoffAct::Read,
        HandoffAct::Resend,
        HandoffAct::Cancel,
    ];

    /// As it stands in paths.
    pub const fn path(self) -> &'static str {
        match self {
            HandoffAct::Take => "take",
            HandoffAct::Open => "open",
            HandoffAct::Retry => "retry",
            HandoffAct::Read => "read",
            HandoffAct::Resend => "resend",
            HandoffAct::Cancel => "cancel",
        }
    }

    /// With which side's transfers it is done.
    pub const fn side(self) -> Side {
        match self {
            HandoffAct::Take | HandoffAct::Open | HandoffAct::Retry | HandoffAct::Read => Side::Received,
            HandoffAct::Resend | HandoffAct::Cancel => Side::Sent,
        }
    }
}
