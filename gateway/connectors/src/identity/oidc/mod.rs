//! What all log-ins share that send a browser away and have it come back: what waits for it, the key sets of others, and what
//! they sign.
//!
//! Knows no party: what their statements say is theirs.

mod claims;
mod jws;
mod keys;
mod pending;

pub(in crate::identity) use claims::{Audience, is_fresh, until};
pub(in crate::identity) use jws::{Jws, SigningKey};
pub(in crate::identity) use keys::{KeySet, NoKey};
pub(in crate::identity) use pending::{Pending, Waiting};
