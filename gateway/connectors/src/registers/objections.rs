//! Patients who do not want to be found through the index, from a file: `[{ "patient": "…" }]`.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use fhir::Bsn;
use serde::Deserialize;

use super::file::{RecordFault, Register, RegisterHealth, patient, records};

/// The provider's list, looked at for change.
pub struct Objections(Register<HashSet<Bsn>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawObjection {
    patient: String,
}

impl Objections {
    /// Opens the list.
    pub fn open(path: &Path) -> Self {
        Objections(Register::open(path, build))
    }

    /// Who objects; nothing when it could never be read: then nobody may be registered.
    pub fn all(&self) -> Option<Arc<HashSet<Bsn>>> {
        self.0.content()
    }
}

impl RegisterHealth for Objections {
    fn refresh(&self) {
        self.0.read_if_changed();
    }

    fn healthy(&self) -> Result<(), String> {
        self.0.fault().map_or(Ok(()), Err)
    }
}

fn build(text: &[u8]) -> Result<HashSet<Bsn>, RecordFault> {
    Ok(records(text, |raw: RawObjection| patient(&raw.patient))?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_cannot_be_read_whole_is_none() {
        assert_eq!(build(br#"[{"patient": "999911120"}, {"patient": "999911120"}]"#).unwrap().len(), 1);
        for bad in [r#"[{"patient": "999911121"}]"#, r#"[{"patient": "999911120", "since": "x"}]"#, "{}"] {
            assert!(build(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Objections::open(Path::new("/nonexistent/objections")).all().is_none());
    }
}
