//! Our own source systems, a folder per kind: an upstream FHIR server (`fhir`), a folder of FHIR JSON
//! (`files`). `rest` is what everything that speaks the FHIR RESTful API shares, peers included.

mod bounds;

pub use bounds::{Bounds, PatientCacheConfig};
