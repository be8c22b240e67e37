//! Signed policy bundles in the format of the Open Policy Agent (<https://www.openpolicyagent.org/docs/management-bundles>):
//! a gzipped tar archive with a `.manifest`, the use cases' folders and `.signatures.json`, a JWT over the hash of every file.
//!
//! What a bundle's texts mean is not known here. A bundle is whole and signed, or it is not a bundle.

mod archive;
mod config;
mod hash;
mod packing;
mod server;
mod signature;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

pub use config::{BundleAlgorithm, BundleConfig, BundleKeyConfig};
pub use packing::{BundleSigner, pack};
pub use server::BundleServer;
pub use signature::BundleKeys;

/// The file that says what a bundle is.
const MANIFEST: &str = ".manifest";
/// The file that says which files it has.
const SIGNATURES: &str = ".signatures.json";

/// A bundle whose signature holds, or that may go without one.
#[derive(Debug)]
pub struct Bundle {
    pub revision: Revision,
    /// The packages it may define, as paths with slashes; nothing when it says nothing about that.
    roots: Option<Vec<String>>,
    files: BTreeMap<String, Vec<u8>>,
}

/// Which release of a bundle: numbers with dots or dashes between them (`3`, `1.4.0`, `2026-11-29.2`), so that of two it is
/// known which is the later. The format itself leaves it free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    text: String,
    numbers: Vec<u64>,
}

/// Why a bundle is not taken; a sentence for the operator. It repeats nothing of the bundle but names of files.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BundleFault {
    #[error("it is no gzipped tar archive, or it is torn")]
    NotAnArchive,
    #[error("it has more than {0} files")]
    TooManyFiles(usize),
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    #[error("it has a path that is not a plain relative one")]
    Path,
    #[error("it has something that is no regular file")]
    NotAFile,
    #[error("it has {0} twice")]
    Twice(String),
    #[error("it has no .manifest with a revision of numbers with dots or dashes between them")]
    Manifest,
    #[error("it is not signed: it has no .signatures.json")]
    Unsigned,
    #[error("its .signatures.json is not one JWT over a list of files")]
    Signatures,
    #[error("it is signed with a key that is not configured")]
    UnknownKey,
    #[error("its signature is by another algorithm than its key is configured for")]
    Algorithm,
    #[error("its signature does not hold")]
    Signature,
    #[error("it is signed for another scope")]
    Scope,
    #[error("{0} is not what was signed")]
    Changed(String),
    #[error("{0} is not among the files that were signed")]
    Extra(String),
    #[error("{0} was signed and is not there")]
    Missing(String),
    #[error("{0} was signed by its hash of a kind that is not taken (SHA-256, SHA-384 and SHA-512 are)")]
    HashKind(String),
}

#[derive(Deserialize)]
struct ManifestIn {
    revision: String,
    roots: Option<Vec<String>>,
}

impl Bundle {
    /// Opens an archive and holds every file of it against its signature.
    ///
    /// # Errors
    /// When it is not whole, not signed by a configured key, or not what was signed.
    pub fn open(archive: &[u8], keys: &BundleKeys) -> Result<Bundle, BundleFault> {
        let mut files = archive::files(archive)?;
        match files.remove(SIGNATURES) {
            Some(signatures) => keys.hold(&signatures, &files)?,
            None if keys.takes_unsigned() => {}
            None => return Err(BundleFault::Unsigned),
        }
        let manifest = files.get(MANIFEST).ok_or(BundleFault::Manifest)?;
        let manifest: ManifestIn = serde_json::from_slice(manifest).map_err(|_| BundleFault::Manifest)?;
        let revision = Revision::parse(&manifest.revision).ok_or(BundleFault::Manifest)?;
        Ok(Bundle { revision, roots: manifest.roots, files })
    }

    /// Whether both have the same files.
    pub fn has_the_contents_of(&self, other: &Bundle) -> bool {
        self.files == other.files
    }

    /// The text of a file by its path.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(path)?).ok()
    }

    /// The names of the files directly in a folder.
    pub fn names_in<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> {
        let folder = format!("{folder}/");
        self.files.keys().filter_map(move |path| path.strip_prefix(&folder)).filter(|name| !name.contains('/'))
    }

    /// Whether the bundle may define this package: every bundle may whose manifest says no roots.
    pub fn may_define(&self, package: &str) -> bool {
        let Some(roots) = &self.roots else { return true };
        let within = |root: &String| root.is_empty() || root.trim_matches('/') == package;
        roots.iter().any(within)
    }
}

impl Revision {
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let number = |part: &str| {
            let plain = !part.is_empty() && part.len() <= 18 && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse().ok()).flatten()
        };
        let numbers = text.split(['.', '-']).map(number).collect::<Option<Vec<u64>>>()?;
        Some(Revision { text: text.to_owned(), numbers })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is a later release than the other.
    pub fn is_later_than(&self, other: &Revision) -> bool {
        self.numbers > other.numbers
    }

    /// Whether they are the same release, however written.
    pub fn is_same_as(&self, other: &Revision) -> bool {
        self.numbers == other.numbers
    }
}
