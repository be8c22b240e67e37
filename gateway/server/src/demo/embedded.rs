//! The use cases that demo and try run, as they stand in `profiles/`, so that the binary needs no checkout.

use std::path::Path;

use super::io;

/// A use case's texts.
struct Embedded {
    id: &'static str,
    capability: &'static str,
    policy: &'static str,
    release: &'static str,
    /// Name and text of the case files.
    cases: &'static [(&'static str, &'static str)],
}

macro_rules! embedded {
    ($id:literal, $($case:literal),+) => {
        Embedded {
            id: $id,
            capability: include_str!(concat!("../../../../profiles/", $id, "/capability.json")),
            policy: include_str!(concat!("../../../../profiles/", $id, "/policy.rego")),
            release: include_str!(concat!("../../../../profiles/", $id, "/release.toml")),
            cases: &[$(($case, include_str!(concat!("../../../../profiles/", $id, "/cases/", $case)))),+],
        }
    };
}

const ALL: [Embedded; 2] = [
    embedded!("health-overview", "holder-read.json", "holder-search.json", "user-overview.json"),
    embedded!("development-try", "everything.json"),
];

/// Writes them into a profiles folder.
pub fn write(folder: &Path) -> Result<(), String> {
    for use_case in ALL {
        let own = folder.join(use_case.id);
        std::fs::create_dir_all(&own).map_err(io(&own))?;
        for (name, text) in [
            ("capability.json", use_case.capability),
            ("policy.rego", use_case.policy),
            ("release.toml", use_case.release),
        ] {
            let file = own.join(name);
            std::fs::write(&file, text).map_err(io(&file))?;
        }
        let cases = own.join("cases");
        std::fs::create_dir_all(&cases).map_err(io(&cases))?;
        for (name, text) in use_case.cases {
            let file = cases.join(name);
            std::fs::write(&file, text).map_err(io(&file))?;
        }
    }
    Ok(())
}
