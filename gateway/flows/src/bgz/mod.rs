//! The referral with the basic data set (Basisgegevensset Zorg, BgZ) by notified pull (TA Notified Pull): the Workflow Task
//! lives at the sender, the receiver is told of it, asks for the parts of the data set one by one, and says what becomes of
//! the referral. Nothing clinical is pushed.
//!
//! Pure: events go in, the new state and what is to be done come out. When something happens, whether it is kept, and over
//! which wire it goes are not known here.

mod cancellation;
mod codes;
mod list;
mod query;
mod readable;
mod receiving;
mod sending;
mod status;
pub mod task;
mod titles;
mod transitions;

#[cfg(test)]
mod receiving_tests;
#[cfg(test)]
mod wire_tests;

pub use cancellation::{Cancellation, cancelled};
pub use list::{SECTIONS, Section};
pub use query::{LONGEST_QUERY, NotInTheList, Query};
pub use readable::readable;
pub use receiving::{Act, End, Outcome, Receiving, Stage, Told};
pub use sending::{NotAllowed, SenderEvent, Sending};
pub use status::TaskStatus;
pub use transitions::{Party, TRANSITIONS, Transition, may_pull, transition};

/// The basic data set of notified pull is in this version of FHIR.
pub const VERSION: fhir::FhirVersion = fhir::FhirVersion::Stu3;
