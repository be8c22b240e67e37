//! The outside world, a folder per party: our own source systems (`sources`), the nodes of other providers (`peers`),
//! who asks (`identity`), the provider's own registers (`registers`), evidence of who treats whom (`relations`), the national
//! consent register (`mitz`), the index of who has data of whom (`nvi`) with its pseudonyms (`prs`), what the clients of
//! national services share (`national`), the care services directories (`mcsd`), signed policies (`bundles`), the logs of
//! neighbours (`witnesses`), the monitoring system that is told of the access log (`siem`) and receivers of signed notices
//! (`webhooks`). Implements the ports of `exchange`.
//!
//! The only crate with an HTTP client ([`http`]). It knows no policy: it asks what a permit's question says,
//! for the patient that the permit names, and hands back what came, for the exchange to check.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic"))]

pub mod bundles;
pub mod http;
pub mod identity;
pub mod mcsd;
pub mod mitz;
pub mod national;
pub mod nvi;
pub mod peers;
pub mod prs;
pub mod registers;
pub mod relations;
pub mod siem;
pub mod sources;
pub mod webhooks;
pub mod witnesses;
