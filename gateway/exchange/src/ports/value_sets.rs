//! What value sets hold, for searches that name one (`code:in=…`).

use fhir::FhirVersion;

pub trait ValueSets: Send + Sync {
    /// Every code of the value set with this canonical URL, as system and code; nothing when it is not known in full.
    fn codes(&self, version: FhirVersion, canonical: &str) -> Option<Vec<(String, String)>>;
}

/// Knows none.
pub struct NoValueSets;

impl ValueSets for NoValueSets {
    fn codes(&self, _version: FhirVersion, _canonical: &str) -> Option<Vec<(String, String)>> {
        None
    }
}
