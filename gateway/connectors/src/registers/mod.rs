//! The provider's own registers, from files that its configuration names: consents, treatment relations, and which
//! other providers know a patient.
//!
//! A register that cannot be read is `NotFoundOut`, never empty. They decide nothing: they answer what they hold.

mod consents;
mod file;
mod nobody;
mod patients;
mod period;
mod record;
mod relations;
mod whereabouts;

pub use consents::LocalConsents;
pub use file::{Register, RegisterHealth, Watch};
pub use nobody::Nobody;
pub use patients::PatientRecords;
pub use relations::ProviderList;
pub use whereabouts::RegionalRegister;
