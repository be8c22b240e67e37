//! Where a node's policies come from: folders of texts, or a signed bundle in their place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use policy::UseCases;

use super::bundled::Bundled;
use crate::config::{NodeConfig, ProfilesConfig};
use crate::profiles;

/// The files that policies are read from: when each was changed, and its size.
pub type Looks = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// Folders, or a bundle.
pub enum PolicySource {
    Folders { profiles: ProfilesConfig, development: bool },
    Bundle(Bundled),
}

/// Policies that may be put in force: their cases pass.
pub struct Next {
    pub use_cases: UseCases,
    /// How many cases passed.
    pub cases: usize,
    /// The archive they came in.
    pub archive: Option<Vec<u8>>,
}

impl PolicySource {
    /// # Errors
    /// A key of bundles cannot be used: a sentence for the operator.
    pub fn of(config: &NodeConfig) -> Result<Self, String> {
        let (profiles, development) = (config.profiles.clone(), config.is_for_development());
        Ok(match Bundled::of(&profiles, &config.store.folder, development)? {
            Some(bundle) => PolicySource::Bundle(bundle),
            None => PolicySource::Folders { profiles, development },
        })
    }

    /// What a node starts with, and the number of cases that passed. A node in development need not pass the cases of its
    /// folders.
    ///
    /// # Errors
    /// There is nothing that may be put in force.
    pub fn at_start(&self) -> Result<Next, String> {
        match self {
            PolicySource::Folders { profiles, development: true } => {
                Ok(Next { use_cases: profiles::load(profiles, true)?, cases: 0, archive: None })
            }
            PolicySource::Folders { profiles, development } => folders(profiles, *development),
            PolicySource::Bundle(bundle) => bundle.at_start(),
        }
    }

    /// The same with their cases run in any mode, for who tries them.
    ///
    /// # Errors
    /// They may not be put in force.
    pub fn tried(&self) -> Result<Next, String> {
        match self {
            PolicySource::Folders { profiles, development } => folders(profiles, *development),
            PolicySource::Bundle(bundle) => bundle.at_start(),
        }
    }

    /// What stands there now; nothing when it is what was accepted already.
    ///
    /// # Errors
    /// It may not be put in force: a sentence for the operator.
    pub fn next(&self) -> Result<Option<Next>, String> {
        match self {
            PolicySource::Folders { profiles, development } => folders(profiles, *development).map(Some),
            PolicySource::Bundle(bundle) => bundle.next(),
        }
    }

    /// Remembers what was accepted, so that nothing older is accepted after it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn accept(&self, next: &Next) -> Result<(), String> {
        match (self, &next.archive) {
            (PolicySource::Bundle(bundle), Some(archive)) => bundle.accept(archive),
            _ => Ok(()),
        }
    }

    /// How the files look.
    pub fn looks(&self) -> Looks {
        let mut looks = Looks::new();
        match self {
            PolicySource::Folders { profiles, .. } => {
                for id in &profiles.use_cases {
                    let folder = profiles.folder.join(id.as_str());
                    for part in [folder.clone(), folder.join("cases"), folder.join("shadow")] {
                        look(&part, &mut looks);
                    }
                }
            }
            PolicySource::Bundle(bundle) => see(bundle.archive(), &mut looks),
        }
        looks
    }
}

fn folders(profiles: &ProfilesConfig, development: bool) -> Result<Next, String> {
    let (use_cases, cases) = profiles::checked(profiles, development)?;
    Ok(Next { use_cases, cases, archive: None })
}

/// A folder that cannot be read looks empty: reading it says what is wrong.
fn look(folder: &Path, looks: &mut Looks) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        see(&entry.path(), looks);
    }
}

fn see(file: &Path, looks: &mut Looks) {
    if let Ok(metadata) = std::fs::metadata(file)
        && metadata.is_file()
    {
        looks.insert(file.to_owned(), (metadata.modified().ok(), metadata.len()));
    }
}
