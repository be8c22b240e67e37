//! What the pages need of the node. The server implements it.

mod log;
mod proof;

use std::net::IpAddr;

use exchange::ports::BoxFuture;
use exchange::{Recorded, Refusal};

pub use self::log::{
    AskedOfLog, HintsFound, LogDesk, LogFound, OwnLog, Period, Question, RecordProof, RecordShown, ReviewItem,
    ReviewQueue, Verdict, VerdictGiven,
};
pub use self::proof::{Alarm, Cosigned, NeighbourState, ProofState, WitnessState};
use crate::pages::{CertificatesShown, DataQuality};

/// Which pages a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A care professional (zorgverlener): reads overviews.
    Practitioner,
    /// A privacy officer or auditor (functionaris gegevensbescherming): reads the access log.
    Auditor,
    /// A patient: reads who saw their own data.
    Patient,
}

/// Someone who is signed in. Prints nothing of it.
#[derive(Clone)]
pub struct Session {
    pub name: String,
    /// UZI role code; empty for whoever has none.
    pub role: String,
    pub kind: Kind,
    /// Random, the same for the whole session: letters, digits, `-` and `_`.
    pub csrf: String,
}

/// How an exchange for a page ended, with what came of it.
pub struct Answered<T = Recorded> {
    /// The id of the request, as in the access log: what a user gives to whoever helps them.
    pub request_id: String,
    pub result: Result<T, Refusal>,
}

/// The node, as the pages see it.
pub trait Desk: Send + Sync {
    /// The name of this care provider.
    fn provider(&self) -> &str;

    /// Opens a session for whoever has this access code: its id, hard to guess, of letters, digits, `-` and `_`.
    /// How often someone may try is the desk's to bound.
    fn sign_in(&self, code: &str) -> Option<String>;

    /// The session of this id, while it lasts.
    fn session(&self, id: &str) -> Option<Session>;

    fn sign_out(&self, id: &str);

    /// How well the provider's own data keeps to its profiles; none when that is not measured.
    fn quality(&self) -> Option<DataQuality>;

    /// When the certificates end that this node needs or met.
    fn certificates(&self) -> CertificatesShown;

    /// Asks for a patient's overview through the whole stack. `bsn` is as typed, without white space, dots and dashes:
    /// the stack judges it, so that a wrong one leaves its record too.
    fn overview(&self, session: &str, bsn: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered>;

    /// The access log; none where this node does not show it, and then its pages do not exist.
    fn log(&self) -> Option<&dyn LogDesk> {
        None
    }
}
