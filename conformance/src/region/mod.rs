//! The region of Maasdal: four care providers and twelve patients, all invented.
//!
//! What a demonstration, a simulator or a suite needs to know of it is asked for here. The
//! stories themselves are in `patients`, one file per person.

mod agreements;
mod chart;
mod codes;
mod older;
mod patients;
mod person;
mod providers;
mod zib;

use std::path::Path;
use std::{fs, io};

use serde_json::Value;

pub use agreements::{Consent, ConsentState, Relation, consents, relations};
pub use older::{has_older_system, older_resources};
use patients::STORIES;
pub use providers::{GENERAL_PRACTICE, HOSPITAL, NURSING_HOME, PHARMACY, Practitioner, Provider, SourceKind};
use providers::{PROVIDERS, STAFF};

/// A patient and where this patient is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    pub bsn: &'static str,
    /// As people say it: called name and surname.
    pub name: String,
    /// ISO date.
    pub birth_date: &'static str,
    /// Keys of providers.
    pub known_at: Vec<&'static str>,
}

/// The four providers.
pub fn providers() -> Vec<&'static Provider> {
    PROVIDERS.to_vec()
}

/// The twelve patients; the first is known everywhere.
pub fn patients() -> Vec<Patient> {
    STORIES
        .iter()
        .map(|story| Patient {
            bsn: story.person.bsn,
            name: story.person.display_name(),
            birth_date: story.person.born,
            known_at: story.chapters.iter().map(|chapter| chapter.provider.key).collect(),
        })
        .collect()
}

/// The people who work at the providers.
pub fn staff() -> &'static [Practitioner] {
    STAFF
}

/// Everything in one provider's source: the charts, and the directory that they refer to.
/// Empty for a key that is no provider's.
pub fn resources(provider: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for here in PROVIDERS.iter().filter(|here| here.key == provider) {
        all.extend(here.directory());
        for story in STORIES {
            let chapters = story.chapters.iter().filter(|chapter| chapter.provider.key == provider);
            all.extend(chapters.flat_map(|chapter| chapter.chart(story.person).into_resources()));
        }
    }
    all
}

/// Writes one provider's resources into a folder, one file each: `<ResourceType>-<id>.json`.
///
/// # Errors
/// The folder cannot be made or a file not be written.
pub fn write_folder(provider: &str, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for resource in resources(provider) {
        let text = |name: &str| resource[name].as_str().unwrap_or_default();
        let file = format!("{}-{}.json", text("resourceType"), text("id"));
        fs::write(folder.join(file), serde_json::to_vec_pretty(&resource)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
