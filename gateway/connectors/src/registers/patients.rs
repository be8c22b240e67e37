//! Patients whose data is to be findable through Mitz, from a file:
//! `[{ "patient": "…", "birth_date": "1941-03-02" }]`, the date only where it was verified.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::file::{RecordFault, Register, RegisterHealth, patient, records};
use crate::mitz::Enrolled;

/// The provider's list, looked at for change.
pub struct Enrolments(Register<Vec<Enrolled>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEnrolment {
    patient: String,
    birth_date: Option<String>,
}

impl Enrolments {
    /// Opens the list.
    pub fn open(path: &Path) -> Self {
        Enrolments(Register::open(path, build))
    }

    /// Everybody on the list, no one twice; nothing when it could never be read.
    pub fn all(&self) -> Option<Arc<Vec<Enrolled>>> {
        self.0.content()
    }
}

impl RegisterHealth for Enrolments {
    fn refresh(&self) {
        self.0.read_if_changed();
    }

    fn healthy(&self) -> Result<(), String> {
        self.0.fault().map_or(Ok(()), Err)
    }
}

fn build(text: &[u8]) -> Result<Vec<Enrolled>, RecordFault> {
    let all = records(text, check)?;
    let mut seen = HashSet::with_capacity(all.len());
    match all.iter().position(|enrolled| !seen.insert(&enrolled.patient)) {
        Some(place) => Err(RecordFault::Record(place + 1, "the patient stands on the list already")),
        None => Ok(all),
    }
}

fn check(raw: RawEnrolment) -> Result<Enrolled, &'static str> {
    let day = time::macros::format_description!("[year]-[month]-[day]");
    if raw.birth_date.as_deref().is_some_and(|date| time::Date::parse(date, &day).is_err()) {
        return Err("birth_date is no date");
    }
    Ok(Enrolled { patient: patient(&raw.patient)?, birth_date: raw.birth_date })
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
