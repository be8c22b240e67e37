//! Our own source systems, a folder per kind: an upstream FHIR server (`fhir`), a folder of FHIR JSON
//! (`files`). `rest` is what everything that speaks the FHIR RESTful API shares, peers included.

mod bounds;
pub(crate) mod document;
mod faults;
pub mod fhir;
pub mod files;
mod inventory;
#[cfg(test)]
mod inventory_tests;
pub(crate) mod links;
pub(crate) mod narrow;
mod own_records;
pub(crate) mod patients;
pub(crate) mod rest;
mod setup;
#[cfg(test)]
mod suite;
#[cfg(test)]
pub(crate) mod testing;

pub use bounds::{Bounds, PatientCacheConfig};
pub use inventory::{Holdings, Inventory};
pub use own_records::{OwnAnswer, OwnRecords};
pub use setup::SourceSetupFault;
