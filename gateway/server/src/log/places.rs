//! Where a log and what belongs to it stand: the segments in `log`, the tree beside them in `log-proof`, the signing key
//! in `log-key`.

use std::path::{Path, PathBuf};

/// Name of the public key's file, in the proof's folder.
pub(super) const PUBLIC_KEY: &str = "public-key";

/// The files of one log.
#[derive(Clone, Debug)]
pub struct Places {
    pub records: PathBuf,
    /// The tree, its checkpoints and the public key. It holds nothing about patients and no secret.
    pub proof: PathBuf,
    /// The signing key, for the node alone.
    pub key: PathBuf,
    /// The key that cosigns for neighbours, what it cosigned, and the evidence.
    pub witness: PathBuf,
    /// The index by which it is searched: keyed digests, and the secret that they are made under.
    pub index: PathBuf,
    /// How far the monitoring system was told.
    pub siem: PathBuf,
    /// What of the log the privacy officer is still to be told.
    pub notices: PathBuf,
}

impl Places {
    pub fn of_store(folder: &Path) -> Self {
        Places {
            records: folder.join("log"),
            proof: folder.join("log-proof"),
            key: folder.join("log-key"),
            witness: folder.join("log-witness"),
            index: folder.join("log-index"),
            siem: folder.join("log-siem"),
            notices: folder.join("log-notices"),
        }
    }

    /// Those of a log's folder; a store's folder with a log in it means that one.
    pub fn of_log(folder: &Path) -> Self {
        let within = folder.join("log");
        if within.is_dir() {
            return Places::of_store(folder);
        }
        // The folder may be given as `.`.
        let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Places {
            proof: whole.with_file_name(format!("{name}-proof")),
            key: whole.with_file_name(format!("{name}-key")),
            witness: whole.with_file_name(format!("{name}-witness")),
            index: whole.with_file_name(format!("{name}-index")),
            siem: whole.with_file_name(format!("{name}-siem")),
            notices: whole.with_file_name(format!("{name}-notices")),
            records: whole,
        }
    }

    /// The key by which others check the checkpoints, as text.
    pub fn public_key(&self) -> PathBuf {
        self.proof.join(PUBLIC_KEY)
    }

    /// The key that cosigns for neighbours. It lies with what it cosigned: whoever loses the one loses the other.
    pub fn witness_key(&self) -> PathBuf {
        self.witness.join("key")
    }
}
