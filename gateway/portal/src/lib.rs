//! The pages: a practitioner signs in, names a patient and reads that patient's overview; an auditor looks into the access
//! log; a patient reads who saw their own data; an administrator looks after the node.
//!
//! Rendered here, without a script. The pages know the [`Desk`] and nothing behind it: no source, no policy, no log.
//! A BSN is typed into a form and shown to the one who typed it; it stands in no URL, no hidden field and no cookie.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic: that is how they fail")
)]

mod desk;
mod guard;
mod pages;
mod routes;
#[cfg(test)]
mod tests;
mod words;

pub use desk::{
    AccessShown, Administration, Again, Alarm, Answered, AnySession, AskedOfLog, Cosigned, DecidedAgain, Departure,
    Desk, Elsewhere, Explainable, Explanation, HintsFound, Kind, LockedOut, LogDesk, LogFound, NeighbourState,
    NotSignedIn, Notices, OwnLog, OwnSession, Period, ProofState, Question, RecordProof, RecordShown, Return,
    ReviewItem, ReviewQueue, Session, Verdict, VerdictGiven, Ways, WitnessState, WouldBe,
};
pub use desk::{AnsweredShown, HandoffAct, HandoffDesk, Progress, Side, TransferNo, TransferShown};
pub use desk::{PartShown, ReferralAct, ReferralDesk, ReferralProgress, ReferralShown};
pub use pages::{CertificateKind, CertificateRow, CertificatesShown, DAYS_AHEAD, DirectoryShown, Looked};
pub use pages::{DataQuality, Shortcoming, SourceQuality, Subject, SubjectQuality};
pub use routes::scope;
