//! The pseudonym service (PRS; handbook: generic functions, 3.2): a pseudonym of a patient for one recipient, made by an
//! oblivious pseudorandom function, so that the service learns nothing of whom it is about.
//!
//! Nothing here is kept or logged. A [`PatientToken`] is made with a blind of its own each time and can be used once: it is
//! given away by value and cannot be copied.

mod client;
mod config;
mod oprf;
mod token;

pub(crate) use client::Prs;
pub use config::{PrsCall, PrsConfig};
pub(crate) use token::PatientToken;
