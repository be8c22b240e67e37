//! The provider's own source systems.

use std::path::PathBuf;

use connectors::sources::fhir::FhirSourceConfig;
use connectors::sources::files::FilesSourceConfig;
use serde::{Deserialize, Serialize};

/// One source system.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SourceConfig {
    /// A FHIR server, R4 or STU3.
    Fhir(FhirSourceConfig),
    /// A folder of FHIR JSON files.
    Files(FilesSourceConfig),
}

impl SourceConfig {
    pub(super) fn files(&mut self) -> Vec<&mut PathBuf> {
        match self {
            SourceConfig::Fhir(config) => config.bearer_token_file.iter_mut().collect(),
            SourceConfig::Files(config) => vec![&mut config.folder],
        }
    }
}
