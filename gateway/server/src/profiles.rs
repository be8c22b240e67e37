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

/// Runs every case beside the configured policies; the number that passed, or the first fault. A policy that nobody
/// wrote cases for is for `development` only.
pub fn run_cases(config: &ProfilesConfig, development: bool) -> Result<usize, String> {
    let mut passed = 0;
    for id in &config.use_cases {
        let folder = config.folder.join(id.as_str());
        if !folder.join("cases").is_dir() {
            if development {
                continue;
            }
            return Err(format!(
                "{}: there is no folder `cases` beside the policy: write down whom it must allow and whom deny",
                folder.display()
            ));
        }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use policy::UseCaseId;
    use tempfile::TempDir;

    use super::*;

    const FILES: [(&str, &str); 4] = [
        ("capability.json", include_str!("../../../profiles/health-overview/capability.json")),
        ("policy.rego", include_str!("../../../profiles/health-overview/policy.rego")),
        ("release.toml", include_str!("../../../profiles/health-overview/release.toml")),
        ("cases/holder-read.json", include_str!("../../../profiles/health-overview/cases/holder-read.json")),
    ];

    fn profile(files: &[(&str, &str)]) -> (TempDir, ProfilesConfig) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join("health-overview").join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let use_cases = vec![UseCaseId::parse("health-overview").unwrap()];
        let config = ProfilesConfig { folder: folder.path().to_owned(), use_cases };
        (folder, config)
    }

    #[test]
    fn a_whole_use_case_loads_and_its_cases_run() {
        let (_folder, config) = profile(&FILES);
        assert_eq!(load(&config, false).unwrap().all().count(), 1);
        assert!(run_cases(&config, false).unwrap() > 1);
    }

    #[test]
    fn a_missing_file_is_named() {
        for (missing, _) in &FILES[..3] {
            let rest: Vec<_> = FILES.into_iter().filter(|(name, _)| name != missing).collect();
            let (_folder, config) = profile(&rest);
            for fault in [load(&config, false).err().unwrap(), run_cases(&config, false).unwrap_err()] {
                assert!(fault.contains(missing) && fault.contains("cannot be read"), "{fault}");
            }
        }
    }

    #[test]
    fn without_cases_a_use_case_is_for_development() {
        let (_folder, config) = profile(&FILES[..3]);
        assert_eq!(run_cases(&config, true), Ok(0));
        let fault = run_cases(&config, false).unwrap_err();
        assert!(fault.contains("health-overview: there is no folder `cases`"), "{fault}");
    }

    #[test]
    fn a_case_that_does_not_hold_is_named() {
        let mut files = FILES;
        let wrong = files[3].1.replacen("\"allow\": true", "\"allow\": false", 1);
        files[3].1 = &wrong;
        let (_folder, config) = profile(&files);
        let fault = run_cases(&config, false).unwrap_err();
        assert!(fault.contains("holder-read.json"), "{fault}");
    }

    #[test]
    fn a_use_case_for_development_is_refused_in_production() {
        let capability = FILES[0].1.replacen('{', "{ \"development\": true,", 1);
        let mut files = FILES;
        files[0].1 = &capability;
        let (_folder, config) = profile(&files);
        assert!(load(&config, true).is_ok());
        assert!(load(&config, false).is_err());
    }
}
