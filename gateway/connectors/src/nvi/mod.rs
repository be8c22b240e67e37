//! The index of who has data of whom (landelijke verwijsindex, NVI; handbook: generic functions, 3.3 and 3.4): which providers
//! registered that they have data of a patient, and that we do.
//!
//! It is told no BSN: patients are named by tokens of the pseudonym service (`prs`), a new one for each message. What it
//! answers is a set of providers and never an address: where a provider is reached stands in our own configuration (ATT-143).
//! It decides nothing, and a fault of it is never "known nowhere".

mod answer;
mod categories;
mod config;
mod counts;
mod dialect;
mod index;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use categories::{IndexCategories, IndexCategoriesConfig, IndexCategory, IndexCategoryConfig};
pub use config::{NviConfig, RegistrationsConfig, SearchBy};
pub use dialect::Dialect;
pub use index::{Holders, Nvi, NviSetup, NviView, Present};
