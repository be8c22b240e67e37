//! The current medication overview (actueel medicatieoverzicht) out of the building blocks of many sources: which treatments
//! hold, are planned, are interrupted or have ended, and why, line by line.
//!
//! Pure: what was received and the moment go in, and whatever was received comes out on a line or aside with its reason.
//! The state of a resource (`status`) decides nothing: it is true only when it is served. The steps A1 to A12 follow the
//! validity rules of MP9 (functional design, 4.5) and its published examples; [`Because`] tells which of them decided what.

mod because;
mod block;
mod choosing;
mod computing;
mod deciding;
mod folding;
mod former;
mod laboratory;
mod likeness;
mod links;
mod moment;
mod naming;
mod parameters;
mod pharmacy;
mod products;
mod reading;
mod regimen;
mod running;
mod sharing;
mod treatment;
mod unique;
mod usage;
mod view;

#[cfg(test)]
mod tests;

pub use because::{Because, Rule};
pub use block::{Author, Kind, Stop};
pub use choosing::{Section, Windows};
pub use computing::Received;
pub use laboratory::{Analyte, Determined, Series, laboratory};
pub use moment::Moment;
pub use naming::Identifier;
pub use treatment::{Aside, Line, Named, Reason, Receipt, Said, Treatment, Treatments, treatments};
pub use view::Medication;

/// This node's own operation: `POST [base]/Patient/$current-medication`.
pub const OPERATION: &str = "current-medication";
/// The former overview as a List, which is in the standard no more: `POST [base]/Patient/$former-medication-overview`.
pub const FORMER_OPERATION: &str = "former-medication-overview";
/// The use case that both are of.
pub const USE_CASE: &str = "medication-overview";
