//! The decisions. A request and the findings about it go in; a [`Permit`] or a [`Denial`] comes out.
//!
//! This crate does no I/O and reads no clock: time, policy texts and facts are handed to it.
//! Only [`UseCases::decide`] builds a [`Permit`]; everything beyond `authorisation` asks for one.

pub mod caller;
pub mod capability;
pub mod cases;
pub mod decision;
pub mod findings;
pub mod request;
pub mod use_case;

pub use caller::{Caller, DataHolder, DataUser, Organisation, Person};
pub use capability::{Capability, PatientBinding};
pub use decision::{Denial, DenialCode, Obligation, Permit, Reason};
pub use findings::{Consent, Finding, Findings, NotFoundOut, TreatmentRelation};
pub use request::{Admitted, Direction, PatientScope, Purpose, Request};
pub use use_case::{PolicyVersion, UseCase, UseCaseFault, UseCaseId, UseCases};
