//! Which directories are copied, and within which bounds.

use std::path::PathBuf;

use fhir::{FhirVersion, Ura};
use serde::{Deserialize, Serialize};

use crate::http::WebAddress;

/// Addressing: which directories say where others are reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryConfig {
    /// The national directory's FHIR base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national: Option<WebAddress>,
    #[serde(default)]
    pub topology: Topology,
    /// Directories of providers that the national one need not list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<ProviderDirectory>,
    /// Whose certificates directories show (PEM). By default the authorities of the outer listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
    /// Payload types of which an endpoint must have one for its address to be used for a partner without one of its own;
    /// any will do when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payload_types: Vec<String>,
    /// What an endpoint means that says no FHIR version. By default such an endpoint is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unversioned: Option<FhirVersion>,
    /// How often the directories are read on, in seconds.
    #[serde(default = "defaults::every_seconds")]
    pub every_seconds: u64,
    /// What we ask for as `_count`; 0 leaves it to the server.
    #[serde(default = "defaults::page_size")]
    pub page_size: usize,
    /// The largest page, in bytes.
    #[serde(default = "defaults::page_bytes")]
    pub page_bytes: usize,
    /// How long one page may take, and one round over one directory, in milliseconds.
    #[serde(default = "defaults::page_ms")]
    pub page_ms: u64,
    #[serde(default = "defaults::round_ms")]
    pub round_ms: u64,
    /// Directories that are read side by side, and that are read at all.
    #[serde(default = "defaults::at_once")]
    pub at_once: usize,
    #[serde(default = "defaults::most")]
    pub most: usize,
    /// What look-ups may keep in memory, in bytes.
    #[serde(default = "defaults::cache_bytes")]
    pub cache_bytes: u64,
}

/// How the country's directories hang together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// The national directory holds everything (the ministry's guide).
    #[default]
    Central,
    /// It lists the directories of the providers, each of which speaks for its own organisations (the Nuts guide).
    Decentral,
}

/// A provider's own directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderDirectory {
    /// The one organisation for which it may speak.
    pub ura: Ura,
    pub base: WebAddress,
}

mod defaults {
    pub fn every_seconds() -> u64 {
        900
    }
    pub fn page_size() -> usize {
        200
    }
    pub fn page_bytes() -> usize {
        16 << 20
    }
    pub fn page_ms() -> u64 {
        30_000
    }
    pub fn round_ms() -> u64 {
        3_600_000
    }
    pub fn at_once() -> usize {
        4
    }
    pub fn most() -> usize {
        10_000
    }
    pub fn cache_bytes() -> u64 {
        64 << 20
    }
}

impl DirectoryConfig {
    const LONGEST_EVERY: u64 = 86_400;

    /// This national directory, and otherwise what is safe.
    pub fn new(national: Option<WebAddress>) -> Self {
        DirectoryConfig {
            national,
            topology: Topology::default(),
            providers: Vec::new(),
            authorities_file: None,
            payload_types: Vec::new(),
            unversioned: None,
            every_seconds: defaults::every_seconds(),
            page_size: defaults::page_size(),
            page_bytes: defaults::page_bytes(),
            page_ms: defaults::page_ms(),
            round_ms: defaults::round_ms(),
            at_once: defaults::at_once(),
            most: defaults::most(),
            cache_bytes: defaults::cache_bytes(),
        }
    }

    /// # Errors
    /// What is wrong: a sentence for the operator.
    pub fn check(&self, production: bool) -> Result<(), String> {
        if self.national.is_none() && self.providers.is_empty() {
            return Err("directory names no directory: give national, or providers".into());
        }
        if !(1..=Self::LONGEST_EVERY).contains(&self.every_seconds) {
            return Err(format!("directory.every_seconds must be between 1 and {}", Self::LONGEST_EVERY));
        }
        let bounds = [
            ("page_bytes", self.page_bytes as u64),
            ("page_ms", self.page_ms),
            ("round_ms", self.round_ms),
            ("at_once", self.at_once as u64),
            ("most", self.most as u64),
        ];
        if let Some((name, _)) = bounds.iter().find(|(_, bound)| *bound == 0) {
            return Err(format!("directory.{name} must be more than 0"));
        }
        if self.cache_bytes < 1 << 20 {
            return Err("directory.cache_bytes must be at least 1048576".into());
        }
        let mut uras: Vec<&Ura> = self.providers.iter().map(|provider| &provider.ura).collect();
        uras.sort_unstable_by_key(|ura| ura.as_str());
        if let Some(twice) = uras.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("directory.providers names {} twice", twice[0]));
        }
        for base in self.national.iter().chain(self.providers.iter().map(|provider| &provider.base)) {
            if base.is_plain_off_loopback() || production && base.url().scheme() != "https" {
                return Err("a directory is reached over plain HTTP: use https".into());
            }
        }
        Ok(())
    }

    /// The files that it names.
    pub fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.authorities_file.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn national(base: &str) -> DirectoryConfig {
        DirectoryConfig::new(Some(WebAddress::parse(base).unwrap()))
    }

    #[test]
    fn what_is_unsafe_or_unbounded_is_refused() {
        assert_eq!(national("https://lrza.example/fhir").check(true), Ok(()));
        assert_eq!(national("http://127.0.0.1:1/fhir").check(false), Ok(()));
        assert!(national("http://127.0.0.1:1/fhir").check(true).is_err());
        assert!(national("http://lrza.example/fhir").check(false).is_err());
        assert!(DirectoryConfig::new(None).check(false).is_err());
        for change in [
            |config: &mut DirectoryConfig| config.every_seconds = 0,
            |config: &mut DirectoryConfig| config.every_seconds = 86_401,
            |config: &mut DirectoryConfig| config.page_bytes = 0,
            |config: &mut DirectoryConfig| config.page_ms = 0,
            |config: &mut DirectoryConfig| config.round_ms = 0,
            |config: &mut DirectoryConfig| config.at_once = 0,
            |config: &mut DirectoryConfig| config.most = 0,
            |config: &mut DirectoryConfig| config.cache_bytes = 0,
        ] {
            let mut config = national("https://lrza.example/fhir");
            change(&mut config);
            assert!(config.check(true).is_err());
        }
        let mut twice = national("https://lrza.example/fhir");
        let base = WebAddress::parse("https://a.example/fhir").unwrap();
        let provider = ProviderDirectory { ura: Ura::parse("90000901").unwrap(), base };
        twice.providers = vec![provider.clone(), provider];
        assert!(twice.check(true).is_err());
    }
}
