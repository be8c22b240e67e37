//! How much of a source's answer is taken, and for how long its patients are remembered.

use serde::{Deserialize, Serialize};

use super::SourceSetupFault;

/// Bounds on one question to one source, over all pages of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    pub max_pages: usize,
    pub max_resources: usize,
    pub max_answer_bytes: usize,
    /// `_count` of our own searches.
    pub page_size: usize,
}

/// Bounds on what is remembered of which id means which patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatientCacheConfig {
    pub max_patients: u64,
    /// A correction of a BSN at the source is noticed after this many seconds.
    pub seconds: u64,
}

impl Default for Bounds {
    /// 20 pages, 5,000 resources, 32 MiB, 200 to a page.
    fn default() -> Self {
        Bounds { max_pages: 20, max_resources: 5_000, max_answer_bytes: 32 << 20, page_size: 200 }
    }
}

impl Bounds {
    /// A bound of nothing would be a source that never answers.
    pub(crate) fn check(&self) -> Result<(), SourceSetupFault> {
        let all = [
            ("max_pages", self.max_pages),
            ("max_resources", self.max_resources),
            ("max_answer_bytes", self.max_answer_bytes),
            ("page_size", self.page_size),
        ];
        match all.into_iter().find(|(_, bound)| *bound == 0) {
            Some((name, _)) => Err(SourceSetupFault::Zero(name)),
            None => Ok(()),
        }
    }
}

impl Default for PatientCacheConfig {
    /// 10,000 patients, one minute.
    fn default() -> Self {
        PatientCacheConfig { max_patients: 10_000, seconds: 60 }
    }
}
