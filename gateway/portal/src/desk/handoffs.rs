//! What the pages of nursing handoffs ask of the node. Nothing of a patient is in it but in the document, which comes through
//! the stack like every other look at a patient's data.

use std::net::IpAddr;
use std::time::Duration;

use exchange::ports::BoxFuture;
use flows::eoverdracht::{Stage, TaskStatus};

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
    /// What can be done with it now.
    pub acts: Vec<HandoffAct>,
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

    /// What was received, through the whole stack.
    fn document(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered>;

    /// The same in print, as PDF/A.
    fn pdf(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<Vec<u8>>>;
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
    pub const ALL: [HandoffAct; 5] =
        [HandoffAct::Take, HandoffAct::Retry, HandoffAct::Read, HandoffAct::Resend, HandoffAct::Cancel];

    /// As it stands in paths.
    pub const fn path(self) -> &'static str {
        match self {
            HandoffAct::Take => "take",
            HandoffAct::Retry => "retry",
            HandoffAct::Read => "read",
            HandoffAct::Resend => "resend",
            HandoffAct::Cancel => "cancel",
        }
    }

    /// With which side's transfers it is done.
    pub const fn side(self) -> Side {
        match self {
            HandoffAct::Take | HandoffAct::Retry | HandoffAct::Read => Side::Received,
            HandoffAct::Resend | HandoffAct::Cancel => Side::Sent,
        }
    }
}
