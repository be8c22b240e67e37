//! The use cases that demo and try run, as they stand in `profiles/`, so that the binary needs no checkout.

use std::path::{Path, PathBuf};

use super::io;

/// A use case's texts.
struct Embedded {
    id: &'static str,
    capability: &'static str,
    policy: &'static str,
    release: &'static str,
    /// File name and text of the policy cases: `zorgsluis check` runs them.
    cases: &'static [(&'static str, &'static str)],
}

macro_rules! embedded {
    ($id:literal, [$($case:literal),+]) => {
        Embedded {
            id: $id,
            capability: include_str!(concat!("../../../../profiles/", $id, "/capability.json")),
            policy: include_str!(concat!("../../../../profiles/", $id, "/policy.rego")),
            release: include_str!(concat!("../../../../profiles/", $id, "/release.toml")),
            cases: &[$(($case, include_str!(concat!("../../../../profiles/", $id, "/cases/", $case)))),+],
        }
    };
}

const ALL: [Embedded; 17] = [
    embedded!("health-overview", ["holder-read.json", "holder-search.json", "user-overview.json"]),
    embedded!("medication-overview", ["holder-search-stu3.json", "holder-search.json", "user-overview.json"]),
    embedded!("laboratory-for-pharmacies", ["holder.json", "user.json"]),
    embedded!("emergency-overview", ["emergency.json"]),
    embedded!("eoverdracht-sender", ["document.json", "task.json"]),
    embedded!("eoverdracht-receiver", ["pull.json"]),
    embedded!("eoverdracht-notice", ["notice.json"]),
    embedded!("eoverdracht-inbox", ["document.json"]),
    embedded!("eoverdracht-filing", ["stored.json"]),
    embedded!("eoverdracht-making", ["sections.json"]),
    embedded!("bgz-sender", ["data.json", "task.json"]),
    embedded!("bgz-receiver", ["pull.json"]),
    embedded!("bgz-intake", ["pull.json"]),
    embedded!("bgz-inbox", ["received.json"]),
    embedded!("access-log", ["explain.json", "officer.json", "verdict.json"]),
    embedded!("own-access-log", ["patient.json"]),
    embedded!("development-try", ["everything.json", "over-mutual-tls.json"]),
];

/// The data categories of Mitz, as they stand in `profiles/`.
const MITZ_CATEGORIES: (&str, &str) =
    ("mitz-categories.toml", include_str!("../../../../profiles/mitz-categories.toml"));

/// Those of the index.
const NVI_CATEGORIES: (&str, &str) = ("nvi-categories.toml", include_str!("../../../../profiles/nvi-categories.toml"));

/// Writes the table of Mitz's data categories into a profiles folder, and says where.
pub fn write_categories(folder: &Path) -> Result<PathBuf, String> {
    write_table(folder, MITZ_CATEGORIES)
}

/// The same for those of the index.
pub fn write_index_categories(folder: &Path) -> Result<PathBuf, String> {
    write_table(folder, NVI_CATEGORIES)
}

fn write_table(folder: &Path, (name, text): (&str, &str)) -> Result<PathBuf, String> {
    let file = folder.join(name);
    std::fs::write(&file, text).map_err(io(&file))?;
    Ok(file)
}

/// Writes them into a profiles folder.
pub fn write(folder: &Path) -> Result<(), String> {
    for use_case in ALL {
        let own = folder.join(use_case.id);
        let cases = own.join("cases");
        std::fs::create_dir_all(&cases).map_err(io(&cases))?;
        let own_files = [
            ("capability.json", use_case.capability),
            ("policy.rego", use_case.policy),
            ("release.toml", use_case.release),
        ];
        let files = own_files.into_iter().map(|(name, text)| (own.join(name), text));
        for (file, text) in files.chain(use_case.cases.iter().map(|(name, text)| (cases.join(name), *text))) {
            std::fs::write(&file, text).map_err(io(&file))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_case_of_the_checkout_is_embedded() {
        let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
        for use_case in ALL {
            let cases = std::fs::read_dir(profiles.join(use_case.id).join("cases")).unwrap();
            assert_eq!(cases.count(), use_case.cases.len(), "{}", use_case.id);
        }
    }
}
