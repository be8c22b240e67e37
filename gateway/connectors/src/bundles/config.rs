//! Where signed policies come from and whose signature they have.

use std::path::PathBuf;

use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};

use crate::http::WebAddress;

/// A bundle of policies in the place of folders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleConfig {
    /// The archive, as a file that is looked at for change. Either this or `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Where it is fetched from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<WebAddress>,
    /// The authorities that the server's certificate is held against (PEM); those of the operating system when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
    /// How often it is fetched, in seconds.
    #[serde(default = "BundleConfig::a_minute")]
    pub every_seconds: u64,
    /// The scope that bundles must be signed for; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Takes bundles without a signature: in development mode only.
    #[serde(default)]
    pub unsigned: bool,
    /// The keys that they may be signed with.
    #[serde(default)]
    pub keys: Vec<BundleKeyConfig>,
}

/// A key that bundles may be signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleKeyConfig {
    /// As the signature names it.
    pub id: String,
    /// The one algorithm that it signs by.
    pub algorithm: BundleAlgorithm,
    /// The public key (PEM, `PUBLIC KEY`).
    pub public_key_file: PathBuf,
}

/// How a bundle is signed (RFC 7518, section 3.1). Shared secrets are no signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BundleAlgorithm {
    ES256,
    ES384,
    PS256,
    PS384,
    PS512,
    RS256,
}

impl BundleAlgorithm {
    /// The algorithm of this name.
    pub fn parse(name: &str) -> Option<Self> {
        use BundleAlgorithm::{ES256, ES384, PS256, PS384, PS512, RS256};
        [ES256, ES384, PS256, PS384, PS512, RS256].into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            BundleAlgorithm::ES256 => "ES256",
            BundleAlgorithm::ES384 => "ES384",
            BundleAlgorithm::PS256 => "PS256",
            BundleAlgorithm::PS384 => "PS384",
            BundleAlgorithm::PS512 => "PS512",
            BundleAlgorithm::RS256 => "RS256",
        }
    }

    pub(super) const fn of_jose(self) -> Algorithm {
        match self {
            BundleAlgorithm::ES256 => Algorithm::ES256,
            BundleAlgorithm::ES384 => Algorithm::ES384,
            BundleAlgorithm::PS256 => Algorithm::PS256,
            BundleAlgorithm::PS384 => Algorithm::PS384,
            BundleAlgorithm::PS512 => Algorithm::PS512,
            BundleAlgorithm::RS256 => Algorithm::RS256,
        }
    }
}

impl BundleConfig {
    const fn a_minute() -> u64 {
        60
    }

    /// The files it names, to be made absolute.
    pub fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let keys = self.keys.iter_mut().map(|key| &mut key.public_key_file);
        self.file.iter_mut().chain(self.authorities_file.iter_mut()).chain(keys)
    }

    /// Whether it fits together. `development`: whether this is no node for real patients.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self, development: bool) -> Result<(), String> {
        if self.file.is_some() == self.url.is_some() {
            return Err("profiles.bundle needs either file or url".into());
        }
        if self.unsigned && !development {
            return Err("profiles.bundle.unsigned is for development mode only: policies must be signed".into());
        }
        if !self.unsigned && self.keys.is_empty() {
            return Err("profiles.bundle.keys is empty: nobody's signature would be taken".into());
        }
        if self.url.as_ref().is_some_and(|url| url.url().scheme() != "https" && !(development && url.is_on_loopback()))
        {
            return Err("profiles.bundle.url must be https".into());
        }
        if !(1..=86_400).contains(&self.every_seconds) {
            return Err("profiles.bundle.every_seconds must be between 1 and 86400".into());
        }
        Ok(())
    }
}
