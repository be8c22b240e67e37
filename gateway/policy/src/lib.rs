//! The decisions. A request and the findings about it go in; a [`Permit`] or a [`Denial`] comes out.
//!
//! This crate does no I/O and reads no clock: time, policy texts and facts are handed to it.
//! Only [`UseCases::decide`] builds a [`Permit`]; everything beyond `authorisation` asks for one.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic: that is how they fail")
)]

mod admission;
pub mod caller;
pub mod capability;
pub mod cases;
mod checks;
mod deciding;
pub mod decision;
pub mod findings;
mod in_force;
mod matrix;
mod offer;
mod probing;
mod rego;
pub mod release;
pub mod request;
mod shadow;
pub mod standard;
#[cfg(test)]
mod testing;
pub mod use_case;
mod versions;

pub use caller::{Caller, DataHolder, DataUser, EmergencyReason, Organisation, Person};
pub use capability::{Capability, Ground, PatientBinding};
pub use decision::{Denial, DenialCode, Obligation, Permit, Reason};
pub use findings::{Consent, ConsentDecision, Finding, Findings, NotFoundOut, TreatmentRelation};
pub use in_force::InForce;
pub use release::Release;
pub use request::{Admitted, Data, Direction, PatientScope, Purpose, Request};
pub use shadow::{Differing, differing};
pub use standard::StandardOperation;
pub use use_case::{PolicyVersion, UseCase, UseCaseFault, UseCaseId, UseCases};
