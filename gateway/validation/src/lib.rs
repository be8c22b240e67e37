//! Whether a resource keeps to its profiles, and where exactly it does not. It measures; whether anything follows from
//! it is for others to say: care is never blocked by a missing display text.
//!
//! [`Profile`] is the model: what a profile says, element by element. A [`Registry`] holds profiles and code lists by
//! their canonical URLs; a [`Validator`] holds a resource against them and makes a [`Report`].
//!
//! This crate does no I/O but reading a package's bytes, knows no async, no policy and no network.

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

mod codes;
mod core;
pub mod finding;
mod invariants;
pub mod package;
pub mod primitives;
pub mod profile;
pub mod registry;
pub mod statements;
pub mod terminology;
mod tree;
pub mod validator;

pub use finding::{Finding, FindingCode, NotChecked, Report, Severity};
pub use package::{Package, PackageFault, PackageLimits};
pub use profile::{
    Binding, BindingStrength, Constraint, Discriminator, DiscriminatorKind, ElementRule, Most, Profile, Slicing,
    SlicingRules, TypeRule,
};
pub use registry::Registry;
pub use terminology::{CodeSystem, Concept, Filter, Include, ValueSet};
pub use validator::Validator;
