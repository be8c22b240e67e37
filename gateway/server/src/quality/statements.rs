//! The statements of a folder, read and put on the shelves.

use std::path::{Path, PathBuf};

use exchange::ports::ValueSets;
use fhir::FhirVersion;
use validation::statements::{AnswerChecks, read};
use validation::{Profile, Registry};

use crate::packages;

/// The checks on every answer, beside the folders of the releases.
const ANSWERS: &str = "answers.json";

/// Most statements that are read: a folder given by mistake must not be read without end.
const MOST_STATEMENTS: usize = 5_000;

/// Everything that is known of profiles.
pub struct Statements {
    registry: Registry,
    answers: AnswerChecks,
    count: usize,
}

impl Statements {
    /// Reads a folder: a folder per release with a statement per file, and the checks on every answer.
    ///
    /// # Errors
    /// Names the file that cannot be read or taken, and where in it.
    pub fn load(folder: &Path) -> Result<Statements, String> {
        let mut registry = Registry::default();
        let mut count = 0;
        for release in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
            for file in entries(&release)? {
                if file.extension().is_none_or(|extension| extension != "json") {
                    continue;
                }
                count += 1;
                if count > MOST_STATEMENTS {
                    return Err(format!("{}: more than {MOST_STATEMENTS} statements", folder.display()));
                }
                let statement = read(&text(&file)?).map_err(|fault| format!("{}: {fault}", file.display()))?;
                statement.shelve(&mut registry);
            }
        }
        if count == 0 {
            return Err(format!("{}: there are no statements in it", folder.display()));
        }
        let file = folder.join(ANSWERS);
        let answers = AnswerChecks::read(&text(&file)?).map_err(|fault| format!("{}: {fault}", file.display()))?;
        Ok(Statements { registry, answers, count })
    }

    /// The same with the official packages of a folder, where there is one.
    ///
    /// # Errors
    /// Names the package that cannot be read.
    pub fn with_packages(mut self, folder: &Path) -> Result<Statements, String> {
        packages::load_added(folder, &mut self.registry)?;
        Ok(self)
    }

    /// What a [`validation::Validator`] looks profiles up in.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    pub fn answers(&self) -> &AnswerChecks {
        &self.answers
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// The profile of a claim, whatever version it names.
    pub fn claimed(&self, version: FhirVersion, claim: &str) -> Option<&Profile> {
        self.registry.profile(version, claim)
    }
}

impl ValueSets for Statements {
    fn codes(&self, version: FhirVersion, canonical: &str) -> Option<Vec<(String, String)>> {
        self.registry.codes(version, canonical)
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let trouble = |fault: std::io::Error| format!("{}: cannot be read ({fault})", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(trouble)? {
        paths.push(entry.map_err(trouble)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn text(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|fault| format!("{}: cannot be read ({fault})", file.display()))
}
