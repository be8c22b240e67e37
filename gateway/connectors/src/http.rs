//! The one HTTP client: every call of this node to the outside is made through it.
//!
//! It follows no redirect (ATT-114), knows no proxy of the environment, unpacks nothing, and reads no more
//! bytes and no longer than it was told. Its faults hold no URL, no header and no body.

mod address;
mod bound;
mod client;
mod fetch;
mod hosts;
mod public_only;
#[cfg(test)]
mod tests;
mod vetted;

pub use address::{AddressFault, WebAddress};
pub use client::{ClientIdentity, HttpClient, HttpSettings, SetupFault, Trust};
pub use fetch::{FetchFault, Fetched, Limits};
pub use hosts::is_host;
pub(crate) use hosts::is_listed;
pub use public_only::is_public;
