//! Makes a bundle: the archive of some files with the signature over them. The other side of [`super::Bundle::open`].

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::digest;
use flate2::Compression;
use flate2::write::GzEncoder;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use tar::{Builder, EntryType, Header as Entry};
use zeroize::Zeroizing;

use super::config::BundleAlgorithm;
use super::{MANIFEST, Revision, SIGNATURES, hash};

/// Who signs bundles.
pub struct BundleSigner {
    id: String,
    algorithm: BundleAlgorithm,
    key: EncodingKey,
}

impl BundleSigner {
    /// Reads the private key (PEM, PKCS #8).
    ///
    /// # Errors
    /// It cannot be read, or is not for this algorithm.
    pub fn load(id: String, algorithm: BundleAlgorithm, file: &Path) -> Result<Self, String> {
        let trouble = |what: &str| format!("{}: {what}", file.display());
        let pem = Zeroizing::new(std::fs::read(file).map_err(|fault| trouble(&format!("cannot be read ({fault})")))?);
        let key = match algorithm {
            BundleAlgorithm::ES256 | BundleAlgorithm::ES384 => EncodingKey::from_ec_pem(&pem),
            BundleAlgorithm::PS256 | BundleAlgorithm::PS384 | BundleAlgorithm::PS512 | BundleAlgorithm::RS256 => {
                EncodingKey::from_rsa_pem(&pem)
            }
        };
        let key = key.map_err(|_| trouble(&format!("is no private key for {} (PEM, PKCS #8)", algorithm.name())))?;
        Ok(BundleSigner { id, algorithm, key })
    }
}

/// The archive of these files (by path) with its manifest, signed for this scope.
///
/// # Errors
/// A sentence for the operator: a revision that is none, or a key that does not sign.
pub fn pack(
    mut files: BTreeMap<String, Vec<u8>>,
    revision: &str,
    scope: Option<&str>,
    signer: Option<&BundleSigner>,
) -> Result<Vec<u8>, String> {
    let revision = Revision::parse(revision).ok_or("a revision is numbers with dots or dashes between them")?;
    let packages = files.keys().filter_map(|path| path.split_once('/')).map(|(folder, _)| folder.replace('-', "_"));
    let mut roots: Vec<String> = packages.collect();
    roots.dedup();
    let manifest = json!({"revision": revision.as_str(), "roots": roots});
    files.insert(MANIFEST.to_owned(), manifest.to_string().into_bytes());
    if let Some(signer) = signer {
        let hashed = files.iter().map(|(path, content)| {
            let hash = hash::of(path, content, &digest::SHA256).ok_or_else(|| format!("{path} is no JSON"))?;
            Ok(json!({"name": path, "hash": hash, "algorithm": "SHA-256"}))
        });
        let mut payload = json!({"files": hashed.collect::<Result<Vec<_>, String>>()?});
        if let Some(scope) = scope {
            payload["scope"] = json!(scope);
        }
        let header = Header { kid: Some(signer.id.clone()), ..Header::new(signer.algorithm.of_jose()) };
        let token = encode(&header, &payload, &signer.key).map_err(|_| "the bundle cannot be signed".to_owned())?;
        files.insert(SIGNATURES.to_owned(), json!({"signatures": [token]}).to_string().into_bytes());
    }
    archive(&files).map_err(|fault| format!("the bundle cannot be packed: {fault}"))
}

fn archive(files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<Vec<u8>> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, content) in files {
        let mut entry = Entry::new_gnu();
        entry.set_size(content.len() as u64);
        entry.set_mode(0o644);
        entry.set_entry_type(EntryType::Regular);
        builder.append_data(&mut entry, path, content.as_slice())?;
    }
    builder.into_inner()?.finish()
}
