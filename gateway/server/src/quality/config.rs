//! `[quality]`: whether and how closely the provider's own data is held against its profiles.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QualityConfig {
    pub enabled: bool,
    /// The folder of statements. By default `zib` beside the use cases; when that is not there, nothing is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statements: Option<PathBuf>,
    /// One in so many released resources is looked at; 1 for every one.
    pub one_in: u32,
    /// Resources that may wait to be looked at; what comes on top of that is passed over and counted.
    pub queue: usize,
}

impl Default for QualityConfig {
    fn default() -> Self {
        QualityConfig { enabled: true, statements: None, one_in: 10, queue: 256 }
    }
}

impl QualityConfig {
    /// The folder to read statements from; none when nothing is to be measured.
    pub fn folder(&self, use_cases: &Path) -> Option<PathBuf> {
        if !self.enabled {
            return None;
        }
        match &self.statements {
            // One that was named must be there: reading it says so when it is not.
            Some(named) => Some(named.clone()),
            None => Some(use_cases.join("zib")).filter(|folder| folder.is_dir()),
        }
    }
}
