//! Proof of possession (DPoP, RFC 9449): that whoever shows a token, or asks for one, holds a key.
//!
//! [`ProofVerifier`] checks a proof by itself; that each counts once is [`recent`]'s business at resources and
//! `oauth::once`'s at the token endpoint.

mod key;
mod proof;
mod recent;
#[cfg(test)]
mod tests;

pub use key::ProofKey;
pub(crate) use proof::{Expected, Proof, ProofFault, ProofVerifier, WINDOW};
pub(crate) use recent::{Brought, Recent};

/// The algorithms that a proof may be signed by: `dpop_signing_alg_values_supported` (RFC 9449, section 5.1).
pub const ALGORITHMS: [&str; 4] = ["ES256", "ES384", "PS256", "EdDSA"];
