//! The pseudonym service (PRS; handbook: generic functions, 3.2): a pseudonym of a patient for one recipient, made by an
//! oblivious pseudorandom function, so that the service learns nothing of whom it is about. Its client; and for a region
//! without a national service the other two parties as well: who evaluates ([`Evaluator`]), and for whom ([`Recipient`]).
//!
//! Nothing here is kept or logged. A [`PatientToken`] is made with a blind of its own each time and can be used once: it is
//! given away by value and cannot be copied.

mod client;
mod config;
mod evaluator;
mod message;
mod oprf;
mod recipient;
#[cfg(test)]
mod tests;
mod token;

use thiserror::Error;

pub(crate) use client::Prs;
pub use config::{PrsCall, PrsConfig};
pub use evaluator::{Evaluator, NotEvaluated};
pub use recipient::Recipient;
pub(crate) use token::PatientToken;

/// Why a key cannot serve; the end of a sentence for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFault {
    #[error("is no public RSA key in PEM (SubjectPublicKeyInfo)")]
    NoPublicKey,
    #[error("is no private RSA key in PEM (PKCS#8)")]
    NoPrivateKey,
    #[error("is an RSA key of fewer than 2048 bits")]
    TooShort,
    #[error("is no secret that can be used")]
    NoSecret,
}
