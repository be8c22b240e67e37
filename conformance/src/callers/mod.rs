//! Named callers: programs and people of other organisations, and of the provider itself, as
//! they reach a node over the wire.
//!
//! [`OuterCaller`] comes with a certificate and fetches tokens, [`InnerCaller`] with a bearer
//! token. Both speak through a [`Wire`]. What a caller may or may not get is not known here.

mod assertion;
mod browser;
mod inner;
mod member;
mod nuts_v5;
mod outer;
mod proof;
mod wallet;
mod wire;

use std::io;

use thiserror::Error;

pub use assertion::{Acting, ClientAssertion, TreatmentRelation, User, thumbprint};
pub use browser::{Browser, field};
pub use inner::InnerCaller;
pub use member::{INDEX, Member, PSEUDONYMS, custodians};
pub(crate) use nuts_v5::jwk_of;
pub use nuts_v5::{NutsV5, did_nuts, did_nuts_document};
pub use outer::{OuterCaller, TokenError};
pub use proof::{Proof, ProofKey};
pub use wallet::{Presented, Wallet};
pub(crate) use wallet::{did_document, name_in};
pub use wire::{Answer, Wire};

/// Why a call did not bring an answer. An answer of any status is no error.
#[derive(Debug, Error)]
pub enum CallError {
    #[error("{0}")]
    Transport(#[source] reqwest::Error),
    #[error("the answer is larger than a caller takes")]
    TooLarge,
    #[error("a file of the caller cannot be used: {0}")]
    File(#[from] io::Error),
    #[error("a certificate or key of the caller cannot be used: {0}")]
    Certificate(String),
    #[error("the client assertion cannot be signed: {0}")]
    Assertion(#[from] jsonwebtoken::errors::Error),
    #[error("the ready file has no caller {0:?} with what this listener needs")]
    Incomplete(String),
}

impl From<reqwest::Error> for CallError {
    /// An error text must not repeat an address: it may hold a patient's number.
    fn from(error: reqwest::Error) -> Self {
        CallError::Transport(error.without_url())
    }
}

#[cfg(test)]
mod tests;
