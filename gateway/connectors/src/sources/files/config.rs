//! Which folder, and how much of it.

use std::path::PathBuf;

use fhir::FhirVersion;
use policy::UseCaseId;
use serde::{Deserialize, Serialize};

use crate::sources::SourceSetupFault;

/// A folder of FHIR JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesSourceConfig {
    /// Files `*.json` (a resource, or a Bundle of resources) and `*.ndjson` (a resource per line), in this folder
    /// and its sub-folders. Names that begin with a dot are passed over: a writer may use them until it is done.
    pub folder: PathBuf,
    pub version: FhirVersion,
    /// The use cases that it is a source for, and for no other. By default for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub use_cases: Vec<UseCaseId>,
    #[serde(default)]
    pub bounds: FilesBounds,
}

/// Bounds on a folder and on an answer from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilesBounds {
    pub max_files: usize,
    pub max_file_bytes: usize,
    pub max_resources: usize,
    /// Most resources in one answer, included ones counted.
    pub max_results: usize,
    /// The folder is read again this often, whether a change was seen or not.
    pub rescan_seconds: u64,
    /// After a change, how long to wait for more before reading again.
    pub settle_milliseconds: u64,
}

impl Default for FilesBounds {
    /// 10,000 files of 16 MiB, 100,000 resources, 5,000 to an answer; read again every minute, 200 ms after a change.
    fn default() -> Self {
        FilesBounds {
            max_files: 10_000,
            max_file_bytes: 16 << 20,
            max_resources: 100_000,
            max_results: 5_000,
            rescan_seconds: 60,
            settle_milliseconds: 200,
        }
    }
}

impl FilesSourceConfig {
    /// A folder with everything else at its default.
    pub fn new(folder: impl Into<PathBuf>, version: FhirVersion) -> Self {
        FilesSourceConfig { folder: folder.into(), version, use_cases: Vec::new(), bounds: FilesBounds::default() }
    }

    pub(super) fn check(&self) -> Result<(), SourceSetupFault> {
        let bounds = &self.bounds;
        let all = [
            ("max_files", bounds.max_files),
            ("max_file_bytes", bounds.max_file_bytes),
            ("max_resources", bounds.max_resources),
            ("max_results", bounds.max_results),
            ("rescan_seconds", usize::try_from(bounds.rescan_seconds).unwrap_or(usize::MAX)),
        ];
        match all.into_iter().find(|(_, bound)| *bound == 0) {
            Some((name, _)) => Err(SourceSetupFault::Zero(name)),
            None => Ok(()),
        }
    }
}
