//! The use cases that demo and try run, as they stand in `profiles/`, so that the binary needs no checkout.

use std::path::Path;

use super::io;

/// A use case's texts.
struct Embedded {
    id: &'static str,
    capability: &'static str,
    policy: &'static str,
    release: &'static str,
}

macro_rules! embedded {
    ($id:literal) => {
        Embedded {
            id: $id,
            capability: include_str!(concat!("../../../../profiles/", $id, "/capability.json")),
            policy: include_str!(concat!("../../../../profiles/", $id, "/policy.rego")),
            release: include_str!(concat!("../../../../profiles/", $id, "/release.toml")),
        }
    };
}

const ALL: [Embedded; 2] = [embedded!("health-overview"), embedded!("development-try")];

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
    }
    Ok(())
}
