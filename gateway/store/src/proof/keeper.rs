//! Keeps the tree up with the log: takes what is durable, grows the tree, signs a checkpoint of it.

use std::path::PathBuf;

use super::checkpoint::{SignedCheckpoint, Trust};
use super::fault::ProofFault;
use super::history::History;
use super::keys::CheckpointKey;
use super::tree::{Tree, leaf_of};
use crate::access_log::{Content, ReadFault};
use crate::private;

/// A record with its index, as the log gives it back, or that it was erased.
pub type LogRecord = Result<(u64, Content), ReadFault>;

#[derive(Clone, Debug)]
pub struct KeeperOptions {
    /// Where the tree's files are: beside the log's segments, never among them.
    pub folder: PathBuf,
    /// Most records that one round takes, so that a round ends.
    pub round: usize,
}

impl KeeperOptions {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        KeeperOptions { folder: folder.into(), round: 100_000 }
    }
}

/// The one who grows the tree.
pub struct Keeper {
    tree: Tree,
    key: CheckpointKey,
    history: History,
    latest: Option<SignedCheckpoint>,
    round: usize,
}

impl Keeper {
    /// Opens the tree and takes it up to what its last checkpoint says; what lies behind is built again from the records.
    ///
    /// # Errors
    /// `Broken` when what the log holds is not what the last checkpoint says: somebody changed the one or the other.
    pub fn open<I: Iterator<Item = LogRecord>>(
        options: KeeperOptions,
        key: CheckpointKey,
        records: impl Fn(u64) -> I,
    ) -> Result<Self, ProofFault> {
        private::make_folder(&options.folder).map_err(ProofFault::io("make the tree's folder"))?;
        let (history, latest) = History::open(&options.folder.join(HISTORY))?;
        if let Some(latest) = &latest {
            latest.verify(&Trust { log: key.public(), witnesses: Vec::new() })?;
        }
        let signed = latest.as_ref().map_or(0, SignedCheckpoint::size);
        let tree = Tree::open(&options.folder.join(HASHES), signed)?;
        let mut keeper = Keeper { tree, key, history, latest, round: options.round.max(1) };
        keeper.rebuild(signed, &options, records)?;
        Ok(keeper)
    }

    /// Makes the tree agree with its last checkpoint.
    fn rebuild<I: Iterator<Item = LogRecord>>(
        &mut self,
        signed: u64,
        options: &KeeperOptions,
        records: impl Fn(u64) -> I,
    ) -> Result<(), ProofFault> {
        let Some(latest) = &self.latest else { return Ok(()) };
        let root = latest.root();
        if self.tree.size() == signed && self.tree.root(signed)? == root {
            return self.meets_the_log(signed, &records);
        }
        // The hashes were lost or damaged. They follow from the records, and the checkpoint tells whether these are
        // still the same.
        self.tree = Tree::open(&options.folder.join(HASHES), 0)?;
        for record in records(0).take(usize::try_from(signed).unwrap_or(usize::MAX)) {
            self.append(record?)?;
        }
        if self.tree.size() != signed {
            let held = self.tree.size();
            return Err(ProofFault::Broken(format!(
                "the last checkpoint speaks of {signed} records, the log holds {held}"
            )));
        }
        if self.tree.root(signed)? != root {
            return Err(ProofFault::Broken(format!(
                "the first {signed} records are not those that the last checkpoint was signed for"
            )));
        }
        Ok(())
    }

    /// Whether the log still reaches to where the tree ends, with the same last record. All others are an audit's matter:
    /// a start does not read the whole log.
    fn meets_the_log<I: Iterator<Item = LogRecord>>(
        &self,
        signed: u64,
        records: &impl Fn(u64) -> I,
    ) -> Result<(), ProofFault> {
        let Some(last) = signed.checked_sub(1) else { return Ok(()) };
        match records(last).next().transpose()? {
            None => {
                Err(ProofFault::Broken(format!("the last checkpoint speaks of {signed} records, the log holds fewer")))
            }
            Some((index, record)) if index == last && leaf_of(&record) == self.tree.leaf(last)? => Ok(()),
            Some(_) => {
                Err(ProofFault::Broken(format!("record {last} is not the one that the last checkpoint was signed for")))
            }
        }
    }

    /// Takes records from where the tree ends, at most one round of them; says how many.
    ///
    /// # Errors
    /// When the log cannot be read or skips a record, or the tree cannot be written.
    pub fn advance<I: Iterator<Item = LogRecord>>(
        &mut self,
        records: impl FnOnce(u64) -> I,
    ) -> Result<usize, ProofFault> {
        let mut taken = 0;
        for record in records(self.tree.size()).take(self.round) {
            self.append(record?)?;
            taken += 1;
        }
        self.tree.write()?;
        Ok(taken)
    }

    fn append(&mut self, (index, record): (u64, Content)) -> Result<(), ProofFault> {
        if index != self.tree.size() {
            return Err(ProofFault::Broken(format!("record {index} comes where {} should", self.tree.size())));
        }
        self.tree.append(leaf_of(&record))
    }

    /// The checkpoint of the tree as it is now: the last one if nothing was added since, else a new one, signed and on
    /// disk before anybody sees it.
    pub fn checkpoint(&mut self) -> Result<&SignedCheckpoint, ProofFault> {
        let size = self.tree.size();
        if self.latest.as_ref().is_none_or(|latest| latest.size() != size) {
            self.tree.sync()?;
            let fresh = SignedCheckpoint::sign(&self.key, size, self.tree.root(size)?)?;
            self.history.add(&fresh)?;
            self.latest = Some(fresh);
        }
        self.latest.as_ref().ok_or(ProofFault::Checkpoint("there is none"))
    }

    /// The last checkpoint that was signed, if any was.
    pub fn latest(&self) -> Option<&SignedCheckpoint> {
        self.latest.as_ref()
    }
    pub fn tree(&self) -> &Tree {
        &self.tree
    }
    pub fn history(&self) -> &History {
        &self.history
    }
    /// The key by which others check the checkpoints.
    pub fn public_key(&self) -> super::keys::PublicKey {
        self.key.public()
    }
}

/// The tree's hashes.
pub(super) const HASHES: &str = "hashes";
/// Name of the file with the checkpoints that were given out, in the tree's folder.
pub const HISTORY: &str = "checkpoints";
