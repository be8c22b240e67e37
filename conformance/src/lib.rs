//! The other side of the wire: the source systems of a region, the callers that speak to a
//! node, the certificate authority that both trust, and the people it is all about.
//!
//! This crate knows standards and sockets only. It must not depend on any crate of the
//! gateway: what it checks, it checks as a stranger would.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic"))]

pub mod ca;
pub mod callers;
pub mod counts;
pub mod directory;
pub mod epd;
pub mod framework;
pub mod handoff;
pub mod handoff_partner;
mod holder;
pub mod identity_provider;
pub mod mitz;
mod mutual_tls;
pub mod national;
pub mod nuts_node;
pub mod nuts_partner;
pub mod ready;
pub mod referral;
pub mod region;
mod site;
pub mod source_server;
pub mod suites;
pub mod syslog;
pub mod testscripts;
pub mod webhook;
pub mod xml;
