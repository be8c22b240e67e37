//! One trait per outside need of an exchange. `connectors` and `store` implement them; tests use stubs.

mod access_log;
mod addressing;
mod authenticator;
mod clock;
mod consents;
mod localisation;
mod log_reader;
mod patient_index;
mod source;
mod throttle;
mod treatment_relations;
mod value_sets;

pub use access_log::{AccessLog, LogUnavailable, Slot};
pub use addressing::{Addressing, Capability, EndpointAddress, Receiver};
pub use authenticator::{AuthenticationFault, Authenticator};
pub use clock::{Clock, SystemClock};
pub use consents::{ConsentQuestion, Consents};
pub use localisation::{Localisation, Whereabouts};
pub use log_reader::{LogFound, LogQuestion, LogReadFault, LogReader, LoggedEvent};
pub use patient_index::PatientIndex;
pub use source::{Answer, Item, Question, Source, SourceFault, Written};
pub use throttle::{NoThrottle, Throttle};
pub use treatment_relations::{Relation, RelationQuestion, TreatmentRelations};
pub use value_sets::{NoValueSets, ValueSets};

/// A future behind a port.
pub type BoxFuture<'a, T> = futures_util::future::BoxFuture<'a, T>;
