//! Whether a resource keeps to its profiles, and where exactly it does not. It measures; whether anything follows from
//! it is for others to say: care is never blocked by a missing display text.
//!
//! This crate does no I/O but reading a package's bytes, knows no async, no policy and no network.
