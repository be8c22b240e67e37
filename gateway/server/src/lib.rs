//! The server: configuration, wiring, HTTP and the command line around one node.
//!
//! Read `wiring` to see what a node is made of, `http::endpoint` to see where a request enters the stack.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic"))]

pub mod access_log;
pub mod certificates;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod desk;
pub mod directory;
pub mod entrance;
pub mod grants;
pub mod handoffs;
pub mod http;
pub mod log;
pub mod mitz;
pub mod node;
pub mod nvi;
pub mod once;
pub mod packages;
pub mod patient_index;
pub mod policies;
pub mod profiles;
pub mod quality;
pub mod referrals;
pub mod regional;
pub mod registers;
pub mod serve;
pub mod tls;
pub mod validate;
pub mod webhooks;
pub mod wiring;
