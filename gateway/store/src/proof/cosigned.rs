//! What witnesses cosigned for this log: the last checkpoint of each, one small file beside the tree, replaced as a whole.
//! An audit takes them as kept elsewhere: they bear a signature that nobody here can make.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::checkpoint::{SignedCheckpoint, Trust};
use super::fault::ProofFault;
use super::history;
use super::keys::PublicKey;
use crate::access_log::disk::OsDisk;
use crate::private;
use crate::small_file::replace;

/// Name of the file, in the tree's folder.
pub const COSIGNED: &str = "cosigned";

/// The last cosigned checkpoints.
pub struct Cosigned {
    folder: PathBuf,
    by_witness: BTreeMap<String, SignedCheckpoint>,
}

impl Cosigned {
    /// Reads what is there of these witnesses. What cannot be read or believed is as good as nothing: it is asked for
    /// again.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, log: &PublicKey, witnesses: &[PublicKey]) -> Result<Self, ProofFault> {
        private::make_folder(folder).map_err(ProofFault::io("make the tree's folder"))?;
        let all = history::read(&folder.join(COSIGNED)).unwrap_or_default();
        let mut by_witness = BTreeMap::new();
        for (checkpoint, witness) in all.iter().flat_map(|one| witnesses.iter().map(move |witness| (one, witness))) {
            let trust = Trust { log: log.clone(), witnesses: vec![witness.clone()] };
            if checkpoint.verify(&trust).is_ok_and(|seen| !seen.is_empty()) {
                by_witness.insert(witness.name().to_owned(), checkpoint.believed(&trust)?);
            }
        }
        Ok(Cosigned { folder: folder.to_owned(), by_witness })
    }

    /// The last that this witness cosigned.
    pub fn of(&self, witness: &PublicKey) -> Option<&SignedCheckpoint> {
        self.by_witness.get(witness.name())
    }

    /// Keeps what a witness cosigned; it is on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&mut self, witness: &PublicKey, checkpoint: SignedCheckpoint) -> Result<(), ProofFault> {
        self.by_witness.insert(witness.name().to_owned(), checkpoint);
        let all: Vec<u8> = self.by_witness.values().flat_map(history::framed).collect();
        let disk = OsDisk { folder: self.folder.clone() };
        replace(&disk, COSIGNED, &all).map_err(ProofFault::io("write what was cosigned"))
    }
}
