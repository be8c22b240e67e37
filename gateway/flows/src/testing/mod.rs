//! A world of stubs around the real stack: only the stack makes what may leave, so whoever tests what happens to it
//! afterwards runs the stack. For tests, here and in crates that build on this one; never part of a node.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's fixture that does not read must fail it"
)]

mod blocks;
mod medication;
mod place;
mod region;
mod world;

pub use blocks::{Block, NOW, block};
pub use medication::medication;
pub use place::Place;
pub use region::{patient, region};
pub use world::World;

/// A resource from its text.
pub fn resource(text: &str) -> fhir::Resource {
    fhir::Resource::parse(text.to_owned().into_bytes().into(), &fhir::json::Limits::default())
        .unwrap_or_else(|fault| panic!("{fault}: {text}"))
}
