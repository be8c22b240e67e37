//! The words of the exchange: what a request asks for (`interaction`, `search`), what passes through
//! (`json`, `resource`, `bundle`), how a refusal reads (`outcome`) and who it is about (`identifiers`,
//! `compartment`).
//!
//! This crate does no I/O, knows no async and holds no policy.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::print_stderr,
        reason = "tests may panic and say what they skipped"
    )
)]

pub mod bundle;
pub mod compartment;
pub mod definitions;
pub mod elements;
pub mod identifiers;
pub mod interaction;
pub mod json;
pub mod masking;
pub mod naming;
pub mod outcome;
mod reference;
pub mod resource;
pub mod search;
pub mod structure;
pub mod version;
pub mod xml;

pub use bundle::{Bundle, BundleKind, Entry, SearchMode};
pub use identifiers::{Bsn, Ura};
pub use interaction::{Interaction, LogicalId, Method, ResourceType};
pub use outcome::{Issue, IssueCode, Outcome, Severity};
pub use reference::links;
pub use resource::Resource;
pub use search::{Parameter, SearchQuery};
pub use version::FhirVersion;
