//! Reads the use cases of a node from its profiles folder, and runs their policy cases.

use std::path::Path;

use policy::cases::{FolderTexts, check_folder};
use policy::{UseCase, UseCases};

use crate::config::ProfilesConfig;

/// Loads the configured use cases. `development` admits development use cases.
pub fn load(config: &ProfilesConfig, development: bool) -> Result<UseCases, String> {
    let mut all = Vec::with_capacity(config.use_cases.len());
    for id in &config.use_cases {
        let folder = config.folder.join(id.as_str());
        let text = |name: &str| read(&folder.join(name));
        let use_case = UseCase::load(
            id.as_str(),
            &text("capability.json")?,
            &text("policy.rego")?,
            &text("release.toml")?,
            development,
        )
        .map_err(|fault| fault.to_string())?;
        all.push(use_case);
    }
    Ok(UseCases::new(all))
}

/// Runs every case beside the configured policies; the number that passed, or the first fault.
pub fn run_cases(config: &ProfilesConfig, development: bool) -> Result<usize, String> {
    let mut passed = 0;
    for id in &config.use_cases {
        let folder = config.folder.join(id.as_str());
        let texts = FolderTexts {
            id: id.to_string(),
            capability: read(&folder.join("capability.json"))?,
            policy: read(&folder.join("policy.rego"))?,
            release: read(&folder.join("release.toml"))?,
            cases: cases(&folder.join("cases"))?,
        };
        let report = check_folder(&texts, development).map_err(|fault| fault.to_string())?;
        passed += report.cases.len();
    }
    Ok(passed)
}

/// The case files of a use case: name and text, in the order of their names.
fn cases(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let trouble = |fault: std::io::Error| format!("{}: {fault}", folder.display());
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(trouble)? {
        let file = entry.map_err(trouble)?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            cases.push((file.display().to_string(), read(&file)?));
        }
    }
    cases.sort();
    Ok(cases)
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|fault| format!("{}: cannot be read ({fault})", file.display()))
}
