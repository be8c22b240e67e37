//! Addressing (adressering): a copy of the care services directories of the country (IHE mCSD, ITI-90 and ITI-91 as the
//! Dutch generic functions profile them), and who is reached where according to it.
//!
//! [`update`] reads a directory on, page by page, over its history; [`rounds`] does so on a clock for the national directory
//! and for those of the providers that it lists; [`lookup`] answers from the copy alone. A directory is no trust service:
//! each speaks only for whom it may ([`authority`]), and an address is used only with the certificate of its organisation.
//! Where the copy is kept is for whoever fills the port [`shelf`]. No patient is known here.

mod address;
mod authority;
mod config;
mod feed;
mod keys;
mod lookup;
mod moments;
pub mod names;
mod order;
mod page;
mod progress;
mod record;
mod report;
mod rounds;
mod shelf;
#[cfg(test)]
mod tests;
mod update;

pub use address::{AddressUse, Networks};
pub use config::{DirectoryConfig, ProviderDirectory, Topology};
pub use lookup::{Directories, EndpointVerdict, Examination, Found, Listed, Owner, Step};
pub use progress::SourceState;
pub use record::{Kind, RefusedBecause};
pub use report::{Refused, Report};
pub use rounds::{Rounds, Synchronising};
pub use shelf::{MemoryShelf, Shelf, ShelfChange, ShelfFault, ShelfRecord};
