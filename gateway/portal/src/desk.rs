//! What the pages need of the node. The server implements it.

mod administration;
mod explaining;
mod handoffs;
mod log;
mod proof;
mod referrals;
mod signing_in;

use std::net::IpAddr;

use actix_web::HttpRequest;
use exchange::ports::BoxFuture;
use exchange::{Recorded, Refusal};
use flows::medication::Windows;

pub use self::administration::{AccessShown, Administration, AnySession, LockedOut};
pub use self::explaining::{Again, DecidedAgain, Explainable, Explanation, WouldBe};
pub use self::handoffs::{AnsweredShown, HandoffAct, HandoffDesk, Progress, Side, TransferNo, TransferShown};
pub use self::log::{
    AskedOfLog, HintsFound, LogDesk, LogFound, Notices, OwnLog, Period, Question, RecordProof, RecordShown, ReviewItem,
    ReviewQueue, Verdict, VerdictGiven,
};
pub use self::proof::{Alarm, Cosigned, NeighbourState, ProofState, WitnessState};
pub use self::referrals::{PartShown, ReferralAct, ReferralDesk, ReferralProgress, ReferralShown};
pub use self::signing_in::{Departure, Elsewhere, NotSignedIn, OwnSession, Return, Ways};
use crate::pages::{CertificatesShown, DataQuality, DirectoryShown};

/// Which pages a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A care professional (zorgverlener): reads overviews.
    Practitioner,
    /// A privacy officer or auditor (functionaris gegevensbescherming): reads the access log.
    Auditor,
    /// A patient: reads who saw their own data.
    Patient,
    /// Looks after the node (beheerder): no patient's data, and nothing of the access log.
    Administrator,
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
    /// Whether the session is about one patient only, as whoever launched it said.
    pub one_patient: bool,
    /// For whom the person acts or can act (mandaat), by name; empty for most.
    pub mandates: Vec<String>,
    /// For which of them the person acts now.
    pub acting: Option<usize>,
    /// Whether the person has a choice in that.
    pub chooses: bool,
    /// Whether the person may use the emergency procedure (noodprocedure).
    pub emergencies: bool,
    /// Whether the person may ask for medication overviews (medicatieoverzicht).
    pub medication: bool,
    /// Whether the person sees nursing handoffs (eOverdracht) that we receive, and those that we send.
    pub inbox: bool,
    pub outbox: bool,
    /// Whether the person sees referrals (BgZ) to us, and those that we send.
    pub referred: bool,
    pub refers: bool,
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

    /// The ways in.
    fn ways(&self) -> Ways;

    /// Opens a session for whoever has this access code: its id, hard to guess, of letters, digits, `-` and `_`.
    fn sign_in(&self, code: &str, remote: Option<IpAddr>) -> Result<String, NotSignedIn>;

    /// The same for whoever shows a certificate in this connection.
    fn sign_in_by_certificate(&self, request: &HttpRequest) -> BoxFuture<'static, Result<String, NotSignedIn>>;

    /// Sends a browser there, where somebody at our page chose that.
    fn depart(&self, to: Elsewhere, remote: Option<IpAddr>) -> Result<Departure, NotSignedIn>;

    /// Sends on a browser that an EPD sends here with these (SMART App Launch).
    fn depart_to_epd(
        &self,
        iss: &str,
        launch: &str,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<Departure, NotSignedIn>>;

    /// Opens a session for whoever comes back from there.
    fn arrive(
        &self,
        from: Elsewhere,
        back: Return,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<String, NotSignedIn>>;

    /// Opens the session that a system of the provider has prepared under this handle. Once.
    fn launch(&self, handle: &str, remote: Option<IpAddr>) -> Result<String, NotSignedIn>;

    /// The sessions of the person whose session this is.
    fn sessions(&self, id: &str) -> Vec<OwnSession>;

    /// Ends another session of the same person, or all others.
    fn end_sessions(&self, id: &str, handle: Option<&str>);

    /// Acts for this one of the session's mandates from now on, or in the person's own name. Says whether that can be.
    fn act(&self, id: &str, choice: Option<usize>) -> bool;

    /// The session of this id, while it lasts.
    fn session(&self, id: &str) -> Option<Session>;

    fn sign_out(&self, id: &str);

    /// How well the provider's own data keeps to its profiles; none when that is not measured.
    fn quality(&self) -> Option<DataQuality>;

    /// When the certificates end that this node needs or met.
    fn certificates(&self) -> CertificatesShown;

    /// What an administrator sees and does.
    fn administration(&self) -> &dyn Administration;

    /// The directories that this node copies, and what they say of an organisation by its URA as typed; empty: of none.
    fn directory<'a>(&'a self, ura: &'a str, language: audit::Language) -> BoxFuture<'a, DirectoryShown>;

    /// Asks for a patient's overview through the whole stack. `bsn` is as typed, without white space, dots and dashes:
    /// the stack judges it, so that a wrong one leaves its record too. Without it the patient is the session's own. With
    /// `emergency`, why the normal procedure is passed over, as typed: the stack judges that as well.
    fn overview(
        &self,
        session: &str,
        bsn: Option<&str>,
        emergency: Option<&str>,
        remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered>;

    /// Asks for a patient's medication overview through the whole stack, as [`Desk::overview`] does for everything.
    fn medication(&self, session: &str, bsn: Option<&str>, remote: Option<IpAddr>) -> BoxFuture<'static, Answered>;

    /// Referrals with the basic data set (BgZ); none where this node takes no part in them.
    fn referrals(&self) -> Option<&dyn ReferralDesk> {
        None
    }

    /// Nursing handoffs (eOverdracht); none where this node takes no part in them.
    fn handoffs(&self) -> Option<&dyn HandoffDesk> {
        None
    }

    /// How far medication overviews look back and ahead.
    fn windows(&self) -> Windows;

    /// The access log; none where this node does not show it, and then its pages do not exist.
    fn log(&self) -> Option<&dyn LogDesk> {
        None
    }
}
