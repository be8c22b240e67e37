//! `.signatures.json`: one JWT whose payload lists every file with its hash, held against the configured keys. The key says
//! which algorithm, never the JWT: neither `none` nor a shared secret can stand for a public key.

use std::collections::{BTreeMap, BTreeSet};

use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::config::BundleConfig;
use super::{BundleFault, hash};
use crate::identity::jose::{Compact, PublicJwk, read_part};

/// The keys that bundles may be signed with.
#[derive(Clone)]
pub struct BundleKeys {
    keys: BTreeMap<String, (Algorithm, PublicJwk)>,
    scope: Option<String>,
    unsigned: bool,
}

#[derive(Deserialize)]
struct SignaturesIn {
    signatures: Vec<String>,
}

#[derive(Deserialize)]
struct HeaderIn {
    alg: String,
    kid: Option<String>,
    /// Extensions that have to be understood (RFC 7515, section 4.1.11): none is.
    crit: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct PayloadIn {
    files: Vec<FileIn>,
    /// Where earlier releases of the format name the key.
    keyid: Option<String>,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct FileIn {
    name: String,
    hash: String,
    #[serde(default)]
    algorithm: String,
}

impl BundleKeys {
    /// Reads the key files.
    ///
    /// # Errors
    /// A sentence for the operator: a key that cannot be read, or that is not for its algorithm.
    pub fn load(config: &BundleConfig) -> Result<Self, String> {
        let mut keys = BTreeMap::new();
        for key in &config.keys {
            let file = key.public_key_file.display();
            let pem =
                std::fs::read(&key.public_key_file).map_err(|fault| format!("{file}: cannot be read ({fault})"))?;
            let public = PublicJwk::of_pem(&pem)
                .ok_or_else(|| format!("{file}: is no public key (PEM, `PUBLIC KEY`) of RSA, P-256 or P-384"))?;
            let algorithm = key.algorithm.of_jose();
            if !public.is_for(algorithm) {
                return Err(format!("{file}: the key is not for {}", key.algorithm.name()));
            }
            if keys.insert(key.id.clone(), (algorithm, public)).is_some() {
                return Err(format!("profiles.bundle.keys has the id {} twice", key.id));
            }
        }
        Ok(BundleKeys { keys, scope: config.scope.clone(), unsigned: config.unsigned })
    }

    pub(super) fn takes_unsigned(&self) -> bool {
        self.unsigned
    }

    /// Holds the files against what was signed: the same files, each with its hash, no more and no fewer.
    pub(super) fn hold(&self, signatures: &[u8], files: &BTreeMap<String, Vec<u8>>) -> Result<(), BundleFault> {
        let read: SignaturesIn = serde_json::from_slice(signatures).map_err(|_| BundleFault::Signatures)?;
        let [token] = read.signatures.as_slice() else { return Err(BundleFault::Signatures) };
        let signed = self.verified(token)?;
        let mut named = BTreeSet::new();
        for file in &signed {
            let name = file.name.trim_start_matches('/');
            if !named.insert(name) {
                return Err(BundleFault::Twice(name.to_owned()));
            }
            let algorithm = hash::algorithm(&file.algorithm).ok_or_else(|| BundleFault::HashKind(name.to_owned()))?;
            let content = files.get(name).ok_or_else(|| BundleFault::Missing(name.to_owned()))?;
            let is = hash::of(name, content, algorithm);
            if !is.is_some_and(|is| is.eq_ignore_ascii_case(&file.hash)) {
                return Err(BundleFault::Changed(name.to_owned()));
            }
        }
        match files.keys().find(|path| !named.contains(path.as_str())) {
            Some(extra) => Err(BundleFault::Extra(extra.clone())),
            None => Ok(()),
        }
    }

    fn verified(&self, token: &str) -> Result<Vec<FileIn>, BundleFault> {
        let parts = Compact::split(token).ok_or(BundleFault::Signatures)?;
        let header: HeaderIn = read_part(parts.header).ok_or(BundleFault::Signatures)?;
        let payload: PayloadIn = read_part(parts.claims).ok_or(BundleFault::Signatures)?;
        if header.crit.is_some() {
            return Err(BundleFault::Signatures);
        }
        let key = match (header.kid.as_deref(), payload.keyid.as_deref()) {
            (Some(one), Some(other)) if one != other => None,
            (Some(id), _) | (None, Some(id)) => self.keys.get(id),
            // The only key need not be named.
            (None, None) => self.keys.values().next().filter(|_| self.keys.len() == 1),
        };
        let (algorithm, key) = key.ok_or(BundleFault::UnknownKey)?;
        if header.alg != format!("{algorithm:?}") {
            return Err(BundleFault::Algorithm);
        }
        if !key.verifies(&header.alg, &[*algorithm], parts.message, parts.signature) {
            return Err(BundleFault::Signature);
        }
        if payload.scope != self.scope {
            return Err(BundleFault::Scope);
        }
        Ok(payload.files)
    }
}
