//! The integrated health overview (integraal gezondheidsoverzicht): one patient's data from every provider that
//! released some, as a FHIR Bundle ([`bundle`]) and as a page's content ([`Overview`]).
//!
//! Pure: what the stack released goes in. Contradictions are shown and never resolved, nothing that was released is
//! lost on the way, and an overview that misses anything says so.

mod bundle;
mod fields;
mod grouping;
mod kinds;
mod line;
mod other_version;
mod outcome;
mod person;
mod provenance;
mod reading;
mod recipe;
mod timing;
mod view;

pub use bundle::{Context, bundle};
pub use grouping::{Group, Section};
pub use kinds::{Aspect, SectionKind};
pub use line::{Code, Detail, Line};
pub(crate) use other_version::{held, short};
pub(crate) use outcome::all as outcomes;
pub use person::{Person, Stated};
pub(crate) use reading::{Beside, Reader, name as person_name};
pub(crate) use timing::say as timing;
pub(crate) use view::in_order;
pub use view::{Index, Overview, Source};

/// The operation that asks for an overview: `POST [base]/Patient/$health-overview`.
pub const OPERATION: &str = "health-overview";
