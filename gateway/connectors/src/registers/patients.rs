//! A plain list of patients with something about each, from a file.

use std::path::Path;
use std::sync::Arc;

use fhir::Bsn;

use super::file::{RecordFault, Register, RegisterHealth, patient, records};
use crate::mitz::RawEnrolment;

/// Patients in the order of the file, no one twice.
pub struct PatientRecords<T>(Register<Vec<(Bsn, T)>>);

impl PatientRecords<Option<String>> {
    /// Opens the list of those who are to be findable through Mitz:
    /// `[{ "patient": "…", "birth_date": "1941-03-02" }]`.
    pub(crate) fn open(path: &Path) -> Self {
        PatientRecords(Register::open(path, build))
    }

    /// Everybody on the list; nothing when it could never be read.
    pub(crate) fn all(&self) -> Option<Arc<Vec<(Bsn, Option<String>)>>> {
        self.0.content()
    }
}

impl<T: Send + Sync> RegisterHealth for PatientRecords<T> {
    fn refresh(&self) {
        self.0.read_if_changed();
    }

    fn healthy(&self) -> Result<(), String> {
        self.0.fault().map_or(Ok(()), Err)
    }
}

fn build(text: &[u8]) -> Result<Vec<(Bsn, Option<String>)>, RecordFault> {
    let all = records(text, |raw: RawEnrolment| {
        let (number, birth_date) = raw.check()?;
        Ok((patient(&number)?, birth_date))
    })?;
    let mut seen = std::collections::HashSet::with_capacity(all.len());
    match all.iter().position(|(patient, _)| !seen.insert(patient.clone())) {
        Some(place) => Err(RecordFault::Record(place + 1, "the patient stands on the list already")),
        None => Ok(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_patients_once_and_dates_that_are_dates() {
        let good = br#"[{"patient": "999911120", "birth_date": "1941-03-02"}, {"patient": "900203638"}]"#;
        assert_eq!(build(good).unwrap().len(), 2);
        for (bad, place) in [
            (r#"[{"patient": "999911120"}, {"patient": "999911120"}]"#, 2),
            (r#"[{"patient": "999911121"}]"#, 1),
            (r#"[{"patient": "999911120", "birth_date": "2 maart"}]"#, 1),
        ] {
            assert!(matches!(build(bad.as_bytes()), Err(RecordFault::Record(at, _)) if at == place), "{bad}");
        }
        assert!(build(br#"[{"patient": "999911120", "name": "x"}]"#).is_err());
    }
}
