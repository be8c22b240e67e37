//! Reads the use cases of a node from its profiles folder, and runs their policy cases.

use std::path::Path;

use policy::cases::{FolderTexts, check_folder};
use policy::{UseCase, UseCaseId, UseCases};

use crate::config::ProfilesConfig;

/// The folder, in a use case's own, of a policy that is only tried.
const SHADOW: &str = "shadow";

/// The texts of one use case, read once: what passes its cases is what is put in force.
pub struct Texts {
    folder: FolderTexts,
    /// Policy and release of the policy that is only tried, when there is one.
    shadow: Option<(String, String)>,
    /// Whether there is a folder of cases at all.
    has_cases: bool,
}

/// Loads the configured use cases, without running their cases. `development` admits development use cases.
pub fn load(config: &ProfilesConfig, development: bool) -> Result<UseCases, String> {
    let all = config.use_cases.iter().map(|id| {
        let texts = Texts::read(config, id)?;
        texts.shadowed(texts.folder.load(development).map_err(|fault| fault.to_string())?)
    });
    Ok(UseCases::new(all.collect::<Result<_, String>>()?))
}

/// Loads the configured use cases and runs every case beside them: the use cases and the number of cases that passed, or
/// the first fault. A policy that nobody wrote cases for is for `development` only.
pub fn checked(config: &ProfilesConfig, development: bool) -> Result<(UseCases, usize), String> {
    let (mut all, mut passed) = (Vec::new(), 0);
    for id in &config.use_cases {
        let (use_case, cases) = Texts::read(config, id)?.checked(development)?;
        passed += cases;
        all.push(use_case);
    }
    Ok((UseCases::new(all), passed))
}

/// The files of a use case's folder that a bundle carries, by their path in it.
pub fn files(profiles: &Path, id: &UseCaseId) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut files = Vec::new();
    for part in ["", "cases", SHADOW] {
        let folder = profiles.join(id.as_str()).join(part);
        let trouble = |fault: std::io::Error| format!("{}: {fault}", folder.display());
        if !part.is_empty() && !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder).map_err(trouble)? {
            let file = entry.map_err(trouble)?.path();
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let carried = [".json", ".rego", ".toml"].iter().any(|ending| name.ends_with(ending));
            if file.is_file() && carried {
                let path = if part.is_empty() { format!("{id}/{name}") } else { format!("{id}/{part}/{name}") };
                files.push((path, read(&file)?.into_bytes()));
            }
        }
    }
    Ok(files)
}

impl Texts {
    fn read(config: &ProfilesConfig, id: &UseCaseId) -> Result<Texts, String> {
        let folder = config.folder.join(id.as_str());
        let has_cases = folder.join("cases").is_dir();
        let cases = if has_cases { cases(&folder.join("cases"))? } else { Vec::new() };
        let here = |name: &str| folder.join(name).exists();
        Texts::of(id, &|name| read(&folder.join(name)), &here, cases, has_cases)
    }

    /// The texts of a use case, wherever they are kept: `text` reads one by its path in the use case's folder, `here` says
    /// whether there is one.
    pub fn of(
        id: &UseCaseId,
        text: &dyn Fn(&str) -> Result<String, String>,
        here: &dyn Fn(&str) -> bool,
        cases: Vec<(String, String)>,
        has_cases: bool,
    ) -> Result<Texts, String> {
        let shadowed = here(SHADOW) || here("shadow/policy.rego") || here("shadow/release.toml");
        let shadow = if shadowed { Some((text("shadow/policy.rego")?, text("shadow/release.toml")?)) } else { None };
        Ok(Texts {
            folder: FolderTexts {
                id: id.to_string(),
                capability: text("capability.json")?,
                policy: text("policy.rego")?,
                release: text("release.toml")?,
                matrix: if here("matrix.toml") { Some(text("matrix.toml")?) } else { None },
                cases,
            },
            shadow,
            has_cases,
        })
    }

    /// The use case, and how many of its cases passed. One that nobody wrote cases for is for `development` only.
    pub fn checked(&self, development: bool) -> Result<(UseCase, usize), String> {
        let (use_case, passed) = if self.has_cases {
            let report = check_folder(&self.folder, development).map_err(|fault| fault.to_string())?;
            (report.use_case, report.cases.len())
        } else if development {
            (self.folder.load(development).map_err(|fault| fault.to_string())?, 0)
        } else {
            return Err(format!(
                "{}: there is no folder `cases` beside the policy: write down whom it must allow and whom deny",
                self.folder.id
            ));
        };
        Ok((self.shadowed(use_case)?, passed))
    }

    fn shadowed(&self, use_case: UseCase) -> Result<UseCase, String> {
        match &self.shadow {
            Some((policy, release)) => use_case.with_shadow(policy, release).map_err(|fault| fault.to_string()),
            None => Ok(use_case),
        }
    }
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
        let config = ProfilesConfig { folder: folder.path().to_owned(), use_cases, reload_seconds: 0, bundle: None };
        (folder, config)
    }

    #[test]
    fn a_whole_use_case_loads_and_its_cases_run() {
        let (_folder, config) = profile(&FILES);
        assert_eq!(load(&config, false).unwrap().all().count(), 1);
        assert!(checked(&config, false).unwrap().1 > 1);
    }

    #[test]
    fn a_missing_file_is_named() {
        for (missing, _) in &FILES[..3] {
            let rest: Vec<_> = FILES.into_iter().filter(|(name, _)| name != missing).collect();
            let (_folder, config) = profile(&rest);
            for fault in [load(&config, false).err().unwrap(), checked(&config, false).map(|_| ()).unwrap_err()] {
                assert!(fault.contains(missing) && fault.contains("cannot be read"), "{fault}");
            }
        }
    }

    #[test]
    fn without_cases_a_use_case_is_for_development() {
        let (_folder, config) = profile(&FILES[..3]);
        assert_eq!(checked(&config, true).unwrap().1, 0);
        let fault = checked(&config, false).map(|_| ()).unwrap_err();
        assert!(fault.contains("health-overview: there is no folder `cases`"), "{fault}");
    }

    #[test]
    fn a_case_that_does_not_hold_is_named() {
        let mut files = FILES;
        let wrong = files[3].1.replacen("\"allow\": true", "\"allow\": false", 1);
        files[3].1 = &wrong;
        let (_folder, config) = profile(&files);
        let fault = checked(&config, false).map(|_| ()).unwrap_err();
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

    #[test]
    fn a_policy_in_the_shadow_is_loaded_with_its_use_case_and_whole_or_not_at_all() {
        let mut files = FILES.to_vec();
        files.push(("shadow/policy.rego", FILES[1].1));
        let (_folder, config) = profile(&files);
        let fault = load(&config, false).err().unwrap();
        assert!(fault.contains("shadow/release.toml"), "{fault}");
        files.push(("shadow/release.toml", FILES[2].1));
        let (_folder, config) = profile(&files);
        assert!(load(&config, false).is_ok() && checked(&config, false).is_ok());
        files[4].1 = "package health_overview\n";
        let (_folder, config) = profile(&files);
        let fault = checked(&config, false).err().unwrap();
        assert!(fault.contains("shadow: policy.rego does not define allow"), "{fault}");
    }
}
