//! The provider's own registers, from files that its configuration names: consents, treatment relations, which other
//! providers know a patient, and whose data is to be findable through Mitz.
//!
//! A register that cannot be read is `NotFoundOut`, never empty. They decide nothing: they answer what they hold.

mod consents;
mod file;
mod nobody;
mod objections;
mod patients;
mod period;
mod record;
mod relations;
mod whereabouts;

pub(crate) use consents::is_objection;
pub use consents::{ConsentRecords, LocalConsents, ToldBySystems};
pub use file::{Register, RegisterHealth, Watch};
pub use nobody::Nobody;
pub use objections::Objections;
pub use patients::Enrolments;
pub(crate) use record::reference;
pub use relations::ProviderList;
pub use whereabouts::{Index, RegionalRegister};
