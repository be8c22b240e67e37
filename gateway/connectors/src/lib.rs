//! The outside world, a folder per party: our own source systems (`sources`), the nodes of other providers (`peers`),
//! who asks (`identity`), the provider's own registers (`registers`), the national consent register (`mitz`), the care
//! services directories (`mcsd`), the logs of neighbours (`witnesses`) and the monitoring system that is told of the access log (`siem`). Implements the ports of `exchange`.
//!
//! The only crate with an HTTP client ([`http`]). It knows no policy: it asks what a permit's question says,
//! for the patient that the permit names, and hands back what came, for the exchange to check.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))] // tests may panic

pub mod http;
pub mod identity;
pub mod mcsd;
pub mod mitz;
pub mod peers;
pub mod registers;
pub mod siem;
pub mod sources;
pub mod witnesses;
