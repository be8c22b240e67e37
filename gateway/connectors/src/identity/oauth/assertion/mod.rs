//! Client assertions (RFC 7523, section 2.2): a signed statement of who asks for a token, for which person, about
//! which patient, in which treatment relation.
//!
//! They travel in the body of a request over mutual TLS, so that a BSN is never in a header or a URL.

mod build;
mod claims;
mod verify;

pub use build::{Statement, sign};
pub use verify::{Asserted, AssertionFault, AssertionVerifier};

/// The most a signed assertion may take, in bytes.
const MAX_ASSERTION: usize = 8 * 1024;
/// How long our own assertions live, in seconds.
const LIFETIME: i64 = 60;
/// The longest life of an assertion that we accept, in seconds.
const MAX_LIFETIME: i64 = 300;
/// How far another node's clock may be ahead of ours, in seconds.
const LEEWAY: i64 = 5;
