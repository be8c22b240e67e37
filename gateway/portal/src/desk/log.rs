//! The access log as the pages see it. Every look into it is an exchange of its own: decided by policy, and recorded.

use std::fmt;
use std::net::IpAddr;

use audit::{Class, Hint, Numbered};
use exchange::ports::BoxFuture;
pub use exchange::record::Verdict;
use time::{Date, OffsetDateTime};

use super::{Answered, DecidedAgain, Explainable, Explanation, ProofState, WouldBe};

/// Days from and until, both included, as one writes them down in the Netherlands. A day that is left out is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    pub from: Option<Date>,
    pub until: Option<Date>,
}

/// What an auditor asks of the log (NEN 7513, 5 and 9). What is left out is not asked about. Debug names nobody.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// BSN as typed, without white space, dots and dashes: the stack judges it.
    pub patient: Option<String>,
    /// The id of the person who asked, as in the record.
    pub person: Option<String>,
    /// URA of the care provider that asked, as typed.
    pub organisation: Option<String>,
    pub period: Period,
    pub class: Option<Class>,
    /// Only what came about by the emergency procedure (noodprocedure).
    pub emergency: bool,
    /// Only attempts that were not granted ([`Class::is_granted`]).
    pub refused: bool,
    /// Only where no treatment relation was established ([`audit::Pattern::WithoutTreatmentRelation`]).
    pub without_relation: bool,
    /// Only looks into the access log itself.
    pub of_the_log: bool,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({:?}, {:?})", self.period, self.class)
    }
}

/// What a question is about to look into: either is put to the log as one exchange.
#[derive(Clone, Debug)]
pub enum AskedOfLog {
    /// A question that was typed.
    New(Question),
    /// One that the desk gave a token for: the older part of an answer, or everything about the patient of a record.
    Token(String),
}

/// What was found, in part.
#[derive(Clone, Debug)]
pub struct LogFound {
    /// What was asked, also when it was asked by a token.
    pub question: Question,
    /// Newest first.
    pub records: Vec<Numbered>,
    /// By which the next older ones are asked for: opaque, of letters, digits, `-` and `_`. None when there are none.
    pub older: Option<String>,
    /// What is unusual about these records.
    pub hints: Vec<Hint>,
    /// How many records of this part cannot be read, so that nobody knows whether they are an answer.
    pub unreadable: usize,
}

/// One record with what belongs to it.
#[derive(Clone, Debug)]
pub struct RecordShown {
    pub record: Numbered,
    /// All records of this node with the same correlation id, this one too, in the order of the log.
    pub same_exchange: Vec<Numbered>,
    pub hints: Vec<Hint>,
    pub proof: RecordProof,
    /// A token by which everything about this record's patient is asked for.
    pub patient: Option<String>,
    /// What the policies of now would decide.
    pub again: DecidedAgain,
}

/// Whether a record is signed for.
#[derive(Clone, Debug)]
pub enum RecordProof {
    /// A checkpoint (controlepunt) of so many records speaks of it; these cosigned it, or a later one.
    Signed { size: u64, signed: OffsetDateTime, cosigned_by: Vec<String> },
    /// It is too new for the last checkpoint.
    NotYet,
    /// The state of the proof cannot be told at present.
    Unknown,
}

/// A verdict that was given. Debug shows neither who nor what they wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct VerdictGiven {
    pub verdict: Verdict,
    pub note: String,
    /// Who gave it, by name.
    pub by: String,
    pub at: OffsetDateTime,
}

impl fmt::Debug for VerdictGiven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerdictGiven({:?} at {})", self.verdict, self.at)
    }
}

/// An access by the emergency procedure, with the verdicts on it, first to last.
#[derive(Clone, Debug)]
pub struct ReviewItem {
    pub record: Numbered,
    pub verdicts: Vec<VerdictGiven>,
}

/// The accesses by the emergency procedure.
#[derive(Clone, Debug)]
pub struct ReviewQueue {
    /// To be worked off, oldest first.
    pub open: Vec<ReviewItem>,
    /// How many more are open than are shown.
    pub more_open: usize,
    /// Worked off, newest verdict first, as many as the desk shows.
    pub settled: Vec<ReviewItem>,
    /// Whether somebody is told of each, and how that stands.
    pub notices: Notices,
    /// From when ages are counted.
    pub now: OffsetDateTime,
}

/// How it stands with the notices of accesses by the emergency procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notices {
    /// Nobody is told.
    Nobody,
    /// Everybody who should know was told.
    Told,
    /// So many were not taken yet; the oldest is of this moment.
    Waiting { notices: usize, oldest: Option<OffsetDateTime>, overdue: bool },
    /// The log cannot be read by what makes them, so that nobody knows.
    Unknown,
}

/// Unusual patterns in a period.
#[derive(Clone, Debug)]
pub struct HintsFound {
    /// The period that was looked over: the one that was asked for, or what the desk chose.
    pub period: Period,
    pub hints: Vec<Hint>,
    /// How many records were looked over.
    pub looked_over: usize,
    /// Whether there were more than are looked over at once, so that the oldest were left out.
    pub cut_off: bool,
}

/// What there is to tell a patient of their own data.
#[derive(Clone, Debug)]
pub struct OwnLog {
    /// The period that was looked over: the one that was asked for, or what the desk chose.
    pub period: Period,
    /// In the order of the log.
    pub records: Vec<Numbered>,
    /// Whether there were more than are shown at once, so that the oldest were left out.
    pub cut_off: bool,
}

/// The access log, asked through the stack. Each question leaves its record.
pub trait LogDesk: Send + Sync {
    fn search(
        &self,
        session: &str,
        asked: AskedOfLog,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered<LogFound>>;

    fn record(&self, session: &str, index: u64, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<RecordShown>>;

    fn review_queue(&self, session: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<ReviewQueue>>;

    /// Gives a verdict on the access of this index. The note is neither empty nor longer than the page allows.
    fn give_verdict(
        &self,
        session: &str,
        index: u64,
        verdict: Verdict,
        note: String,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered<()>>;

    fn hints(&self, session: &str, period: Period, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<HintsFound>>;

    fn proof(&self, session: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<ProofState>>;

    /// Of what it can be asked what would be decided.
    fn explainable(&self) -> Vec<Explainable>;

    /// What would be decided, and on what.
    fn explain(
        &self,
        session: &str,
        asked: WouldBe,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered<Explanation>>;

    /// The records about the patient of this session, and nobody else's.
    fn own_log(&self, session: &str, period: Period, remote: Option<IpAddr>) -> BoxFuture<'static, Answered<OwnLog>>;
}
