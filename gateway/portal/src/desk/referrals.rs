//! What the pages of referrals ask of the node. Nothing of a patient is in it but in the data, which comes through the stack like
//! every other look at a patient's data.

use std::net::IpAddr;
use std::time::Duration;

use exchange::ports::BoxFuture;
use flows::bgz::{Outcome, Stage, TaskStatus};
use flows::eoverdracht::readable::Readable;

use super::{Answered, Side, TransferNo};

/// A referral in a work list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralShown {
    /// 32 hexadecimal digits.
    pub id: String,
    pub side: Side,
    /// The other provider: its name and URA.
    pub party: String,
    pub ura: String,
    pub progress: ReferralProgress,
    /// What is asked for, part by part, and what became of it. Of those that we receive.
    pub parts: Vec<PartShown>,
    /// How many searches the sender names that are not in the list, and were not asked.
    pub not_in_the_list: usize,
    /// The sender names more than is looked at.
    pub cut_short: bool,
    /// Whether there is data here that may be read.
    pub readable: bool,
    /// RFC 3339: until when the data can be pulled.
    pub until: Option<String>,
    /// RFC 3339: since when there is such a referral, and when it last changed.
    pub began: String,
    pub changed: String,
    /// How long it waits, when that is longer than it should.
    pub overdue: Option<Duration>,
    /// How often its next step failed, and why the last time: for whoever administers the node.
    pub attempts: u16,
    pub failed: Option<String>,
    /// It is not tried again until somebody says so.
    pub given_up: bool,
    /// Who took it, or did not.
    pub person: Option<String>,
    /// What can be done with it now.
    pub acts: Vec<ReferralAct>,
}

/// How far a referral is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferralProgress {
    Received(Stage),
    /// `told`: whether the receiver took the newest notification.
    Sent {
        status: TaskStatus,
        told: bool,
    },
    /// What is kept can be no referral's state.
    Unreadable,
}

/// A part of the basic data set, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartShown {
    /// The building block, in Dutch.
    pub title: &'static str,
    pub outcome: Outcome,
    /// How many resources are kept of it.
    pub resources: usize,
    /// Why it failed. Says nothing of a patient.
    pub why: Option<String>,
}

/// What a person does with a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferralAct {
    /// Take the patient: the data is pulled in that person's name.
    Take,
    /// Not take the patient.
    Reject,
    /// Have what failed asked for again.
    Retry,
    /// Say that the treatment has ended.
    Complete,
    /// The same, although parts could not be had.
    CompleteAnyway,
    /// Take it back after it was accepted.
    Withdraw,
    /// Tell the receiver again.
    Resend,
    /// Tell that the data was renewed.
    Renew,
    /// Take back what was sent.
    Cancel,
}

/// Referrals with the basic data set (BgZ), both sides.
pub trait ReferralDesk: Send + Sync {
    /// The work list of one side: what asks for attention first, then the newest.
    fn list(&self, session: &str, side: Side) -> BoxFuture<'static, Result<Vec<ReferralShown>, TransferNo>>;

    /// One referral of it.
    fn one(&self, session: &str, side: Side, id: &str) -> BoxFuture<'static, Result<ReferralShown, TransferNo>>;

    /// Does this with it; on record when it is done.
    fn act(
        &self,
        session: &str,
        id: &str,
        act: ReferralAct,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<(), TransferNo>>;

    /// What came of it, through the whole stack, to be read.
    fn data(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<Readable>>;
}

impl ReferralAct {
    pub const ALL: [ReferralAct; 9] = [
        ReferralAct::Take,
        ReferralAct::Reject,
        ReferralAct::Retry,
        ReferralAct::Complete,
        ReferralAct::CompleteAnyway,
        ReferralAct::Withdraw,
        ReferralAct::Resend,
        ReferralAct::Renew,
        ReferralAct::Cancel,
    ];

    /// As it stands in paths.
    pub const fn path(self) -> &'static str {
        match self {
            ReferralAct::Take => "take",
            ReferralAct::Reject => "reject",
            ReferralAct::Retry => "retry",
            ReferralAct::Complete => "complete",
            ReferralAct::CompleteAnyway => "complete-anyway",
            ReferralAct::Withdraw => "withdraw",
            ReferralAct::Resend => "resend",
            ReferralAct::Renew => "renew",
            ReferralAct::Cancel => "cancel",
        }
    }

    /// With which side's referrals it is done.
    pub const fn side(self) -> Side {
        match self {
            ReferralAct::Take
            | ReferralAct::Reject
            | ReferralAct::Retry
            | ReferralAct::Complete
            | ReferralAct::CompleteAnyway
            | ReferralAct::Withdraw => Side::Received,
            ReferralAct::Resend | ReferralAct::Renew | ReferralAct::Cancel => Side::Sent,
        }
    }
}
