//! Who the overview is about, as each source has it written down. Where sources differ, every version stands there.

use fhir::Resource;
use fhir::masking::is_redacted;

use super::fields::{reach, text};
use super::reading;

/// One version of a fact about the patient, and the sources that state it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stated {
    pub text: String,
    /// Places in `Overview::sources`, ascending.
    pub sources: Vec<usize>,
}

/// The patient. More than one version of a fact means that sources differ.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub names: Vec<Stated>,
    /// FHIR dates.
    pub birth_dates: Vec<Stated>,
    /// Codes of <http://hl7.org/fhir/administrative-gender>.
    pub genders: Vec<Stated>,
    /// `true`, or the moment of death as a FHIR date.
    pub deceased: Vec<Stated>,
    /// The sources that left something out of who the patient is: their places in `Overview::sources`.
    pub redacted: Vec<usize>,
}

impl Person {
    /// Whether all sources that say something say the same.
    pub fn agrees(&self) -> bool {
        [&self.names, &self.birth_dates, &self.genders, &self.deceased].iter().all(|versions| versions.len() <= 1)
    }

    /// Takes in one source's Patient.
    pub(super) fn add(&mut self, patient: &Resource, source: usize) {
        if is_redacted(patient) && !self.redacted.contains(&source) {
            self.redacted.push(source);
        }
        let root = patient.root();
        let names = reach(root, "name");
        let official = |name: &&fhir::json::Value<'_>| text(**name, "use").is_some_and(|usage| usage == "official");
        let name = names.iter().find(official).or(names.first()).and_then(|name| reading::name(*name));
        state(&mut self.names, name, source);
        state(&mut self.birth_dates, text(root, "birthDate"), source);
        state(&mut self.genders, text(root, "gender"), source);
        let died = root.get("deceasedBoolean").and_then(|value| value.as_bool()).filter(|died| *died);
        let died = text(root, "deceasedDateTime").or(died.map(|_| "true".to_owned()));
        state(&mut self.deceased, died, source);
    }

    /// The version that most sources state comes first.
    pub(super) fn settle(&mut self) {
        for versions in [&mut self.names, &mut self.birth_dates, &mut self.genders, &mut self.deceased] {
            versions.sort_by(|one, other| {
                other.sources.len().cmp(&one.sources.len()).then_with(|| one.text.cmp(&other.text))
            });
        }
    }
}

fn state(versions: &mut Vec<Stated>, text: Option<String>, source: usize) {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return };
    match versions.iter_mut().find(|known| known.text == text) {
        Some(known) if known.sources.contains(&source) => {}
        Some(known) => known.sources.push(source),
        None => versions.push(Stated { text, sources: vec![source] }),
    }
}
